"""Two questions of an orchestrator: is a restart the cure (live), and should it rely on us now (ready).

Live means that every delivery shows signs of life, not that HTTP answers. An outage elsewhere is no reason to
restart, so it makes the worker not ready and leaves it live.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streams.delivery.circuit_breaker import BreakerState
from streams.delivery.progress import Progress, Stage
from streams.telemetry.watchdog import STEP_SECONDS_MAX

Ask = Callable[[], str]
"""Why something is not well, or "" when it is. Must not block: it reads what others found out."""


@dataclass(frozen=True, slots=True)
class Report:
    """`faults` by what they concern; healthy without any. Holds no personal data."""

    faults: dict[str, str]

    @property
    def healthy(self) -> bool:
        return not self.faults


class Health:
    """The facts are injected: `store` and `topics` say why they are not well."""

    def __init__(
        self,
        ticks: Callable[[], float],
        deliveries: Sequence[Progress],
        *,
        breaker: Callable[[], BreakerState],
        rebalancing: Callable[[], bool],
        store: Ask = lambda: "",
        topics: Ask = lambda: "",
    ) -> None:
        self._ticks = ticks
        self._deliveries = deliveries
        self._breaker = breaker
        self._rebalancing = rebalancing
        self._store = store
        self._topics = topics

    def live(self) -> Report:
        """Returns whether the worker gets anywhere, or waits for a good reason."""
        return _report({delivery.name: self._silence(delivery) for delivery in self._deliveries})

    def ready(self) -> Report:
        """Returns whether records that arrive now get their outcome soon."""
        faults = {
            "store": self._store(),
            "topics": self._topics(),
            "breaker": "" if self._breaker() is BreakerState.CLOSED else "open: the store does not answer",
            "group": "rebalancing" if self._rebalancing() else "",
        }
        stopped = {delivery.name: _standstill(delivery) for delivery in self._deliveries}
        return _report(faults | stopped)

    def _silence(self, delivery: Progress) -> str:
        if delivery.stage is Stage.FAILED:
            return "failed"
        seconds = self._ticks() - delivery.moved_at
        busy = delivery.in_flight > 0 and not delivery.waits_on_purpose
        return f"{delivery.stage} for {seconds:.0f} s" if busy and seconds > STEP_SECONDS_MAX else ""


def _standstill(delivery: Progress) -> str:
    if delivery.stage is Stage.FAILED:
        return "failed"
    if delivery.stopped_because:
        return f"stopped: {delivery.stopped_because}"
    return f"holding: {delivery.retries} retries" if delivery.stage is Stage.HOLDING else ""


def _report(facts: dict[str, str]) -> Report:
    return Report({name: fault for name, fault in facts.items() if fault})
