"""Web addresses as contact points: invitations, profiles, and pages that belong to somebody.

Of a host that is nobody else's every page is the same site. hosts.txt names the others: those of which each
subdomain is somebody's (`hosting`), or each path (`shared`), and those of which nothing is (`public`): who
links the same news has nothing else in common. Any other host of many becomes common as it is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from samehand.normalize.contact.contact_point import (
    PLAIN_HANDLE,
    ContactPoint,
    phone_points,
    profile_point,
    registrable_part,
)
from samehand.normalize.text.everyday import read_table, words_of

_PATH_LENGTH_MAX: Final = 128
# Characters of a path, escapes included, that are read: enough for as many of ASCII once it is unescaped.
_PATH_READ_CHARS: Final = 512
_SEGMENTS_READ: Final = 8  # no profile stands behind more than two sections
_PATH_SEGMENTS_MAX: Final = 3

_TELEGRAM_HOSTS: Final = frozenset({"t.me", "telegram.me", "telegram.dog"})
_TELEGRAM_PAGES: Final = frozenset(
    {"share", "addstickers", "addemoji", "proxy", "socks", "iv", "c", "login", "setlanguage", "bg"}
)
_PROFILE_HOSTS: Final = {
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
# Words that stand behind the host in the place of a handle, and are no handle.
_NO_HANDLES: Final = frozenset(
    {
        *("home", "explore", "p", "reel", "reels", "stories", "tv", "share", "sharer", "watch", "hashtag"),
        *("search", "intent", "i", "login", "signup", "about", "help", "settings", "groups", "events"),
        *("pages", "photo", "photo.php", "story.php", "permalink.php", "playlist", "shorts", "results"),
        *("feed", "status", "legal", "privacy", "download", "index.html"),
    }
)
# Sections behind which the handle stands.
_SECTIONS: Final = frozenset(
    {"in", "user", "u", "r", "c", "channel", "add", "people", "pg", "s", "company", "id"}
)
_HOSTS: Final = {
    name: frozenset(words_of(name, table=read_table("contact/hosts.txt")))
    for name in ("public", "shared", "hosting")
}
# Second levels of governments, schools and armies: their sites belong to all who work or learn there.
_INSTITUTIONS: Final = frozenset(("gov", "govt", "gob", "gouv", "gub", "go", "edu", "ac", "mil"))
_IDLE_SUBDOMAINS: Final = frozenset({"www", "m", "mobile", "web", "l", "lm", "touch", "en", "mbasic"})


def page_points(url: str) -> Iterator[ContactPoint]:
    """The point that a web address stands for: an invitation, a profile, or a page."""
    rest = url.rpartition("://")[2]
    host_end = _HOST_END.search(rest)
    head, sign, tail = (
        (rest, "", "")
        if host_end is None
        else (rest[: host_end.start()], host_end.group(), rest[host_end.end() :])
    )
    host = _in_letters(head.partition(":")[0].rstrip(".").lower())
    registrable = registrable_part(host)
    if not registrable:
        return
    path, _, query = (sign + tail).partition("?")
    path = path.rstrip(".,;:!?)]}'\"…")[:_PATH_READ_CHARS]
    segments = [unquote(part) for part in path.split("/", _SEGMENTS_READ)[:_SEGMENTS_READ] if part]
    if host.removeprefix("www.") in _TELEGRAM_HOSTS:
        yield from _telegram(segments)
    elif registrable in ("wa.me", "whatsapp.com"):
        yield from _whatsapp(host, segments, query)
    elif registrable in ("discord.gg", "discord.com", "discordapp.com"):
        token = segments[-1] if segments else ""
        invited = registrable == "discord.gg" or (len(segments) > 1 and segments[0] == "invite")
        if invited and _DISCORD_TOKEN.fullmatch(token):
            yield ContactPoint("discord-invite", token)
    elif registrable in _PROFILE_HOSTS:
        yield from _profile_page(_PROFILE_HOSTS[registrable], segments, query)
    elif registrable not in _HOSTS["public"] and registrable.split(".")[1] not in _INSTITUTIONS:
        subdomain = host.removesuffix(registrable).strip(".")
        place = registrable if subdomain in _IDLE_SUBDOMAINS or not subdomain else host
        if registrable not in _HOSTS["shared"] and (place != registrable or place not in _HOSTS["hosting"]):
            yield ContactPoint("url", place)
        elif segments:
            # A section of one letter names nobody (forms/d/e/…); nor does a page that the query names.
            most = _PATH_SEGMENTS_MAX
            while most < len(segments) and len(segments[most - 1]) == 1:
                most += 1
            asked = _ASKED_FOR.search(query)
            named = segments[:most] if asked is None else [*segments, unquote(asked.group(1))]
            yield ContactPoint("url", place + "/".join(["", *named])[:_PATH_LENGTH_MAX])


_HOST_END: Final = re.compile(r"[/?#]")


def _in_letters(host: str) -> str:
    """The host in its own letters, where it is in Punycode (RFC 3492): browsers take one for the other."""
    if "xn--" not in host:
        return host
    try:
        return host.encode().decode("idna")
    except UnicodeError:
        return host


_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{4,64}")
_TELEGRAM_NAME: Final = re.compile(r"@?[A-Za-z][A-Za-z0-9_]{2,31}")
_PHONE: Final = re.compile(r"\+?\d{7,15}")
_PHONE_SENT: Final = re.compile(r"(?:^|&)phone=\+?(\d{7,15})")
_DISCORD_TOKEN: Final = re.compile(r"[A-Za-z0-9-]{2,32}")
_NUMBERED: Final = re.compile(r"(?:^|&)id=(\d{5,20})")
_ASKED_FOR: Final = re.compile(r"(?:^|&)(?:id|u|v|q|list)=([^&#]{1,128})")


def _telegram(segments: list[str]) -> Iterator[ContactPoint]:
    first = segments[0] if segments else ""
    if first.startswith("+") and first[1:].isdigit():
        yield from phone_points(first, None)
    elif first.startswith("+") and _TOKEN.fullmatch(first[1:]):
        yield ContactPoint("telegram-invite", first[1:])
    elif first == "joinchat" and len(segments) > 1 and _TOKEN.fullmatch(segments[1]):
        yield ContactPoint("telegram-invite", segments[1])
    elif first == "s" and len(segments) > 1:
        yield from _telegram(segments[1:])
    elif first.lower() not in _TELEGRAM_PAGES and _TELEGRAM_NAME.fullmatch(first):
        yield ContactPoint("telegram", first.removeprefix("@").lower())


def _whatsapp(host: str, segments: list[str], query: str) -> Iterator[ContactPoint]:
    first = segments[0] if segments else ""
    sent = _PHONE_SENT.search(query)
    if host.startswith("chat."):
        token = segments[1] if first == "invite" and len(segments) > 1 else first
        if _TOKEN.fullmatch(token):
            yield ContactPoint("whatsapp-invite", token)
    elif first == "channel" and len(segments) > 1 and _TOKEN.fullmatch(segments[1]):
        yield ContactPoint("whatsapp-invite", segments[1])
    elif sent or _PHONE.fullmatch(first):
        yield from phone_points("+" + (sent.group(1) if sent else first.lstrip("+")), None)
    elif first in ("qr", "message", "c", "p") and len(segments) > 1 and _TOKEN.fullmatch(segments[1]):
        yield ContactPoint("whatsapp", segments[1])


def _profile_page(platform: str, segments: list[str], query: str) -> Iterator[ContactPoint]:
    """The profile or group that an address on a platform names; none for posts and searches."""
    numbered = _NUMBERED.search(query)
    if segments == ["profile.php"]:
        segments = [numbered.group(1)] if numbered else []
    if len(segments) > 1 and segments[0].lower() == "groups":
        yield ContactPoint("profile", f"{platform}:groups/{segments[1].lower()[:_PATH_LENGTH_MAX]}")
        return
    while len(segments) > 1 and segments[0].lower() in _SECTIONS:
        segments = segments[1:]
    handle = segments[0].removeprefix("@").lower() if segments else ""
    if handle not in _NO_HANDLES and PLAIN_HANDLE.fullmatch(handle):
        yield profile_point(platform, handle)
