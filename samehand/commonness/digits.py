"""How common a run of digits is in a handle: birth years and lucky numbers are cheap, random digits are not."""

from __future__ import annotations

import math

DIGIT_BITS = math.log2(10)

# P(run has this many digits), given a run: two and four (a year's ends, a year) lead, and long runs are ids and
# phone numbers. Rounded general knowledge of what people append, and normalised below.
_LENGTH_SHARES = {1: 0.22, 2: 0.32, 3: 0.16, 4: 0.20, 5: 0.03, 6: 0.03, 7: 0.01, 8: 0.02}
_LONG_SHARE = 0.01

# Half of all runs of a length mean something; the other half is taken as drawn at random.
_RANDOM_BITS = 1.0

# Numbers that mean something, by culture: bits within all runs of digits.
_MEANT_NUMBERS = {
    1: ("1", "2", "7"),
    5: ("3", "9", "5", "8", "4", "6", "0", "01", "10", "11", "12", "13", "21", "22", "23", "07", "88", "99", "123"),
    6: ("00", "02", "03", "05", "09", "14", "15", "16", "17", "18", "19", "20", "24", "25", "33", "42", "69", "77"),
    7: ("007", "100", "101", "111", "777", "786", "420", "666", "313", "1234", "2000", "360", "365", "247", "404"),
    8: ("110", "12345", "123456", "321", "212", "999", "333", "888", "222", "555", "000", "001", "911", "1337", "520"),
    9: ("1122", "1212", "4321", "1111", "0000", "7777", "6969", "5050", "92", "91", "1313", "1414", "521", "1314"),
}
_MEANT = {number: float(bits) + 1.0 for bits, numbers in _MEANT_NUMBERS.items() for number in numbers}

_YEAR_FIRST, _YEAR_LAST = 1940, 2029
_YEAR_PEAK, _YEAR_SPREAD = 1998, 16.0


def _year_bits(year: int) -> float:
    """Bits of a year among four-digit runs: a broad bell round the birth years of the people who sign up."""
    bell = math.exp(-0.5 * ((year - _YEAR_PEAK) / _YEAR_SPREAD) ** 2) / (_YEAR_SPREAD * math.sqrt(2 * math.pi))
    return -math.log2(0.6 * bell + 0.4 / (_YEAR_LAST - _YEAR_FIRST + 1))


def _length_bits(length: int) -> float:
    return -math.log2(_LENGTH_SHARES.get(length, _LONG_SHARE))


def _patterned(run: str) -> bool:
    """One digit repeated, or a count upwards or downwards."""
    steps = {(ord(later) - ord(former)) for former, later in zip(run, run[1:], strict=False)}
    return len(steps) == 1 and steps <= {0, 1, -1}


def digit_bits(run: str) -> float:
    """Bits of a run of digits (0-9); 0 for an empty one. Uncapped: the caller caps the sum."""
    if not run:
        return 0.0
    length = len(run)
    readings = [_length_bits(length) + _RANDOM_BITS + length * DIGIT_BITS, _MEANT.get(run, math.inf)]
    if length == 4 and _YEAR_FIRST <= int(run) <= _YEAR_LAST:
        readings.append(_length_bits(4) + 1.0 + _year_bits(int(run)))
    if length == 2:
        readings.append(_length_bits(2) + 1.0 + _year_bits(_century(int(run))) - 0.5)
    if length >= 3 and _patterned(run):
        readings.append(_length_bits(3) + 3.0 + DIGIT_BITS + length)
    return min(readings)


def _century(two_digits: int) -> int:
    return two_digits + (2000 if two_digits < 30 else 1900)
