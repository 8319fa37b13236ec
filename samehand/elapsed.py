"""Units of time, and spans of seconds in words: one definition for sentences, records and pages."""

from __future__ import annotations

from typing import Final

MINUTE_SECONDS: Final = 60.0
HOUR_SECONDS: Final = 3_600.0
DAY_SECONDS: Final = 86_400.0


def told_since(at: float, since: float, *, to_the_day: bool) -> float:
    """The seconds from the ban to the account's moment ``at`` as sentence and record tell them.

    In whole days, from one date to the other, where only the day of either is known.
    """
    if not to_the_day:
        return since
    return DAY_SECONDS * (at // DAY_SECONDS - (at - since) // DAY_SECONDS)


def distance(since: float) -> tuple[int, str]:
    """A span of seconds as a count of a unit: `9 minute`, `36 hour`, `3 day`; `0 second` within a second."""
    seconds = abs(since)
    if seconds and seconds % DAY_SECONDS == 0.0:
        return int(seconds // DAY_SECONDS), "day"
    for size, word in ((DAY_SECONDS, "day"), (HOUR_SECONDS, "hour"), (MINUTE_SECONDS, "minute")):
        if seconds >= 2 * size:
            return int(seconds // size), word
    return int(seconds), "second"


def placed(since: float) -> str:
    """A span of seconds in words: `9 minutes after`, `3 days before`, `within a second of`."""
    count, unit = distance(since)
    if not count:
        return "within a second of"
    return f"{count} {unit}{'' if count == 1 else 's'} {'after' if since >= 0 else 'before'}"
