"""Writes the vowels that the scripts of India leave unwritten, where they are spoken: `राजपूत` is rajput.

Each consonant carries an a unless a sign says otherwise. Speakers of Hindi, Panjabi, Bengali and Gujarati
drop it at a word's end and, from the end backwards, between a vowel with one consonant and one consonant with
a vowel (schwa deletion: M. Ohala, Aspects of Hindi Phonology, 1983); the languages of the south drop none.
People spell their names in Latin letters as they speak them, so this module reads them in the same way.

The nine scripts descend from one, and Unicode lays them out alike: a letter is read as the letter of
Devanagari at the same place of its block, so that one table and one rule serve all of them.
"""

from __future__ import annotations

import re
from typing import Final

_CONSONANT: Final = "[\u0915-\u0939\u0958-\u095f]"
_UNIT: Final = re.compile(
    f"({_CONSONANT})([\u093e-\u094c\u0962\u0963\u094e\u094f\u0955-\u0957]|\u094d)?([\u0900-\u0903])?|(.)",
    re.DOTALL,
)
# Where the blocks of the other scripts begin: Bengali, Gurmukhi, Gujarati, Odia, Tamil, Telugu, Kannada and
# Malayalam.
_DEVANAGARI: Final = 0x0900
_BLOCKS: Final = (0x0980, 0x0A00, 0x0A80, 0x0B00, 0x0B80, 0x0C00, 0x0C80, 0x0D00)
_ALIKE: Final = range(0x01, 0x64)  # places of a block that are laid out alike, before its digits
# Letters that only one script has: Gurmukhi's nasal, sign of doubling and carriers, Bengali's t without a
# vowel and Assamese r and w, and Malayalam's consonants without a vowel.
_BESIDE: Final = {
    "\u0a70": "\u0902", "\u0a71": "", "\u0a72": "", "\u0a73": "",
    "\u09ce": "त्", "\u09f0": "र", "\u09f1": "व",
    "\u0d7a": "ण्", "\u0d7b": "न्", "\u0d7c": "र्", "\u0d7d": "ल्", "\u0d7e": "ळ्", "\u0d7f": "क्",
}  # fmt: skip
_AS_DEVANAGARI: Final = str.maketrans(
    {chr(block + place): chr(_DEVANAGARI + place) for block in _BLOCKS for place in _ALIKE} | _BESIDE
)
# In the south the dental t is spelt th: Karthik, Kavitha.
_SOUTH: Final = "\u0b80"
_SOUTHERN_T: Final = re.compile("(?:त\u094d)?त")
# From here on the blocks are those of languages that drop no vowel.
_SPEAKS_ALL: Final = "\u0b00"
# A consonant, its vowel sign or the sign for no vowel, a nasal or breath sign; or else any other character.
_Unit = tuple[str, str, str, str]
_WORD: Final = re.compile(
    "[\u0900-\u0963\u0971-\u097f\u0980-\u09e3\u09f0\u09f1\u0a01-\u0a63\u0a70-\u0a75\u0a81-\u0ae3"
    "\u0b01-\u0b63\u0b82-\u0be3\u0c00-\u0c63\u0c80-\u0ce3\u0d00-\u0d63\u0d7a-\u0d7f\u200c\u200d]+"
)
# Letters with a dot below, typed as two characters.
_DOTTED: Final = {
    "क़": "\u0958", "ख़": "\u0959", "ग़": "\u095a", "ज़": "\u095b",
    "ड़": "\u095c", "ढ़": "\u095d", "फ़": "\u095e", "य़": "\u095f",
    "स़": "श", "ल़": "ळ",
}  # fmt: skip
_DOTTED_PAIR: Final = re.compile("|".join(_DOTTED))
_JOINERS: Final = re.compile("[\u200c\u200d\u093c]")
# Conjuncts that are spoken, and spelled in Latin letters, unlike their parts: gy (Gyaneshwar), and Singh.
_AS_SAID: Final = (("ज्ञ", "ग्य"), ("सिंह", "सिंघ"))
_NASAL_BEFORE_LABIAL: Final = re.compile("[\u0901\u0902](?=[पफबभम\u095e])")
# Sonorants behind another consonant keep the last vowel: Shukla, Mishra, Krishna, Aditya.
_SONORANTS: Final = "यरलवणनम"
_VIRAMA: Final = "\u094d"
_A: Final = "\u0905"


def spoken(text: str) -> str:
    """The text with its Indic words in Devanagari and their unwritten vowels written; the rest as it is."""
    return _WORD.sub(lambda match: _spoken_word(match.group()), text)


def _spoken_word(word: str) -> str:
    bare = word.lstrip("\u200c\u200d")
    all_spoken, south = bare >= _SPEAKS_ALL, bare >= _SOUTH
    word = word.translate(_AS_DEVANAGARI)
    if south:
        word = _SOUTHERN_T.sub("थ", word)
    word = _JOINERS.sub("", _DOTTED_PAIR.sub(lambda match: _DOTTED[match.group()], word))
    for written, said in _AS_SAID:
        word = word.replace(written, said)
    word = _NASAL_BEFORE_LABIAL.sub("म्", word)
    units: list[_Unit] = _UNIT.findall(word)
    if all_spoken:
        return "".join(_with_a(unit) if _bare(unit) else "".join(unit) for unit in units)
    vowels = [_has_vowel(units, place) for place in range(len(units))]
    for place in range(len(units) - 2, 0, -1):
        before, unit, after = units[place - 1], units[place], units[place + 1]
        # A consonant drops its vowel between an open vowel and one consonant with a vowel.
        if (
            _bare(unit)
            and not unit[2]
            and not before[2]
            and vowels[place - 1]
            and after[0]
            and vowels[place + 1]
        ):
            vowels[place] = False
    return "".join(
        _with_a(unit) if _bare(unit) and vowel else "".join(unit)
        for unit, vowel in zip(units, vowels, strict=True)
    )


def _bare(unit: _Unit) -> bool:
    """Returns whether a unit is a consonant without a vowel sign."""
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
