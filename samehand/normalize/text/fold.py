"""Folding: reads a handle, a name or a text so that all disguises of it read the same.

A text is read as ASCII (:mod:`samehand.normalize.text.transliterate`) and cut into words and numbers; leet
is read as letters (:mod:`samehand.normalize.text.leet`), repeats are collapsed, and vv and rn are read as w
and m. Where a glyph is ambiguous, the most probable reading is the base and the others are alternates.

``base``, ``tokens`` and ``alternates`` are lower-case ASCII. Everything here is total and deterministic.
``FOLD_VERSION`` names the table and these rules together: a change to a result of either raises it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from samehand.normalize.handle import clean_handle, is_made_up
from samehand.normalize.limits import BIO_CHARS, BIO_READ_CHARS, HANDLE_WORDS, NAME_READ_CHARS
from samehand.normalize.text.compose import composed
from samehand.normalize.text.fold_flags import BLANKS, FoldFlags, flags_of
from samehand.normalize.text.fold_table import FOLD_VERSION, PHONETIC
from samehand.normalize.text.leet import CHUNK, LEET, ascii_readings, collapse, cut, exclamation_reading
from samehand.normalize.text.phonetic import consonant_key, word_keys
from samehand.normalize.text.transliterate import first_reading, read_any

__all__ = [
    "FIRST_STRONG_ISOLATE",
    "FOLD_VERSION",
    "POP_ISOLATE",
    "FoldFlags",
    "HandleFold",
    "NameFold",
    "TextFold",
    "as_written",
    "consonants_of",
    "fold_bio",
    "fold_handle",
    "fold_name",
]

# Every alternate is a further probe of the index; no name in good faith has more than four readings.
ALTERNATES_MAX: Final = 4
# One event asks for each of its names twice, and once more under each further pepper.
_REMEMBERED: Final = 2


@dataclass(frozen=True, slots=True)
class HandleFold:
    """A folded handle.

    ``base`` is the skeleton: letters only, or the digits of a handle that has no letter. ``digits`` are the
    runs of digits that are not read as letters, joined. ``tokens`` are the folded words. ``alternates`` are
    other readings of the base, each worth a probe, most probable first. ``consonants`` is the consonant key,
    possibly empty. ``literal`` is the cleaned handle's lower-case letters and digits in their own script:
    equal literals are the same handle. ``made_up`` marks a generated handle, of a pattern that platforms
    propose. ``whole`` is false where part of it was not read.
    """

    base: str
    digits: str
    tokens: tuple[str, ...]
    alternates: tuple[str, ...]
    consonants: str
    flags: FoldFlags
    literal: str
    made_up: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class NameFold:
    """A folded display name: as :class:`HandleFold`, with a consonant key (possibly empty) for each token."""

    tokens: tuple[str, ...]
    base: str
    digits: str
    alternates: tuple[str, ...]
    consonants: tuple[str, ...]
    flags: FoldFlags
    whole: bool


@lru_cache(maxsize=_REMEMBERED)
def fold_handle(handle: str, platform: str) -> HandleFold | None:
    """The fold of a handle by its platform's rules, or ``None`` if neither letter nor digit is left of it."""
    cleaned = clean_handle(handle, platform)
    reading = _read(cleaned)
    if reading is None:
        return None
    if cleaned.isascii():
        literal = "".join(filter(str.isalnum, cleaned.lower()))
    else:
        chars = composed("NFKC", cleaned).casefold()[:NAME_READ_CHARS]
        literal = "".join([char for char in chars if _is_literal(char)])
    return HandleFold(
        reading.base,
        reading.digits,
        tuple(map(collapse, reading.words[:HANDLE_WORDS])),
        reading.alternates,
        consonant_key("".join(reading.words)),
        reading.flags,
        literal or reading.base + reading.digits,
        is_made_up(cleaned, platform),
        reading.whole and len(reading.words) <= HANDLE_WORDS,
    )


@lru_cache(maxsize=_REMEMBERED)
def fold_name(text: str) -> NameFold | None:
    """The fold of a display name, or ``None`` if neither letter nor digit is left of it."""
    reading = _read(text)
    if reading is None:
        return None
    return NameFold(
        tuple(map(collapse, reading.words)),
        reading.base,
        reading.digits,
        reading.alternates,
        tuple(word_keys(reading.words)),
        reading.flags,
        reading.whole,
    )


