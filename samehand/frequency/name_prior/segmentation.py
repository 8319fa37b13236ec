"""The most common way to read a handle: as listed words, numbers and unlisted letters side by side.

`umarmediaofficial` is umar + media + official. How many others could have chosen the same handle follows from
its *most common* reading: a rarer one would overstate what an agreement proves.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final, NamedTuple

from samehand.frequency.name_prior.decorations import decoration
from samehand.frequency.name_prior.digits import digit_bits
from samehand.frequency.name_prior.scale import (
    CAP_BITS,
    FLOOR_BITS,
    JOIN_BITS,
    LETTER_BITS,
    UNLISTED_BITS,
    WHOLE_BITS,
)
from samehand.frequency.name_prior.table import (
    HEAD_LENGTH,
    SHORT_LENGTHS,
    STEPS_PER_BIT,
    TOKEN_LENGTH_MAX,
    Table,
    shipped,
)

START: Final = "^"


def running_bits(table: Table, run: str) -> list[float]:
    """Bits of the run's first 0, 1, … len(run) letters (a-z only, at least one)."""
    rows = table.rows
    context = START + run[0]
    total = rows[START][ord(run[0]) - 97]
    costs = [0.0, total / STEPS_PER_BIT]
    for letter in run[1:]:
        row = rows.get(context) or rows[context[1:]]
        total += row[ord(letter) - 97]
        costs.append(total / STEPS_PER_BIT)
        context = context[-2:] + letter
    return costs


# Names recur within a batch and among a look-up's candidates. Of the 61,000 calls for 12,000 simulated
# sign-ups 8,192 entries answer .704, and four times as many .715. They are full within minutes, so that a
# worker's memory soon stops growing.
_REMEMBERED: Final = 8_192

# Bounds the work on one token: longer text is at the cap anyway (nine listed words of five letters).
_READ_LETTERS: Final = 48

_RUNS: Final = re.compile(r"[a-z]+|[0-9]+")


class Segment(NamedTuple):
    """A piece of a handle, its own bits, and whether it only decorates."""

    text: str
    bits: float
    decoration: bool


@lru_cache(maxsize=_REMEMBERED)
def bits(token: str) -> float:
    """Surprisal in bits of bearing a folded token or handle base, 0 to :data:`CAP_BITS`.

    Anything outside a-z and 0-9 separates words and costs nothing itself. Total: never raises.
    """
    listed = shipped().tokens.get(token)
    if listed is not None:
        return listed
    total = -JOIN_BITS
    for run in _RUNS.findall(token[:_READ_LETTERS]):
        if run.isalpha():
            # Bits of a run of letters, read by its cheapest path.
            total += JOIN_BITS + min(_cheapest_path(run)[0], len(run) * LETTER_BITS)
        else:
            total += digit_bits(run) + (JOIN_BITS if total < 0 else 0.0)
    return _bounded(total) if total >= 0 else 0.0


def whole_bits(base: str) -> float:
    """Bits of a handle that is this base and at most digits, which is rarer than to bear it. Same bounds."""
    own = bits(base)
    return min(CAP_BITS, own + WHOLE_BITS) if own else 0.0


@lru_cache(maxsize=_REMEMBERED)
def segments(base: str) -> tuple[Segment, ...]:
    """The pieces of the most common reading of a folded handle base or token, in order."""
    pieces: list[str] = [base] if base in shipped().tokens else []
    if not pieces:
        for run in _RUNS.findall(base[:_READ_LETTERS]):
            if not run.isalpha():
                pieces.append(run)
                continue
            _, origin = _cheapest_path(run)
            path: list[str] = []
            end = len(run)
            while end:
                path.append(run[origin[end] : end])
                end = origin[end]
            pieces += path[::-1]
    return tuple([Segment(piece, _piece_bits(piece), decoration(piece)) for piece in pieces])


def _bounded(total: float) -> float:
    return min(CAP_BITS, max(FLOOR_BITS, total))


def _piece_bits(piece: str) -> float:
    """The bits of a piece, which is a listed token, a number, or letters that are on no list."""
    listed = shipped().tokens.get(piece)
    if listed is not None:
        return listed
    if not piece.isalpha():
        return _bounded(digit_bits(piece))
    spelt = running_bits(shipped(), piece)[-1] + UNLISTED_BITS
    return _bounded(min(spelt, len(piece) * LETTER_BITS))


# The bits and the pieces of one name are asked for one after the other.
@lru_cache(maxsize=256)
def _cheapest_path(run: str) -> tuple[float, list[int]]:
    """The least bits of the whole run, and for each place where the last piece of the path to it begins.

    One pass from left to right. ``best`` holds the least bits up to each place at which a piece ends.
    ``unlisted_head`` holds the least bits up to the place where unlisted letters begin, less their running
    cost there, so that one comparison finds the best beginning.
    """
    table = shipped()
    bits_of, lengths_of = table.tokens.get, table.lengths.get
    spelt = running_bits(table, run)
    length = len(run)
    # Slices past the end are shorter than asked; what they find is written to a margin that is never read.
    best = [math.inf] * (length + TOKEN_LENGTH_MAX)
    origin = [0] * (length + TOKEN_LENGTH_MAX)
    unlisted_head, unlisted_from = UNLISTED_BITS, 0
    here = 0.0
    for start in range(length):
        if start:
            here = unlisted_head + spelt[start]
            if here < best[start]:
                origin[start], best[start] = unlisted_from, here
            here = best[start] + JOIN_BITS
            if here + UNLISTED_BITS - spelt[start] < unlisted_head:
                unlisted_head, unlisted_from = here + UNLISTED_BITS - spelt[start], start
        for size in lengths_of(run[start : start + HEAD_LENGTH], SHORT_LENGTHS):
            own = bits_of(run[start : start + size])
            if own is not None and here + own < best[start + size]:
                best[start + size], origin[start + size] = here + own, start
    if unlisted_head + spelt[length] < best[length]:
        best[length], origin[length] = unlisted_head + spelt[length], unlisted_from
    return best[length], origin
