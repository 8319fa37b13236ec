"""The last quarter of an hour of looks, and what follows from them: rates, shares, trends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from report.overview.figures import Buckets, Figures, fresh_of, since

LOOK_SECONDS: Final = 2.0
"""As often as the worker measures its lag; more would show nothing new."""

LOOKS_MAX: Final = 450
"""A quarter of an hour: long enough to see a trend, below two megabytes. Prometheus keeps the rest."""

RECENT_SECONDS: Final = 10.0
"""Rates are taken over this: short enough to feel live, long enough not to flicker."""

OBJECTIVE: Final = 0.99
"""The share of events that must reach their outcome within `FRESH_SECONDS`, over 30 days."""


@dataclass(frozen=True, slots=True)
class Look:
    """The few figures of one moment whose course matters. `at` in Unix seconds; counts since the start."""

    at: float = 0.0
    events: float = 0.0
    ages: Buckets = ()
    alerts: float = 0.0
    by_topic: dict[str, float] = field(default_factory=dict)
    letters: dict[str, float] = field(default_factory=dict)
    lag_records: float = 0.0
    lag_seconds: float = 0.0


def look_of(figures: Figures) -> Look:
    return Look(
        at=figures.at,
        events=figures.total("samehand_events_total"),
        ages=figures.buckets("samehand_event_age_seconds"),
        alerts=figures.total("samehand_alerts_total"),
        by_topic=figures.by("topic", "samehand_events_total"),
        letters=figures.by("topic", "samehand_deadletters_total"),
        lag_records=figures.total("samehand_consumer_lag_records"),
        lag_seconds=figures.largest("samehand_consumer_lag_seconds"),
    )


@dataclass(slots=True)
class History:
    """Looks in order, oldest first."""

    looks: deque[Look] = field(default_factory=lambda: deque(maxlen=LOOKS_MAX))

    def note(self, look: Look) -> None:
        """One more; the oldest goes."""
        self.looks.append(look)

    @property
    def now(self) -> Look:
        """The last look, or an empty one before the first."""
        return self.looks[-1] if self.looks else Look()

    @property
    def seconds(self) -> float:
        return self.now.at - self.looks[0].at if self.looks else 0.0

    def per_second(self, count: Callable[[Look], float], over: float = RECENT_SECONDS) -> float:
        """How fast a counter rose lately."""
        before = self._before(over)
        seconds = self.now.at - before.at
        return (count(self.now) - count(before)) / seconds if seconds > 0 else 0.0

    def ages(self, over: float) -> Buckets:
        """How old events of the last so many seconds were at their outcome."""
        return since(self.now.ages, self._before(over).ages)

    def rise(self, count: Callable[[Look], float]) -> float:
        """By how much a counter rose over the whole history; what was counted before it is not in it."""
        return count(self.now) - count(self.looks[0]) if self.looks else 0.0

    def freshness(self) -> float | None:
        """The share of events within the objective, over the whole history; `None` without any."""
        ages = self.ages(self.seconds)
        events = ages[-1][1] if ages else 0.0
        return fresh_of(ages) / events if events > 0 else None

    def burn(self) -> float | None:
        """How fast the error budget burns: at 1 it lasts exactly the 30 days."""
        fresh = self.freshness()
        return None if fresh is None else (1.0 - fresh) / (1.0 - OBJECTIVE)

    def rates(self, count: Callable[[Look], float]) -> list[float]:
        """A counter's rise a second between every two looks."""
        return [
            (count(newer) - count(older)) / (newer.at - older.at)
            for older, newer in pairwise(self.looks)
            if newer.at > older.at
        ]

    def levels(self, gauge: Callable[[Look], float]) -> list[float]:
        return [gauge(look) for look in self.looks]

    def _before(self, seconds: float) -> Look:
        """The youngest look that is at least so old, else the oldest there is."""
        wanted = self.now.at - seconds
        for look in reversed(self.looks):
            if look.at <= wanted:
                return look
        return self.looks[0] if self.looks else self.now
