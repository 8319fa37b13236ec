"""Handles on each platform: links to them, characters that the platform ignores, generated handles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class HandleRules:
    """One platform's rules.

    ``ignored`` are the characters that the platform itself skips when it looks a handle up. ``hosts`` are the
    web addresses that stand in front of a handle in a link. ``made_up`` matches handles that the platform or
    its sign-up form proposes, after cleaning. ``examples`` maps what people type to the cleaned handle.
    ``source`` says where the rule is published.
    """

    platform: str
    hosts: tuple[str, ...] = ()
    ignored: str = ""
    made_up: re.Pattern[str] | None = None
    examples: tuple[tuple[str, str], ...] = ()
    source: str = ""


# Sign-up forms of every large platform propose a name and a long run of digits; X's pattern is a first name
# of up to ten letters with eight digits, formerly with five.
_NAME_AND_NUMBER: Final = r"[^\W\d_]{2,10}_?[0-9]{5,}"
_PLACEHOLDER: Final = r"(?:user|usr|account|member|guest|profile|id)[-_.]?[0-9]{3,}"

RULES: tuple[HandleRules, ...] = (
    HandleRules(
        platform="x",
        hosts=("x.com", "twitter.com", "mobile.twitter.com", "mobile.x.com"),
        made_up=re.compile(rf"{_NAME_AND_NUMBER}|{_PLACEHOLDER}", re.IGNORECASE),
        examples=(
            ("@Umar_Media", "Umar_Media"),
            ("https://twitter.com/Umar_Media?lang=en", "Umar_Media"),
            ("Elizabe39542212", "Elizabe39542212"),
        ),
        source="help.x.com, 'Help with username registration': letters, digits, underscores, at most 15",
    ),
    HandleRules(
        platform="facebook",
        hosts=("facebook.com", "m.facebook.com", "web.facebook.com", "fb.com", "fb.me"),
        ignored=".",
        made_up=re.compile(rf"(?:profile\.?php\?id=)?[0-9]{{9,}}|{_PLACEHOLDER}", re.IGNORECASE),
        examples=(
            ("Umar.Media", "UmarMedia"),
            ("https://www.facebook.com/umar.media/", "umarmedia"),
            ("fb.com/umar.me.dia", "umarmedia"),
        ),
        source="facebook.com/help, 'custom usernames': at least 5 of letters, digits and periods; "
        "periods and case do not make a username different",
    ),
    HandleRules(
        platform="instagram",
        hosts=("instagram.com", "instagr.am"),
        made_up=re.compile(rf"{_NAME_AND_NUMBER}|{_PLACEHOLDER}", re.IGNORECASE),
        examples=(("@umar.media_", "umar.media_"), ("https://www.instagram.com/umar.media/", "umar.media")),
        source="help.instagram.com, 'username': at most 30 of letters, digits, periods and "
        "underscores; periods count",
    ),
    HandleRules(
        platform="telegram",
        hosts=("t.me", "telegram.me", "telegram.dog"),
        made_up=re.compile(rf"{_NAME_AND_NUMBER}|{_PLACEHOLDER}", re.IGNORECASE),
        examples=(
            ("t.me/Umar_Media", "Umar_Media"),
            ("https://t.me/s/umar_media", "umar_media"),
            ("@umar_media", "umar_media"),
        ),
        source="telegram.org/faq, 'usernames', and core.telegram.org/method/account.checkUsername: "
        "5 to 32 of letters, digits and underscores, first a letter, case ignored (4 for auctioned names)",
    ),
    HandleRules(
        platform="whatsapp",
        hosts=("wa.me", "api.whatsapp.com", "whatsapp.com/channel", "chat.whatsapp.com"),
        made_up=re.compile(_PLACEHOLDER, re.IGNORECASE),
        examples=(("https://wa.me/923001234567", "923001234567"), ("@umar.media", "umar.media")),
        source="faq.whatsapp.com, 'usernames': 3 to 30 of letters, digits, periods, underscores, "
        "at least one letter",
    ),
)

DEFAULT_RULES: Final = HandleRules(
    platform="default",
    made_up=re.compile(rf"{_NAME_AND_NUMBER}|{_PLACEHOLDER}", re.IGNORECASE),
    examples=(("@umar-media", "umar-media"), ("user-48213", "user-48213")),
    source="a platform that is not listed: no character is ignored but case",
)

_BY_PLATFORM: Mapping[str, HandleRules] = MappingProxyType({rules.platform: rules for rules in RULES})

# Sections that stand between the host and the handle of a link.
_LINK_SECTION: Final = re.compile(r"(?:s/|#!/|people/[^/]+/|p/|user/|u/|c/|channel/)")
_SCHEME: Final = re.compile(r"(?:https?:)?//(?:www\.)?|www\.", re.IGNORECASE)
_AFTER_HANDLE: Final = re.compile(r"[/?#].*", re.DOTALL)


def rules_for(platform: str) -> HandleRules:
    """The rules of a platform, or the default ones."""
    return _BY_PLATFORM.get(platform, DEFAULT_RULES)


def clean_handle(handle: str, platform: str) -> str:
    """The handle without what is not part of it: link, ``@``, and the characters that the platform ignores.

    Case is kept (it shows where a new word begins); compare cleaned handles without it.
    """
    rules, handle = rules_for(platform), handle.strip()
    if "/" in handle:
        handle = _SCHEME.sub("", handle, count=1) if _SCHEME.match(handle) else handle
        # A link to another host only loses its scheme.
        for host in rules.hosts:
            if handle[: len(host) + 1].lower() == f"{host}/":
                path = handle[len(host) + 1 :]
                section = _LINK_SECTION.match(path)
                handle = _AFTER_HANDLE.sub("", path[section.end() :] if section else path)
                break
    handle = handle.lstrip("@")
    for char in rules.ignored:
        handle = handle.replace(char, "")
    return handle


def is_made_up(cleaned: str, platform: str) -> bool:
    """Returns whether a platform may have proposed a cleaned handle, so that nobody chose it."""
    pattern = rules_for(platform).made_up
    return pattern is not None and pattern.fullmatch(cleaned) is not None
