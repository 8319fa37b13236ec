"""Addresses whose signs are spelled out, written with their signs: `t dot me slash foo` is `t.me/foo`."""

from __future__ import annotations

import re
from typing import Final

from samehand.normalize.text.compose import composed

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
        text = _BRACKETED.sub(lambda found: _SIGN.get(found.group(1).lower(), "."), text)
    if _SPELLED_DOT.search(text):
        text = _SPELLED_SLASH.sub("/", _SPELLED_DOT.sub(".", text))
    if "." not in text:  # both patterns that follow need one
        return text
    if _MAY_SPELL_AT.search(text):
        text = _SPELLED_AT.sub(r"\1@\2", text)
    return _HOST_SPACED.sub(r"\1.\2/", text) if "/" in text else text
