"""Reading a text of any script as ASCII, word by word: Latin by its looks, other scripts by their sound.

Within a word of Latin letters a foreign letter is read by its looks (`аdmin`); a word wholly in another
script is read by its sound (`админ`). Where both readings are possible, the second one is kept too.
"""

from __future__ import annotations

import re
from typing import Final

from samehand.normalize.text.fold_table import EITHER_L, PHONETIC, VISUAL
from samehand.normalize.text.indic import spoken
from samehand.normalize.text.scripts import LETTERS, Script

_LATIN: Final = re.compile(f"[{LETTERS[Script.LATIN]}]")
_FOREIGN_RANGES: Final = "".join(ranges for script, ranges in LETTERS.items() if script is not Script.LATIN)
_FOREIGN: Final = re.compile(f"[{_FOREIGN_RANGES}]")
# In a Latin word a run of three or more foreign letters is a word of its own (umarعمر); a shorter run is read
# by its looks. Letters of scripts that pass for Latin are read by their looks however long the run is.
_FOREIGN_RUN: Final = re.compile(
    rf"[{_FOREIGN_RANGES}][{_FOREIGN_RANGES}\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0dff\u0e31-\u0eff\u200c\u200d]{{2,}}"
)
_LOOK_ALIKE: Final = re.compile(
    f"[{LETTERS[Script.CYRILLIC]}{LETTERS[Script.GREEK]}"
    r"\u0531-\u0588\u13a0-\u13fd\u1400-\u167f\u2c80-\u2cff\ua4d0-\ua4ff\uab70-\uabbf"
    r"\U00010280-\U000102df\U00010300-\U0001034f\U00010400-\U0001052f]"
)
_EAST_ASIAN: Final = re.compile(f"[{LETTERS[Script.HAN]}{LETTERS[Script.KANA]}\u3105-\u312f]+")
_EITHER_L: Final = re.compile("[" + "".join(map(re.escape, map(chr, EITHER_L))) + "]")

_WORD_BREAK: Final = re.compile(r"[\s_.\-+/:|~]+")
_APOSTROPHE: Final = re.compile(r"(?<=\w)['`](?=\w)")
# Regional indicators in pairs are flags; single ones disguise letters.
_FLAG: Final = re.compile(
    "(?<![\U0001f1e6-\U0001f1ff])(?:[\U0001f1e6-\U0001f1ff]{2})+(?![\U0001f1e6-\U0001f1ff])"
)

# Signs that stand for a letter between two others, and decorate anywhere else (`✓ umar`, `☾umar☽`).
_SIGN_LETTERS: Final = {
    "†": "t",
    "‡": "t",
    "☾": "c",
    "☽": "c",
    "✓": "v",
    "✔": "v",
    "✗": "x",
    "✘": "x",
    "✕": "x",
    "✖": "x",
    "♄": "h",
    "♍": "m",
    "♏": "m",
    "§": "s",
    "☧": "p",
}
_SIGN_BETWEEN: Final = re.compile(rf"(?<=[^\W\d_])[{''.join(_SIGN_LETTERS)}](?=[^\W\d_])")

# Cells of braille (ISO/TR 11548-1); letters that Unicode names turned ones, and those that look like one.
_BRAILLE: Final = re.compile("[\u2801-\u283f]")
_OF_BRAILLE: Final = str.maketrans("⠀⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", " abcdefghijklmnopqrstuvwxyz")
_TURNED: Final = re.compile("[ɐǝɥᴉʞɯɹʇʌʍʎⅎ⅁⅂⅄]")
_UPRIGHT: Final = re.compile("[aefghijkmrtvwy]")  # letters that are none upside down
_OF_TURNED: Final = str.maketrans("ɐɔǝɟƃɥᴉıɾʞɯɹʇʌʍʎ∀ⅎ⅁⅂ᴚ⊥∩⅄ԁλbdnpqu", "acefghiijkmrtvwyafglrtuypvqpudbn")
_TURNED_MIN: Final = 3

