"""How far the group is, and no further than the oldest record that waits."""

from __future__ import annotations

import time
from typing import Any

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
import pytest

from streams.errors import BrokerUnavailable
from streams.kafka import group_position as group_position_module
from streams.kafka.client import client_options, writer
from streams.kafka.group_position import group_position
from streams.settings import Settings
from tests.streams.conftest import Stage

BETWEEN_SECONDS = 0.02  # records of one millisecond have one timestamp


def send(stage: Stage, topic: str, partition: int, records: int) -> None:
    """Records one after the other, each some time after the former."""
    with writer(stage.settings) as out:
        producer: Any = out
        for _ in range(records):
            producer.send(topic, value=b"{}", partition=partition).get(timeout=20)
            time.sleep(BETWEEN_SECONDS)


def acknowledge(stage: Stage, topic: str, *offsets: int) -> None:
    client: Any = kafka.KafkaConsumer(
        **client_options(stage.settings), group_id=stage.settings.kafka_group, enable_auto_commit=False
    )
    where = {kafka.TopicPartition(topic, partition): offset for partition, offset in enumerate(offsets)}
    client.assign(list(where))
    client.commit({one: kafka.OffsetAndMetadata(offset, "", -1) for one, offset in where.items()})
    client.close()


@pytest.mark.journey
async def test_where_nothing_waits_it_is_what_was_acknowledged(stage: Stage) -> None:
    created, deleted = stage.names.created, stage.names.deleted
    send(stage, created, 0, 3)
    send(stage, deleted, 1, 2)
    acknowledge(stage, created, 3, 0)
    acknowledge(stage, deleted, 0, 2)
    assert group_position(stage.settings, (created, deleted)) == {
        created: {0: 3, 1: 0},
        deleted: {0: 0, 1: 2},
    }


@pytest.mark.journey
async def test_what_was_acknowledged_after_a_record_that_waits_was_written_is_not_passed(
    stage: Stage,
) -> None:
    created, deleted = stage.names.created, stage.names.deleted
    send(stage, deleted, 0, 2)
    send(stage, created, 0, 3)
    send(stage, deleted, 0, 2)
    acknowledge(stage, created, 1, 0)
    acknowledge(stage, deleted, 4, 0)
    assert group_position(stage.settings, (created, deleted)) == {
        created: {0: 1, 1: 0},
        deleted: {0: 2, 1: 0},
    }


@pytest.mark.journey
async def test_a_record_of_1970_does_not_have_everything_delivered_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    created, deleted = stage.names.created, stage.names.deleted
    send(stage, deleted, 0, 2)
    with writer(stage.settings) as out:
        producer: Any = out
        producer.send(created, value=b"{}", partition=0, timestamp_ms=0).get(timeout=20)
    monkeypatch.setattr(group_position_module, "BACK_SECONDS_MAX", 0.0)
    acknowledge(stage, created, 0, 0)
    acknowledge(stage, deleted, 2, 0)
    assert group_position(stage.settings, (created, deleted))[deleted] == {0: 2, 1: 0}


@pytest.mark.journey
async def test_a_topic_that_does_not_exist_is_left_out(stage: Stage) -> None:
    assert group_position(stage.settings, ("no.such.topic",)) == {}


def test_without_a_broker_it_is_an_outage(brokerless: Settings) -> None:
    with pytest.raises(BrokerUnavailable):
        group_position(brokerless, ("t",))
