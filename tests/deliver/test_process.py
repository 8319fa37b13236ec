"""The process that delivers, and its figures."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from deliver.endpoints import Endpoint
from deliver.metrics import DELIVERY, OUTCOMES, Exposition, PerEndpoint, WebhookMetrics
from deliver.process import BATCH_RECORDS, DeliverApp, live_of, of_endpoint, ready_of, topics_of, wire
from streams.clock import SystemClock
from streams.delivery.progress import Stage
from streams.outcomes import Arrival, Published
from streams.settings import Settings, load
from streams.telemetry.metrics import Metrics

# The process asks for what it needs and no more; what it does is told by journeys/test_deliver.py.


@pytest.fixture
def settings() -> Settings:
    return load({"SAMEHAND_TOPIC_PREFIX": "t."})


def test_it_reads_alerts_and_writes_dead_letters(settings: Settings) -> None:
    needed = {"t.alerts": {"READ"}, "t.deadletters": {"WRITE"}, "t.control": {"READ", "WRITE"}}
    alone, appeals = Endpoint("desk", ""), Endpoint("complaints", "", appeals=True)
    assert {it.name: set(it.rights) for it in topics_of(settings, [alone])} == needed
    both = {it.name: set(it.rights) for it in topics_of(settings, [alone, appeals])}
    assert both == {**needed, "t.appeals.decided": {"READ"}}
    waves = topics_of(settings, [alone, Endpoint("waves", "", waves=True)])
    assert {it.name: set(it.rights) for it in waves} == {**needed, "t.alerts.waves": {"READ"}}


def test_every_endpoint_is_a_group_of_its_own_that_refusals_do_not_stop(settings: Settings) -> None:
    ours = of_endpoint(settings, Endpoint("desk", ""))
    assert (ours.kafka_group, ours.batch_records, ours.letters_share) == (
        "samehand-deliver-desk",
        BATCH_RECORDS,
        1.0,
    )


@pytest.fixture
def apps(settings: Settings) -> list[DeliverApp]:
    made = [DeliverApp(settings, Endpoint(name, "")) for name in ("desk", "chat")]
    wire(made, SystemClock())
    return made


def test_all_endpoints_share_one_life_and_the_pages_of_the_first(apps: list[DeliverApp]) -> None:
    desk, chat = apps
    assert chat.life is desk.life
    assert (desk.conf.web_enabled, chat.conf.web_enabled) == (True, False)
    assert [it.name for app in apps for it in app.progress] == ["deliver-desk", "deliver-chat"]
    text = desk.exposition.negotiated("")[0].decode()
    assert 'samehand_endpoint_lag_seconds{endpoint="chat",topic="t.alerts"} 0.0' in text
    assert "samehand_build_info" not in text, "it would hide that there is no worker"


def test_it_is_ready_while_one_endpoint_takes_alerts(apps: list[DeliverApp]) -> None:
    desk, chat = (app.progress[0] for app in apps)
    for app in apps:
        app.rebalancing = False
    chat.move(Stage.HOLDING, 0.0)
    assert ready_of(apps).healthy
    desk.move(Stage.HOLDING, 0.0)
    assert set(ready_of(apps).faults) == {"desk", "chat"}
    assert live_of(apps).healthy
    desk.move(Stage.FAILED, 0.0)
    assert live_of(apps).faults == {"deliver-desk": "failed"}


# What several deliveries of one process tell, each under its endpoint's name.


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
        metrics = Metrics(CollectorRegistry(), topics=["alerts"])
        families.add(endpoint, metrics.registry)
        for offset in range(records):
            metrics.outcome(Arrival("alerts", 0, offset, b"k", b"v"), Published(()), 1.0)
    for endpoint, told in (("desk", 2.0), ("chat", 1.0)):
        labels = {"endpoint": endpoint, "topic": "alerts"}
        assert registry.get_sample_value("samehand_endpoint_age_seconds_count", labels) == told
    text, kind = Exposition(registry).negotiated("application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert text.count(b"# TYPE samehand_endpoint_age_seconds histogram") == 1
    families_told = {line.split()[2] for line in text.decode().splitlines() if line.startswith("# TYPE ")}
    assert families_told == set(DELIVERY.values()), "what is told of workers alone would mean something else"
