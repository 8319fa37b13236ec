"""The blocking keys under which a handle is listed, and the further ones that a query tries.

A listed key costs six bytes for every banned account, for ever, and each key costs a look-up some
microseconds. So both are few: what a query tries beyond what it would list are all runs of the handle, and
the letters beside an inner number (docs/adr/0039-keys-and-who-is-read.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samehand.blocking.spellings import (
    CONSONANTS_MIN,
    RUNS_TRIED_MAX,
    cores,
    deletions,
    letters,
    listed_letters,
    runs,
    spellings,
    spread_runs,
)
from samehand.frequency.name_prior import digit_bits
from samehand.keys import Key, KeyKind, key_of, keys_of

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
_SURE_DECORATION_MIN: Final = 4  # a shorter one may well be the name's own: -an, -el, -la


def listed_keys(handle: HandleTrait) -> list[Key]:
    """The keys under which a handle is enrolled."""
    base, digits = handle.word.base, handle.digits
    keys = [key_of(KeyKind.HANDLE_FULL, handle.literal.encode())]
    keys += keys_of(KeyKind.HANDLE_WORD, spellings(base))
    keys += keys_of(KeyKind.HANDLE_SORTED, listed_letters(handle.joined))
    keys += keys_of(KeyKind.NAMING_RUN, spread_runs(base))
    # Without a decoration that is surely one (`official`): one item, or none.
    most = len(base) - _SURE_DECORATION_MIN
    undecorated = [core for core in cores(base, handle.word.tokens) if len(core) <= most][:1]
    # The bearers of one base are told apart by their numbers, or by having none.
    keys += keys_of(KeyKind.HANDLE_NUMBERED, numbered_ends(base, digits))
    if digits:
        if digit_bits(digits) >= _NUMBER_ALONE_BITS_MIN:
            keys.append(key_of(KeyKind.HANDLE_NUMBERED, digits.encode()))
        keys += keys_of(KeyKind.HANDLE_NUMBERED, number_start(base, digits))
        wholes = [core + digits for core in (base, *undecorated)]
        keys += keys_of(KeyKind.HANDLE_WHOLE, [whole for whole in wholes if whole != handle.literal])
        if len(digits) >= DIGITS_MIN and len(base) <= _NUMBERED_WHOLE_MAX:
            keys += keys_of(KeyKind.HANDLE_WHOLE, deletions(base + digits))
    for reading in (*handle.alternates, *undecorated):
        keys.append(key_of(KeyKind.HANDLE_WORD, reading.encode()))
        keys += keys_of(KeyKind.HANDLE_SORTED, letters(reading)[:1])
    if len(handle.word.consonants) >= CONSONANTS_MIN:
        keys.append(key_of(KeyKind.HANDLE_CONSONANTS, handle.word.consonants.encode()))
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
    keys = keys_of(KeyKind.NAMING_RUN, runs(handle.word.base)[:RUNS_TRIED_MAX])
    # A longer one may be listed under it with a letter or a digit missing.
    keys += keys_of(KeyKind.HANDLE_WHOLE, [handle.literal])
    words, digits = handle.word.tokens, handle.digits
    if len(digits) >= DIGITS_MIN and not handle.literal.endswith(digits):
        # The ends around whose number words were put (`kuke512` in `real_kuke512_club`).
        ends = [f"{digits} {word[-_NUMBERED_EDGE:]}" for word in words[:-1]]
        ends += [f"{word[:_NUMBERED_EDGE]} {digits}" for word in words[1:]]
        keys += keys_of(KeyKind.HANDLE_NUMBERED, ends)
    return keys
