"""Revisions of alerts: they grow with the time, so that a store that forgot a pair goes on above it.

A store that was emptied, or whose marker of a pair expired, no longer knows the pair's last revision.
Consumers do, and drop what is not above it.
"""

from __future__ import annotations

from typing import Final

COUNTED_FROM: Final = 1_577_836_800
"""2020-01-01T00:00:00Z, in Unix seconds."""

COUNTED_MAX: Final = 2**20
"""Releases up to 0.2.0 counted from 1, and nobody revises an alert a million times: theirs are not above it,
and all others are (since the twelfth day of 2020)."""

BY_TIME_MAX: Final = 2**31 - 1 - 2**20
"""The highest revision that time alone gives (the year 2088): a wild clock leaves room to count on."""


def next_revision(known: int, now: float) -> int:
    """The revision after ``known`` (0 for none), noted at ``now`` (Unix seconds)."""
    return max(known + 1, by_time(now))


def by_time(now: float) -> int:
    """The lowest revision of what is noted at ``now``; at least 1."""
    return max(1, int(min(now - COUNTED_FROM, BY_TIME_MAX)))
