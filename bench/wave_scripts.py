"""Scripts that sign up many accounts.

The rivals' limits were tried on ``TUNED``. ``HELD_OUT`` and ``FURTHER`` were looked at since, to see which
evidence they leave; nothing has been tried on ``LAST``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from msgspec.structs import replace

from simulate.evasion.edits import EditSet
from simulate.population import devices
from simulate.population.avatars import PictureHash, edited, photo
from simulate.population.people import Person, Population
from simulate.sampling import below, between, digits, one_of

PITCHES: Final = (
    "Lonely nurse, write to me on {contact} for free pictures and a good time",
    "Earn 300 a day from home, no experience needed, ask {contact} how it works",
    "Official giveaway of the foundation, send a message to {contact} before midnight",
    "Crypto signals that never lose, join the private group at {contact} today",
    "We buy old accounts at the best price, {contact} answers within five minutes",
)
_FOREIGN: Final = {
    "ur": "گھر بیٹھے روزانہ پانچ ہزار کمائیں، تجربے کی ضرورت نہیں، ابھی {contact} پر پیغام بھیجیں",
    "ar": "اربح كل يوم من المنزل دون خبرة سابقة وبلا رأس مال، راسلنا الآن على {contact} قبل منتصف الليل",
    "ru": "Зарабатывай каждый день из дома без опыта и вложений, напиши на {contact} и получи подарок",
}
_ADJECTIVES: Final = [
    *("quiet", "amber", "rapid", "frosty", "lucky", "velvet", "sunny", "bold", "misty", "proud"),
]
_NOUNS: Final = [
    *("otter", "harbor", "cactus", "lantern", "falcon", "meadow", "comet", "biscuit", "anchor"),
    "maple",
]
_EMOJI: Final = ("🔥", "💎", "🚀", "💋", "🌹", "✨", "👑", "🍑", "⚡", "🎁")
_PROVIDERS: Final = ("gmail.com", "outlook.com", "yahoo.com", "gmx.net", "mail.ru", "proton.me", "icloud.com")
_SHORTENERS: Final = ("bit.ly", "t.ly", "cutt.ly", "is.gd", "rb.gy", "tinyurl.com")
_CYRILLIC: Final = str.maketrans("abvgdeziklmnoprstufhcy", "абвгдезиклмнопрстуфхцы")


@dataclass(frozen=True, slots=True)
class Hand:
    """What one hand uses for all accounts of a wave."""

    population: Population
    rng: Random
    edits: EditSet
    first: Person
    contact: str
    pitch: str
    picture: PictureHash
    farm: Sequence[str]
    networks: Sequence[str]
    agent: str

    def stranger(self) -> Person:
        """A person as ordinary ones are, with the hand's words and without traits that would betray it."""
        person = self.population.person(self.rng, "en", platform="x")
        return replace(person, bio=self.pitch, links=(), payment_token=None, avatar=None)

    def shown(self) -> PictureHash:
        """The hand's picture, edited."""
        return edited(self.rng, self.picture, self.edits.pictures.pick(self.rng))

    def claim(self, handle: str) -> str:
        return self.population.claim(self.rng, "x", handle)

    def address(self) -> str:
        return f"{one_of(self.rng, self.networks)}.{between(self.rng, 1, 254)}"


def hand_of(population: Population, rng: Random, edits: EditSet) -> Hand:
    """Draws what one hand uses."""
    first = population.person(rng, "en", platform="x")
    contact = f"t.me/{first.given.latin[0]}_{digits(rng, 4)}"
    return Hand(
        population,
        rng,
        edits,
        first,
        contact,
        one_of(rng, PITCHES).format(contact=contact),
        photo(rng),
        [devices.device_id(rng) for _ in range(3)],
        [f"203.0.{between(rng, 1, 254)}" for _ in range(4)],
        devices.user_agent(rng),
    )


Script = Callable[[Hand], Person]


def numbered_handles(hand: Hand) -> Person:
    """One pattern of handles, one network."""
    return replace(
        hand.stranger(),
        handle=hand.claim(f"{hand.first.given.latin[0]}{digits(hand.rng, 5)}"),
        ip=f"{hand.networks[0]}.{between(hand.rng, 1, 254)}",
        user_agent=hand.agent,
    )


def edited_words(hand: Hand) -> Person:
    """Names and networks of strangers, edited words."""
    return replace(hand.stranger(), bio=hand.edits.bio(hand.rng, hand.pitch, 1), avatar=hand.shown())


def disguised_name(hand: Hand) -> Person:
    """One person's name disguised, one picture edited."""
    return replace(
        hand.stranger(),
        handle=hand.claim(hand.edits.handle(hand.rng, hand.first.handle or "nicole")),
        display_name=hand.edits.display_name(hand.rng, "Nicole Adams"),
        avatar=hand.shown(),
    )


def three_devices(hand: Hand) -> Person:
    """A farm of three devices, with words of everyone's own."""
    person = hand.population.person(hand.rng, "en", platform="x")
    return replace(
        person,
        links=(f"https://{hand.contact}",),
        payment_token=None,
        device_id=one_of(hand.rng, hand.farm),
        avatar=hand.shown(),
    )


def transliterated(hand: Hand) -> Person:
    """Half of the words in other letters, names and networks of strangers, one contact point."""
    words = hand.pitch.split(" ")
    bio = " ".join(
        word.lower().translate(_CYRILLIC) if hand.rng.random() < 0.5 and "t.me" not in word else word
        for word in words
    )
    return replace(hand.stranger(), bio=bio)


