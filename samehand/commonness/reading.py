"""The most common way to read a handle: as listed words, numbers and unlisted letters side by side.

`umarmediaofficial` is umar + media + official. A reader who wonders how many others could have chosen the same
handle must take its *most common* reading: any rarer one would overstate what an agreement proves.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import NamedTuple

from samehand.commonness.affixes import decoration
from samehand.commonness.digits import digit_bits
from samehand.commonness.letters import running_bits
from samehand.commonness.scale import CAP_BITS, FLOOR_BITS, JOIN_BITS, LETTER_BITS, UNLISTED_BITS
from samehand.commonness.table import shipped

# The same names come back within one batch and between a look-up's candidates (up to 64 each); 32,768
# readings cover a batch of 500 with all its candidates and stay below 20 MB.
_REMEMBERED_READINGS = 32_768

# Longer text is at the cap anyway (twelve words of four letters), so the work on one token stays bounded.
_READ_LETTERS = 48

_RUNS = re.compile(r"[a-z]+|[0-9]+")


class Segment(NamedTuple):
    """A piece of a handle, its own bits, and whether it only decorates."""

    text: str
    bits: float
    decoration: bool


class Reading(NamedTuple):
    """The most common reading: bits of the whole (0 for empty text, else floor to cap) and its pieces in order."""

    bits: float
    segments: tuple[Segment, ...]


def bits(token: str) -> float:
    """Surprisal in bits of a folded token or handle base, 0 to :data:`CAP_BITS`.

    Anything outside a-z and 0-9 separates words and costs nothing itself. Total: never raises.
    """
    return read(token).bits


def rate(token: str) -> float:
    """The share (0 to 1] of unrelated accounts that bear the token: ``2 ** -bits``."""
    return math.exp2(-read(token).bits)


def segment_bits(base: str) -> tuple[tuple[str, float], ...]:
    """The pieces of the most common reading, each with its own bits."""
    return tuple((segment.text, segment.bits) for segment in read(base).segments)


@lru_cache(maxsize=_REMEMBERED_READINGS)
def read(base: str) -> Reading:
    """The most common reading of a folded handle base or token."""
    segments: list[Segment] = []
    total = 0.0
    for run in _RUNS.findall(base[:_READ_LETTERS]):
        run_bits, pieces = _read_letters(run) if run.isalpha() else _read_digits(run)
        total += run_bits + (JOIN_BITS if segments and run.isalpha() else 0.0)
        segments += pieces
    if not segments:
        return Reading(0.0, ())
    listed = shipped().tokens.get(base)
    if listed is not None and listed < total:
        total, segments = listed, [Segment(base, listed, decoration(base))]
    return Reading(_bounded(total), tuple(segments))


def _bounded(total: float) -> float:
    return min(CAP_BITS, max(FLOOR_BITS, total))


def _read_digits(run: str) -> tuple[float, list[Segment]]:
    cost = digit_bits(run)
    return cost, [Segment(run, _bounded(cost), decoration(run))]


def _read_letters(run: str) -> tuple[float, list[Segment]]:
    """The cheapest path through a run of letters, and the pieces on it."""
    best, origin = _cheapest_path(run)
    most = len(run) * LETTER_BITS
    if best[-1] > most:
        return most, [Segment(run, _bounded(most), decoration(run))]
    pieces = []
    end = len(run)
    while end:
        start = origin[end]
        pieces.append(_piece(run[start:end], best[end] - best[start]))
        end = start
    return best[-1], pieces[::-1]


def _piece(text: str, step_bits: float) -> Segment:
    own = shipped().tokens.get(text)
    return Segment(text, _bounded(min(step_bits, len(text) * LETTER_BITS) if own is None else own), decoration(text))


def _cheapest_path(run: str) -> tuple[list[float], list[int]]:
    """Least bits to each place in the run, and the place where the last piece on that path began."""
    table = shipped()
    tokens, reach = table.tokens, table.reach
    length = len(run)
    letters = running_bits(table, run)
    best = [cost + UNLISTED_BITS for cost in letters]
    best[0] = 0.0
    origin = [0] * (length + 1)
    unlisted_from, unlisted_head = 0, UNLISTED_BITS
    for start in range(length):
        if start and unlisted_head + letters[start] < best[start]:
            best[start], origin[start] = unlisted_head + letters[start], unlisted_from
        here = best[start] + (JOIN_BITS if start else 0.0)
        if here + UNLISTED_BITS - letters[start] < unlisted_head:
            unlisted_from, unlisted_head = start, here + UNLISTED_BITS - letters[start]
        for end in range(start + 2, min(length, start + reach.get(run[start : start + 2], 0)) + 1):
            own = tokens.get(run[start:end])
            if own is not None and here + own < best[end]:
                best[end], origin[end] = here + own, start
    if unlisted_head + letters[length] < best[length]:
        best[length], origin[length] = unlisted_head + letters[length], unlisted_from
    return best, origin
