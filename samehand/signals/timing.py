"""How soon after the ban the account was made, or how shortly before it: in words.

What a moment weighs follows from how mirrors and all sign-ups arrive (:mod:`samehand.scoring.arrivals`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from samehand.elapsed import DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS, placed, told_since
from samehand.signals.comparison import Comparison


class _Span(NamedTuple):
    """A level, and the seconds from the ban to the account's moment within which it holds."""

    level: str
    first: float
    last: float


_SPANS: Final = (
    _Span("within-ten-minutes", 0.0, 10 * MINUTE_SECONDS),
    _Span("within-an-hour", 0.0, HOUR_SECONDS),
    _Span("a-day-before", -DAY_SECONDS, 0.0),
    _Span("within-a-day", 0.0, DAY_SECONDS),
    _Span("within-a-week", 0.0, 7 * DAY_SECONDS),
    _Span("a-month-before", -30 * DAY_SECONDS, 0.0),
    _Span("within-a-month", 0.0, 30 * DAY_SECONDS),
    _Span("within-a-year", 0.0, 365 * DAY_SECONDS),
)
# The spans that count where only the day of one of the two moments is known: a week and longer.
_DAY_SPANS: Final = frozenset(("within-a-week", "within-a-month", "within-a-year", "a-month-before"))


class TimingSignal:
    """The account was made soon after the ban, or shortly before it."""

    name = "timing"
    sentences: Mapping[str, str] = {
        "within-ten-minutes": "The account was made within ten minutes of the ban.",
        "within-an-hour": "The account was made within an hour of the ban.",
        "within-a-day": "The account was made within a day of the ban.",
        "within-a-week": "The account was made within a week of the ban.",
        "within-a-month": "The account was made within a month of the ban.",
        "within-a-year": "The account was made within a year of the ban.",
        "long-after": "The account was made long after the ban.",
        "a-day-before": "The account was made within the day before the ban.",
        "a-month-before": "The account was made within the month before the ban.",
        "long-before": "The account was made long before the ban.",
    }

    def moment(self, at: float | None, since: float | None, *, to_the_day: bool) -> Comparison | None:
        """The narrowest span that holds ``since`` seconds after the ban; ``None`` if a moment is unknown.

        ``at``: the account's moment (Unix seconds). ``to_the_day``: only the day of either is known.
        """
        if at is None or since is None:
            return None
        elapsed = told_since(at, since, to_the_day=to_the_day)
        where = "less than a day from" if to_the_day and not elapsed else placed(elapsed)
        because = f"The account was made {where} the ban."
        for span in _SPANS:
            if span.first <= since <= span.last and (not to_the_day or span.level in _DAY_SPANS):
                return Comparison(span.level, because=because)
        return Comparison("long-after" if since > 0 else "long-before", because=because)


TIMING: Final = TimingSignal()
