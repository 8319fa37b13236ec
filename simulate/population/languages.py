"""What people of one language are called, where they live and what they say of themselves.

The lists are text files beside this module, one a language, written for this project from general knowledge;
given and family names are drawn apart, so no entry is a person.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from simulate.population.romanise import romanised
from simulate.sampling import Weighted, zipf

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
    """One language's names and phrases."""

    code: str
    given: Weighted[Name]
    family: Weighted[Name]
    feminine_family: Weighted[Name]
    words: tuple[str, ...]
    cities: tuple[Name, ...]
    jobs: tuple[str, ...]
    hobbies: tuple[str, ...]
    cliches: Weighted[str]
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
