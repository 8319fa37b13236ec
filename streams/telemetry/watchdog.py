"""Ends a worker that lives and does nothing.

Two ways of that are known (faust #175 and #523): a rebalance that never ends, and events that wait while
nothing moves. Faust's own detectors only log. Each topic is judged by itself: waiting out an outage, or for
an operator, is not being stuck, and excuses no other. A restart is safe at any moment, so when in doubt
this ends the process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from streams.delivery.progress import Progress

REBALANCE_SECONDS_MAX: Final = 60.0
"""Six times the longest healthy one: session and rebalance time-outs are 6 and 10 s."""

STEP_SECONDS_MAX: Final = 90.0
"""A step is cut off after 30 s and then shows as an outage; three times that means a dead loop."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What the watchdog sees at one moment.

    `ticks` in monotonic seconds; `lag_records` by topic, over its partitions.
    """

    ticks: float
    rebalancing: bool
    lag_records: Mapping[str, int]
    deliveries: Sequence[Progress]


class Watchdog:
    """Judges one observation after another."""

    def __init__(self, stuck_seconds: float) -> None:
        self._stuck_seconds = stuck_seconds
        self._rebalancing_since: float | None = None
        self._moved: dict[str, tuple[int, float]] = {}
        """By topic: how many records had an outcome when it last moved or was excused, and when that was."""

    def verdict(self, observed: Observation) -> str:
        """Why the process must end, or "" while all is well."""
        return self._rebalance(observed) or self._silence(observed) or self._stall(observed)

    def _rebalance(self, observed: Observation) -> str:
        if not observed.rebalancing:
            self._rebalancing_since = None
            return ""
        if self._rebalancing_since is None:
            self._rebalancing_since = observed.ticks
        seconds = observed.ticks - self._rebalancing_since
        return f"a rebalance has lasted {seconds:.0f} s" if seconds > REBALANCE_SECONDS_MAX else ""

    def _silence(self, observed: Observation) -> str:
        for delivery in observed.deliveries:
            seconds = observed.ticks - delivery.moved_at
            if delivery.in_flight and not delivery.waits_on_purpose and seconds > STEP_SECONDS_MAX:
                return f"{delivery.name} has been {delivery.stage} for {seconds:.0f} s"
        return ""

    def _stall(self, observed: Observation) -> str:
        for delivery in observed.deliveries:
            lag = observed.lag_records.get(delivery.topic, 0)
            acknowledged, since = self._moved.get(delivery.topic, (-1, observed.ticks))
            if lag == 0 or delivery.waits_on_purpose or delivery.acknowledged != acknowledged:
                self._moved[delivery.topic] = delivery.acknowledged, observed.ticks
            elif (seconds := observed.ticks - since) > self._stuck_seconds:
                return f"{lag} records of {delivery.topic} wait and none was settled for {seconds:.0f} s"
        return ""
