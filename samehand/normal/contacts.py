"""Contact points: where a profile asks to be reached. The strongest public key that two accounts can share.

Read from the bio and the links: profiles and invitations of messengers, e-mail addresses, phone numbers,
@handles and other web pages, also where their dots and slashes are spelled out (`t dot me slash foo`, `foo
[at] bar.org`). E-mail addresses and phone numbers are personal: whoever keeps a point keeps a keyed digest of
it, never the point.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from samehand.normal.despell import plain_text
from samehand.normal.handles import clean_handle
from samehand.normal.pages import page_points
from samehand.normal.points import PLAIN_HANDLE, ContactPoint, email_points, phone_points, profile_point
from samehand.normal.succession import claims

# A profile that names more ways to reach it is a directory; each point costs a key of the index.
POINTS_MAX: Final = 16
# Ten thousand characters of bio and fifty links is what the schemas admit; beyond it nothing is read.
_TEXT_LENGTH_MAX: Final = 10_000
_LINKS_MAX: Final = 50
_LINK_LENGTH_MAX: Final = 2_048

__all__ = ["POINTS_MAX", "ContactPoint", "claimed_points", "contact_points", "own_points"]


def contact_points(
    bio: str, links: Iterable[str] = (), locale: str | None = None
) -> tuple[ContactPoint, ...]:
    """The contact points of a profile in the order in which they stand, each once, links first; at most 16.

    ``locale`` gives the region of phone numbers written without a country code.
    """
    found = dict.fromkeys(_points(bio[:_TEXT_LENGTH_MAX], islice(links, _LINKS_MAX), locale))
    return tuple(islice(found, POINTS_MAX))


def claimed_points(bio: str, locale: str | None = None) -> frozenset[ContactPoint]:
    """The points of a bio that it calls an account of its writer's own: `backup of @umar_media`."""
    text = plain_text(bio[:_TEXT_LENGTH_MAX])
    return frozenset(point for start, end, point in _placed(text, locale) if claims(text, start, end))


def own_points(handle: str, platform: str) -> tuple[ContactPoint, ...]:
    """The points by which others would name this account: what their bios say if they mean it."""
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
_WA_WORD: Final = r"whats?\s?app|wa"
_MENTION: Final = re.compile(
    rf"(?:\b(telegram|tg|instagram|insta|ig|twitter|x|facebook|fb|tiktok|snapchat|snap|youtube|discord|{_WA_WORD})"
    r"\s{0,2}[:\-–=>]{0,3}\s{0,2})?(?<![\w.@/])@([A-Za-z0-9_](?:[A-Za-z0-9_.]{1,48}[A-Za-z0-9_]))",
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


def _points(bio: str, links: Iterable[str], locale: str | None) -> Iterator[ContactPoint]:
    for link in links:
        yield from _in_link(link[:_LINK_LENGTH_MAX].strip(), locale)
    if bio:
        yield from _in_text(plain_text(bio), locale)


def _in_link(link: str, locale: str | None) -> Iterator[ContactPoint]:
    lower = link.lower()
    if lower.startswith("mailto:"):
        yield from email_points(link)
    elif lower.startswith(("tel:", "sms:", "whatsapp:")):
        yield from phone_points(_NUMBER_SCHEME.sub("", link), locale)
    elif found := _URL.match(link):
        yield from page_points(found.group())
    else:
        yield from _in_text(plain_text(link), locale)


def _in_text(text: str, locale: str | None) -> Iterator[ContactPoint]:
    yield from (point for _, _, point in _placed(text, locale))


def _placed(text: str, locale: str | None) -> list[tuple[int, int, ContactPoint]]:
    """The points and where they stand. Longest reading first; what one took is not shown to the next."""
    readers: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], Iterable[ContactPoint]]], ...] = (
        ("@", _EMAIL, lambda found: email_points(found.group())),
        (".", _URL, lambda found: page_points(found.group())),
        ("@", _MENTION, _mention),
        ("", _PHONE, lambda found: phone_points(found.group(), locale)),
    )
    taken: list[tuple[int, int, ContactPoint]] = []
    for sign, pattern, read in readers:
        if sign in text:
            text = pattern.sub(_taker(read, taken), text)
    return sorted(taken)


def _taker(
    read: Callable[[re.Match[str]], Iterable[ContactPoint]],
    taken: list[tuple[int, int, ContactPoint]],
) -> Callable[[re.Match[str]], str]:
    """A replacement that notes the points of a match and blanks it out, length for length."""

    def take(found: re.Match[str]) -> str:
        points = list(read(found))
        taken.extend((found.start(), found.end(), point) for point in points)
        return " " * len(found.group()) if points else found.group()

    return take


def _mention(found: re.Match[str]) -> Iterator[ContactPoint]:
    named, handle = found.groups()
    if not named:
        yield ContactPoint("handle", handle.lower())
        return
    word = "".join(named.lower().split())
    yield profile_point(_NAMED.get(word, "whatsapp" if word.startswith("what") else word), handle.lower())
