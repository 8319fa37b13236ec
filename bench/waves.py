"""``make bench-waves``: what becomes of waves, and of innocent crowds, among simulated sign-ups.

``python -m bench.waves [--sign-ups N] [--waves N] [--edits SET] [--seed N] [--only PART]``. Its parts:

1. ``forty``: a worker on a broker and a Redis of its own; alike sign-ups six seconds apart. Seconds from the
   fifth event to the wave's record.
2. ``found``: waves of 10 to 200 accounts over ten minutes to a day among ordinary sign-ups, by scripts of
   which one edits by tables that nothing was tuned on. Recall and precision of accounts.
3. ``held out``, ``further``, ``last``: the same, by scripts on which no limit was tried.
4. ``false``: sign-ups among which people belong together or have one cause (bench/crowds.py).

Parts 2 to 4 go through the agents' own code on the store in memory, with counts frozen each hour.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from agents.common.context import AgentContext
from agents.common.distil import remembered_of
from agents.common.snapshot import snapshot_of
from agents.common.waves import follow_waves
from agents.common.weighing import Weighing
from bench.crowds import DAY, FROM, HOUR, MINUTE, TURNS, SignUp, crowd
from bench.page import in_words, machine
from bench.running.filled import environment, pepper_file
from bench.running.scene import Scene
from local.broker import EmbeddedBroker
from local.redis import EmbeddedRedis
from samehand.scoring.weights import default_weights
from samehand.showings import Showings
from schemas.accounts import Account, AccountCreated
from simulate.evasion.edits import EDIT_SETS, EditSet
from simulate.population import devices
from simulate.population.avatars import PictureHash, edited, photo
from simulate.population.people import Person, Population
from simulate.sampling import below, between, digits, one_of, seeded
from simulate.timeline.records import created, moment
from store.base import Remembered
from store.bounds import Bounds
from store.common.counted_values import counted
from store.memory.store import MemoryStore
from store.pepper.pepper import Pepper
from streams.kafka.client import reader
from streams.kafka.topics import Names
from streams.telemetry.metrics import Metrics

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
    *("quiet", "amber", "rapid", "frosty", "lucky", "velvet", "sunny", "bold", "misty", "proud")
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


SIGN_UPS_A_DAY: Final = 20_000
_FORTY: Final = 40
_RELAYED_SECONDS: Final = 3.0  # three looks of the relay
HELLO: Final = ("Hi there, I am using this app to stay in touch!", "New here. Say hello and follow me back!")


def ordinary(population: Population, rng: Random, many: int, seconds: float) -> Iterator[SignUp]:
    """Strangers; one of a hundred leaves the words in that the platform has put there."""
    for _ in range(many):
        person = population.person(rng, platform="x")
        if rng.random() < 0.01:
            person = replace(person, bio=one_of(rng, HELLO))
        yield SignUp(FROM + rng.random() * seconds, person, "")


def wave(
    population: Population,
    rng: Random,
    edits: EditSet,
    number: int,
    seconds: float,
    scripts: Sequence[Script],
) -> Iterator[SignUp]:
    """One hand's accounts by one of several scripts."""
    size = round(math.exp(rng.uniform(math.log(10), math.log(200))))
    lasts = math.exp(rng.uniform(math.log(10 * MINUTE), math.log(DAY)))
    begins = FROM + rng.random() * max(seconds - lasts, 1.0)
    hand, script = hand_of(population, rng, edits), scripts[number % len(scripts)]
    for _ in range(size):
        yield SignUp(begins + rng.random() * lasts, script(hand), f"wave {number}")


class Light(MemoryStore):
    """A store in memory that remembers accounts without listing them: nobody is banned here."""

    def __init__(self) -> None:
        super().__init__(Bounds())
        self._held: dict[str, Remembered] = {}

    async def remember(self, accounts: Sequence[Remembered], *, now: float) -> list[Showings]:
        for one in accounts:
            self._held[one.account] = one
            first, digest = one.fingerprints[0], self._addresses.account(one.account)
            self._counts.add(counted(first, digest.raw), first.stratum, one.seen_at, now)
        return [one.shown for one in accounts]

    async def remembered(self, accounts: Sequence[str], *, now: float) -> list[Remembered | None]:
        return [self._held.get(account) for account in accounts]


class Found(NamedTuple):
    """The members of each open wave at the end, by what they belong to; and the seconds that it took."""

    waves: list[Counter[str]]
    came: Counter[str]
    seconds: float


async def run(sign_ups: Sequence[SignUp]) -> Found:
    """Lets accounts sign up one after another."""
    began, clock = time.perf_counter(), [FROM]
    pepper, store = Pepper(1, b"b" * 32), Light()
    context = AgentContext(
        store=store,
        keyers=((1, pepper.digest),),
        weighing=Weighing.by(default_weights()),
        topics=Names(),
        metrics=Metrics(CollectorRegistry()),
        now=lambda: clock[0],
    )
    belongs: dict[str, str] = {}
    frozen = FROM
    for at, person, of in sorted(sign_ups, key=lambda one: one.at):
        clock[0] = at
        if at - frozen > HOUR:
            frozen = at
            await store.freeze(now=at)
        account = remembered_of(created(person, at), context.keyers)
        belongs[account.account] = of
        _, _, companions = await store.remember_then_look([account], [], now=at)
        snapshot = await snapshot_of(context, at)
        await follow_waves([account], companions, snapshot, context, changed=False)
    ids = {wave_id for wave_id in await store.wave_ids(list(belongs)) if wave_id}
    waves = [
        Counter(belongs[member.account] for member in wave.members)
        for wave in await store.waves(sorted(ids))
        if wave
    ]
    return Found(waves, Counter(belongs.values()), time.perf_counter() - began)


