"""Clients of Kafka, and what they read."""

from __future__ import annotations

import asyncio
import inspect
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
import pytest
from aiokafka.client import AIOKafkaClient  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka.producer.sender import Sender  # type: ignore[import-untyped]  # the same
from kafka import errors as kafka_errors

from local.broker import EmbeddedBroker
from local.ports import LOOPBACK
from streams.errors import BrokerRefused, BrokerUnavailable, BrokerUnreachable
from streams.kafka import client as brokers
from streams.kafka import group_position as group_position_module
from streams.kafka import probe as probing
from streams.kafka import recent_records
from streams.kafka.client import (
    Admin,
    admin,
    client_options,
    error_name,
    kept_admin,
    reader,
    tls_context,
    translated,
    writer,
)
from streams.kafka.group_position import group_position
from streams.kafka.metadata_pace import PACE_SECONDS, pace_metadata
from streams.kafka.probe import Probe, probe
from streams.kafka.recent_records import BATCH_RECORDS, Recent
from streams.kafka.topics import check
from streams.outcomes import Arrival
from streams.settings import Settings, load
from tests.makers import arrival
from tests.streams.conftest import Stage, free_port

# Clients of Kafka: their options and look-ups of metadata.


# The door to kafka-python: how it connects, and what it makes of its errors.


def test_without_credentials_it_is_plain_text() -> None:
    options = client_options(load({"SAMEHAND_KAFKA_BROKERS": "a:1,b:2"}))
    assert options["bootstrap_servers"] == ["a:1", "b:2"]
    assert options["security_protocol"] == "PLAINTEXT"


