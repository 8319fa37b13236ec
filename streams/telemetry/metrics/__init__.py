"""Every metric, declared once, with its unit and what it is for. Prefix `samehand_`; seconds and bytes.

Labels are bounded: topics, outcomes, bands, reasons, operations, signals and scripts come from fixed lists,
queues from the first `QUEUES_MAX` names seen. Ids and personal values are never a label. Children whose
labels are known are created at the start, so that a rate sees the step from 0 to 1.

An exemplar leads from a bucket to a record: its address, `partition` and `offset` (the topic is a label),
which tells nothing to who cannot read the topic. One a second and topic is enough to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.exposition import choose_encoder

from streams.supervision.supervisor import REASONS as RESTARTS
from streams.telemetry.metrics.alerts import BANDS, DIRECTIONS, OTHER, QUEUES_MAX, AlertMetrics
from streams.telemetry.metrics.events import FRESH_SECONDS, EventMetrics, outcome_name
from streams.telemetry.metrics.store import StoreMetrics

__all__ = [
    "BANDS",
    "DIRECTIONS",
    "FRESH_SECONDS",
    "OTHER",
    "QUEUES_MAX",
    "Metrics",
    "declare_build",
    "outcome_name",
    "restarts_counter",
]

# `_created` series double the number of series and no query of ours reads them.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # has no annotations


def restarts_counter(registry: CollectorRegistry) -> Counter:
    """How often the supervisor started this process again, by each of its reasons."""
    counter = Counter(
        "samehand_worker_restarts",
        "How often this worker was started again by its supervisor, by reason.",
        ("reason",),
        registry=registry,
    )
    for reason in RESTARTS:
        counter.labels(reason)
    return counter


def declare_build(
    registry: CollectorRegistry, build: Mapping[str, str], *, name: str = "samehand_build_info"
) -> None:
    """Tells what runs, in the labels of a series that is always 1."""
    meaning = "Always 1; what runs is in the labels."
    Gauge(name, meaning, tuple(build), registry=registry).labels(**build).set(1)


class Metrics(EventMetrics, AlertMetrics, StoreMetrics):
    """All metrics of one process, in `registry`. `topics` are the consumed ones, in full."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        topics: Iterable[str] = (),
        reasons: Iterable[str] = (),
        operations: Iterable[str] = (),
        signals: Iterable[str] = (),
        scripts: Iterable[str] = (),
        build: Mapping[str, str] | None = None,
    ) -> None:
        self.registry = registry
        signals = tuple(signals)
        EventMetrics.__init__(self, registry, topics=tuple(topics), reasons=tuple(reasons), signals=signals)
        AlertMetrics.__init__(self, registry, signals=signals, scripts=tuple(scripts))
        StoreMetrics.__init__(self, registry, operations=tuple(operations))
        self.restarts = restarts_counter(registry)
        declare_build(registry, build or {"version": "unknown"})

    def restarted(self, restarts: Mapping[str, int]) -> None:
        """How often the supervisor has started a worker again before this one, by reason."""
        for reason, times in restarts.items():
            self.restarts.labels(reason).inc(times)

    def exposition(self) -> bytes:
        """Everything in Prometheus's text format."""
        return prometheus_client.generate_latest(self.registry)

    def negotiated(self, accept: str) -> tuple[bytes, str]:
        """What `/metrics` serves, and its content type: OpenMetrics with exemplars to who accepts it."""
        encode, kind = choose_encoder(accept)
        return encode(self.registry), kind
