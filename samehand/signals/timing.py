"""How soon after the ban the account was made."""

from __future__ import annotations

from typing import Final

from samehand.signals.base import Levels
from samehand.signals.finding import Finding
from samehand.signals.sight import Sight

HOUR_SECONDS: Final = 3600.0
_DAY: Final = 24 * HOUR_SECONDS

# (at most this many seconds after the ban, level, words). Levels are coarse on purpose: the moment is
# evidence of a motive, not of a hand.
_AFTER: Final = (
    (HOUR_SECONDS, "within-an-hour", "The account was made within an hour of the ban."),
    (_DAY, "within-a-day", "The account was made within a day of the ban."),
    (7 * _DAY, "within-a-week", "The account was made within a week of the ban."),
    (30 * _DAY, "within-a-month", "The account was made within a month of the ban."),
    (365 * _DAY, "within-a-year", "The account was made within a year of the ban."),
)
_BEFORE: Final = (
    (_DAY, "a-day-before", "The account was made in the day before the ban."),
    (30 * _DAY, "a-month-before", "The account was made in the month before the ban."),
)


class TimingCircumstance:
    """The account was made soon after the ban, or shortly before it."""

    name = "timing"
    # Those made in the very second of the ban were made after it.
    ends: tuple[float, ...] = (-0.5, *(limit for limit, _, _ in _AFTER))

    def consider(self, sight: Sight) -> Finding | None:
        """A level by the time between ban and creation; nothing where either is unknown."""
        since = sight.seconds_since_ban
        if since is None:
            return None
        spans = _AFTER if since >= 0 else _BEFORE
        for limit, level, because in spans:
            if abs(since) <= limit:
                return Finding(level, because)
        if since < 0:
            return Finding("long-before", "The account was made long before the ban.")
        return Finding("long-after", "The account was made more than a year after the ban.")

    def most(self, table: Levels, since: float) -> float:
        """Of all spans that end after ``since``."""
        said, later = table.as_shipped, [level for limit, level, _ in _AFTER if limit >= since]
        before = ["long-before", *(level for _, level, _ in _BEFORE)] if since < 0 else []
        return max(said[level] for level in (*before, *later, "long-after"))


TIMING: Final = TimingCircumstance()
