"""The process asks for what it needs and no more; what it does is told by journeys/test_deliver.py."""

from __future__ import annotations

import pytest

from deliver.endpoints import Endpoint
from deliver.process import BATCH_RECORDS, DeliverApp, live_of, of_endpoint, ready_of, topics_of, wire
from streams.clock import SystemClock
from streams.delivery.progress import Stage
from streams.settings import Settings, load


@pytest.fixture
def settings() -> Settings:
    return load({"SAMEHAND_TOPIC_PREFIX": "t."})


def test_it_reads_alerts_and_writes_dead_letters(settings: Settings) -> None:
    assert {it.name: set(it.rights) for it in topics_of(settings)} == {
        "t.alerts": {"READ"},
        "t.deadletters": {"WRITE"},
        "t.control": {"READ", "WRITE"},
    }


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
