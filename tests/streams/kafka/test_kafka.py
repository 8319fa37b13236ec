"""Kafka: clients and what they read, topics, producers, batches of bounded size."""

from __future__ import annotations

import asyncio
import gzip
import inspect
import socket
import time
import tracemalloc
import uuid
import zlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Timer
from typing import Any, cast

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
import pytest
from aiokafka import errors as aiokafka_errors  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka.client import AIOKafkaClient  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka.producer.sender import Sender  # type: ignore[import-untyped]  # the same
from aiokafka.record.memory_records import (  # type: ignore[import-untyped]  # aiokafka ships no types
    MemoryRecords as Compiled,
)
from kafka import errors as kafka_errors
from kafka.record import (  # type: ignore[import-untyped]  # kafka-python ships no types
    MemoryRecords as Plain,
)
from kafka.record import MemoryRecordsBuilder, default_records

from local.apache import ApacheKafka
from local.broker import EmbeddedBroker
from local.ports import LOOPBACK
from streams.deadletters.control_topic import resume
from streams.errors import (
    BrokerRefused,
    BrokerUnavailable,
    BrokerUnreachable,
    RecordTooLarge,
    SettingsError,
    TopicsError,
)
from streams.faust_app import patches
from streams.faust_app.start_checks import canary_fault
from streams.kafka import client, recent_records
from streams.kafka import client as brokers
from streams.kafka import group_position as group_position_module
from streams.kafka import probe as probing
from streams.kafka import producer as module
from streams.kafka.bounded_batches import RECORD_BYTES_MAX, UNPACKED_BYTES_MAX, bounded
from streams.kafka.client import KafkaAdmin, admin, client_options, kept_admin, reader, translated, writer
from streams.kafka.group_position import group_position
from streams.kafka.mapped_topics import foreign_topics, mappings_of
from streams.kafka.metadata_pace import PACE_SECONDS, pace_metadata
from streams.kafka.probe import Probe, probe
from streams.kafka.producer import KafkaPublisher
from streams.kafka.recent_records import BATCH_RECORDS, Recent
from streams.kafka.store_epoch import EpochTopic, known_epoch, note_epoch
from streams.kafka.topic_ids import created_again, topic_ids
from streams.kafka.topics import (
    DAY_MS,
    Names,
    TopicFinding,
    TopicsOnBroker,
    TopicSpec,
    check,
    compare,
    every,
    other_workers,
    wanted,
)
from streams.outcomes import Arrival, Emit
from streams.settings import Settings, load
from tests.makers import arrival
from tests.patience import patient
from tests.streams.conftest import Stage, free_port
from tests.tables import for_each

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


def test_an_outage_and_a_refusal_are_told_apart() -> None:
    with pytest.raises(BrokerUnavailable), translated():
        raise kafka_errors.KafkaConnectionError
    with pytest.raises(BrokerUnavailable), translated():
        raise ConnectionRefusedError
    with pytest.raises(BrokerRefused, match="TopicAuthorizationFailedError"), translated():
        raise kafka_errors.TopicAuthorizationFailedError("alerts")


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
                        reading.result(patient(10))
                finally:
                    embedded.thaw()


@pytest.mark.journey
def test_a_broker_that_is_slower_than_one_request_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine with a load of 25: the broker comes to the question when the first try is given up."""
    monkeypatch.setattr(brokers, "ANSWER_MS", 5_000)
    with EmbeddedBroker(tmp_path / "broker") as embedded:
        settings = load({"SAMEHAND_KAFKA_BROKERS": embedded.address})
        check(settings, create=True)
        with reader(settings) as opened:
            embedded.freeze()
            later = Timer(6.0, embedded.thaw)
            later.start()
            assert opened.offset_at("control", 0, 0.0) == 0
            later.join()


def names_of(client: KafkaAdmin) -> list[str]:
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


def acknowledge(stage: Stage, topic: str, offsets: dict[int, int]) -> None:
    """Commits for the workers' group, as a worker does."""
    client: Any = kafka.KafkaConsumer(
        **client_options(stage.settings), group_id=stage.settings.kafka_group, enable_auto_commit=False
    )
    where = {kafka.TopicPartition(topic, partition): offset for partition, offset in offsets.items()}
    client.assign(list(where))
    client.commit({one: kafka.OffsetAndMetadata(offset, "", -1) for one, offset in where.items()})
    client.close()


