"""How common a run of digits in a handle is: birth years and lucky numbers are, random digits are not."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import Final

# A digit drawn at random.
DIGIT_BITS: Final = math.log2(10)

# The share of runs with this many digits: two and four (the end of a year, a year) lead, and long ones are
# ids and phone numbers. General knowledge of what people append, rounded; every longer length has the last
# share.
_LENGTH_SHARES: Final = {1: 0.22, 2: 0.32, 3: 0.16, 4: 0.20, 5: 0.03, 6: 0.03, 7: 0.01, 8: 0.02}
_LONG_SHARE: Final = 0.01

# Half of all runs mean something; the other half is taken to be drawn at random, which costs one bit.
_RANDOM_BITS: Final = 1.0

# Numbers that mean something somewhere (786, 007, 69, 420, 110, 520): bits among all runs of digits.
_MEANT_BY_BITS: Final = {
    2: "1 2 7",
    6: "3 9 5 8 4 6 0 01 10 11 12 13 21 22 23 07 88 99 123",
    7: "00 02 03 05 09 14 15 16 17 18 19 20 24 25 33 42 69 77",
    8: "007 100 101 111 777 786 420 666 313 1234 2000 360 365 247 404",
    9: "110 12345 123456 321 212 999 333 888 222 555 000 001 911 1337 520 1776 69420 5000 9000",
    10: "1122 1212 4321 1111 0000 7777 6969 5050 92 91 1313 1414 521 1314",
}
_MEANT: Final = {number: float(own) for own, numbers in _MEANT_BY_BITS.items() for number in numbers.split()}

_YEAR_FIRST: Final = 1940
_YEAR_LAST: Final = 2029
# Birth years of the people who sign up; two fifths of the years that stand in handles are spread evenly.
_YEAR_PEAK: Final = 1998
_YEAR_SPREAD: Final = 16.0
_YEAR_BELL_SHARE: Final = 0.6
# Two digits below this are read as a year of this century.
_CENTURY_TURN: Final = 30

# Bits of a run that repeats one digit or counts up or down; its length then costs a bit a digit.
_PATTERN_BITS: Final = 6.0


@lru_cache(maxsize=4096)  # years and counters recur; random runs need no cache
def digit_bits(run: str) -> float:
    """Bits of a run of digits (0-9); 0 for an empty one. Uncapped: the caller caps the sum."""
    if not run:
        return 0.0
    length = len(run)
    length_bits = -math.log2(_LENGTH_SHARES.get(length, _LONG_SHARE))
    readings = [length_bits + _RANDOM_BITS + length * DIGIT_BITS, _MEANT.get(run, math.inf)]
    year = _year(run)
    if year is not None:
        distance = (year - _YEAR_PEAK) / _YEAR_SPREAD
        bell = math.exp(-0.5 * distance**2) / (_YEAR_SPREAD * math.sqrt(2 * math.pi))
        evenly = 1 / (_YEAR_LAST - _YEAR_FIRST + 1)
        year_bits = -math.log2(_YEAR_BELL_SHARE * bell + (1 - _YEAR_BELL_SHARE) * evenly)
        readings.append(length_bits + _RANDOM_BITS + year_bits)
    # One digit repeated, or counted up or down.
    steps = {ord(later) - ord(former) for former, later in pairwise(run)}
    if length >= 3 and len(steps) == 1 and steps <= {0, 1, -1}:
        readings.append(_PATTERN_BITS + DIGIT_BITS + length)
    return min(readings)


def _year(run: str) -> int | None:
    """The year that four digits, or two (the last of a year), may stand for; ``None`` for any other run."""
    if len(run) == 2:
        return int(run) + (2000 if int(run) < _CENTURY_TURN else 1900)
    return int(run) if len(run) == 4 and _YEAR_FIRST <= int(run) <= _YEAR_LAST else None
