"""What a group acknowledged last, read once more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
import pytest

from streams.errors import BrokerUnavailable
from streams.kafka import recent_records
from streams.kafka.client import client_options
from streams.kafka.recent_records import BATCH_RECORDS, Recent
from streams.outcomes import Arrival
from streams.settings import Settings, load
from tests.makers import arrival
from tests.streams.conftest import Stage

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
    back_then = Recent(stage.settings, **back)  # type: ignore[arg-type]  # numbers of either kind
    return [
        [(it.partition, it.offset) for it in batch] async for batch in back_then.batches(stage.names.created)
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
async def test_from_given_offsets_all_is_read_however_old(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    acknowledge(stage, 0, 7)
    acknowledge(stage, 1, 5)
    back = Recent(stage.settings, seconds=0, records=0)
    found = [
        (it.partition, it.offset) async for batch in back.batches(stage.names.created, {0: 4}) for it in batch
    ]
    assert found == [(0, 4), (0, 5), (0, 6), *((1, offset) for offset in range(5))]


@pytest.mark.journey
async def test_it_comes_in_small_batches(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    acknowledge(stage, 0, BATCH_RECORDS + 1)
    assert [len(batch) for batch in await read(stage)] == [BATCH_RECORDS, 1]


async def test_without_a_broker_it_is_an_outage(brokerless: Settings) -> None:
    nowhere = Recent(brokerless)
    with pytest.raises(BrokerUnavailable):
        async for _ in nowhere.batches("t"):
            pass


@dataclass
class SlowReader:
    """In place of one that reads a broker: each batch takes long."""

    reading: Event = field(default_factory=Event)
    may_go_on: Event = field(default_factory=Event)
    closed: Event = field(default_factory=Event)

    def partitions(self, topic: str) -> list[int]:
        return [0]

    def committed(self, topic: str, partition: int) -> int:
        return RECORDS

    def offset_at(self, topic: str, partition: int, moment: float) -> int:
        return 0

    def read(self, topic: str, partition: int, first: int) -> Iterator[Arrival]:
        for offset in range(first, RECORDS):
            self.reading.set()
            self.may_go_on.wait()
            yield arrival(b"{}", offset=offset)


async def test_who_stops_in_the_midst_of_a_read_is_cancelled_and_the_reader_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As SIGTERM does: another error in its place would end the worker with a fault."""
    slow = SlowReader()

    @contextmanager
    def reader(settings: Settings, *, grouped: bool) -> Iterator[SlowReader]:
        try:
            yield slow
        finally:
            slow.closed.set()

    monkeypatch.setattr(recent_records, "reader", reader)

    async def read_all() -> None:
        async for _ in Recent(load({})).batches("t"):
            pass

    reading = asyncio.ensure_future(read_all())
    await asyncio.to_thread(slow.reading.wait)
    reading.cancel()
    try:
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(reading, 5.0)
        assert not slow.closed.is_set(), "what runs cannot be closed"
    finally:
        slow.may_go_on.set()
    assert await asyncio.to_thread(slow.closed.wait, 10.0)
