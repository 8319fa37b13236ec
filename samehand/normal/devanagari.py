"""The vowels that Devanagari does not write, put in where Hindi speaks them: `राजपूत` is rajput.

Each consonant carries an a unless a sign says otherwise. Hindi leaves it out at a word's end and, read from
the end, between a vowel with one consonant and one consonant with a vowel (M. Ohala, Aspects of Hindi
Phonology, 1983: schwa deletion). So people spell their own names in Latin letters, and so are they read here.
"""

from __future__ import annotations

import re
from typing import Final

_CONSONANT: Final = "[\u0915-\u0939\u0958-\u095f]"
_UNIT: Final = re.compile(
    f"({_CONSONANT})([\u093e-\u094c\u0962\u0963\u094e\u094f\u0955-\u0957]|\u094d)?([\u0900-\u0903])?|(.)",
    re.DOTALL,
)
# A consonant, the sign of its vowel or that it has none, a nasal or breath; or else any other character.
_Unit = tuple[str, str, str, str]
_WORD: Final = re.compile("[\u0900-\u0963\u0971-\u097f\u200c\u200d]+")
# Letters with a dot below, typed as two characters.
_DOTTED: Final = {
    "क़": "\u0958", "ख़": "\u0959", "ग़": "\u095a", "ज़": "\u095b",
    "ड़": "\u095c", "ढ़": "\u095d", "फ़": "\u095e", "य़": "\u095f",
}  # fmt: skip
_DOTTED_PAIR: Final = re.compile("|".join(_DOTTED))
_JOINERS: Final = re.compile("[\u200c\u200d\u093c]")
# Conjuncts that are said and spelled otherwise than their parts: gy (Gyaneshwar), and Singh.
_AS_SAID: Final = (("ज्ञ", "ग्य"), ("सिंह", "सिंघ"))
_NASAL_BEFORE_LABIAL: Final = re.compile("[\u0901\u0902](?=[पफबभम\u095e])")
# Sonorants behind another consonant keep the last vowel: Shukla, Mishra, Krishna, Aditya.
_SONORANTS: Final = "यरलवणनम"
_VIRAMA: Final = "\u094d"
_A: Final = "\u0905"


def spoken(text: str) -> str:
    """The text with its unwritten vowels written; nothing but Devanagari is touched."""
    return _WORD.sub(lambda found: _spoken_word(found.group()), text)


def _spoken_word(word: str) -> str:
    word = _JOINERS.sub("", _DOTTED_PAIR.sub(lambda found: _DOTTED[found.group()], word))
    for written, said in _AS_SAID:
        word = word.replace(written, said)
    word = _NASAL_BEFORE_LABIAL.sub("म्", word)
    units: list[_Unit] = _UNIT.findall(word)
    vowels = [_has_vowel(units, place) for place in range(len(units))]
    for place in range(len(units) - 2, 0, -1):
        if _bare(units[place]) and _is_left_out(units, vowels, place):
            vowels[place] = False
    return "".join(
        _with_a(unit) if _bare(unit) and vowel else "".join(unit)
        for unit, vowel in zip(units, vowels, strict=True)
    )


def _bare(unit: _Unit) -> bool:
    """Whether it is a consonant without a sign of its vowel."""
    return bool(unit[0]) and not unit[1]


def _with_a(unit: _Unit) -> str:
    return unit[0] + _A + unit[2]


def _has_vowel(units: list[_Unit], place: int) -> bool:
    consonant, sign, nasal, _ = units[place]
    if not consonant:
        return True
    if sign or nasal:
        return sign != _VIRAMA
    if place < len(units) - 1 or place == 0:
        return True
    return units[place - 1][1] == _VIRAMA and consonant in _SONORANTS


def _is_left_out(units: list[_Unit], vowels: list[bool], place: int) -> bool:
    """Whether a bare consonant stands behind an open vowel and before one consonant with a vowel."""
    before, after = units[place - 1], units[place + 1]
    return (
        not units[place][2] and vowels[place - 1] and not before[2] and bool(after[0]) and vowels[place + 1]
    )