_ARABIC: Final = re.compile(f"[{LETTERS[Script.ARABIC]}]")
# Vowel signs, and the bar that stretches a word: removed, so that they do not part letters either.
_ARABIC_MARKS: Final = re.compile(
    "[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
)
_INDIC: Final = re.compile("[\u0904-\u0d7f]")
# The article is a word of its own, as in Latin spellings of the same names (al-Rahman). After lam and yeh the
# first two letters are most often the name's own (Allah, Ilyas).
_ARTICLE: Final = re.compile(r"(?<!\w)ال(?=[^\W\d_ليیى][^\W\d_])")
# Before a heh stands an unwritten vowel: after the consonants with which it would be read as one sound
# (Suhail, سهيل; Urdu writes the aspirated sounds with another letter, ھ), and at the end of a word (Fatima,
# فاطمه).
_BEFORE_HEH: Final = re.compile(
    r"(?<=[تثجچخدذزژسشصضطظغکكگپبڈٹ])(?=[هہحةۃە])|(?<=[^\W\d_اأإآوؤيىیئےء])(?=[هہةۃە](?!\w))"
)


def read_any(text: str) -> tuple[str, str | None]:
    """A text in lower-case ASCII with single spaces between its words, and its other reading, if any."""
    words = _words(text)
    first = [_first_reading(word) for word in words]
    second = [_second_reading(word, seen) for word, seen in zip(words, first, strict=True)]
    return " ".join(first), None if first == second else " ".join(second)


def first_reading(text: str) -> str:
    """The first reading of :func:`read_any`."""
    return " ".join(map(_first_reading, _words(text)))


def _upright(text: str) -> str:
    """The text read from its end if it stands upside down, as few of its letters would be if it did not."""
    low = text.lower()
    turned = len(_TURNED.findall(low))
    if turned < _TURNED_MIN or turned <= len(_UPRIGHT.findall(low)):
        return text
    return low.translate(_OF_TURNED)[::-1]


def _words(text: str) -> list[str]:
    if not text.isascii():
        text = _upright(text.translate(_OF_BRAILLE) if _BRAILLE.search(text) else text)
    text = _FLAG.sub(" ", _APOSTROPHE.sub("", text))
    text = _SIGN_BETWEEN.sub(lambda sign: _SIGN_LETTERS[sign.group()], text)
    if _ARABIC.search(text):
        text = _BEFORE_HEH.sub("ا", _ARTICLE.sub("ال ", _ARABIC_MARKS.sub("", text)))
    if _INDIC.search(text):
        text = spoken(text)
    return [word for word in _WORD_BREAK.split(text) if word]


def _first_reading(word: str) -> str:
    if _FOREIGN.search(word) is None:
        return word.translate(VISUAL)
    if _LATIN.search(word) is None:
        return word.translate(PHONETIC)
    return _FOREIGN_RUN.sub(_said_apart, word).translate(VISUAL)


def _said_apart(match: re.Match[str]) -> str:
    run = match.group()
    return run if _LOOK_ALIKE.search(run) else f" {run.translate(PHONETIC)} "


def _second_reading(word: str, seen: str) -> str:
    """The other reading of a word: by looks if it may disguise a Latin word, or with an l for an i.

    ``seen``, its first reading, where it has no other.
    """
    if _EITHER_L.search(word):
        return word.translate(EITHER_L).translate(VISUAL)
    if word.isascii() or _FOREIGN.search(word) is None or _LATIN.search(word):
        return seen
    # Or every ideograph of it looks like a Latin letter (卄卂爪), as in no real sentence.
    if _LOOK_ALIKE.search(word) or (
        _EAST_ASIAN.fullmatch(word)
        and all(len(VISUAL[code]) == 1 and VISUAL[code] != PHONETIC[code] for code in map(ord, word))
    ):
        return word.translate(VISUAL)
    return seen
