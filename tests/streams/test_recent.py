"""What a group acknowledged last, read once more."""

from __future__ import annotations

from typing import Any

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
import pytest

from streams.brokers import client_options
from streams.errors import BrokerUnavailable
from streams.recent import BATCH_RECORDS, Recent
from streams.settings import load
from tests.streams.conftest import Stage, free_port

RECORDS = 260


def acknowledge(stage: Stage, partition: int, offset: int) -> None:
    """Commits for the workers' group, as a worker does."""
    client: Any = kafka.KafkaConsumer(
        **client_options(stage.settings), group_id=stage.settings.kafka_group, enable_auto_commit=False
    )
    where = kafka.TopicPartition(stage.names.created, partition)
    client.assign([where])
    client.commit({where: kafka.OffsetAndMetadata(offset, "", -1)})
    client.close()


async def read(stage: Stage, **back: float) -> list[list[tuple[int, int]]]:
    recent = Recent(stage.settings, **back)  # type: ignore[arg-type]  # numbers of either kind
    return [
        [(it.partition, it.offset) for it in batch] async for batch in recent.batches(stage.names.created)
    ]


@pytest.mark.journey
async def test_nothing_that_was_not_acknowledged_is_read(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    assert await read(stage) == []
    acknowledge(stage, 0, 7)
    assert await read(stage) == [[(0, offset) for offset in range(7)]]


@pytest.mark.journey
async def test_as_far_back_as_the_time_or_the_number_whichever_is_more(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    acknowledge(stage, 1, 50)
    assert await read(stage, seconds=0, records=10) == [[(1, offset) for offset in range(40, 50)]]
    assert await read(stage, seconds=600, records=10) == [[(1, offset) for offset in range(50)]]


@pytest.mark.journey
async def test_it_comes_in_small_batches(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    acknowledge(stage, 0, BATCH_RECORDS + 1)
    assert [len(batch) for batch in await read(stage)] == [BATCH_RECORDS, 1]


async def test_without_a_broker_it_is_an_outage() -> None:
    recent = Recent(load({"SAMEHAND_KAFKA_BROKERS": f"127.0.0.1:{free_port()}"}))
    with pytest.raises(BrokerUnavailable):
        async for _ in recent.batches("t"):
            pass
