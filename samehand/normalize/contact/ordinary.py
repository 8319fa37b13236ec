"""Recognises the numbers that stand in texts all day and belong to nobody: dates, times, prices, versions.

A run of digits is judged as a whole: what is left beside a date may be the rest of a phone number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

# Years of the common era, of the Muslim calendars, solar and lunar, and of the Buddhist one.
_YEAR: Final = r"(?:(?:1[349]|20)\d\d|25[4-7]\d)"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_DAY_MONTH: Final = rf"(?:{_DAY}[-./]{_MONTH}|{_MONTH}[-./]{_DAY})"
_DATE: Final = (
    rf"(?:{_YEAR}[-./_]{_MONTH}(?:[-./_]{_DAY})?|{_DAY_MONTH}[-./]{_YEAR}|{_MONTH}[-./]{_YEAR}"
    rf"|{_DAY}/{_MONTH}|{_MONTH}/{_DAY}|{_DAY}\.{_MONTH}\.|{_YEAR})(?!\d)"
)
_SHORT_DATE: Final = rf"{_DAY_MONTH}[-./]\d\d"
_TIME: Final = r"(?:(?:[01]?\d|2[0-4])\.[0-5]\d)(?!\d)"
_RANGE: Final = r"\s?[-\u2010-\u2015]\s?"
# Dates, and times beside them, with anything between them but what parts their own numbers. Of short forms
# two at most, as a range: more of them look like a phone number in pairs. Atomic, since a row of numbers may
# be cut into dates in ever more ways.
_DATES: Final = re.compile(
    rf"(?>{_DATE})(?>[^\w./]{{1,4}}(?:{_DATE}|{_TIME}))*+|{_SHORT_DATE}(?:{_RANGE}{_SHORT_DATE})?|{_TIME}{_RANGE}{_TIME}"
)
_DATES_TIGHT: Final = re.compile(rf"{_YEAR}(?:[\W_]{{1,4}}{_YEAR})++")
# A clock's colon stands in no phone number.
_CLOCK: Final = re.compile(r"(?<![\d:.])(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?(?![\d:])")

# A sum of more groups may be the number of a card.
_GROUPED: Final = r"[1-9]\d{0,2}(?:[ .']\d{3}){1,3}"
_ROUND: Final = re.compile(r"[1-9]\d{0,2}(?:[ .']\d00)?(?:[ .']000)+")
_SUM: Final = re.compile(rf"(?:{_GROUPED}|[1-9]\d{{0,2}}(?:,\d{{3}}){{1,3}}|[1-9]\d{{0,8}})(?:[.]\d\d)?")
_GROUPED_SUM: Final = re.compile(_GROUPED)
_CENTS: Final = re.compile(r",\d{2}(?!\d)")
_CURRENCY_SIGN: Final = "[$€£¥₹₽₺₩₪₫฿₦₱₴৳؋]"
_CURRENCY: Final = (
    rf"{_CURRENCY_SIGN}|(?<![^\W_])(?:rs|pkr|inr|usd|eur|gbp|aed|sar|afn|irr|bdt|rub|руб"
    "|ريال|ریال|روپے|تومان)"
)
_CURRENCY_BEFORE: Final = re.compile(rf"(?:{_CURRENCY})\.?\s?$", re.IGNORECASE)
_CURRENCY_BEHIND: Final = re.compile(rf"\s?(?:{_CURRENCY})(?![^\W_])|\s?{_CURRENCY_SIGN}", re.IGNORECASE)
_CURRENCY_CHARS: Final = 6

# As browsers and systems number their releases: no phone number has a group of a single nought.
_RELEASE: Final = re.compile(r"\d{1,3}\.0\.\d{4,5}(?:\.\d{1,4})?")
_VERSION_WORD: Final = re.compile(
    r"(?<![^\W_])(?:v|ver|version|release|build|firmware|update|patch|kernel|chrome|firefox|windows|android|ios)\.?[\s:#]{0,2}$",
    re.IGNORECASE,
)
_VERSION_CHARS: Final = 12


_PARTED_DIGITS_MIN: Final = (
    9  # of a phone number whose groups commas part; shorter ones are decimals and lists
)
_COUNTED_MIN: Final = 3


def without_times(seen: str) -> str:
    """The text with each time of day (`10:30`) as commas: its hour is no part of the number before it."""
    return _CLOCK.sub(lambda match: "," * len(match.group()), seen) if ":" in seen else seen


def is_ordinary(seen: str, start: int, end: int) -> bool:
    """Returns whether a run of digits and signs is a date, dates, a price, a round sum or a version as a
    whole.
    """
    run = seen[start:end]
    if (
        _DATES.fullmatch(run)
        or _DATES_TIGHT.fullmatch(run)
        or _ROUND.fullmatch(run)
        or _RELEASE.fullmatch(run)
    ):
        return True
    if _GROUPED_SUM.fullmatch(run) and _CENTS.match(seen, end):
        return True
    if _SUM.fullmatch(run) and is_priced(seen, start, end):
        return True
    if "," in run:
        numbers = run.split(",")
        return sum(map(len, numbers)) < _PARTED_DIGITS_MIN or is_counting(numbers)
    return "." in run and is_version(seen, start)


def is_priced(seen: str, start: int, end: int) -> bool:
    """Returns whether a currency stands before or behind a place."""
    before = _CURRENCY_BEFORE.search(seen, max(0, start - _CURRENCY_CHARS), start)
    return before is not None or _CURRENCY_BEHIND.match(seen, end) is not None


def is_version(seen: str, start: int) -> bool:
    """Returns whether a word before the place ``start`` says that a version follows."""
    return _VERSION_WORD.search(seen, max(0, start - _VERSION_CHARS), start) is not None


def is_counting(numbers: Sequence[str]) -> bool:
    """Returns whether texts of digits count by equal steps, as sizes and pages do."""
    try:
        values = [int(number) for number in numbers]
    except ValueError:
        return False
    if len(values) < _COUNTED_MIN:
        return False
    steps = {later - former for former, later in pairwise(values)}
    return len(steps) == 1