def found(waves: int, sign_ups: int, edits: str, seed: int, scripts: Sequence[Script]) -> dict[str, float]:
    """Recall and precision of accounts in waves, and how many open waves there are for each true one."""
    rng, seconds = seeded(seed, "waves"), sign_ups / SIGN_UPS_A_DAY * DAY
    population = Population(seed, sign_ups)
    coming = list(ordinary(population, rng, sign_ups, seconds))
    for number in range(waves):
        coming += wave(population, rng, EDIT_SETS[edits], number, seconds, scripts)
    result = asyncio.run(run(coming))
    true = {name: many for name, many in result.came.items() if name.startswith("wave")}
    right: Counter[str] = Counter()
    for members in result.waves:
        name, many = members.most_common(1)[0]
        if name in true:
            right[name] += many
    by_script = {
        script.__name__: _share(
            sum(right[name] for name in true if int(name[5:]) % len(scripts) == place),
            sum(many for name, many in true.items() if int(name[5:]) % len(scripts) == place),
        )
        for place, script in enumerate(scripts)
    }
    return {
        "waves": waves,
        "accounts in waves": sum(true.values()),
        "recall": _share(right.total(), sum(true.values())),
        "precision": _share(right.total(), sum(members.total() for members in result.waves)),
        "open waves": len(result.waves),
        **by_script,
        "seconds": result.seconds,
    }


def false(sign_ups: int, seed: int) -> dict[str, float]:
    """How many waves there are where nobody makes any."""
    rng, seconds = seeded(seed, "crowds"), sign_ups / SIGN_UPS_A_DAY * DAY
    population = Population(seed, sign_ups)
    coming: list[SignUp] = []
    turn = 0
    while len(coming) < sign_ups * 0.4:
        coming += crowd(population, rng, TURNS[turn % len(TURNS)], turn, seconds)
        turn += 1
    coming += ordinary(population, rng, sign_ups - len(coming), seconds)
    result = asyncio.run(run(coming))
    for members in result.waves:
        print(f"  a false wave: {dict(members)}", file=sys.stderr)
    waves, seconds = len(result.waves), result.seconds
    return {"sign-ups": len(coming), "crowds": turn, "false waves": waves, "seconds": seconds}


def forty(pause_seconds: float = 6.0) -> dict[str, float]:
    """Seconds from the fifth of forty alike sign-ups to the record of their wave, and how many waves."""
    with (
        EmbeddedBroker() as kafka,
        EmbeddedRedis() as redis,
        Scene(kafka.address, environment(redis.url, pepper_file(), 0)) as scene,
    ):
        scene.start()
        seconds = asyncio.run(_until_published(scene, pause_seconds))
        scene.until_committed(scene.topics.created, _FORTY)
        time.sleep(_RELAYED_SECONDS)
        with reader(scene.settings) as opened:
            partitions = opened.partitions(scene.topics.waves)
            keys = {it.key for place in partitions for it in opened.read(scene.topics.waves, place)}
        return {"alike sign-ups": _FORTY, "waves": len(keys), "seconds from the fifth": seconds}


async def _until_published(scene: Scene, pause_seconds: float) -> float:
    fifth = found = math.inf
    for number in range(_FORTY):
        scene.publish(scene.topics.created, [_alike(number)])
        if number == 0:
            scene.until_committed(scene.topics.created, 1)
        fifth = time.monotonic() if number == 4 else fifth
        ends = time.monotonic() + pause_seconds
        while time.monotonic() < ends or (number == _FORTY - 1 and found == math.inf):
            if found == math.inf and scene.count(scene.topics.waves):
                found = time.monotonic()
            await asyncio.sleep(0.05)
    return found - fifth


def _alike(number: int) -> AccountCreated:
    """One bio, one contact point, handles by one pattern, one /24."""
    return AccountCreated(
        event_id=f"forty-{number}",
        version=1,
        occurred_at=moment(time.time()),
        platform="x",
        account=Account(
            account_id=str(8_800 + number),
            handle=f"nicole_{1000 + 37 * number}",
            bio=PITCHES[0].format(contact="t.me/nicole_private"),
            ip=f"203.0.113.{number + 1}",
        ),
    )


def _share(some: int, every: int) -> float:
    return some / every if every else 1.0


PARTS: Final[dict[str, Callable[[argparse.Namespace], dict[str, float]]]] = {
    "forty": lambda given: forty(),
    "found": lambda given: found(given.waves, given.sign_ups // 5, given.edits, given.seed, TUNED),
    "held out": lambda given: found(given.waves, given.sign_ups // 5, given.edits, given.seed, HELD_OUT),
    "further": lambda given: found(given.waves, given.sign_ups // 5, given.edits, given.seed, FURTHER),
    "last": lambda given: found(given.waves, given.sign_ups // 5, given.edits, given.seed, LAST),
    "false": lambda given: false(given.sign_ups, given.seed),
}


def main() -> int:
    """Runs the parts, and prints what each found; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sign-ups", type=int, default=100_000)
    parser.add_argument("--waves", type=int, default=60)
    parser.add_argument("--edits", choices=sorted(EDIT_SETS), default="held_out")
    parser.add_argument("--seed", type=int, default=33)
    parser.add_argument("--only", choices=sorted(PARTS))
    given = parser.parse_args()
    print(in_words(machine()))
    for name, part in PARTS.items():
        if given.only in (None, name):
            print(name, {key: round(value, 3) for key, value in part(given).items()}, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
