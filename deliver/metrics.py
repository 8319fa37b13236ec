"""Metrics of `samehand deliver`, and those of each endpoint's delivery under the endpoint's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

OUTCOMES: Final = ("delivered", "refused", "gone", "away", "given-up", "passed")
"""What came of a request, `given-up` of a record whose endpoint was away for a day, and `passed` of one that
its filter leaves out."""

_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25)

DELIVERY: Final = {
    "samehand_event_age_seconds": "samehand_endpoint_age_seconds",
    "samehand_deadletters": "samehand_endpoint_deadletters",
    "samehand_consumer_lag_records": "samehand_endpoint_lag_records",
    "samehand_consumer_lag_seconds": "samehand_endpoint_lag_seconds",
}
"""A worker's metrics and their names here: under the worker's names, an unavailable endpoint would use up the
budget of freshness, and page as a standstill of detection."""


@dataclass(frozen=True, slots=True)
class WebhookMetrics:
    """Of all endpoints of a process, in its registry."""

    sent: Counter
    seconds: Histogram
    off: Gauge
    away_seconds: Gauge
    ready: Gauge

    @classmethod
    def of(cls, registry: CollectorRegistry, endpoints: Iterable[str]) -> WebhookMetrics:
        """Declares them, with a series for each endpoint."""
        counter = partial(Counter, registry=registry)
        gauge = partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        made = cls(
            counter("samehand_webhooks", "Webhooks by what came of them.", ("endpoint", "outcome")),
            histogram(
                "samehand_webhook_seconds",
                "From the request to the answer's status, or to giving it up.",
                ("endpoint",),
                buckets=_SECONDS,
            ),
            gauge(
                "samehand_endpoint_off",
                "1 while an endpoint gets nothing because it answered 410 (Gone).",
                ("endpoint",),
            ),
            gauge(
                "samehand_endpoint_away_seconds",
                "How long an endpoint has been away, 0 while it answers.",
                ("endpoint",),
            ),
            gauge(
                "samehand_deliver_ready",
                "1 while at least one endpoint takes alerts; /health/ready says why not.",
            ),
        )
        for endpoint in endpoints:
            for outcome in OUTCOMES:
                made.sent.labels(endpoint, outcome)
            made.seconds.labels(endpoint)
            made.off.labels(endpoint).set(0)
            made.away_seconds.labels(endpoint).set(0)
        return made


class PerEndpoint(Collector):
    """The metrics of each endpoint's delivery, with the endpoint as a label.

    Each delivery has a group, and so a lag of its own on the same topic: one registry cannot hold them.
    """

    def __init__(self) -> None:
        self._parts: list[tuple[str, CollectorRegistry]] = []

    def add(self, endpoint: str, registry: CollectorRegistry) -> None:
        self._parts.append((endpoint, registry))

    def collect(self) -> Iterator[Metric]:
        """One family each, over all endpoints."""
        families: dict[str, Metric] = {}
        for endpoint, registry in self._parts:
            for family in registry.collect():
                if (name := DELIVERY.get(family.name)) is not None:
                    made = Metric(name, family.documentation, family.type, family.unit)
                    families.setdefault(name, made).samples += [
                        sample._replace(
                            name=name + sample.name.removeprefix(family.name),
                            labels={"endpoint": endpoint, **sample.labels},
                        )
                        for sample in family.samples
                    ]
        yield from families.values()


@dataclass(frozen=True, slots=True)
class Exposition:
    registry: CollectorRegistry

    def negotiated(self, accept: str) -> tuple[bytes, str]:
        encode, kind = choose_encoder(accept)
        return encode(self.registry), kind
