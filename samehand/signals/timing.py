"""How soon after the ban the account was made, or how shortly before it.

The weight of a moment follows from the store itself. Of a million bans of all ages some fifty are less than
an hour old, so a stranger is as near to a given ban once in twenty thousand; where all bans are recent, that
says nothing. So ``u`` of a span is its share of the store's bans (:mod:`samehand.frequency.ban_calendar`).

Spans are cumulative: an account made within ten minutes was made within the hour as well, and the heavier of
the two spans counts. So a nearer moment never weighs less than a farther one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from samehand.elapsed import DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS, placed, told_since
from samehand.frequency.ban_calendar import BanCalendar
from samehand.signals.base import Ages, Levels, PairSignalBase, Traits
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext
from samehand.watchlist.platforms import is_list


class _Span(NamedTuple):
    """A level, and the seconds from the ban to the account's moment within which it holds."""

    level: str
    first: float
    last: float


AFTER: Final = (
    _Span("within-ten-minutes", 0.0, 10 * MINUTE_SECONDS),
    _Span("within-an-hour", 0.0, HOUR_SECONDS),
    _Span("within-a-day", 0.0, DAY_SECONDS),
    _Span("within-a-week", 0.0, 7 * DAY_SECONDS),
    _Span("within-a-month", 0.0, 30 * DAY_SECONDS),
    _Span("within-a-year", 0.0, 365 * DAY_SECONDS),
)
BEFORE: Final = (
    _Span("a-day-before", -DAY_SECONDS, 0.0),
    _Span("a-month-before", -30 * DAY_SECONDS, 0.0),
)
_LATER: Final = "long-after"
_EARLIER: Final = "long-before"
# The spans that count where only the day of one of the two moments is known: a week and longer.
_DAY_SPANS: Final = frozenset(("within-a-week", "within-a-month", "within-a-year", "a-month-before"))


class TimingSignal(PairSignalBase):
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

    def between(self, ours: Traits, theirs: Traits, context: ComparisonContext) -> Comparison | None:
        """The narrowest span that holds, with all wider ones (``also``); ``None`` if a moment is unknown."""
        at, since = context.at, context.seconds_since_ban
        if at is None or since is None or is_list(context.platforms[1]):
            return None  # nobody comes back because a list grew by their name
        spans = [span for span in (AFTER if since >= 0.0 else BEFORE) if span.first <= since <= span.last]
        if context.to_the_day:
            spans = [span for span in spans if span.level in _DAY_SPANS]
        elapsed = told_since(at, since, to_the_day=context.to_the_day)
        where = "less than a day from" if context.to_the_day and not elapsed else placed(elapsed)
        because = f"The account was made {where} the ban."
        if spans:
            comparisons = [
                Comparison(span.level, context.banned_within(span.first, span.last), because=because)
                for span in spans
            ]
            return replace(comparisons[0], also=tuple(comparisons[1:]))
        if abs(since) <= DAY_SECONDS:
            return None  # only the day is known, and no span of hours is known
        return Comparison(_LATER if since > 0 else _EARLIER, because=because)

    def moments(self, table: Levels, at: float, calendar: BanCalendar | None) -> Ages:
        """The most (nats) that the signal adds, by the age of a ban in seconds at ``at``, oldest last."""
        of_each: list[tuple[_Span, float]] = []
        for span in (*BEFORE, *AFTER):
            if calendar is None:
                of_each.append((span, table.as_shipped[span.level]))
                continue
            share = calendar.share(at, span.first, span.last)
            of_each.append((span, table.nats(span.level, 1.0 if share is None else share)))
        # An account made in the very second of the ban counts as made after it.
        ages = (-math.inf, -0.5, *(span.last for span in AFTER))
        most = [(age, max([0.0, *[nats for span, nats in of_each if span.last > age]])) for age in ages[:-1]]
        return [*most, (ages[-1], table.as_shipped[_LATER])]


TIMING: Final = TimingSignal()
