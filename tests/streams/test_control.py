"""What the control topic does when things are not as they should be."""

from __future__ import annotations

import pytest

from streams.control import ControlTopic, resume
from streams.errors import BrokerUnavailable, TopicsError
from streams.settings import load
from tests.streams.conftest import Stage, free_port


def test_only_a_topic_that_workers_consume_can_be_resumed() -> None:
    with pytest.raises(TopicsError, match="no topic that workers consume"):
        resume(load({}), "accounts.craeted")


async def test_without_a_broker_it_is_an_outage() -> None:
    control = ControlTopic(load({"SAMEHAND_KAFKA_BROKERS": f"127.0.0.1:{free_port()}"}))
    with pytest.raises(BrokerUnavailable):
        await control.mark()


@pytest.mark.journey
async def test_without_its_topic_it_is_an_outage_too(stage: Stage) -> None:
    stage.environment["SAMEHAND_TOPIC_PREFIX"] = "elsewhere."
    with pytest.raises(BrokerUnavailable):
        await ControlTopic(stage.settings).mark()