@pytest.mark.journey
async def test_where_nothing_waits_it_is_what_was_acknowledged(stage: Stage) -> None:
    created, deleted = stage.names.created, stage.names.deleted
    send(stage, created, 0, 3)
    send(stage, deleted, 1, 2)
    acknowledge(stage, created, {0: 3, 1: 0})
    acknowledge(stage, deleted, {0: 0, 1: 2})
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
    acknowledge(stage, created, {0: 1, 1: 0})
    acknowledge(stage, deleted, {0: 4, 1: 0})
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
    acknowledge(stage, created, {0: 0, 1: 0})
    acknowledge(stage, deleted, {0: 2, 1: 0})
    assert group_position(stage.settings, (created, deleted))[deleted] == {0: 2, 1: 0}


@pytest.mark.journey
async def test_a_topic_that_does_not_exist_is_left_out(stage: Stage) -> None:
    assert group_position(stage.settings, ("no.such.topic",)) == {}


# What a group acknowledged last, read once more.


RECORDS = 260


async def read(stage: Stage, **back: Any) -> list[list[tuple[int, int]]]:
    back_then = Recent(stage.settings, **back)
    return [
        [(it.partition, it.offset) for it in batch] async for batch in back_then.batches(stage.names.created)
    ]


@pytest.mark.journey
async def test_nothing_that_was_not_acknowledged_is_read(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    assert await read(stage) == []
    acknowledge(stage, stage.names.created, {0: 7})
    assert await read(stage) == [[(0, offset) for offset in range(7)]]


@pytest.mark.journey
async def test_as_far_back_as_the_time_or_the_number_whichever_is_more(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    acknowledge(stage, stage.names.created, {1: 50})
    assert await read(stage, seconds=0, records=10) == [[(1, offset) for offset in range(40, 50)]]
    assert await read(stage, seconds=600, records=10) == [[(1, offset) for offset in range(50)]]


@pytest.mark.journey
async def test_from_given_offsets_all_is_read_however_old(stage: Stage) -> None:
    stage.send([b"{}"] * RECORDS)
    acknowledge(stage, stage.names.created, {0: 7})
    acknowledge(stage, stage.names.created, {1: 5})
    back = Recent(stage.settings, seconds=0, records=0)
    found = [
        (it.partition, it.offset) async for batch in back.batches(stage.names.created, {0: 4}) for it in batch
    ]
    assert found == [(0, 4), (0, 5), (0, 6), *((1, offset) for offset in range(5))]


@pytest.mark.journey
@pytest.mark.parametrize("since", [None, {}], ids=["minutes", "all"])
async def test_of_an_output_topic_the_last_record_of_each_key_is_read_up_to_its_end(
    stage: Stage, since: dict[int, int] | None
) -> None:
    stage.send([b"open"] * RECORDS)
    stage.send([b"withdrawn"] * RECORDS)
    back = Recent(stage.settings, output=(stage.names.created,))
    batches = [batch async for batch in back.batches(stage.names.created, since)]
    assert max(map(len, batches)) == BATCH_RECORDS
    assert [arrival.value for batch in batches for arrival in batch] == [b"withdrawn"] * RECORDS


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


# Topics: what is wanted, what is found, and how the difference is told.

LETTERS = TopicSpec("deadletters", 8, retention_days=7)
BANNED = TopicSpec("accounts.banned", 8, compacted=True)


def kinds(findings: list[TopicFinding]) -> list[str]:
    return [finding.kind for finding in findings]


def test_every_name_has_the_prefix_and_a_topic() -> None:
    settings = load({"SAMEHAND_TOPIC_PREFIX": "eu."})
    assert {topic.name for topic in every(settings).values()} == set(vars(Names("eu.")).values())
    assert all(topic.name.startswith("eu.") for topic in every(settings).values())


@for_each(
    ("switched", "topics"),
    [({}, set()), ({"SHADOW": "true"}, {"alerts.shadow"}), ({"SAMPLE_SHARE": "0.1"}, {"alerts.sample"})],
)
def test_worker_needs_topics_of_a_feature_only_while_it_is_switched_on(
    switched: dict[str, str], topics: set[str]
) -> None:
    needed = {topic.name for topic in wanted(load({f"SAMEHAND_{name}": on for name, on in switched.items()}))}
    assert needed - {topic.name for topic in wanted(load({}))} == topics
    assert len(needed) == 14 + len(topics)


def test_bans_are_compacted_and_letters_gone_after_a_week() -> None:
    by_name = {topic.name: topic for topic in wanted(load({}))}
    assert by_name["accounts.banned"].configs == {"cleanup.policy": "compact"}
    assert by_name["deadletters"].configs["retention.ms"] == str(7 * DAY_MS)


@for_each("policy", ["delete", "compact,delete"])
def test_bans_that_would_be_forgotten_block(policy: str) -> None:
    (finding,) = compare(BANNED, TopicsOnBroker(8, {"cleanup.policy": policy}))
    assert (finding.kind, finding.blocks) == ("not-compacted", True)
    assert finding.detail == f"has cleanup.policy={policy} instead of compact: old records get lost"


def test_events_that_would_be_compacted_away_block() -> None:
    (finding,) = compare(TopicSpec("accounts.created", 8), TopicsOnBroker(8, {"cleanup.policy": "compact"}))
    assert (finding.kind, finding.blocks) == ("compacted", True)


def test_a_topic_of_somebody_elses_is_theirs_to_set_up() -> None:
    users = TopicSpec("users", 0, rights=frozenset({"READ"}), foreign=True)
    assert compare(users, TopicsOnBroker(3, {"cleanup.policy": "compact"}, {"DESCRIBE", "READ"})) == []
    assert compare(users, TopicsOnBroker(3, None)) == []
    (finding,) = compare(users, TopicsOnBroker(3, None, {"DESCRIBE"}))
    assert (finding.kind, finding.blocks) == ("forbidden", True)


def test_other_partitions_and_retention_are_told_and_do_not_block() -> None:
    findings = compare(LETTERS, TopicsOnBroker(3, {"cleanup.policy": "delete", "retention.ms": "-1"}))
    assert kinds(findings) == ["partitions", "retention"]
    assert "for ever" in findings[1].detail
    assert not any(finding.blocks for finding in findings)


def test_a_right_that_a_worker_lacks_blocks_and_is_named() -> None:
    banned = next(topic for topic in wanted(load({})) if topic.name == "accounts.banned")
    (finding,) = compare(banned, TopicsOnBroker(8, banned.configs, {"DESCRIBE", "READ"}))
    assert (finding.kind, finding.blocks) == ("forbidden", True)
    assert "write" in finding.detail
    assert compare(banned, TopicsOnBroker(8, banned.configs, {"DESCRIBE", "READ", "WRITE"})) == []
    assert compare(banned, TopicsOnBroker(8, banned.configs, None)) == []


def test_a_broker_that_tells_no_configuration_is_told() -> None:
    assert kinds(compare(BANNED, TopicsOnBroker(8, None))) == ["unknown"]


@pytest.mark.journey
def test_topics_are_missing_then_created_then_well(broker: str) -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": f"t{free_port()}."})
    assert set(kinds(check(settings))) == {"missing"}
    assert set(kinds(check(settings, create=True))) == {"created"}
    assert check(settings) == []


@pytest.mark.journey
def test_a_topic_with_other_partitions_is_found(stage: Stage) -> None:
    stage.environment["SAMEHAND_TOPIC_PARTITIONS"] = "3"
    assert set(kinds(check(stage.settings))) == {"partitions"}


@pytest.mark.journey
def test_workers_of_another_group_keep_a_canary_out_while_they_live(broker: str) -> None:
    given = {"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": f"t{free_port()}."}
    live, canary = (load({**given, "SAMEHAND_KAFKA_GROUP": f"g{free_port()}"}) for _ in "ab")
    check(live, create=True)
    assert other_workers(canary) == []
    with closing(kafka.KafkaConsumer(**client_options(live), group_id=live.kafka_group)) as member:
        member.subscribe([Names(live.topic_prefix).enrolled])
        until = time.monotonic() + 60.0
        while not member.assignment():
            member.poll(timeout_ms=200)
            assert time.monotonic() < until
        assert other_workers(canary) == [live.kafka_group]
        assert other_workers(live) == []
        assert canary_fault(canary) is None  # it alerts: only a declared canary is kept out
        fault = canary_fault(canary.model_copy(update={"shadow": True}))
        assert fault is not None
        assert f"workers of the group {live.kafka_group} read the same topics" in fault.what
    assert other_workers(canary) == []


async def recent(settings: Settings) -> None:
    async for _ in Recent(settings).batches("t"):
        pass


@pytest.mark.parametrize(
    "ask",
    [
        lambda settings: asyncio.to_thread(group_position, settings, ("t",)),
        lambda settings: asyncio.to_thread(topic_ids, settings, ["t"]),
        lambda settings: EpochTopic(settings).known(),
        recent,
    ],
)
async def test_without_a_broker_every_question_is_an_outage(
    ask: Callable[[Settings], Awaitable[object]], brokerless: Settings
) -> None:
    with pytest.raises(BrokerUnavailable):
        await ask(brokerless)


def test_without_a_broker_there_is_one_clear_line(brokerless: Settings) -> None:
    with pytest.raises(TopicsError, match="cannot be asked about topics"):
        check(brokerless)


# A file of mappings that cannot be used is one setting that is wrong, named with its lines.

GOOD = "[topics.hooks]\nformat = 'mastodon'\nconstants.platform = 'm'\n"


def settings(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "mappings.toml"
    path.write_text(text)
    return load({"SAMEHAND_MAPPINGS": str(path), "SAMEHAND_TOPIC_PREFIX": "eu."})


def test_the_topics_of_a_file_are_known(tmp_path: Path) -> None:
    assert foreign_topics(settings(tmp_path, GOOD)) == ("hooks",)
    assert foreign_topics(load({})) == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[topics.hooks]\nformat = 'xml'", "mappings.toml: line 2: topics.hooks.format: must be one of"),
        (
            GOOD.replace("hooks", "'eu.accounts.created'"),
            "eu.accounts.created: a topic of samehand cannot be mapped",
        ),
        (GOOD.replace("hooks", "'eu.alerts'"), "eu.alerts: a topic of samehand cannot be mapped"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(SettingsError) as said:
        mappings_of(settings(tmp_path, text))
    assert why in said.value.faults["SAMEHAND_MAPPINGS"]


def test_without_a_file_there_is_nothing_to_do() -> None:
    with pytest.raises(SettingsError, match="is not set"):
        mappings_of(load({}))


def test_a_file_that_goes_away_is_named(tmp_path: Path) -> None:
    known = settings(tmp_path, GOOD)
    (tmp_path / "mappings.toml").unlink()
    with pytest.raises(SettingsError, match="No such file"):
        mappings_of(known)


# A topic is told from another of the same name.


def test_another_id_is_another_topic_and_a_missing_one_may_come_back() -> None:
    known = {"a": "1", "b": "2", "c": "3"}
    assert created_again(known, {"a": "1", "b": "9", "d": "4"}) == ["b"]


@pytest.mark.journey
def test_what_does_not_exist_has_no_id(stage: Stage) -> None:
    assert topic_ids(stage.settings, ["elsewhere.accounts.created"]) == {}


# The store's epoch outlives the store, in the control topic.


@pytest.mark.journey
def test_the_last_word_on_this_store_counts(stage: Stage) -> None:
    assert known_epoch(stage.settings) == ""
    note_epoch(stage.settings, "first")
    resume(stage.settings, stage.names.created)
    note_epoch(stage.settings, "second")
    stage.environment["SAMEHAND_STORE_PREFIX"] = "another:"
    note_epoch(stage.settings, "another's")
    del stage.environment["SAMEHAND_STORE_PREFIX"]
    assert known_epoch(stage.settings) == "second"


@pytest.mark.journey
def test_without_its_topic_there_is_no_word_yet(stage: Stage) -> None:
    stage.environment["SAMEHAND_TOPIC_PREFIX"] = "elsewhere."
    assert known_epoch(stage.settings) == ""


@pytest.mark.journey
def test_a_word_that_cannot_be_read_is_not_taken_for_none(stage: Stage) -> None:
    key = f"store-epoch:{stage.settings.store_prefix}".encode()
    with writer(stage.settings) as out:
        out.send(stage.names.control, key=key, value=b"\xff", headers=[]).get(timeout=60.0)
    with pytest.raises(BrokerRefused, match="cannot be decoded"):
        known_epoch(stage.settings)


# A producer of its own: it connects by itself, and an outage is told from a refusal.


EMIT = Emit("accounts.created", b"x:1", b"{}", headers=(("h", b"1"),))


class ProducerClient:
    """A producer that fails on order."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.stopped = 0
        self.sent: list[tuple[Any, ...]] = []
        self.confirming: Exception | None = None
        self.buffering: Exception | None = None
        self.started = asyncio.Event()
        self.there = True
        self.stops = True

    async def start(self) -> None:
        if self.failures:
            self.failures -= 1
            raise aiokafka_errors.KafkaConnectionError
        self.started.set()

    async def stop(self) -> None:
        self.stopped += 1
        if not self.stops:
            await asyncio.Event().wait()

    async def answers(self) -> bool:
        return self.there

    async def send(self, topic: str, value: Any, key: Any, headers: Any) -> Awaitable[object]:
        if self.buffering:
            raise self.buffering
        self.sent.append((topic, key, value, headers))
        confirmation: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if self.confirming:
            confirmation.set_exception(self.confirming)
        else:
            confirmation.set_result("confirmed")
        return confirmation


async def until(true: Callable[[], bool]) -> None:
    """Waits for a condition that nobody tells of."""
    async with asyncio.timeout(patient(60)):
        while not true():  # noqa: ASYNC110  # nobody tells when
            await asyncio.sleep(0)


async def connected(client: ProducerClient) -> tuple[KafkaPublisher, asyncio.Task[None]]:
    publisher = KafkaPublisher(load({}), lambda: client)
    running = asyncio.ensure_future(publisher.run())
    await until(lambda: not publisher.fault)
    return publisher, running


async def ended(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_record_is_sent_and_confirmed_and_the_client_let_go_of() -> None:
    client = ProducerClient()
    publisher, running = await connected(client)
    assert publisher.fault == ""
    assert await (await publisher.send(EMIT)) == "confirmed"
    assert client.sent == [("accounts.created", b"x:1", b"{}", [("h", b"1")])]
    await ended(running)
    assert client.stopped == 1
    assert publisher.fault


async def test_before_a_broker_takes_us_sending_is_an_outage_and_it_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.0)
    client = ProducerClient(failures=3)
    with pytest.raises(BrokerUnavailable):
        await KafkaPublisher(load({}), lambda: client).send(EMIT)
    publisher, running = await connected(client)
    assert await (await publisher.send(EMIT)) == "confirmed"
    await ended(running)
    assert client.stopped == 4


@for_each("where", ["buffering", "confirming"])
@for_each(
    ("fault", "means"),
    [
        (aiokafka_errors.KafkaTimeoutError(), BrokerUnavailable),
        (aiokafka_errors.NotLeaderForPartitionError(), BrokerUnavailable),
        (aiokafka_errors.TopicAuthorizationFailedError(), BrokerRefused),
        (aiokafka_errors.MessageSizeTooLargeError(), RecordTooLarge),
        (aiokafka_errors.OutOfOrderSequenceNumber(), BrokerUnavailable),
        (TimeoutError(), BrokerUnavailable),
    ],
)
async def test_an_outage_is_told_from_a_refusal(where: str, fault: Exception, means: type[Exception]) -> None:
    client = ProducerClient()
    publisher, running = await connected(client)
    setattr(client, where, fault)
    with pytest.raises(means):
        await (await publisher.send(EMIT))
    await ended(running)


async def test_while_no_broker_answers_nobody_waits_and_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    client = ProducerClient()
    publisher, running = await connected(client)
    client.there = False
    await until(lambda: bool(publisher.fault))
    with pytest.raises(BrokerUnavailable, match="no broker answers"):
        await publisher.send(EMIT)
    assert client.sent == []
    client.there = True
    await until(lambda: not publisher.fault)
    assert await (await publisher.send(EMIT)) == "confirmed"
    await ended(running)


@pytest.mark.parametrize(
    "fault",
    [
        aiokafka_errors.OutOfOrderSequenceNumber(),
        aiokafka_errors.MessageSizeTooLargeError(),
        aiokafka_errors.KafkaError("Unexpected error during batch delivery"),
    ],
    ids=lambda it: type(it).__name__,
)
async def test_a_producer_of_which_a_broker_lost_count_is_replaced(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    first, second = ProducerClient(), ProducerClient()
    made = [second, first]
    publisher = KafkaPublisher(load({}), lambda: made.pop())
    running = asyncio.ensure_future(publisher.run())
    await until(lambda: not publisher.fault)
    first.confirming = fault
    with pytest.raises((BrokerUnavailable, RecordTooLarge)):
        await (await publisher.send(EMIT))
    await until(lambda: first.stopped == 1)
    assert await (await publisher.send(EMIT)) == "confirmed"
    assert second.sent
    await ended(running)


async def test_it_ends_though_a_broker_never_takes_what_is_buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.01)
    client = ProducerClient()
    client.stops = False
    _, running = await connected(client)
    async with asyncio.timeout(patient(10)):
        await ended(running)
    assert client.stopped == 1


async def test_so_it_does_though_the_connection_that_is_made_does_not_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.01)
    client, asked = ProducerClient(), asyncio.Event()
    client.stops = False

    async def silent() -> None:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(client, "start", silent)
    running = asyncio.ensure_future(KafkaPublisher(load({}), lambda: client).run())
    await asked.wait()
    async with asyncio.timeout(patient(10)):
        await ended(running)
    assert client.stopped == 1


async def test_a_broker_has_what_it_confirmed(broker: str) -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": "producer."})
    publisher = KafkaPublisher(settings)
    running = asyncio.ensure_future(publisher.run())
    await until(lambda: not publisher.fault)
    found: Any = await (await publisher.send(Emit("producer.accounts.created", b"x:1", b"{}")))
    assert found.offset == 0
    await ended(running)


@pytest.mark.kafka
async def test_a_record_that_its_topic_does_not_take_costs_the_next_ones_nothing(
    apache_kafka: ApacheKafka,
) -> None:
    """aiokafka counts it as if it were there, so that the broker refused all that came after it."""
    settings = load({"SAMEHAND_KAFKA_BROKERS": apache_kafka.address})
    topic = f"small-{uuid.uuid4().hex}"
    with admin(settings) as client:
        order = {"num_partitions": 1, "replication_factor": 1, "configs": {"max.message.bytes": "2000"}}
        client.create_topics({topic: order}, raise_errors=True)
    publisher = KafkaPublisher(settings)
    running = asyncio.ensure_future(publisher.run())

    async def taken(value: bytes) -> None:
        for _ in range(1_000):
            try:
                await (await publisher.send(Emit(topic, b"x:1", value)))
                return
            except BrokerUnavailable:
                await asyncio.sleep(0.01)
        raise AssertionError("it is never taken")

    await until(lambda: not publisher.fault)
    await taken(b"{}")
    with pytest.raises(RecordTooLarge):
        await taken(b"x" * 5_000)
    for _ in range(3):
        await taken(b"{}")
    await ended(running)


# A compressed batch costs no memory beyond its bound, and its neighbours are read.


CODECS = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
MEBIBYTE = bytes(1 << 20)
BOMB_MEBIBYTES = 64

clients = pytest.mark.parametrize("parse", [Compiled, Plain])
"""How aiokafka and kafka-python read a fetch."""


def zeros(mebibytes: int) -> bytes:
    """That many mebibytes of zeros, packed without holding them."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(MEBIBYTE) for _ in range(mebibytes)), packer.flush()])


def varint(number: int) -> bytes:
    left, out = number << 1, bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*out, left])


@contextmanager
def packing(payload: bytes) -> Iterator[None]:
    """Whatever kafka-python builds meanwhile has this behind its header, as if gzip had made it."""

    def pack(builder: Any) -> bool:
        builder._buffer[61:] = payload
        builder._compression_type = CODECS["gzip"]
        return True

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(default_records.DefaultRecordBatchBuilder, "_maybe_compress", pack)
        yield


class Latin(str):
    """A header's key that is sent in another encoding: brokers take it."""

    def encode(self, *_: object) -> bytes:
        return super().encode("latin-1")


def batch(
    values: list[bytes],
    *,
    base: int = 0,
    magic: int = 2,
    codec: str | None = None,
    headers: Sequence[tuple[str, bytes]] = (),
) -> bytes:
    """A batch as a producer makes it."""
    built = MemoryRecordsBuilder(magic=magic, compression_type=CODECS.get(codec or "", 0), batch_size=1 << 26)
    for value in values:
        built.append(timestamp=1_700_000_000_000, key=b"k", value=value, headers=[*headers])
    built.close()
    made = bytearray(built.buffer())
    made[:8] = base.to_bytes(8, "big")
    return bytes(made)


def holding(payload: bytes, *, records: int = 1, base: int = 0) -> bytes:
    """A batch that says it holds so many records, packed with gzip."""
    with packing(payload):
        return batch([b"x"] * records, base=base)


def recoded(packed: bytes, codec: int) -> bytes:
    """The same batch as if it were packed with another codec."""
    made = bytearray(packed)
    made[22] = codec
    made[17:21] = default_records.calc_crc32c(memoryview(made)[21:]).to_bytes(4, "big")
    return bytes(made)


def unpacked(parse: Callable[[bytes], Any], fetched: bytes) -> list[tuple[int, bytes]]:
    records = parse(bounded(fetched, parse))
    found = []
    while records.has_next():
        each = records.next_batch()
        assert each.validate_crc()
        found += [(record.offset, record.value) for record in each]
    return found


@clients
def test_what_is_packed_within_the_bounds_is_read_as_it_is(parse: Callable[[bytes], Any]) -> None:
    fetched = batch([b"a", b"b"]) + batch([b"c" * 1_000_000] * 15, base=2, codec="gzip")
    assert bounded(fetched, parse) == fetched
    assert len(unpacked(parse, fetched)) == 17


@clients
@pytest.mark.parametrize("members", [1, 300], ids=["one", "one behind many small ones"])
def test_a_bomb_costs_no_more_than_the_bound(parse: Callable[[bytes], Any], members: int) -> None:
    bomb = gzip.compress(b"") * (members - 1) + zeros(64)
    fetched = b"".join([batch([b"before"], base=0), holding(bomb, records=3, base=1)])
    tracemalloc.start()
    try:
        first, stand_in = unpacked(parse, fetched)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert first == (0, b"before")
    assert stand_in == (
        3,
        b"samehand: 3 records from offset 1 on are compressed with gzip from more than 16,777,216 bytes",
    )
    assert peak < 3 * UNPACKED_BYTES_MAX


@clients
def test_a_record_that_nobody_could_hold_many_of_is_none(parse: Callable[[bytes], Any]) -> None:
    fetched = batch([b"small", bytes(RECORD_BYTES_MAX)], codec="gzip")
    [(offset, said)] = unpacked(parse, fetched)
    assert offset == 1
    assert b"one has more than" in said


@clients
@pytest.mark.parametrize("codec", ["snappy", "lz4", "zstd"])
def test_a_codec_that_is_not_installed_stops_nobody(parse: Callable[[bytes], Any], codec: str) -> None:
    fetched = recoded(batch([b"a", b"b"], codec="gzip"), CODECS[codec]) + batch([b"after"], base=2)
    (offset, said), last = unpacked(parse, fetched)
    assert (offset, last) == (1, (2, b"after"))
    assert codec.encode() in said


@clients
@pytest.mark.parametrize(
    "payload", [b"", b"no gzip", gzip.compress(b"cut", mtime=0)[:-9], b"\x1f\x8b\x08" + bytes(40)]
)
def test_what_cannot_be_unpacked_stops_nobody(parse: Callable[[bytes], Any], payload: bytes) -> None:
    fetched = holding(payload, records=3) + batch([b"z"], base=3)
    (offset, _), last = unpacked(parse, fetched)
    assert (offset, last) == (2, (3, b"z"))


@clients
@pytest.mark.parametrize("codec", [None, "gzip"])
def test_a_header_whose_key_is_no_utf8_stops_nobody(parse: Callable[[bytes], Any], codec: str | None) -> None:
    odd = batch([b"a", b"b"], base=1, codec=codec, headers=[(Latin("café"), b"1")])
    fetched = batch([b"before"]) + odd + batch([b"after"], base=3)
    first, (offset, said), last = unpacked(parse, fetched)
    assert (first, offset, last) == ((0, b"before"), 2, (3, b"after"))
    assert said == (
        b"samehand: 2 records from offset 1 on are malformed, as by a header whose key is no UTF-8"
    )


@clients
def test_a_fetch_that_holds_no_whole_batch_is_left_to_the_client(parse: Callable[[bytes], Any]) -> None:
    cut = batch([b"a" * 100])[:-1]
    assert bounded(cut, parse) == cut


@clients
def test_what_fails_its_checksum_is_left_to_the_client(parse: Callable[[bytes], Any]) -> None:
    torn = bytearray(batch([b"a" * 100], codec="gzip"))
    torn[-9] ^= 1
    assert bounded(bytes(torn), parse) == torn
    assert not parse(bytes(torn)).next_batch().validate_crc()


def test_a_fetch_ends_behind_the_batch_that_fills_it() -> None:
    """A hundred batches of 10 MiB each would be a gibibyte: two are taken, and the others fetched again."""
    one = batch([bytes(1 << 20)] * 10, codec="gzip")
    assert bounded(one * 100, Plain) == one * 2


def test_so_it_ends_behind_a_bomb_whose_unpacking_takes_its_time() -> None:
    bomb = holding(zeros(17))
    assert len(unpacked(Plain, bomb * 20)) == 1


@for_each("magic", [0, 1])
def test_a_format_that_no_broker_of_ours_writes_is_not_unpacked(magic: int) -> None:
    [(_, said)] = unpacked(Plain, batch([b"v" * 1000], magic=magic, codec="gzip"))
    assert b"before 0.11" in said


@for_each("cut", range(1, 80))
def test_the_last_batch_of_a_fetch_may_be_cut_anywhere(cut: int) -> None:
    whole = batch([b"a" * 50], codec="gzip")
    assert unpacked(Plain, whole + whole[:-cut]) == [(0, b"a" * 50)]


def test_both_clients_read_through_it() -> None:
    for patched, name in ((patches, "aiokafka_fetcher"), (client, "kafka_fetcher")):
        fetcher = getattr(patched, name)
        assert fetcher.MemoryRecords.__module__ == bounded.__module__
        assert "records = MemoryRecords(" in inspect.getsource(fetcher)


@pytest.fixture
def brought(request: pytest.FixtureRequest) -> Stage:
    return cast(Stage, request.getfixturevalue(request.param))


@pytest.mark.journey
@pytest.mark.parametrize(
    "brought", ["stage", pytest.param("kafka_stage", marks=pytest.mark.kafka)], indirect=True
)
def test_a_worker_reads_on_behind_what_it_cannot_read(brought: Stage) -> None:
    """Zeros in one record, four times what may be unpacked, and a header's key in Latin-1."""
    zeros_bytes = BOMB_MEBIBYTES << 20
    body = b"\x00\x00\x00" + varint(1) + b"k" + varint(zeros_bytes)
    record = varint(len(body) + zeros_bytes + 1) + body
    packer = zlib.compressobj(9, wbits=31)
    bomb = [
        packer.compress(record),
        *(packer.compress(MEBIBYTE) for _ in range(BOMB_MEBIBYTES)),
        packer.compress(b"\x00"),
    ]
    brought.send([b"before"])
    with packing(b"".join([*bomb, packer.flush()])):
        brought.send([b"bomb"])
    with writer(brought.settings) as out:
        odd = out.send(brought.names.created, key=b"0", value=b"odd", headers=[(Latin("café"), b"1")])
        odd.get(timeout=60.0)
    brought.send([b"after"])
    brought.start()
    brought.until(lambda: brought.echoed().total() == 4)
    assert brought.echoed().keys() >= {b"before", b"after"}
