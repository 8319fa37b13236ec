"""The blocking keys under which a handle is listed, and the further ones that a query tries.

A listed key costs six bytes for every banned account, for ever; a tried key costs a look-up a microsecond. So
a handle is listed under few spellings, and the query makes the guesses that need no listed key: other
readings of its digits, affixes taken off, numbers moved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from samehand.blocking.spellings import (
    CONSONANTS_MIN,
    CORE_LENGTH_MIN,
    RUNS_TRIED_MAX,
    UNORDERED_LENGTH_MIN,
    cores,
    deletions,
    letters,
    listed_letters,
    runs,
    spellings,
    spread_runs,
    stems,
    tried_letters,
    tried_spellings,
)
from samehand.frequency.name_prior import digit_bits
from samehand.keys import Key, KeyKind, key_of, keys_of
from samehand.normalize.text.leet import LEET, collapse

if TYPE_CHECKING:
    from samehand.names.handle_trait import HandleTrait

# A base of up to so many letters has so many bearers that only their numbers tell them apart: base and number
# are keyed together, with each of their letters and digits deleted once.
_NUMBERED_WHOLE_MAX: Final = 5
DIGITS_MIN: Final = 2
# Letters keyed with the number: with two, some hundred accounts of a million share the key of a year.
_NUMBERED_EDGE: Final = 2
# From so many bits on a number is a key by itself: of a million accounts some thirty have it.
_NUMBER_ALONE_BITS_MIN: Final = 15.0
# Letters of a handle without a number whose two ends are keyed together: its ends must not be all of it.
_ENDS_LENGTH_MIN: Final = 6
NUMBER_START_MIN: Final = 4
"""Digits that two numbers must have in common at their start; fewer may merely begin a year (20, 201)."""
_CORES_TRIED: Final = 3
_MIDDLE_LENGTH_MIN: Final = 4  # letters of a word between two others (`node-mongoose-orm`)
_MIDDLES_TRIED: Final = 2
_SURE_DECORATION_MIN: Final = 4  # a shorter one may well be the name's own: -an, -el, -la

_RUN: Final = re.compile(r"[0-9]+")


def listed_keys(handle: HandleTrait) -> list[Key]:
    """The keys under which a handle is enrolled."""
    keys = [key_of(KeyKind.HANDLE_FULL, handle.literal.encode())]
    keys += keys_of(KeyKind.HANDLE_WORD, spellings(handle.word.base))
    keys += keys_of(KeyKind.HANDLE_SORTED, listed_letters(handle.joined))
    keys += keys_of(KeyKind.NAMING_RUN, spread_runs(handle.word.base))
    keys += _numbered(handle)
    for reading in (*handle.alternates, *_core(handle)):
        keys.append(key_of(KeyKind.HANDLE_WORD, reading.encode()))
        keys += keys_of(KeyKind.HANDLE_SORTED, letters(reading)[:1])
    if len(handle.word.consonants) >= CONSONANTS_MIN:
        keys.append(key_of(KeyKind.HANDLE_CONSONANTS, handle.word.consonants.encode()))
    return keys


def _core(handle: HandleTrait) -> list[str]:
    """The handle without a decoration that is surely one (`official`): a list of one item, or empty."""
    most = len(handle.word.base) - _SURE_DECORATION_MIN
    return [core for core in cores(handle.word.base, handle.word.tokens) if len(core) <= most][:1]


def _numbered(handle: HandleTrait) -> list[Key]:
    """The keys that tell the bearers of one base apart: by their numbers, or by having none."""
    base, digits = handle.word.base, handle.digits
    keys = keys_of(KeyKind.HANDLE_NUMBERED, numbered_ends(base, digits))
    if not digits:
        return keys
    if digit_bits(digits) >= _NUMBER_ALONE_BITS_MIN:
        keys.append(key_of(KeyKind.HANDLE_NUMBERED, digits.encode()))
    keys += keys_of(KeyKind.HANDLE_NUMBERED, number_start(base, digits))
    wholes = [base + digits, *(core + digits for core in _core(handle))]
    keys += keys_of(KeyKind.HANDLE_WHOLE, [whole for whole in wholes if whole != handle.literal])
    if len(digits) >= DIGITS_MIN and len(base) <= _NUMBERED_WHOLE_MAX:
        keys += keys_of(KeyKind.HANDLE_WHOLE, deletions(base + digits))
    return keys


def numbered_ends(base: str, digits: str) -> list[str]:
    """Two letters of each end with the number, or with each other where it has fewer than two digits."""
    if len(digits) >= DIGITS_MIN:
        return [f"{base[:_NUMBERED_EDGE]} {digits}", f"{digits} {base[-_NUMBERED_EDGE:]}"]
    return [f"{base[:_NUMBERED_EDGE]} {base[-_NUMBERED_EDGE:]}"] if len(base) >= _ENDS_LENGTH_MIN else []


def number_start(base: str, digits: str) -> list[str]:
    """The base with the first digits of its number, whose end may have been cut or counted up.

    A list of one item; empty where the number has fewer than :data:`NUMBER_START_MIN` digits.
    """
    return [f"{base} {digits[:NUMBER_START_MIN]}"] if len(digits) >= NUMBER_START_MIN else []


def tried_keys(handle: HandleTrait) -> list[Key]:
    """The keys that a query tries in addition to the listed ones."""
    keys = _word(handle.word.base, handle.joined)
    keys += keys_of(KeyKind.NAMING_RUN, runs(handle.word.base)[:RUNS_TRIED_MAX])
    keys += _with_stems(handle.word.base, handle.digits)
    keys += _whole([handle.word.base + handle.digits])
    keys += keys_of(KeyKind.HANDLE_WHOLE, [handle.literal])
    for reading in handle.alternates:
        keys += _word(reading)
        keys += _with_stems(reading, "")
    for part in _parts(handle):
        keys += _reading(part)
        if handle.digits:
            keys += _whole([part + handle.digits])
    if len(handle.word.consonants) > CONSONANTS_MIN:
        keys += keys_of(KeyKind.HANDLE_CONSONANTS, deletions(handle.word.consonants))
    keys += _misread_digits(handle)
    # A banned display name that the handle spells.
    keys.append(key_of(KeyKind.NAME_WORD, handle.word.base.encode()))
    return keys


def _word(word: str, joined: str = "") -> list[Key]:
    """The keys of all spellings of one reading; ``joined`` is the reading with its tokens joined."""
    keys = keys_of(KeyKind.HANDLE_WORD, tried_spellings(word))
    keys += keys_of(KeyKind.HANDLE_SORTED, tried_letters(joined or word))
    if joined and joined != word:
        keys += keys_of(KeyKind.HANDLE_SORTED, letters(word)[:1])
    return keys


def _with_stems(word: str, digits: str) -> list[Key]:
    found = stems(word)
    keys = keys_of(KeyKind.HANDLE_WORD, found)
    if digits:
        keys += _whole([stem + digits for stem in found])
    return keys


def _parts(handle: HandleTrait) -> list[str]:
    """Parts that may be the whole of another handle.

    They are the handle without a known decoration, without its first or last word, and its middle words.
    """
    words = handle.word.tokens
    ends = ["".join(words[1:]), "".join(words[:-1])] if len(words) > 1 else []
    middle = [word for word in words[1:-1] if len(word) >= _MIDDLE_LENGTH_MIN][:_MIDDLES_TRIED]
    parts = dict.fromkeys([*cores(handle.word.base, words)[:_CORES_TRIED], *ends, *middle])
    return [part for part in parts if len(part) >= CORE_LENGTH_MIN]


def _misread_digits(handle: HandleTrait) -> list[Key]:
    """The keys of readings in which digits that the fold read as a number are letters, and the reverse."""
    literal = handle.literal
    keys: list[Key] = []
    for count in range(1, min(2, len(handle.digits)) + 1):
        keys += _reading(collapse(handle.word.base + handle.digits[:count].translate(LEET)))
    runs = _RUN.findall(literal)
    if not runs or not literal.isascii():
        return keys
    pieces = [collapse(piece) for piece in _RUN.split(literal) if len(piece) >= CORE_LENGTH_MIN]
    bare = collapse(_RUN.sub("", literal))
    if bare != handle.word.base:
        keys += _word(bare)
        keys += _with_stems(bare, "")
        for piece in pieces:
            keys += _reading(piece)
            keys += _whole([piece + run for run in runs])
    for dressed in (literal, literal.rstrip("0123456789")):
        keys += _word(collapse(dressed.translate(LEET)))
    return keys


def _whole(words: Sequence[str]) -> list[Key]:
    """The keys of bases with their digits, under both kinds: one that equals its literal is listed there."""
    return [*keys_of(KeyKind.HANDLE_FULL, words), *keys_of(KeyKind.HANDLE_WHOLE, words)]


def _reading(word: str) -> list[Key]:
    """The fewest keys that find a reading which is only a guess."""
    keys = [key_of(KeyKind.HANDLE_WORD, word.encode())]
    if len(word) >= UNORDERED_LENGTH_MIN - 1:
        keys += keys_of(KeyKind.HANDLE_SORTED, letters(word)[:1])
    return keys
