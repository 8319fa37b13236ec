"""Contact points: where a profile asks to be reached. The strongest public value that two accounts can share.

Read from the bio and the links: profiles and invitations of messengers, wallets, e-mail addresses, phone
numbers, @handles and other web pages, also where their dots and slashes are spelled out (`t dot me slash
foo`, `foo [at] bar.org`). E-mail addresses and phone numbers are personal: what is kept of a point is a keyed
digest, never the point.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from samehand.normalize.contact.contact_point import (
    PLAIN_HANDLE,
    ContactPoint,
    email_points,
    phone_points,
    profile_point,
)
from samehand.normalize.contact.urls import page_points
from samehand.normalize.contact.wallets import WALLET, wallet_points
from samehand.normalize.handle import clean_handle
from samehand.normalize.limits import (
    BIO_CHARS,
    BIO_END_CHARS,
    LINK_CHARS,
    LINK_TEXT_CHARS,
    MAILBOXES_JUDGED,
    MENTIONS_JUDGED,
    NUMBERS_JUDGED,
    PAGES_JUDGED,
    WALLETS_JUDGED,
)
from samehand.normalize.text.compose import composed
from samehand.normalize.text.everyday import read_table, words_of

# A profile that names more ways to reach it is a directory; each point costs a key of the index.
POINTS_MAX: Final = 16

__all__ = ["POINTS_MAX", "ContactPoint", "Contacts", "own_points", "read_contacts"]


class Contacts(NamedTuple):
    """The contact points of a profile.

    ``points`` are in the order in which they stand, each once, links first, at most 16; the first
    ``of_links`` of them stand in links. ``claimed`` are the points that the bio calls its writer's own
    account: `backup of @umar_media`. ``bio_whole`` and ``links_whole`` are false where part of a field was
    not read.
    """

    points: tuple[ContactPoint, ...]
    of_links: int
    claimed: frozenset[ContactPoint]
    bio_whole: bool
    links_whole: bool


_NONE: Final = Contacts((), 0, frozenset(), bio_whole=True, links_whole=True)


# An event asks for its contact points under each pepper, and once more for which fields were not read whole.
@lru_cache(maxsize=2)
def read_contacts(bio: str, links: tuple[str, ...], locale: str | None) -> Contacts:
    """The contact points of a bio and of links.

    ``locale`` gives the region of phone numbers written without a country code.
    """
    if not bio and not links:  # as with half of all accounts
        return _NONE
    in_links, in_bio = _Reader(locale), _Reader(locale)
    linked = dict.fromkeys(in_links.of_links(links))
    placed = in_bio.of_bio(bio)
    points = list(dict.fromkeys((*linked, *(point for point, _ in placed))))
    return Contacts(
        tuple(points[:POINTS_MAX]),
        min(len(linked), POINTS_MAX),
        frozenset(point for point, is_claimed in placed if is_claimed),
        in_bio.whole and len(points) <= POINTS_MAX,
        in_links.whole and len(linked) <= POINTS_MAX,
    )


def own_points(handle: str, platform: str) -> tuple[ContactPoint, ...]:
    """The points by which other profiles would name this account; empty for a handle of other characters."""
    cleaned = clean_handle(handle, platform).lower()
    if not cleaned or not PLAIN_HANDLE.fullmatch(cleaned):
        return ()
    point = profile_point(platform, cleaned)
    return (point, ContactPoint("handle", cleaned))


_EMAIL: Final = re.compile(r"[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")
_URL: Final = re.compile(
    r"(?:https?://|tg://)?(?<![\w@.-])(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w@])(?::\d{2,5})?"
    r"(?:[/?][^\s<>\"'“”«»]{0,2048})?"
)
_PHONE: Final = re.compile(r"(?<![\w/=.@+-])\+?\(?\d[\d\s().\-]{5,20}\d(?![\w@])")
_NUMBER_SCHEME: Final = re.compile(r"^[a-z]+:/*(?:send/?\?phone=)?", re.IGNORECASE)
_SCHEME_CHARS: Final = len("whatsapp:")
_IN_APP: Final = re.compile(r"^tg:/{0,2}(?:resolve\?domain=|join\?invite=(?P<invited>))", re.IGNORECASE)
_WA_WORD: Final = r"whats?\s?app|wa"
_MENTION: Final = re.compile(
    rf"(?:\b(telegram|tg|instagram|insta|ig|twitter|x|facebook|fb|tiktok|snapchat|snap|youtube|discord|{_WA_WORD})"
    r"\s{0,2}[:\-–=>]{0,3}\s{0,2})?(?<![A-Za-z0-9_.@/])@([A-Za-z0-9_](?:[A-Za-z0-9_.]{1,48}[A-Za-z0-9_]))",
    re.IGNORECASE,
)
_NAMED: Final = {
    "tg": "telegram",
    "insta": "instagram",
    "ig": "instagram",
    "twitter": "x",
    "fb": "facebook",
    "snap": "snapchat",
    "wa": "whatsapp",
}


# Addresses whose signs are spelled out are written with their signs: `t dot me slash foo` is `t.me/foo`.
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_BRACKETED: Final = re.compile(
    r"\s?[\[({<]\s?(dot|at|slash|punkt|punto|нокта|точка|نقطة)\s?[\])}>]\s?", re.IGNORECASE
)
_OPENING: Final = re.compile(r"[\[({<]")
_SIGN: Final = {"at": "@", "slash": "/"}
# Words without brackets count as signs only between parts of an address.
_SPELLED_DOT: Final = re.compile(r"(?<=[a-z0-9])\s+(?:dot|d0t)\s+(?=[a-z0-9])", re.IGNORECASE)
_SPELLED_SLASH: Final = re.compile(r"(?<=[a-z0-9])\s?(?:\bslash\b|/)\s?(?=[a-z0-9+_])", re.IGNORECASE)
_SPELLED_AT: Final = re.compile(
    r"([a-z0-9][\w.+-]{1,63})\s+(?:at|@)\s+((?:gmail|googlemail|yahoo|hotmail|outlook|protonmail|proton|icloud|yandex|mail)"
    r"\.[a-z]{2,3})\b",
    re.IGNORECASE,
)
_MAY_SPELL_AT: Final = re.compile(
    r"\s(?:at|@)\s", re.IGNORECASE
)  # a quick test before :data:`_SPELLED_AT`, which must match it
_HOST_SPACED: Final = re.compile(
    r"\b(t|wa|x|fb|discord|instagram|facebook|telegram)\s?\.\s?(me|com|gg)\s?/\s?", re.IGNORECASE
)


def plain_text(text: str) -> str:
    """The text with spelled-out signs written as signs."""
    if not text.isascii():
        text = _INVISIBLE.sub("", composed("NFKC", text))
    # Single spaces, so that no pattern below scans a long gap again from each of its places.
    text = " ".join(text.split())
    if _OPENING.search(text):
        text = _BRACKETED.sub(lambda match: _SIGN.get(match.group(1).lower(), "."), text)
    if _SPELLED_DOT.search(text):
        text = _SPELLED_SLASH.sub("/", _SPELLED_DOT.sub(".", text))
    if "." not in text:  # both patterns that follow need one
        return text
    if _MAY_SPELL_AT.search(text):
        text = _SPELLED_AT.sub(r"\1@\2", text)
    return _HOST_SPACED.sub(r"\1.\2/", text) if "/" in text else text


# Profiles that call another account their own: `backup of @umar_media`, `my channel @umar_media was banned`.
# Only words that claim an account count, and only next to the account that is named: a text that merely names
# a banned account may follow or report it, and `former @club player` names an employer.
_NEAR: Final = 48  # characters on either side: a short sentence
_AROUND_WORDS: Final = ".,:;|()[]{}!?¡¿-–—=>→•*\"'«»“”‘’،؛۔؟।።፣、，。：（）"
# What keyboards of one language write in several ways, and marks that are often left out.
_SPELT_ALIKE: Final = str.maketrans(
    "يىېكأإآةەھہځټ", "یییکاااههههحت", "\u0307\u0640" + "".join(map(chr, range(0x64B, 0x653)))
)
_CLAIMS: Final = read_table("contact/claims.txt")


def _claiming(concept: str, *everyday: str) -> frozenset[str]:
    words = words_of(concept, table=_CLAIMS) + words_of(*everyday)
    return frozenset([word.lower().translate(_SPELT_ALIKE) for word in words])


# A second account, whether the writer's or the named one; but not a person on stage or on the bench.
_SPARES: Final = _claiming("spare", "backup")
_BEHINDS: Final = _claiming("behind")
# An account that is old (or the other new), or the writer's own and lost. That an account was banned is alone
# no claim: its critics say so as well.
_OLDS: Final = _claiming("old", "old", "new")
_MINE: Final = _claiming("mine")
_LOST: Final = _claiming("lost")
_MY_ACCOUNTS: Final = _claiming("my account")
_ACCOUNTS: Final = _claiming("account", "account", "page", "channel") | _MY_ACCOUNTS
_FORMERLY: Final = _claiming("formerly")
# The account is somebody else's: one that is admired, written about, reported, or was the cause.
_OTHERS: Final = _claiming("others")
_BY: Final = _claiming("by")
_CRITICS: Final = _claiming("critics")
# What is denied, or quoted with words before the account, is not its writer's claim.
_DENIALS: Final = _claiming("denials")
_CLAUSE_END: Final = re.compile("[.!?;|•·؟۔।。！？]")
_QUOTE: Final = re.compile('["“”„«»「」『』‹›]')
# Chinese, Japanese and Korean words that say both, and stand without spaces.
_RUN_ON: Final = re.compile("|".join(words_of("run on", table=_CLAIMS)))


def _words(text: str) -> list[str]:
    return [word.strip(_AROUND_WORDS) for word in text.lower().translate(_SPELT_ALIKE).split()]


def claims(text: str, start: int, end: int) -> bool:
    """Returns whether the words around ``text[start:end]`` say that the account named there is the writer's
    own.
    """
    before, behind = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    quoted = _QUOTE.split(before)
    if len(quoted) % 2 == 0 and any(map(str.isalnum, quoted[-1])) and _QUOTE.search(behind):
        return False
    if not _DENIALS.isdisjoint(_words(_CLAUSE_END.split(before)[-1])):
        return False
    several, following = _words(before), _words(behind)
    words = {*several, *following}
    # Of the words that stand next to the account, the last three: `used to be @umar_media`.
    beside = {" ".join(several[-count:]) for count in (1, 2, 3)}
    if words & _OTHERS or {*beside, *following[:1]} & _BY:
        return False
    mine = bool(words & _MY_ACCOUNTS or (words & _MINE and words & _ACCOUNTS))
    if words & _CRITICS and not mine:
        return False
    # `my channel @umar_media`; but `my sister's channel` is hers.
    own = beside & _ACCOUNTS and not any(word.endswith(("'s", "’s")) for word in several[-3:])
    return bool(
        (words & _SPARES and not words & _BEHINDS)
        or beside & _FORMERLY
        or _RUN_ON.search(" ".join((*several, *following)))
        or (words & _OLDS and words & _ACCOUNTS)
        or (mine and (own or words & _LOST))
    )


class _Kind(NamedTuple):
    """A kind of contact point.

    ``sign`` stands in every text that has such points, ``pattern`` finds candidates, ``read`` turns one into
    points, and ``judged_max`` bounds how many candidates ``read`` is given.
    """

    sign: str
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str], str | None], Iterable[ContactPoint]]
    judged_max: int


def _mention(match: re.Match[str]) -> Iterator[ContactPoint]:
    named, handle = match.groups()
    if not named:
        yield ContactPoint("handle", handle.lower())
        return
    word = "".join(named.lower().split())
    yield profile_point(_NAMED.get(word, "whatsapp" if word.startswith("what") else word), handle.lower())


_MAILBOX: Final = _Kind("@", _EMAIL, lambda match, _: email_points(match.group()), MAILBOXES_JUDGED)
_PAGE: Final = _Kind(".", _URL, lambda match, _: page_points(match.group()), PAGES_JUDGED)
_MENTIONED: Final = _Kind("@", _MENTION, lambda match, _: _mention(match), MENTIONS_JUDGED)
_NUMBER: Final = _Kind("", _PHONE, lambda match, locale: phone_points(match.group(), locale), NUMBERS_JUDGED)
_WALLET: Final = _Kind("", WALLET, lambda match, _: wallet_points(match.group()), WALLETS_JUDGED)
# In the order of reading: text that one kind took is hidden from the next.
_KINDS: Final = (_WALLET, _MAILBOX, _PAGE, _MENTIONED, _NUMBER)


class _Reader:
    """Reads contact points within the limits on candidates; ``whole`` is false once a limit cut it short."""

    def __init__(self, locale: str | None) -> None:
        self.whole = True
        self._locale = locale
        self._text_left = LINK_TEXT_CHARS
        self._left = {kind: kind.judged_max for kind in _KINDS}

    def of_bio(self, bio: str) -> list[tuple[ContactPoint, bool]]:
        """The points of a bio, each with whether the bio claims it; of a long bio those at both its ends."""
        texts = [self._plain(bio[:BIO_CHARS], BIO_CHARS)]
        if len(bio) > BIO_CHARS:
            self.whole = False
            texts.append(self._plain(bio[BIO_CHARS:][-BIO_END_CHARS:], BIO_END_CHARS))
        return [
            (point, claims(text, start, end)) for text in texts for start, end, point in self._placed(text)
        ]

    def of_links(self, links: tuple[str, ...]) -> list[ContactPoint]:
        """The points of links; a link that is no address is read as text."""
        points: list[ContactPoint] = []
        for given in links:
            self.whole = self.whole and len(given) <= LINK_CHARS
            link = given[:LINK_CHARS].strip()
            link = _IN_APP.sub(lambda match: "t.me/" if match["invited"] is None else "t.me/+", link)
            scheme = link[:_SCHEME_CHARS].lower()
            if scheme.startswith("mailto:"):
                points += email_points(link) if self._may_judge(_MAILBOX) else ()
            elif scheme.startswith(("tel:", "sms:", "whatsapp:")):
                number = _NUMBER_SCHEME.sub("", link)
                points += phone_points(number, self._locale) if self._may_judge(_NUMBER) else ()
            elif (match := _URL.match(link)) and not WALLET.search(link):
                points += page_points(match.group()) if self._may_judge(_PAGE) else ()
            else:
                text = self._plain(link, self._text_left)
                self._text_left -= len(text)
                points += [point for _, _, point in self._placed(text)]
        return points

    def _plain(self, text: str, length_max: int) -> str:
        """The text with spelled-out signs written as signs; at most ``length_max`` characters are read."""
        written = composed("NFKC", text[:length_max], length_max)
        self.whole = self.whole and len(text) <= length_max and len(written) <= length_max
        return plain_text(written[:length_max])

    def _may_judge(self, kind: _Kind) -> bool:
        """Returns whether one more candidate of a kind may be read; counts it."""
        left = self._left[kind]
        self._left[kind] = left - 1
        self.whole = self.whole and left > 0
        return left > 0

    def _placed(self, text: str) -> list[tuple[int, int, ContactPoint]]:
        """The points of a text, each with the start and end of its place, in order."""
        taken: list[tuple[int, int, ContactPoint]] = []
        for kind in _KINDS:
            if kind.sign not in text:
                continue
            rest, done = [], 0
            for match in kind.pattern.finditer(text):
                if not self._may_judge(kind):
                    break
                start, end = match.span()
                points = list(kind.read(match, self._locale))
                if points:
                    taken += [(start, end, point) for point in points]
                    rest += [text[done:start], " " * (end - start)]
                    done = end
            text = "".join((*rest, text[done:]))
        return sorted(taken)
