"""What the control topic does when things are not as they should be."""

from __future__ import annotations

import pytest

from streams.deadletters.control_topic import ControlTopic, resume, stopped_topics
from streams.deadletters.pause import Stop
from streams.errors import BrokerUnavailable, TopicsError
from streams.kafka.store_epoch import note_epoch
from streams.settings import Settings, load
from tests.streams.conftest import Stage
from tests.streams.fakes import TOPIC


def test_only_a_topic_that_workers_consume_can_be_resumed() -> None:
    with pytest.raises(TopicsError, match="no topic that workers consume"):
        resume(load({}), "accounts.craeted")


async def test_without_a_broker_it_is_an_outage(brokerless: Settings) -> None:
    control = ControlTopic(brokerless)
    with pytest.raises(BrokerUnavailable):
        await control.stop(TOPIC, Stop("", ""))


@pytest.mark.journey
async def test_without_its_topic_it_is_an_outage_too(stage: Stage) -> None:
    stage.environment["SAMEHAND_TOPIC_PREFIX"] = "elsewhere."
    with pytest.raises(BrokerUnavailable):
        await ControlTopic(stage.settings).resumed(TOPIC, 0)


@pytest.mark.journey
async def test_the_last_word_on_a_topic_stands_for_who_starts_later(stage: Stage) -> None:
    control, created, updated = ControlTopic(stage.settings), stage.names.created, stage.names.updated
    assert stopped_topics(stage.settings) == {}
    await control.stop(created, Stop("garbage", "0.2"))
    note_epoch(stage.settings, "no word on a topic")
    await control.stop(updated, Stop("garbage", "0.2"))
    resume(stage.settings, updated)
    found = stopped_topics(stage.settings)
    assert {topic: (stop.why, stop.bound) for topic, stop in found.items()} == {created: ("garbage", "0.2")}
    for _ in range(3):  # it looks again and again, over one connection
        assert not await control.resumed(created, found[created].since)
    resume(stage.settings, created)
    assert await control.resumed(created, found[created].since)
    assert stopped_topics(stage.settings) == {}


@pytest.mark.journey
def test_without_its_topic_nothing_stands_still(stage: Stage) -> None:
    stage.environment["SAMEHAND_TOPIC_PREFIX"] = "elsewhere."
    assert stopped_topics(stage.settings) == {}