def shortened_links(hand: Hand) -> Person:
    """A short link of each account's own, edited words without a contact point, an edited picture."""
    words = hand.edits.bio(hand.rng, hand.pitch.replace(hand.contact, "the link"), 1)
    link = f"https://{one_of(hand.rng, _SHORTENERS)}/{digits(hand.rng, 6)}"
    return replace(hand.stranger(), bio=words, links=(link,), avatar=hand.shown())


def rotating_mailboxes(hand: Hand) -> Person:
    """Mailboxes and handles by one pattern at seven providers, four networks, words of everyone's own."""
    name = f"{hand.first.given.latin[0]}.{hand.first.family.latin[0]}"
    person = hand.population.person(hand.rng, "en", platform="x")
    return replace(
        person,
        handle=hand.claim(f"{name.replace('.', '_')}{digits(hand.rng, 3)}"),
        email=f"{name}{digits(hand.rng, 3)}@{one_of(hand.rng, _PROVIDERS)}",
        ip=hand.address(),
        links=(),
        payment_token=None,
        avatar=None,
    )


def mixed(hand: Hand) -> Person:
    """Each account by another of the former scripts, in part: some show the words, some the picture alone."""
    person = hand.stranger()
    shown = hand.rng.random()
    if shown < 0.4:
        return replace(person, bio=hand.edits.bio(hand.rng, hand.pitch, 2), ip=hand.address())
    if shown < 0.7:
        return replace(person, avatar=hand.shown(), links=(f"https://{hand.contact}",))
    return replace(person, bio=hand.edits.bio(hand.rng, hand.pitch, 1), avatar=hand.shown())


def _foreign(hand: Hand, language: str, contact: str) -> Person:
    """A person of a language, with one of the template's words in another order."""
    person = hand.population.person(hand.rng, language, platform="x")
    words = _FOREIGN[language].format(contact=contact).split(" ")
    place = below(hand.rng, len(words) - 1)
    words[place], words[place + 1] = words[place + 1], words[place]
    return replace(person, bio=" ".join(words), links=(), payment_token=None, avatar=None)


def _word_list_handle(hand: Hand) -> str:
    rng = hand.rng
    return hand.claim(f"{one_of(rng, _ADJECTIVES)}_{one_of(rng, _NOUNS)}{digits(rng, 2)}")


def emoji_names(hand: Hand) -> Person:
    """Names full of emoji, handles from a word list, words in a scrambled order, an edited picture."""
    rng, phrases = hand.rng, hand.pitch.replace(hand.contact, "me").split(", ")
    rng.shuffle(phrases)
    marks = "".join(one_of(rng, _EMOJI) for _ in range(3))
    return replace(
        hand.stranger(),
        handle=_word_list_handle(hand),
        display_name=f"{one_of(rng, _EMOJI)}{hand.first.given.latin[0].title()}{marks}",
        bio=f" {one_of(rng, _EMOJI)} ".join(phrases),
        avatar=hand.shown(),
    )


def urdu_template(hand: Hand) -> Person:
    """Urdu words of which two change places, one contact point, networks of strangers."""
    return _foreign(hand, "ur", hand.contact)


def behind_one_carrier(hand: Hand) -> Person:
    """Words with a mailbox of each account's own, on eight /24s of one carrier, an edited picture."""
    rng = hand.rng
    mailbox = f"{one_of(rng, _NOUNS)}{digits(rng, 4)}@{one_of(rng, _PROVIDERS)}"
    bio = hand.edits.bio(rng, hand.pitch.replace(hand.contact, mailbox), 1)
    ip = f"{hand.networks[0].rpartition('.')[0]}.{below(rng, 8)}.{between(rng, 1, 254)}"
    return replace(hand.stranger(), bio=bio, ip=ip, handle=_word_list_handle(hand), avatar=hand.shown())


def russian_own_links(hand: Hand) -> Person:
    """Russian words with a short link of each account's own, and an edited picture."""
    link = f"{one_of(hand.rng, _SHORTENERS)}/{digits(hand.rng, 6)}"
    return replace(_foreign(hand, "ru", link), avatar=hand.shown())


def arabic_template(hand: Hand) -> Person:
    """Arabic words of which two change places, one contact point, handles from a word list."""
    return replace(_foreign(hand, "ar", hand.contact), handle=_word_list_handle(hand))


def own_numbers(hand: Hand) -> Person:
    """Edited words with a telephone of each account's own, an edited picture, names of strangers."""
    bio = hand.pitch.replace(hand.contact, f"wa.me/4477009{digits(hand.rng, 5)}")
    return replace(hand.stranger(), bio=hand.edits.bio(hand.rng, bio, 2), avatar=hand.shown())


def one_name_and_words(hand: Hand) -> Person:
    """One name disguised, edited words with a short link of each account's own, no picture."""
    link = f"{one_of(hand.rng, _SHORTENERS)}/{digits(hand.rng, 6)}"
    return replace(
        hand.stranger(),
        display_name=hand.edits.display_name(
            hand.rng, f"{hand.first.given.latin[0]} {hand.first.family.latin[0]}"
        ),
        bio=hand.edits.bio(hand.rng, hand.pitch.replace(hand.contact, link), 1),
    )


TUNED: Final[tuple[Script, ...]] = (numbered_handles, edited_words, disguised_name, three_devices)
HELD_OUT: Final[tuple[Script, ...]] = (transliterated, shortened_links, rotating_mailboxes, mixed)
FURTHER: Final[tuple[Script, ...]] = (emoji_names, urdu_template, behind_one_carrier)
LAST: Final[tuple[Script, ...]] = (russian_own_links, arabic_template, own_numbers, one_name_and_words)
