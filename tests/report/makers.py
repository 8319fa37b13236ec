"""A worker's meters as a story needs them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from streams.outcomes import NOTHING, Arrival
from streams.telemetry.metrics import Metrics

TOPIC = "accounts.created"
NOON = 1_790_000_000.0


def some_metrics(*topics: str) -> Metrics:
    """Meters of a worker that has done nothing yet."""
    return Metrics(
        CollectorRegistry(),
        topics=topics or (TOPIC,),
        reasons=["not-json"],
        operations=["bans_like"],
        build={"version": "0.1.0"},
    )


def settle(metrics: Metrics, times: int, *, age: float = 0.01, topic: str = TOPIC, now: float = NOON) -> None:
    """So many events reached an outcome at this age."""
    for offset in range(times):
        metrics.outcome(Arrival(topic, 0, offset, None, None, timestamp=now - age), NOTHING, now)
