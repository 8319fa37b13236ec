"""The languages that pages speak."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from gettext import NullTranslations
from pathlib import Path
from typing import Final

import msgspec

from samehand.elapsed import distance

CATALOGUES: Final = Path(__file__).parent / "catalogues"

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

    def knows(self, message: str) -> bool:
        """Returns whether it says a sentence in its own words; English says all of them."""
        return self.code == "en" or self.gettext(message) != message

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

    def since(self, seconds: float) -> str:
        """A length of time from a ban, by the same rule as the alert's sentence on it."""
        count, unit = distance(seconds)
        if not count:
            return self.gettext("less than a day")
        return self._count(f"%(n)d {unit}", f"%(n)d {unit}s", count)

    def left(self, seconds: float) -> str:
        """Returns the time left until a goal: ``in 3 minutes``, ``2 hours late``."""
        left = self.gettext("in %(span)s") if seconds >= 0 else self.gettext("%(span)s late")
        return left % {"span": self.span(seconds)}

    def more_of_family(self, count: int) -> str:
        return self._count("and %(n)d more of its family", "and %(n)d more of its family", count)

    def readings(self, count: int) -> str:
        return self._count("%(n)d alert", "%(n)d alerts", count)

    def ago(self, seconds: float) -> str:
        """How long ago something was: ``3 minutes ago``; what a clock sees in the future is now."""
        return self.gettext("%(span)s ago") % {"span": self.span(max(seconds, 0.0))}

    def _count(self, singular: str, plural: str, number: float) -> str:
        return self.ngettext(singular, plural, int(number)) % {"n": int(number)}


class Catalogue(msgspec.Struct, frozen=True):
    """What a language says: `words` by their English, and what is `counted`, each by its English singular.

    A file of JSON, which what translators work with reads and writes; nothing is to be compiled.
    """

    words: dict[str, str]
    counted: dict[str, list[str]]


class _Translations(NullTranslations):
    """A catalogue behind the interface of gettext; what it lacks stays English."""

    def __init__(self, catalogue: Catalogue, form_of: Callable[[int], int]) -> None:
        super().__init__()
        self._catalogue, self._form_of = catalogue, form_of

    def gettext(self, message: str) -> str:
        return self._catalogue.words.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        forms = self._catalogue.counted.get(msgid1)
        return super().ngettext(msgid1, msgid2, n) if forms is None else forms[self._form_of(n)]


def catalogue(code: str) -> Catalogue:
    """The catalogue of a language, as it is shipped."""
    return msgspec.json.decode((CATALOGUES / f"{code}.json").read_bytes(), type=Catalogue)


def _of_two(number: int) -> int:
    return int(number != 1)


def _of_six(number: int) -> int:
    """The forms of Arabic, as Unicode's CLDR names them: zero, one, two, few, many, other."""
    if number < 3:
        return number
    hundredth = number % 100
    if 3 <= hundredth <= 10:
        return 3
    return 4 if hundredth >= 11 else 5


FORMS: Final[dict[str, tuple[int, Callable[[int], int]]]] = {"ur": (2, _of_two), "ar": (6, _of_six)}
"""Of each language how many forms it has for what is counted, and which one a number takes."""


def _language(code: str, name: str, direction: str) -> Language:
    made = _Translations(catalogue(code), FORMS[code][1] if code in FORMS else _of_two)
    return Language(code, name, direction, direction == "ltr", made.gettext, made.ngettext)


ENGLISH: Final = _language("en", "English", "ltr")
"""Sentences are written in it; its catalogue has words for codes alone."""

LANGUAGES: Final[dict[str, Language]] = {
    "en": ENGLISH,
    "ur": _language("ur", "اردو", "rtl"),
    "ar": _language("ar", "العربية", "rtl"),
}


def language_of(code: str) -> Language:
    """The language of that code; English where there is none."""
    return LANGUAGES.get(code, ENGLISH)


def wanted(accepted: str) -> Language:
    """The first language that a browser asks for (`Accept-Language`) and we have; English where none is."""
    for part in accepted.split(",", _ACCEPTED_MAX)[:_ACCEPTED_MAX]:
        match = _CODE.match(part.strip())
        if match and match[0].lower() in LANGUAGES:
            return LANGUAGES[match[0].lower()]
    return ENGLISH
