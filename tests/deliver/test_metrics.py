"""What several deliveries of one process tell, each under its endpoint's name."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from deliver.metrics import DELIVERY, OUTCOMES, Exposition, PerEndpoint, WebhookMetrics
from streams.outcomes import Arrival, Published
from streams.telemetry.metrics import Metrics


def test_every_endpoint_has_its_series_from_the_start() -> None:
    registry = CollectorRegistry()
    WebhookMetrics.of(registry, ["desk"])
    for outcome in OUTCOMES:
        labels = {"endpoint": "desk", "outcome": outcome}
        assert registry.get_sample_value("samehand_webhooks_total", labels) == 0.0
    assert registry.get_sample_value("samehand_endpoint_off", {"endpoint": "desk"}) == 0.0


def test_each_deliverys_metrics_bear_its_endpoint() -> None:
    families, registry = PerEndpoint(), CollectorRegistry()
    registry.register(families)
    for endpoint, records in (("desk", 2), ("chat", 1)):
        meters = Metrics(CollectorRegistry(), topics=["alerts"])
        families.add(endpoint, meters.registry)
        for offset in range(records):
            meters.outcome(Arrival("alerts", 0, offset, b"k", b"v"), Published(()), 1.0)
    for endpoint, told in (("desk", 2.0), ("chat", 1.0)):
        labels = {"endpoint": endpoint, "topic": "alerts"}
        assert registry.get_sample_value("samehand_endpoint_age_seconds_count", labels) == told
    text, kind = Exposition(registry).negotiated("application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert text.count(b"# TYPE samehand_endpoint_age_seconds histogram") == 1
    families_told = {line.split()[2] for line in text.decode().splitlines() if line.startswith("# TYPE ")}
    assert families_told == set(DELIVERY.values()), "what is told of workers alone would mean something else"