def test_with_tls_and_a_password_it_is_both(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    options = client_options(
        load(
            {
                "SAMEHAND_KAFKA_TLS": "true",
                "SAMEHAND_KAFKA_SASL_MECHANISM": "SCRAM-SHA-256",
                "SAMEHAND_KAFKA_USERNAME": "worker",
                "SAMEHAND_KAFKA_PASSWORD_FILE": str(secret),
            }
        )
    )
    assert options["security_protocol"] == "SASL_SSL"
    assert options["sasl_plain_password"] == "hunter2"
    assert options["ssl_context"].check_hostname


def test_plain_text_needs_no_context() -> None:
    assert tls_context(load({})) is None


def test_an_outage_and_a_refusal_are_told_apart() -> None:
    with pytest.raises(BrokerUnavailable), translated():
        raise kafka_errors.KafkaConnectionError
    with pytest.raises(BrokerUnavailable), translated():
        raise ConnectionRefusedError
    with pytest.raises(BrokerRefused, match="TopicAuthorizationFailedError"), translated():
        raise kafka_errors.TopicAuthorizationFailedError("alerts")


def test_error_codes_have_names() -> None:
    assert (error_name(0), error_name(36)) == ("", "TopicAlreadyExistsError")


@pytest.mark.journey
def test_what_is_written_is_read_up_to_the_present_end(stage: Stage) -> None:
    topic = stage.names.control
    with writer(stage.settings) as out:
        for value in (b"a", None, b"c"):
            out.send(topic, key=b"k", value=value, headers=[("h", b"1")]).get(timeout=60.0)
    with reader(stage.settings) as opened:
        assert opened.partitions(topic) == [0]
        assert [record.value for record in opened.read(topic, 0)] == [b"a", None, b"c"]
        assert [record.offset for record in opened.read(topic, 0, since=2)] == [2]
        assert next(iter(opened.read(topic, 0))).headers == (("h", b"1"),)
        assert opened.partitions("no.such.topic") == []


@pytest.mark.journey
def test_a_kept_client_is_asked_again_and_again_over_one_connection(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = counted_clients(monkeypatch)
    kept = kept_admin(stage.settings)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(kept.ask, [names_of] * 8))
    assert all(stage.names.created in names for names in answers)
    assert made == [1]
    kept.close()
    kept.close()


@pytest.mark.journey
def test_a_kept_client_connects_anew_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker goes and comes back, as in a deployment."""
    monkeypatch.setattr(brokers, "ANSWER_MS", 2_000)
    with EmbeddedBroker(tmp_path / "broker") as broker:
        kept = kept_admin(load({"SAMEHAND_KAFKA_BROKERS": broker.address}))
        assert kept.ask(names_of) is not None
        broker.kill()
        for _ in range(2):
            with pytest.raises(BrokerUnavailable):
                kept.ask(names_of)
        broker.start()
        assert kept.ask(names_of) is not None
        kept.close()


@pytest.mark.journey
def test_a_broker_that_stops_answering_in_the_middle_of_a_topic_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kafka-python polls on for ever: neither a worker's start nor a desk's stop would ever end."""
    monkeypatch.setattr(brokers, "ANSWER_MS", 1_000)
    with EmbeddedBroker(tmp_path / "broker") as embedded:
        settings = load({"SAMEHAND_KAFKA_BROKERS": embedded.address})
        check(settings, create=True)
        with writer(settings) as out:
            out.send("control", value=b"one", key=b"1", headers=[]).get(60.0)
        with reader(settings) as opened:
            seek = opened._client.seek

            def hang(*where: object) -> None:
                seek(*where)
                embedded.freeze()

            monkeypatch.setattr(opened._client, "seek", hang)
            with ThreadPoolExecutor() as pool:
                reading = pool.submit(lambda: list(opened.read("control", 0)))
                try:
                    with pytest.raises(BrokerUnavailable, match="no record of control"):
                        reading.result(10)
                finally:
                    embedded.thaw()


def names_of(client: Admin) -> list[str]:
    return [topic["name"] for topic in client.describe_topics()]


def counted_clients(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many admin clients were made, from now on, as the only item of a list."""
    made, kind = [0], kafka.KafkaAdminClient  # which `streams.kafka.client` looks up there each time

    def make(**options: object) -> object:
        made[0] += 1
        return kind(**options)

    monkeypatch.setattr(kafka, "KafkaAdminClient", make)
    return made


# Metadata is not asked for without a pause, and what is new is asked for at once.


class Client:
    """What is used of aiokafka's, on a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked_at: list[float] = []
        pacing: Any = self
        pace_metadata(pacing, ticks=lambda: self.now, sleep=self.sleep)

    async def _metadata_update(self, cluster: object, topics: object) -> bool:
        self.asked_at.append(self.now)
        return True

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_the_same_question_waits_for_its_turn() -> None:
    client = Client()
    for _ in range(3):
        assert await client._metadata_update(None, {"alerts"})
    client.now += 10.0
    await client._metadata_update(None, {"alerts"})
    assert client.asked_at == [0.0, PACE_SECONDS, 2 * PACE_SECONDS, 2 * PACE_SECONDS + 10.0]


async def test_a_topic_that_is_new_is_asked_about_at_once() -> None:
    client = Client()
    for topics in (None, {"alerts"}, {"alerts", "letters"}):
        await client._metadata_update(None, topics)
    assert client.asked_at == [0.0, 0.0, 0.0]


def test_upstream_still_asks_without_a_pause_and_all_through_one_method() -> None:
    assert "await self._metadata_update(self.cluster, topics)" in inspect.getsource(
        AIOKafkaClient._md_synchronizer
    )
    sending = inspect.getsource(Sender._sender_routine)
    assert "fut = self.client.force_metadata_update()" in sending
    assert "sleep" not in sending, "it has a pause of its own: `pace_metadata` can go"


# Each address is asked by itself, and the answer tells kinds of trouble apart.


@pytest.mark.journey
def test_every_address_is_asked(broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "ANSWER_SECONDS", 1.0)
    nobody = f"{LOOPBACK}:{free_port()}"
    with socket.create_server((LOOPBACK, 0)) as mute:
        silent = f"{LOOPBACK}:{mute.getsockname()[1]}"
        unknown = "no.such.host.invalid:9092"
        settings = load({"SAMEHAND_KAFKA_BROKERS": ",".join([nobody, silent, unknown, broker])})
        assert probe(settings) == [
            Probe(nobody, "nobody-listens"),
            Probe(silent, "silent"),
            Probe(unknown, "unknown-host"),
            Probe(broker, "answers"),
        ]


def test_nobody_at_an_address_is_reported_at_once_with_the_reason() -> None:
    nobody = f"{LOOPBACK}:{free_port()}"
    settings = load({"SAMEHAND_KAFKA_BROKERS": f"{nobody},no.such.host.invalid:9092"})
    for opened in (reader, writer, admin):
        began = time.monotonic()
        with (
            pytest.raises(BrokerUnreachable, match=rf"{nobody} \(Connection refused\), no\.such"),
            opened(settings),
        ):
            pass
        assert time.monotonic() - began < brokers.REACH_SECONDS


# How far the group is, and no further than the oldest record that waits.


BETWEEN_SECONDS = 0.02  # records of one millisecond have one timestamp


def send(stage: Stage, topic: str, partition: int, records: int) -> None:
    """Records one after the other, each some time after the former."""
    with writer(stage.settings) as out:
        producer: Any = out
        for _ in range(records):
            producer.send(topic, value=b"{}", partition=partition).get(timeout=60.0)
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
        producer.send(created, value=b"{}", partition=0, timestamp_ms=0).get(timeout=60.0)
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


# What a group acknowledged last, read once more.


RECORDS = 260


def recent_records_acknowledge(stage: Stage, partition: int, offset: int) -> None:
    """Commits for the workers' group, as a worker does."""
    client: Any = kafka.KafkaConsumer(
        **client_options(stage.settings), group_id=stage.settings.kafka_group, enable_auto_commit=False
    )
    where = kafka.TopicPartition(stage.names.created, partition)
    client.assign([where])
    client.commit({where: kafka.OffsetAndMetadata(offset, "", -1)})
    client.close()


async def read(stage: Stage, **back: Any) -> list[list[tuple[int, int]]]:
    back_then = Recent(stage.settings, **back)
    return [
        [(it.partition, it.offset) for it in batch] async for batch in back_then.batches(stage.names.created)
    ]


@pytest.mark.journey
async def test_nothing_that_was_not_acknowledged_is_read(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    assert await read(stage) == []
    recent_records_acknowledge(stage, 0, 7)
    assert await read(stage) == [[(0, offset) for offset in range(7)]]


@pytest.mark.journey
async def test_as_far_back_as_the_time_or_the_number_whichever_is_more(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    recent_records_acknowledge(stage, 1, 50)
    assert await read(stage, seconds=0, records=10) == [[(1, offset) for offset in range(40, 50)]]
    assert await read(stage, seconds=600, records=10) == [[(1, offset) for offset in range(50)]]


@pytest.mark.journey
async def test_from_given_offsets_all_is_read_however_old(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    recent_records_acknowledge(stage, 0, 7)
    recent_records_acknowledge(stage, 1, 5)
    back = Recent(stage.settings, seconds=0, records=0)
    found = [
        (it.partition, it.offset) async for batch in back.batches(stage.names.created, {0: 4}) for it in batch
    ]
    assert found == [(0, 4), (0, 5), (0, 6), *((1, offset) for offset in range(5))]


@pytest.mark.journey
async def test_topic_that_the_group_does_not_acknowledge_is_read_to_its_end(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    found = await read(stage, unacknowledged=(stage.names.created,))
    assert sum(map(len, found)) == RECORDS


@pytest.mark.journey
async def test_it_comes_in_small_batches(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    recent_records_acknowledge(stage, 0, BATCH_RECORDS + 1)
    assert [len(batch) for batch in await read(stage)] == [BATCH_RECORDS, 1]


async def test_recent_records_without_a_broker_it_is_an_outage(brokerless: Settings) -> None:
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
