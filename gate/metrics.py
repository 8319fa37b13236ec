"""What the gate counts, beside the metrics of the mind that it asks. Labels come from fixed lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from gate.answers import OUTCOMES, UNDECIDED

ROUTES: Final = (
    *("score", "events", "webhooks", "alerts", "verdicts", "appeals", "related", "openapi", "other"),
)
CLASSES: Final = ("2xx", "4xx", "5xx")
REFUSALS: Final = ("no-key", "not-allowed", "rate", "signature")

_SECONDS: Final = (0.0025, 0.005, 0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10)
"""15 and 60 ms are the goals for half and for 99 of 100 calls, 150 ms the usual deadline."""


class _Variations(Collector):
    """Read where it is counted."""

    def __init__(self, total: Callable[[], int]) -> None:
        self._total = total

    def collect(self) -> Iterable[CounterMetricFamily]:
        yield CounterMetricFamily(
            "samehand_gate_variations",
            "Calls to score with a further set of values, after five, of one account or matching one ban.",
            value=self._total(),
        )


class GateMetrics:
    """All metrics of the gate, in `registry`."""

    def __init__(self, registry: CollectorRegistry, variations: Callable[[], int] = lambda: 0) -> None:
        self.registry = registry
        counter = partial(Counter, registry=registry)
        gauge = partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        self.seconds = histogram(
            "samehand_gate_seconds",
            "From a request's first byte to the answer.",
            ("route",),
            buckets=_SECONDS,
        )
        self.calls = counter(
            "samehand_gate_calls", "Requests by route and class of status.", ("route", "status")
        )
        self.outcomes = counter(
            "samehand_gate_outcomes",
            "Answers of /v1/score by outcome, and of undecided ones the reason.",
            ("outcome", "reason"),
        )
        self.refused = counter(
            "samehand_gate_refused", "Requests refused before they were read.", ("reason",)
        )
        self.records = counter(
            "samehand_gate_records",
            "Records of /v1/events, /v1/verdicts and /v1/webhooks: accepted are those that Kafka has.",
            ("outcome",),
        )
        self.keys = gauge("samehand_gate_keys", "Keys in force.")
        self.busy = gauge("samehand_gate_busy", "Calls being answered.")
        registry.register(_Variations(variations))
        for route in ROUTES:
            self.seconds.labels(route)
        for route, status in product(ROUTES, CLASSES):
            self.calls.labels(route, status)
        for outcome in OUTCOMES:
            for reason in UNDECIDED if outcome == "undecided" else ("",):
                self.outcomes.labels(outcome, reason)
        for reason in REFUSALS:
            self.refused.labels(reason)
        for fate in ("accepted", "refused"):
            self.records.labels(fate)