class TextFold(NamedTuple):
    """A folded text; ``whole`` is false where part of it was not read."""

    text: str
    whole: bool


def fold_bio(text: str) -> TextFold:
    """A bio as folded lower-case words with single spaces between them; digits stay, leet is not read."""
    folded = _fold_text(text[:BIO_CHARS])
    return folded if len(text) <= BIO_CHARS else folded._replace(whole=False)


_VOWELS: Final = re.compile("[aeiou ]+")


def consonants_of(folded: str) -> str:
    """What disguises leave of a folded text: its consonants in a row, each once, leet read as letters."""
    return collapse(_VOWELS.sub("", folded.translate(LEET)))


@lru_cache(maxsize=_REMEMBERED)
def _fold_text(text: str) -> TextFold:
    seen = text.lower().replace("'", "") if text.isascii() else first_reading(text)
    folded = " ".join(CHUNK.findall(seen[:BIO_READ_CHARS].replace("@", " ").replace("$", " ")))
    return TextFold(folded, len(seen) <= BIO_READ_CHARS)


@dataclass(slots=True)
class _Reading:
    """A text as read, before its tokens are collapsed."""

    words: list[str]
    base: str
    digits: str
    alternates: tuple[str, ...]
    flags: FoldFlags
    whole: bool


def _read(text: str) -> _Reading | None:
    whole = len(text) <= NAME_READ_CHARS
    text = text[:NAME_READ_CHARS]
    if text.isascii():
        flags = FoldFlags.NONE
        seen, others = ascii_readings(text)
    else:
        flags = flags_of(text)
        seen, other = read_any(text)
        others = [] if other is None else [other[:NAME_READ_CHARS]]
        whole = whole and len(seen) <= NAME_READ_CHARS
        seen = seen[:NAME_READ_CHARS]
    words, digits, readings = cut(seen)
    if not words:
        number = "".join(digits)
        return _Reading([number], number, "", (), flags, whole) if number else None
    exclaimed = exclamation_reading(seen)
    if exclaimed is not None:
        others.append(exclaimed)
    base = collapse("".join(words))
    alternates: tuple[str, ...] = ()
    if others or readings:  # of other texts that the glyphs could mean, then of its digits
        bases = [collapse("".join(cut(other).words)) for other in others]
        bases += map(collapse, readings)
        kept = [read for read in dict.fromkeys(bases) if read and read != base]
        alternates = tuple(kept[:ALTERNATES_MAX])
    return _Reading(words, base, "".join(digits), alternates, flags, whole)


def _is_literal(char: str) -> bool:
    """Returns whether a character is a visible letter or digit, or a vowel sign that is read."""
    if char.isalnum():
        return char.isascii() or char not in BLANKS
    return unicodedata.category(char) in ("Mc", "Mn") and bool(PHONETIC[ord(char)].strip())


FIRST_STRONG_ISOLATE: Final = "\u2068"
POP_ISOLATE: Final = "\u2069"

_QUOTED: Final = re.compile("“([^“”]*)”")
# What separates words of a name, as in the fold.
_WORD_BREAK: Final = re.compile(r"[\s_.\-+/:|~,]+")
# Controls that would end an isolate early, or reorder the text in it.
_CONTROLS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_WORDS_MAX: Final = 32  # words of one name that are restored; others are quoted as folded


def as_written(sentence: str, names: Iterable[str]) -> str:
    """Writes words that a sentence quotes folded as the first of the names has them: “میڈیا”, not “mydya”.

    Each is isolated, so that its direction of writing does not reorder the text around it (Unicode Standard
    Annex 9: first strong isolate, pop directional isolate).
    """
    if "“" not in sentence:
        return sentence
    written: dict[str, str] = {}
    for name in names:
        for word in _WORD_BREAK.split(name[:NAME_READ_CHARS])[:_WORDS_MAX]:
            folded = fold_name(word)
            for token in () if folded is None else (folded.base, *folded.tokens):
                written.setdefault(token, _CONTROLS.sub("", word))
    return _QUOTED.sub(
        lambda match: f"“{FIRST_STRONG_ISOLATE}{written.get(match[1], match[1])}{POP_ISOLATE}”", sentence
    )
