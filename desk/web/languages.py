"""The languages that pages speak."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from gettext import NullTranslations
from typing import Final

_CODE: Final = re.compile(r"[A-Za-z]{2,3}")
_ACCEPTED_MAX: Final = 8  # a browser sends two or three


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its code, its own name, which way it is written, and whether a fluent reader checked it."""

    code: str
    name: str
    direction: str
    checked: bool
    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, int], str]

    def span(self, seconds: float) -> str:
        """A length of time in its largest whole unit: ``3 minutes``."""
        size = abs(seconds)
        if size >= 86_400.0:
            return self._count("%(n)d day", "%(n)d days", size / 86_400.0)
        if size >= 3_600.0:
            return self._count("%(n)d hour", "%(n)d hours", size / 3_600.0)
        if size >= 60.0:
            return self._count("%(n)d minute", "%(n)d minutes", size / 60.0)
        return self._count("%(n)d second", "%(n)d seconds", size)

    def left(self, seconds: float) -> str:
        """What is left of a goal: ``in 3 minutes``, ``2 hours late``."""
        told = self.gettext("in %(span)s") if seconds >= 0 else self.gettext("%(span)s late")
        return told % {"span": self.span(seconds)}

    def _count(self, one: str, many: str, number: float) -> str:
        return self.ngettext(one, many, int(number)) % {"n": int(number)}


def _english() -> Language:
    null = NullTranslations()
    return Language("en", "English", "ltr", True, null.gettext, null.ngettext)


ENGLISH: Final = _english()
LANGUAGES: Final[dict[str, Language]] = {"en": ENGLISH}


def language_of(code: str) -> Language:
    """The language of that code; English where there is none."""
    return LANGUAGES.get(code, ENGLISH)


def wanted(accepted: str) -> Language:
    """The first language that a browser asks for (`Accept-Language`) and we have; English where none is."""
    for part in accepted.split(",", _ACCEPTED_MAX)[:_ACCEPTED_MAX]:
        found = _CODE.match(part.strip())
        if found and found[0].lower() in LANGUAGES:
            return LANGUAGES[found[0].lower()]
    return ENGLISH
