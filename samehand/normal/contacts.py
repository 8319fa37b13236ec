"""Contact points: where a profile asks to be reached. The strongest public key that two accounts can share.

Read from the bio and the links: profiles and invitations of messengers, e-mail addresses, phone numbers,
@handles and other web pages, also where their dots and slashes are spelled out (`t dot me slash foo`, `foo
[at] bar.org`). E-mail addresses and phone numbers are personal: whoever keeps a point keeps a keyed digest of
it, never the point.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

import tldextract

from samehand.normal.email import fold_email
from samehand.normal.handles import clean_handle
from samehand.normal.phone import fold_phone

# A profile that names more ways to reach it is a directory; each point costs a key of the index.
POINTS_MAX = 16
# Ten thousand characters of bio and fifty links is what the schemas admit; beyond it nothing is read.
_TEXT_LENGTH_MAX = 10_000
_LINKS_MAX = 50
_LINK_LENGTH_MAX = 2_048
_PATH_LENGTH_MAX = 128
_PATH_SEGMENTS_MAX = 3


class ContactPoint(NamedTuple):
    """One way to reach an account.

    ``kind`` is `telegram-invite`, `whatsapp-invite`, `discord-invite` (``value``: the case-sensitive token),
    `telegram`, `profile` (``value``: `platform:handle`), `handle` (an @handle of no named platform), `email`,
    `phone` (E.164) or `url` (host and path).
    """

    kind: str
    value: str


def contact_points(
    bio: str, links: Iterable[str] = (), locale: str | None = None
) -> tuple[ContactPoint, ...]:
    """The contact points of a profile in the order in which they stand, each once, links first; at most 16.

    ``locale`` gives the region of phone numbers written without a country code.
    """
    found = dict.fromkeys(_points(bio[:_TEXT_LENGTH_MAX], islice(links, _LINKS_MAX), locale))
    return tuple(islice(found, POINTS_MAX))


def own_points(handle: str, platform: str) -> tuple[ContactPoint, ...]:
    """The points by which others would name this account: what their bios say if they mean it."""
    cleaned = clean_handle(handle, platform).lower()
    if not cleaned or not _PLAIN_HANDLE.fullmatch(cleaned):
        return ()
    point = _profile(platform, cleaned)
    return (point, ContactPoint("handle", cleaned))


# --- the text ---

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_BRACKETED = re.compile(
    r"\s*[\[({<]\s*(dot|at|slash|punkt|punto|нокта|точка|نقطة)\s*[\])}>]\s*", re.IGNORECASE
)
_SIGN = {"at": "@", "slash": "/"}
# Bare words are read only between parts of an address that ends like one.
_SPELLED_DOT = re.compile(r"(?<=[a-z0-9])\s+(?:dot|d0t)\s+(?=[a-z0-9])", re.IGNORECASE)
_SPELLED_SLASH = re.compile(r"(?<=[a-z0-9])\s?(?:\bslash\b|/)\s?(?=[a-z0-9+_])", re.IGNORECASE)
_SPELLED_AT = re.compile(
    r"([a-z0-9][\w.+-]{1,63})\s+(?:at|@)\s+((?:gmail|googlemail|yahoo|hotmail|outlook|protonmail|proton|icloud|yandex|mail)"
    r"\.[a-z]{2,3})\b",
    re.IGNORECASE,
)
_HOST_SPACED = re.compile(
    r"\b(t|wa|x|fb|discord|instagram|facebook|telegram)\s?\.\s?(me|com|gg)\s?/\s?", re.IGNORECASE
)


def _plain(text: str) -> str:
    """The text with spelled-out signs written as signs."""
    # Single spaces: no pattern below may then run over a long gap from each of its places.
    text = " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).split())
    text = _BRACKETED.sub(lambda found: _SIGN.get(found.group(1).lower(), "."), text)
    if _SPELLED_DOT.search(text):
        text = _SPELLED_SLASH.sub("/", _SPELLED_DOT.sub(".", text))
    return _HOST_SPACED.sub(r"\1.\2/", _SPELLED_AT.sub(r"\1@\2", text))


_EMAIL = re.compile(r"[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")
_URL = re.compile(
    r"(?:https?://|tg://)?(?<![\w@.-])(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w@])(?::\d{2,5})?"
    r"(?:[/?][^\s<>\"'“”«»]{0,2048})?"
)
_PHONE = re.compile(r"(?<![\w/=.@+-])\+?\(?\d[\d\s().\-]{5,20}\d(?![\w@])")
_WA_WORD = r"whats?\s?app|wa"
_MENTION = re.compile(
    rf"(?:\b(telegram|tg|instagram|insta|ig|twitter|x|facebook|fb|tiktok|snapchat|snap|youtube|discord|{_WA_WORD})"
    r"\s{0,2}[:\-–=>]{0,3}\s{0,2})?(?<![\w.@/])@([A-Za-z0-9_](?:[A-Za-z0-9_.]{1,48}[A-Za-z0-9_]))",
    re.IGNORECASE,
)
_NAMED = {
    "tg": "telegram",
    "insta": "instagram",
    "ig": "instagram",
    "twitter": "x",
    "fb": "facebook",
    "snap": "snapchat",
    "wa": "whatsapp",
}
_PLAIN_HANDLE = re.compile(r"[\w.\-]{2,64}")


def _points(bio: str, links: Iterable[str], locale: str | None) -> Iterator[ContactPoint]:
    for link in links:
        yield from _in_link(link[:_LINK_LENGTH_MAX].strip(), locale)
    if bio:
        yield from _in_text(_plain(bio), locale)


def _in_link(link: str, locale: str | None) -> Iterator[ContactPoint]:
    lower = link.lower()
    if lower.startswith("mailto:"):
        yield from _email(link)
    elif lower.startswith(("tel:", "sms:", "whatsapp:")):
        yield from _phone(re.sub(r"^[a-z]+:/*(?:send/?\?phone=)?", "", link, flags=re.IGNORECASE), locale)
    elif found := _URL.match(link):
        yield from _page(found.group())
    else:
        yield from _in_text(_plain(link), locale)


def _in_text(text: str, locale: str | None) -> Iterator[ContactPoint]:
    """Longest reading first; what one reader took is not shown to the next."""
    readers: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], Iterable[ContactPoint]]], ...] = (
        ("@", _EMAIL, lambda found: _email(found.group())),
        (".", _URL, lambda found: _page(found.group())),
        ("@", _MENTION, _mention),
        ("", _PHONE, lambda found: _phone(found.group(), locale)),
    )
    taken: list[tuple[int, ContactPoint]] = []
    for sign, pattern, read in readers:
        if sign in text:
            text = pattern.sub(_taker(read, taken), text)
    yield from (point for _, point in sorted(taken))


def _taker(
    read: Callable[[re.Match[str]], Iterable[ContactPoint]], taken: list[tuple[int, ContactPoint]]
) -> Callable[[re.Match[str]], str]:
    """A replacement that notes the points of a match and blanks it out, length for length."""

    def take(found: re.Match[str]) -> str:
        points = list(read(found))
        taken.extend((found.start(), point) for point in points)
        return " " * len(found.group()) if points else found.group()

    return take


# --- the kinds ---


def _email(text: str) -> Iterator[ContactPoint]:
    folded = fold_email(text)
    if folded is not None and _registrable(folded.domain):
        yield ContactPoint("email", folded.address)


def _phone(text: str, locale: str | None) -> Iterator[ContactPoint]:
    folded = fold_phone(text, locale)
    if folded is not None:
        yield ContactPoint("phone", folded.e164)


def _mention(found: re.Match[str]) -> Iterator[ContactPoint]:
    named, handle = found.groups()
    if not named:
        yield ContactPoint("handle", handle.lower())
        return
    word = re.sub(r"\s", "", named.lower())
    yield _profile(_NAMED.get(word, "whatsapp" if word.startswith("what") else word), handle.lower())


def _profile(platform: str, handle: str) -> ContactPoint:
    cleaned = clean_handle(handle, platform).lower()
    return (
        ContactPoint("telegram", cleaned)
        if platform == "telegram"
        else ContactPoint("profile", f"{platform}:{cleaned}")
    )


_TELEGRAM_HOSTS = frozenset({"t.me", "telegram.me", "telegram.dog"})
_TELEGRAM_PAGES = frozenset(
    {"share", "addstickers", "addemoji", "proxy", "socks", "iv", "c", "login", "setlanguage", "bg"}
)
_PROFILE_HOSTS = {
    "instagram.com": "instagram",
    "instagr.am": "instagram",
    "x.com": "x",
    "twitter.com": "x",
    "facebook.com": "facebook",
    "fb.com": "facebook",
    "fb.me": "facebook",
    "m.me": "facebook",
    "tiktok.com": "tiktok",
    "youtube.com": "youtube",
    "threads.net": "threads",
    "threads.com": "threads",
    "snapchat.com": "snapchat",
    "github.com": "github",
    "vk.com": "vk",
    "ok.ru": "ok",
    "linkedin.com": "linkedin",
    "pinterest.com": "pinterest",
    "reddit.com": "reddit",
    "twitch.tv": "twitch",
    "medium.com": "medium",
}
# Words that follow the host where a handle would stand, and are none.
_NO_HANDLES = frozenset(
    {
        "home",
        "explore",
        "p",
        "reel",
        "reels",
        "stories",
        "tv",
        "share",
        "sharer",
        "watch",
        "hashtag",
        "search",
        "intent",
    }
    | {
        "i",
        "login",
        "signup",
        "about",
        "help",
        "settings",
        "groups",
        "events",
        "pages",
        "photo",
        "photo.php",
        "story.php",
    }
    | {
        "permalink.php",
        "playlist",
        "shorts",
        "results",
        "feed",
        "status",
        "legal",
        "privacy",
        "download",
        "index.html",
    }
)
# Sections behind which the handle stands.
_SECTIONS = frozenset({"in", "user", "u", "r", "c", "channel", "add", "people", "pg", "s", "company", "id"})
# Their front pages are everybody's; only what stands behind is somebody's.
_PUBLIC_ROOTS = frozenset(_PROFILE_HOSTS).union(
    [
        "bit.ly",
        "tinyurl.com",
        "t.co",
        "goo.gl",
        "is.gd",
        "cutt.ly",
        "rb.gy",
        "ow.ly",
        "buff.ly",
        "shorturl.at",
        "tiny.cc",
        "lnkd.in",
        "adf.ly",
        "s.id",
        "rebrand.ly",
        "linktr.ee",
        "beacons.ai",
        "bio.link",
        "lnk.bio",
        "campsite.bio",
        "taplink.cc",
        "solo.to",
        "carrd.co",
        "allmylinks.com",
        "msha.ke",
        "heylink.me",
        "google.com",
        "youtube.com",
        "youtu.be",
        "wikipedia.org",
        "yahoo.com",
        "amazon.com",
        "apple.com",
        "bing.com",
        "whatsapp.com",
        "telegram.org",
        "paypal.me",
        "patreon.com",
        "ko-fi.com",
        "buymeacoffee.com",
        "gofundme.com",
        "cash.app",
        "discord.com",
        "discord.gg",
        "soundcloud.com",
        "spotify.com",
        "wordpress.com",
        "blogspot.com",
        "tumblr.com",
        "blogger.com",
        "substack.com",
        "gmail.com",
        "outlook.com",
        "onlyfans.com",
    ]
)
_IDLE_SUBDOMAINS = frozenset({"www", "m", "mobile", "web", "l", "lm", "touch", "en", "mbasic"})


def _page(url: str) -> Iterator[ContactPoint]:
    """The point that a web address stands for: an invitation, a profile, or a page."""
    rest = url.rpartition("://")[2]
    head, sign, tail = _split_host(rest)
    host = head.partition(":")[0].rstrip(".").lower()
    registrable = _registrable(host)
    if not registrable:
        return
    path, _, query = (sign + tail).partition("?")
    segments = [unquote(part) for part in path.rstrip(".,;:!?)]}'\"…").split("/") if part]
    if host.removeprefix("www.") in _TELEGRAM_HOSTS:
        yield from _telegram(segments)
    elif registrable in ("wa.me", "whatsapp.com"):
        yield from _whatsapp(host, segments, query)
    elif registrable in ("discord.gg", "discord.com", "discordapp.com"):
        yield from _discord(registrable, segments)
    elif registrable in _PROFILE_HOSTS:
        yield from _profile_page(_PROFILE_HOSTS[registrable], segments, query)
    else:
        yield from _other_page(host, registrable, segments)


def _split_host(rest: str) -> tuple[str, str, str]:
    found = re.search(r"[/?#]", rest)
    return (rest, "", "") if found is None else (rest[: found.start()], found.group(), rest[found.end() :])


_TOKEN = re.compile(r"[A-Za-z0-9_-]{4,64}")


def _telegram(segments: list[str]) -> Iterator[ContactPoint]:
    first = segments[0] if segments else ""
    if first.startswith("+") and first[1:].isdigit():
        yield from _phone(first, None)
    elif first.startswith("+") and _TOKEN.fullmatch(first[1:]):
        yield ContactPoint("telegram-invite", first[1:])
    elif first == "joinchat" and len(segments) > 1 and _TOKEN.fullmatch(segments[1]):
        yield ContactPoint("telegram-invite", segments[1])
    elif first == "s" and len(segments) > 1:
        yield from _telegram(segments[1:])
    elif first.lower() not in _TELEGRAM_PAGES and re.fullmatch(r"@?[A-Za-z][A-Za-z0-9_]{2,31}", first):
        yield ContactPoint("telegram", first.removeprefix("@").lower())


def _whatsapp(host: str, segments: list[str], query: str) -> Iterator[ContactPoint]:
    first = segments[0] if segments else ""
    sent = re.search(r"(?:^|&)phone=\+?(\d{7,15})", query)
    if host.startswith("chat."):
        token = segments[1] if first == "invite" and len(segments) > 1 else first
        if _TOKEN.fullmatch(token):
            yield ContactPoint("whatsapp-invite", token)
    elif first == "channel" and len(segments) > 1 and _TOKEN.fullmatch(segments[1]):
        yield ContactPoint("whatsapp-invite", segments[1])
    elif sent or re.fullmatch(r"\+?\d{7,15}", first):
        yield from _phone("+" + (sent.group(1) if sent else first.lstrip("+")), None)
    elif first in ("qr", "message", "c", "p") and len(segments) > 1 and _TOKEN.fullmatch(segments[1]):
        yield ContactPoint("whatsapp", segments[1])


def _discord(registrable: str, segments: list[str]) -> Iterator[ContactPoint]:
    token = segments[-1] if segments else ""
    invited = registrable == "discord.gg" or (len(segments) > 1 and segments[0] == "invite")
    if invited and re.fullmatch(r"[A-Za-z0-9-]{2,32}", token):
        yield ContactPoint("discord-invite", token)


def _profile_page(platform: str, segments: list[str], query: str) -> Iterator[ContactPoint]:
    """The profile or group that an address on a platform names; posts and searches reach nobody."""
    numbered = re.search(r"(?:^|&)id=(\d{5,20})", query)
    if segments == ["profile.php"] and numbered:
        segments = [numbered.group(1)]
    if len(segments) > 1 and segments[0].lower() == "groups":
        yield ContactPoint("profile", f"{platform}:groups/{segments[1].lower()[:_PATH_LENGTH_MAX]}")
        return
    while len(segments) > 1 and segments[0].lower() in _SECTIONS:
        segments = segments[1:]
    handle = segments[0].removeprefix("@").lower() if segments else ""
    if handle not in _NO_HANDLES and _PLAIN_HANDLE.fullmatch(handle):
        yield _profile(platform, handle)


def _other_page(host: str, registrable: str, segments: list[str]) -> Iterator[ContactPoint]:
    subdomain = host.removesuffix(registrable).strip(".")
    place = registrable if subdomain in _IDLE_SUBDOMAINS or not subdomain else host
    if not segments and place in _PUBLIC_ROOTS:
        return
    path = "/".join(["", *segments[:_PATH_SEGMENTS_MAX]])[:_PATH_LENGTH_MAX]
    yield ContactPoint("url", place + path)


@cache
def _suffixes() -> tldextract.TLDExtract:
    """The public suffix list that the library brings along; it neither fetches nor caches anything."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _registrable(host: str) -> str:
    """The part of a host that somebody registered, or the empty string if its ending is no public suffix."""
    return _suffixes()(host).top_domain_under_public_suffix
