"""What people of one language are called, where they live and what they say of themselves.

The lists are text files beside this module, one a language, written for this project from general knowledge;
given and family names are drawn apart, so no entry is a person.
"""

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from simulate.sampling import Weighted, zipf

_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh sch - y - e yu ya".replace("-", "").split(
            " "
        ),
        strict=True,
    )
)
_INITIALS = "g kk n d tt r m b pp s ss - j jj ch k t p h".replace("-", "").split(" ")
_VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i -".replace(" -", "").split(" ")
_FINALS = "- k k k n n n t l l l l l l l l m p p t t ng t t k t p t".replace("-", "").split(" ")
_HANGUL_FIRST, _HANGUL_LAST = 0xAC00, 0xD7A3
# Letters that have no decomposition in Unicode.
_LATIN = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "ß": "ss", "đ": "d"})


def romanised(text: str) -> str:
    """Lower-case Latin letters for Latin, Cyrillic and Hangul text; other letters stay as they are.

    Hangul follows the Revised Romanisation by syllable, without assimilation, as names are written.
    """
    decomposed = unicodedata.normalize("NFD", "".join(map(_letter, text.lower())).translate(_LATIN))
    return "".join(mark for mark in decomposed if unicodedata.category(mark) != "Mn")


def _letter(letter: str) -> str:
    if _HANGUL_FIRST <= ord(letter) <= _HANGUL_LAST:
        initial, rest = divmod(ord(letter) - _HANGUL_FIRST, 21 * 28)
        vowel, final = divmod(rest, 28)
        return _INITIALS[initial] + _VOWELS[vowel] + _FINALS[final]
    return _CYRILLIC.get(letter, letter)


LANGUAGES = ("en", "es", "zh", "ko", "ar", "ur", "ps", "ru", "tr", "hi")
"""The languages of the population, as ISO 639-1 codes."""

_PHRASES = frozenset({"jobs", "hobbies", "cliches"})


class Name(NamedTuple):
    """A name in its own script, and the Latin spellings its bearers use, commonest first."""

    native: str
    latin: tuple[str, ...]
    feminine: bool = False


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language's names and phrases; ``media`` and ``fans`` are words in titles of their channels."""

    code: str
    given: Weighted[Name]
    family: Weighted[Name]
    feminine_family: Weighted[Name]
    words: tuple[str, ...]
    cities: tuple[Name, ...]
    jobs: tuple[str, ...]
    hobbies: tuple[str, ...]
    cliches: Weighted[str]
    media: tuple[str, ...]
    fans: tuple[str, ...]
    family_first: bool
    latin_script: bool


@cache
def tongue(code: str) -> Tongue:
    """The lists of one of ``LANGUAGES``."""
    text = files("simulate").joinpath("languages", f"{code}.txt").read_text("utf-8")
    sections: dict[str, list[str]] = defaultdict(list)
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif not line.startswith("#"):
            entries = line.split("|") if section in _PHRASES else line.split()
            sections[section] += [entry.strip() for entry in entries if entry.strip()]
    family = [_name(entry) for entry in sections["family"]]
    return Tongue(
        code=code,
        given=zipf([_name(entry) for entry in sections["given"]]),
        family=zipf(family),
        feminine_family=zipf([_feminine(name) for name in family] if code == "ru" else family),
        words=tuple(sections["words"]),
        cities=tuple(_name(entry) for entry in sections["cities"]),
        jobs=tuple(sections["jobs"]),
        hobbies=tuple(sections["hobbies"]),
        cliches=zipf(sections["cliches"]),
        media=tuple(sections["media"]),
        fans=tuple(sections["fans"]),
        family_first=code in {"zh", "ko"},
        latin_script=code in {"en", "es", "tr"},
    )


def _name(entry: str) -> Name:
    """Read ``native=latin/other``, ``native`` (romanised by rule), ``native*`` (a woman's name)."""
    native, _, spellings = entry.replace("_", " ").partition("=")
    feminine = native.endswith("*")
    native = native.rstrip("*")
    latin = tuple(spellings.split("/")) if spellings else (romanised(native),)
    return Name(native, tuple(spelling.replace(" ", "") for spelling in latin), feminine)


def _feminine(name: Name) -> Name:
    """A Russian family name as a woman bears it."""
    native = name.native + "а" if name.native.endswith(("ов", "ев", "ёв", "ин", "ын")) else name.native
    return Name(native, (romanised(native),), feminine=True)
