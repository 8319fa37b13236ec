"""A worker in Faust: its start, its pages, and whole workers on a real broker."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
import signal
import socket
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web as aiohttp_web
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka import errors as kafka_errors
from aiokafka.consumer.fetcher import Fetcher  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka.structs import TopicPartition  # type: ignore[import-untyped]  # aiokafka ships no types
from faust.auth import SASLCredentials
from faust.exceptions import ConsumerNotStarted, NotReady, ProducerSendError
from faust.types import TP
from prometheus_client import CollectorRegistry

from local.apache import ApacheKafka
from local.broker import admin
from local.ports import LOOPBACK
from streams.delivery.progress import Progress
from streams.errors import BrokerUnavailable
from streams.faust_app import topic_ids as room
from streams.faust_app.adapter import FaustPublisher, arrival_of, known_waiting
from streams.faust_app.app import WorkerApp, credentials, register
from streams.faust_app.fetch_wait import SILENT_TIMES_MAX, TIMES_MAX, FetchWait, be_patient
from streams.faust_app.http import answer, page_address
from streams.faust_app.monitor import measure, measure_group, watch
from streams.faust_app.patches import SafeConsumer, SafeProducer
from streams.faust_app.start_checks import address_fault, folder_fault, kafka_fault
from streams.faust_app.topic_ids import unread, watch_topics
from streams.kafka import topics
from streams.kafka.client import reader, writer
from streams.outcomes import NOTHING, Arrival, Emit, Outcome
from streams.serving import connections
from streams.settings import Settings, load
from streams.supervision.exit_codes import (
    EXIT_ADDRESS,
    EXIT_BROKER,
    EXIT_CONFIG,
    EXIT_FAILED,
    EXIT_OK,
    EXIT_REFUSED,
    EXIT_SETTINGS,
)
from streams.telemetry.health import Report
from streams.telemetry.lag import HighWaterMarks, Lag
from streams.telemetry.metrics import Metrics
from tests.patience import patient
from tests.streams.conftest import Stage, free_port
from tests.streams.conftest import answer as page_of
from tests.streams.fakes import TOPIC, FakeClock
from tests.streams.rebalancing import lost, send
from tests.tables import for_each

# A producer that the broker lost count of is replaced while its app runs, and writes each record once.


PATIENCE_SECONDS = 60.0


def settings_on(broker: str, prefix: str) -> Settings:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": prefix})
    topics.check(settings, create=True)
    return settings


async def renewing(settings: Settings, *, lose_count: bool) -> list[bytes | None]:
    """Sends before and after its producer is replaced, at once or by a sequence number that is lost."""
    app = WorkerApp(settings, Metrics(CollectorRegistry()))
    topic, publisher = topics.names(settings).letters, app.around.publisher
    producer = cast(SafeProducer, app.producer)
    await producer.start()

    async def send(value: bytes) -> None:
        async with asyncio.timeout(patient(PATIENCE_SECONDS)):
            while True:
                try:
                    await (await publisher.send(Emit(topic, b"k", value)))
                    return
                except BrokerUnavailable:
                    await asyncio.sleep(0.05)

    try:
        await send(b"before")
        former: Any = producer._producer
        if lose_count:
            for partition in range(settings.topic_partitions):
                former._txn_manager.increment_sequence_number(TopicPartition(topic, partition), 5)
        else:
            producer.renew(producer.generation)
            producer.renew(producer.generation - 1)
        await send(b"after")
        assert producer._producer is not former
        assert producer.generation == 1
    finally:
        await producer.stop()
    with reader(settings) as opened:
        return [it.value for place in opened.partitions(topic) for it in opened.read(topic, place)]


@pytest.mark.journey
async def test_what_is_sent_while_it_is_replaced_is_an_outage_and_comes_after(
    broker: str, topic_prefix: str
) -> None:
    assert await renewing(settings_on(broker, topic_prefix), lose_count=False) == [b"before", b"after"]


@pytest.mark.kafka
async def test_a_sequence_number_that_is_lost_costs_one_producer(
    apache_kafka: ApacheKafka, topic_prefix: str
) -> None:
    settings = settings_on(apache_kafka.address, topic_prefix)
    assert await renewing(settings, lose_count=True) == [b"before", b"after"]


# A topic is told from another of the same name.


class Consumer:
    """One partition that ends at 10, committed up to 4."""

    def __init__(self) -> None:
        self._committed_offset = {TP(TOPIC, 0): 4}

    def assignment(self) -> set[TP]:
        return {TP(TOPIC, 0)}

    def highwater(self, tp: TP) -> int:
        return 10


def an_app() -> WorkerApp:
    app = WorkerApp(load({}), Metrics(CollectorRegistry()), clock=FakeClock())
    stand_in: Any = Consumer()
    app._consumer = stand_in
    app.progress.append(Progress("screen", TOPIC))
    app.topic_ids[TOPIC] = "before"
    return app


def test_unread_is_what_was_neither_settled_nor_committed() -> None:
    app = an_app()
    assert unread(app) == {TOPIC: 6}
    app.progress[0].next_offsets[TOPIC, 0] = 7
    assert unread(app) == {TOPIC: 3}


def test_a_consumer_that_has_not_started_has_nothing_waiting() -> None:
    app = an_app()

    def assignment() -> set[TP]:
        raise ConsumerNotStarted

    stand_in: Any = app.consumer
    stand_in.assignment = assignment
    assert unread(app) == {}


async def test_a_worker_whose_topic_was_made_again_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    app, ends = an_app(), list[str]()
    app.life.end = lambda: ends.append("end")
    answers: Iterator[dict[str, str] | None] = iter([None, {TOPIC: "before"}, {}, {TOPIC: "after"}])

    closed = Event()

    class Broker:
        """In place of a client that is kept: what it is asked is which topics there are."""

        def __init__(self, settings: Settings) -> None:
            self.settings = settings

        def ask(self, question: object) -> dict[str, str]:
            answer = next(answers)
            if answer is None:
                raise BrokerUnavailable("away")
            return answer

        def close(self) -> None:
            closed.set()

    monkeypatch.setattr(room, "kept_admin", Broker)
    await watch_topics(app)
    assert await asyncio.to_thread(closed.wait, 10.0)
    assert ends == ["end"]
    assert app.life.stuck == f"{TOPIC}: deleted and created again"


async def test_a_worker_that_stops_looks_no_more() -> None:
    app = an_app()
    app.life.stopping = True
    await watch_topics(app)
    assert app.life.stuck == ""


# The app: Faust's settings as the decision record has them, and handlers under their own names.


def app_an_app(**variables: str) -> WorkerApp:
    settings = load({f"SAMEHAND_{name}": value for name, value in variables.items()})
    return WorkerApp(settings, Metrics(CollectorRegistry()))


async def quiet(arrivals: Sequence[Arrival]) -> list[Outcome]:
    return [NOTHING for _ in arrivals]


def test_settings_reach_faust() -> None:
    conf = app_an_app(KAFKA_BROKERS="a:1,b:2", KAFKA_GROUP="mirrors", SESSION_SECONDS="12").conf
    assert [str(url) for url in conf.broker] == ["kafka://a:1", "kafka://b:2"]
    assert conf.id == "mirrors"
    assert (conf.broker_session_timeout, conf.broker_heartbeat_interval) == (12.0, 2.0)
    assert conf.stream_wait_empty
    assert conf.broker_max_poll_interval > 10**7
    assert not conf.web_in_thread
    assert conf.topic_disable_leader


async def test_what_runs_beside_begins_before_the_group_is_joined() -> None:
    """A store that is opened only then keeps the first events waiting, and a group may never be joined."""
    app, ran = app_an_app(), asyncio.Event()

    async def run() -> None:
        ran.set()

    app.beside(run)
    await app.on_start()
    await asyncio.wait_for(ran.wait(), 1.0)


async def test_faust_makes_no_folder_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is killed would leave it, and its working directory may be one that cannot be written."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    app = app_an_app(DATA_DIR=str(tmp_path / "ours"))
    await app.on_first_start()
    assert os.listdir(tmp_path) == []


def test_the_patched_transport_is_in_place() -> None:
    app = app_an_app(FETCH_WAIT_MS="25")
    assert isinstance(app.consumer, SafeConsumer)
    assert app.consumer.thread_type.fetch_wait_ms == 25


def test_a_handler_has_one_agent_of_its_own_name() -> None:
    app = app_an_app()
    delivery = register(app, "screen", "accounts.created", quiet)
    agent = app.agents["screen"]
    assert agent.concurrency == 1
    assert app.progress == [delivery.progress]
    assert app.health.ready().healthy


def test_credentials_follow_the_settings(tmp_path: Path) -> None:
    assert credentials(load({})) is None
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    given = credentials(
        load(
            {
                "SAMEHAND_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
                "SAMEHAND_KAFKA_USERNAME": "worker",
                "SAMEHAND_KAFKA_PASSWORD_FILE": str(secret),
            }
        )
    )
    assert isinstance(given, SASLCredentials)
    assert (given.username, given.password) == ("worker", "hunter2")
    assert "hunter2" not in repr(given)


def test_a_failure_ends_the_process_once_and_ends_waiting() -> None:
    app, ends = app_an_app(), list[str]()
    app.life.end = lambda: ends.append("end")
    assert not app.leaving()
    app.fail("screen", KeyError("umar"))
    assert app.leaving()
    assert ends == ["end"]
    assert app.life.fault == "screen: KeyError"


# Looking at a running app, with a consumer that answers as told.


class MonitorConsumer:
    """Two partitions that end at 10; `silent` answers nothing."""

    def __init__(self, committed: dict[TP, int | None], *, silent: bool = False) -> None:
        self._committed_offset = committed
        self.silent = silent

    async def group_lag(self, topics: list[str]) -> dict[TP, int]:
        if self.silent:
            raise ConnectionError
        return {TP(topic, number): number for topic in topics for number in range(3)}

    def assignment(self) -> set[TP]:
        return {TP(TOPIC, 0), TP(TOPIC, 1)}

    async def highwaters(self, *partitions: TP) -> dict[TP, int]:
        if self.silent:
            raise ConnectionError
        return dict.fromkeys(partitions, 10)

    async def earliest_offsets(self, *partitions: TP) -> dict[TP, int]:
        return dict.fromkeys(partitions, 2)

    def without_holes(self, tp: TP, following: int) -> int:
        return following


def monitor_an_app(consumer: MonitorConsumer, clock: FakeClock | None = None) -> WorkerApp:
    app = WorkerApp(load({"SAMEHAND_STUCK_SECONDS": "30"}), Metrics(CollectorRegistry()), clock=clock)
    stand_in: Any = consumer
    app._consumer = stand_in
    return app


async def records(app: WorkerApp) -> dict[tuple[str, int], int]:
    return {partition: lag.records for partition, lag in (await measure(app, HighWaterMarks(), {})).items()}


async def test_lag_counts_from_the_commit_or_from_what_was_settled_since() -> None:
    app = monitor_an_app(MonitorConsumer({TP(TOPIC, 0): 4, TP(TOPIC, 1): 4}))
    app.progress.append(Progress("screen", TOPIC, next_offsets={(TOPIC, 0): 7}))
    assert await records(app) == {(TOPIC, 0): 3, (TOPIC, 1): 6}


async def test_the_oldest_record_in_hand_tells_the_age() -> None:
    app = monitor_an_app(MonitorConsumer({TP(TOPIC, 0): 4, TP(TOPIC, 1): 10}), FakeClock())
    app.progress.append(Progress("screen", TOPIC, in_hand={(TOPIC, 0): 60.0}))
    known = await measure(app, HighWaterMarks(), {})
    assert known == {(TOPIC, 0): Lag(6, 60.0), (TOPIC, 1): Lag(0, None)}


async def test_a_partition_that_was_never_committed_counts_from_its_start() -> None:
    assert await records(monitor_an_app(MonitorConsumer({}))) == {(TOPIC, 0): 8, (TOPIC, 1): 8}


async def test_the_lag_of_the_group_is_of_every_partition_whoever_has_it() -> None:
    app = monitor_an_app(MonitorConsumer({}))
    app.progress.append(Progress("screen", TOPIC))
    assert await measure_group(app) == {(TOPIC, 0): 0, (TOPIC, 1): 1, (TOPIC, 2): 2}
    app.rebalancing = True
    assert await measure_group(app) is None
    assert await measure_group(monitor_an_app(MonitorConsumer({}, silent=True))) is None


async def test_while_the_broker_is_silent_the_last_answer_stands() -> None:
    before = {(TOPIC, 0): Lag(3, 1.0)}
    assert await measure(monitor_an_app(MonitorConsumer({}, silent=True)), HighWaterMarks(), before) == before


async def test_a_worker_that_gets_nowhere_is_ended() -> None:
    app, ends = monitor_an_app(MonitorConsumer({}), FakeClock()), list[str]()
    app.progress.append(Progress("screen", TOPIC))
    app.life.end = lambda: ends.append("end")
    await watch(app)
    assert ends == ["end"]
    assert f"16 records of {TOPIC} wait" in app.life.stuck
    assert app.leaving()


# How long a fetch may be held back, and that aiokafka's fetcher takes it from us.


def test_each_empty_answer_doubles_the_wait_up_to_five_times() -> None:
    wait = FetchWait(10)
    seen = []
    for _ in range(6):
        seen.append(wait.milliseconds)
        wait.answered(records=False, now=0.0)
    assert seen == [10, 20, 40, 10 * TIMES_MAX, 10 * TIMES_MAX, 10 * TIMES_MAX]


def test_after_a_silence_both_waits_grow_with_it_up_to_their_limit() -> None:
    wait = FetchWait(10)
    wait.answered(records=True, now=100.0)
    seen = []
    for now in (100.1, 101.2, 101.8, 109.0, 200.0):
        wait.answered(records=False, now=now)
        seen.append((wait.milliseconds, round(wait.own_seconds, 3)))
    assert seen == [(20, 0.01), (60, 0.06), (90, 0.09), (10 * SILENT_TIMES_MAX, 0.2), (200, 0.2)]
    wait.answered(records=True, now=200.1)
    assert (wait.milliseconds, wait.own_seconds) == (10, 0.01)


class AFetcher:
    """What is used of aiokafka's: answers, each after so many seconds of the broker's."""

    def __init__(self, *answers: tuple[bool, float]) -> None:
        self._fetch_max_wait_ms = 10
        self._answers = list(answers)
        self.now = 0.0
        self.slept: list[float] = []

    async def _proc_fetch_request(self, assignment: object, node_id: int, request: object) -> bool:
        records, seconds = self._answers.pop(0)
        self.now += seconds
        return records

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds

    async def fetch(self) -> int:
        """One request; with which wait the next one will be made."""
        await self._proc_fetch_request(None, 0, None)
        return self._fetch_max_wait_ms


def a_patient(*answers: tuple[bool, float]) -> AFetcher:
    fetcher = AFetcher(*answers)
    be_patient(fetcher, FetchWait(10), ticks=lambda: fetcher.now, sleep=fetcher.sleep)
    return fetcher


async def test_the_fetcher_asks_with_the_present_wait() -> None:
    fetcher = a_patient((False, 0.011), (False, 0.021), (True, 0.001))
    assert [await fetcher.fetch() for _ in range(3)] == [20, 40, 10]
    assert fetcher.slept == [], "the broker held both back, and records wait for nobody"


async def test_what_a_broker_leaves_of_the_shortest_wait_is_waited_here() -> None:
    fetcher = a_patient((False, 0.0), (False, 0.005), (True, 0.0), (False, 0.001))
    for _ in range(4):
        await fetcher.fetch()
    assert fetcher.slept == [0.01, 0.005, 0.009]


async def test_after_a_silence_the_shortest_wait_is_longer_too() -> None:
    fetcher = a_patient(*[(False, 0.0)] * 300)
    for _ in range(300):
        await fetcher.fetch()
    assert max(fetcher.slept) == fetcher.slept[-1] == 0.2
    assert len([seconds for seconds in fetcher.slept if seconds == 0.01]) >= 20


async def test_a_stop_while_it_waits_ends_it_as_upstream_ends_a_request() -> None:
    fetcher = AFetcher((False, 0.0))
    be_patient(fetcher, FetchWait(10), ticks=lambda: fetcher.now, sleep=lambda _: asyncio.Event().wait())
    request = asyncio.create_task(fetcher._proc_fetch_request(None, 0, None))
    await asyncio.sleep(0)
    request.cancel()
    assert await request is False, "`Fetcher.close` awaits each request, and stops stopping where one raises"


def test_upstream_still_reads_the_wait_with_every_request() -> None:
    assert "self._fetch_max_wait_ms" in inspect.getsource(Fetcher._get_actions_per_node)
    assert "self._proc_fetch_request(assignment, node_id, request)" in inspect.getsource(
        Fetcher._fetch_requests_routine
    )
    assert "return needs_wakeup" in inspect.getsource(Fetcher._proc_fetch_request)


# Between Faust and us: what is an outage, and what is a fault.


class Producer:
    """Fails on order: when buffering, or when confirming."""

    def __init__(self, buffering: Exception | None = None, confirming: Exception | None = None) -> None:
        self.buffering = buffering
        self.confirming = confirming
        self.sent: list[tuple[Any, ...]] = []
        self.generation = 7
        self.renewed: list[int] = []

    def renew(self, generation: int) -> None:
        self.renewed.append(generation)

    async def send(self, *record: Any) -> Awaitable[object]:
        if self.buffering:
            raise self.buffering
        self.sent.append(record)
        confirmation: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if self.confirming:
            confirmation.set_exception(self.confirming)
        else:
            confirmation.set_result("confirmed")
        return confirmation


def publisher(producer: Producer) -> FaustPublisher:
    app: Any = SimpleNamespace(producer=producer)
    return FaustPublisher(app)


def wrapped(cause: Exception) -> ProducerSendError:
    fault = ProducerSendError("while sending")
    fault.__cause__ = cause
    return fault


async def test_a_record_is_sent_and_confirmed() -> None:
    producer = Producer()
    confirmation = await publisher(producer).send(Emit("alerts", b"k", None, headers=(("h", b"1"),)))
    assert await confirmation == "confirmed"
    assert producer.sent == [("alerts", b"k", None, None, None, [("h", b"1")])]


@for_each("fault", [NotReady(), wrapped(kafka_errors.KafkaTimeoutError())])
async def test_what_cannot_be_buffered_now_is_an_outage(fault: Exception) -> None:
    with pytest.raises(BrokerUnavailable):
        await publisher(Producer(buffering=fault)).send(Emit("alerts", None, b""))


async def test_what_is_not_confirmed_is_an_outage() -> None:
    confirmation = await publisher(Producer(confirming=kafka_errors.KafkaTimeoutError())).send(
        Emit("a", None, b"")
    )
    with pytest.raises(BrokerUnavailable, match="KafkaTimeoutError"):
        await confirmation


@for_each("fault", [kafka_errors.OutOfOrderSequenceNumber(), kafka_errors.KafkaError("its task ended")])
async def test_a_producer_that_the_broker_lost_count_of_is_an_outage_and_is_renewed(fault: Exception) -> None:
    buffering, confirming = Producer(buffering=wrapped(fault)), Producer(confirming=fault)
    with pytest.raises(BrokerUnavailable):
        await publisher(buffering).send(Emit("a", None, b""))
    confirmation = await publisher(confirming).send(Emit("a", None, b""))
    with pytest.raises(BrokerUnavailable):
        await confirmation
    assert (buffering.renewed, confirming.renewed) == ([7], [7])


async def test_what_will_never_be_taken_is_a_fault() -> None:
    refusal = kafka_errors.TopicAuthorizationFailedError("alerts")
    with pytest.raises(kafka_errors.TopicAuthorizationFailedError):
        await publisher(Producer(buffering=wrapped(refusal))).send(Emit("a", None, b""))
    confirmation = await publisher(Producer(confirming=refusal)).send(Emit("a", None, b""))
    with pytest.raises(kafka_errors.TopicAuthorizationFailedError):
        await confirmation


@for_each("headers", [None, [("h", b"1")], {"h": b"1"}])
def test_headers_come_in_either_form(headers: Any) -> None:
    message: Any = SimpleNamespace(
        topic="t", partition=1, offset=2, key=b"k", value=None, headers=headers, timestamp=3.5
    )
    arrival = arrival_of(message)
    assert arrival.address == "t:1:2"
    assert arrival.headers == ((("h", b"1"),) if headers else ())
    assert arrival.timestamp == 3.5


def test_more_is_waiting_where_a_partition_goes_beyond_what_was_handed_over() -> None:
    ours, other, elsewhere = TP("t", 0), TP("t", 1), TP("u", 0)
    consumer = SimpleNamespace(
        _active_partitions={ours, elsewhere}, _read_offset={ours: 6, elsewhere: 0, other: 0}
    )
    ends = {ours: 7, other: 99, elsewhere: 99}
    app: Any = SimpleNamespace(consumer=consumer, monitor=SimpleNamespace(tp_end_offsets=ends))
    assert not known_waiting(app, "t"), "6 was the last, and partition 1 is another worker's"
    ends[ours] = 9
    assert known_waiting(app, "t") == 2
    assert known_waiting(app, "u") == 98
    assert not known_waiting(app, "v")


# What is asked before the group is joined: each answer says what, where and what to do.


def brokers(address: str, **more: str) -> Settings:
    return load({"SAMEHAND_KAFKA_BROKERS": address, **more})


@for_each("host", [LOOPBACK, "localhost", "0.0.0.0", "::1"])
def test_an_address_that_is_free_is_no_fault_and_stays_free(host: str) -> None:
    port = free_port()
    assert address_fault(host, port) is None
    assert address_fault(host, port) is None


def test_an_address_that_was_left_a_moment_ago_is_free() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((LOOPBACK, port)):
            server.accept()[0].close()  # it is we who hang up: the port is in TIME_WAIT
    assert address_fault(LOOPBACK, port) is None


def test_an_address_that_is_taken_names_itself_and_the_setting() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        fault = address_fault(LOOPBACK, port)
    assert fault is not None
    assert f"{LOOPBACK}:{port} is taken" in fault.what
    assert "SAMEHAND_WEB_PORT" in fault.cure
    assert fault.code == EXIT_ADDRESS


@for_each("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_names_the_setting(host: str) -> None:
    fault = address_fault(host, 6066)
    assert fault is not None
    assert host in fault.what
    assert "SAMEHAND_WEB_HOST" in fault.cure


@pytest.mark.journey
def test_a_broker_that_answers_is_no_fault(broker: str) -> None:
    assert kafka_fault(brokers(f"127.0.0.1:{free_port()},{broker}")) is None


def test_where_nobody_listens_it_says_where() -> None:
    address = f"127.0.0.1:{free_port()}"
    fault = kafka_fault(brokers(address))
    assert fault is not None
    assert (fault.what, fault.code) == (f"{address} does not listen", EXIT_BROKER)


def test_it_waits_for_a_broker_that_is_starting_as_long_as_it_was_told() -> None:
    began = time.monotonic()
    assert kafka_fault(brokers(f"127.0.0.1:{free_port()}"), patience_seconds=1.0) is not None
    assert time.monotonic() - began >= 1.0


def test_a_name_that_nobody_knows_is_told() -> None:
    fault = kafka_fault(brokers("no.such.host.invalid:9092"))
    assert fault is not None
    assert "no.such.host.invalid:9092" in fault.what
    assert "SAMEHAND_KAFKA_BROKERS" in fault.cure


def test_who_hangs_up_is_asked_about_tls_and_login() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        server.settimeout(10)

        def hang_up() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        fault = kafka_fault(brokers(f"{LOOPBACK}:{server.getsockname()[1]}"))
        thread.join()
    assert fault is not None
    assert "SAMEHAND_KAFKA_TLS" in fault.cure


def test_who_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.kafka.probe.ANSWER_SECONDS", 0.2)
    with socket.create_server((LOOPBACK, 0)) as server:
        fault = kafka_fault(brokers(f"{LOOPBACK}:{server.getsockname()[1]}"))
    assert fault is not None
    assert fault.what.endswith("does not answer")


def test_a_certificate_that_cannot_be_used_is_told_and_not_waited_for(tmp_path: Path) -> None:
    rubbish = tmp_path / "ca.pem"
    rubbish.write_text("rubbish")
    given = {"SAMEHAND_KAFKA_TLS": "true", "SAMEHAND_KAFKA_CA_FILE": str(rubbish)}
    fault = kafka_fault(brokers("127.0.0.1:9", **given), patience_seconds=60)
    assert fault is not None
    assert "SAMEHAND_KAFKA_CA_FILE" in fault.cure
    assert fault.code == EXIT_REFUSED


@pytest.mark.parametrize("folder", ["", "not-there-yet"])
def test_a_folder_that_takes_files_or_can_be_made_is_no_fault_and_stays_as_it_is(
    folder: str, tmp_path: Path
) -> None:
    assert folder_fault(load({"SAMEHAND_DATA_DIR": str(tmp_path / folder)})) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["a-file", "not/there", "/proc"])
def test_a_folder_that_takes_no_files_names_itself_and_the_setting(folder: str, tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()
    fault = folder_fault(load({"SAMEHAND_DATA_DIR": str(tmp_path / folder)}))
    assert fault is not None
    assert str(tmp_path / folder) in fault.what
    assert "SAMEHAND_DATA_DIR" in fault.cure
    assert fault.code == EXIT_SETTINGS


# The worker's pages: status codes that an orchestrator understands, and clients that cannot wear it out.


HTTP_PATIENCE_SECONDS = 20.0
ASK = b"GET /health/live HTTP/1.1\r\nHost: worker\r\n\r\n"

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Where a worker's server listens, for as long as the test runs."""
    settings = load({"SAMEHAND_WEB_PORT": str(free_port())})
    app = WorkerApp(settings, Metrics(CollectorRegistry()))
    await app.web.start_server()
    yield settings.web_port
    await app.web.stop_server()


@for_each(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:6066/"),
        ("0.0.0.0", "http://localhost:6066/"),
        ("::", "http://localhost:6066/"),
        ("fd00::7", "http://[fd00::7]:6066/"),
        ("worker-3", "http://worker-3:6066/"),
    ],
)
def test_the_address_is_one_that_a_browser_can_go_to(host: str, address: str) -> None:
    assert page_address(load({"SAMEHAND_WEB_HOST": host})) == address


@asynccontextmanager
async def connected(port: int, *said: bytes) -> AsyncIterator[Client]:
    """A client that has said that much."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in said:
        writer.write(part)
    await writer.drain()
    try:
        yield reader, writer
    finally:
        writer.close()


async def ended(client: Client) -> bytes:
    """What a client hears until the server ends its connection."""
    try:
        async with asyncio.timeout(patient(HTTP_PATIENCE_SECONDS)):
            return await client[0].read()
    except ConnectionResetError:
        return b""


async def answered(client: Client) -> bytes:
    """The first line of an answer, after which all of it is read."""
    async with asyncio.timeout(patient(HTTP_PATIENCE_SECONDS)):
        head = await client[0].readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        await client[0].readexactly(int(length.partition(b":")[2]))
    return head.partition(b"\r\n")[0]


def test_healthy_is_200_and_a_fault_is_503_with_its_reason() -> None:
    assert answer(Report({})).status == 200
    response = answer(Report({"store": "emptied"}))
    assert response.status == 503
    assert json.loads(response.text or "") == {"healthy": False, "faults": {"store": "emptied"}}


async def test_a_connection_is_kept_for_the_next_scrape(port: int) -> None:
    assert connections.KEEPALIVE_SECONDS > 60.0
    async with connected(port, ASK) as client:
        assert await answered(client) == b"HTTP/1.1 200 OK"
        client[1].write(ASK)
        assert await answered(client) == b"HTTP/1.1 200 OK"


class TestAClientThatKeepsTheServerWaiting:
    @pytest.fixture(autouse=True)
    def _hasty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It waits a hundredth as long."""
        monkeypatch.setattr(connections, "KEEPALIVE_SECONDS", 0.75)

    @pytest.mark.parametrize(
        "said",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(ASK[:20], id="half a line"),
            pytest.param(ASK[:-2], id="half a request"),
        ],
    )
    async def test_is_cut_off(self, port: int, said: bytes) -> None:
        async with connected(port, said) as client:
            assert await ended(client) == b""

    async def test_is_cut_off_after_its_last_answer(self, port: int) -> None:
        async with connected(port, ASK) as client:
            assert await answered(client) == b"HTTP/1.1 200 OK"
            assert await ended(client) == b""

    async def test_gains_no_time_by_dripping(self, port: int) -> None:
        async with connected(port, ASK[:-2]) as (reader, writer):
            ending = asyncio.create_task(ended((reader, writer)))
            drops = 0
            while not ending.done() and drops < 400:
                writer.write(b"X-Drop: 1\r\n")
                drops += 1
                await asyncio.sleep(0.05)
            assert await ending == b""
            assert drops < 400

    async def test_is_answered_and_cut_off_where_its_body_never_comes(self, port: int) -> None:
        post = b"POST /metrics HTTP/1.1\r\nHost: worker\r\nContent-Length: 1000\r\n\r\nhalf of"
        async with connected(port, post) as client:
            assert (await ended(client)).startswith(b"HTTP/1.1 405")


class TestTooManyConnections:
    @pytest.fixture(autouse=True)
    def _few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "CONNECTIONS_MAX", 4)

    async def test_the_oldest_silent_ones_make_room_for_a_probe(self, port: int) -> None:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(12)]
        async with connected(port, ASK) as probe:
            assert await answered(probe) == b"HTTP/1.1 200 OK"
            async with asyncio.timeout(patient(HTTP_PATIENCE_SECONDS)):
                for client in silent[:8]:
                    assert await ended(client) == b""
            assert [client[0].at_eof() for client in silent[9:]] == [False] * 3
        for _, out in silent:
            out.close()

    async def test_one_whose_answer_nobody_reads_makes_room(self, port: int) -> None:
        """Its answers fill every buffer, so that an ordinary close would wait for ever."""
        scrapes = b"GET /metrics HTTP/1.1\r\nHost: worker\r\n\r\n" * 5_000
        deaf = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        for _, out in deaf:
            out.write(scrapes)
        await asyncio.sleep(0.5)
        for _ in range(8):
            async with connected(port, ASK) as probe:
                assert await answered(probe) == b"HTTP/1.1 200 OK"
        for _, out in deaf:
            out.transport.abort()

    async def test_none_that_is_being_answered_makes_room(self) -> None:
        settings = load({"SAMEHAND_WEB_PORT": str(free_port())})
        app = WorkerApp(settings, Metrics(CollectorRegistry()))
        asked, done = asyncio.Semaphore(0), asyncio.Event()

        async def slow(request: aiohttp_web.Request) -> aiohttp_web.Response:
            asked.release()
            await done.wait()
            return aiohttp_web.Response(text="at last")

        app.web.web_app.router.add_get("/slow", slow)
        await app.web.start_server()
        ask = b"GET /slow HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n"
        asking = [await asyncio.open_connection("127.0.0.1", settings.web_port) for _ in range(4)]
        for _, out in asking:
            out.write(ask)
        for _ in asking:
            await asked.acquire()
        async with connected(settings.web_port, ASK) as refused:
            assert await ended(refused) == b""
        done.set()
        for client in asking:
            assert (await ended(client)).endswith(b"at last")
        await app.web.stop_server()


# Whole workers on a real broker: stopped, killed, crashed, starved. Nothing may be lost.


ADDED_SECONDS_MAX = 15.0


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b"event-%d" % number for number in range(start, start + count)]


def missing(stage: Stage, sent: list[bytes]) -> set[bytes]:
    return set(sent) - set(stage.echoed())


def repeats(stage: Stage) -> int:
    echoed = stage.echoed()
    return echoed.total() - len(echoed)


@pytest.mark.journey
def test_poison_becomes_letters_tombstones_reach_the_handler_and_metrics_count_both(stage: Stage) -> None:
    good, port = numbered(400), str(free_port())
    stage.send([*good[:200], *[b"poison"] * 5, *[b"logic"] * 5, *good[200:]])
    with writer(stage.settings) as out:
        out.send(stage.names.created, key=b"x:1", value=None, headers=[]).get(timeout=60.0)
    stage.start(SAMEHAND_WEB_PORT=port)
    stage.until(lambda: not missing(stage, good) and stage.letters() == 10)
    stage.until(lambda: stage.echoed().total() == len(good) + 1)
    assert repeats(stage) == 0
    assert b"logic-fault" in b"".join(stage.read(stage.names.letters))
    wanted = f'samehand_events_total{{outcome="published",topic="{stage.names.created}"}} 401.0'
    stage.until(lambda: wanted in page_of(port, "/metrics")[1])
    stage.until(lambda: "samehand_consumer_lag_records{" in page_of(port, "/metrics")[1])
    assert 'le="5.0"' in page_of(port, "/metrics")[1]
    pages = ("/", "/router/", "/table/", "/graph/", "/stats/")
    assert [page_of(port, path)[0] for path in pages] == [404] * 5, "Faust's own pages are not served"


@pytest.mark.journey
def test_a_crash_in_mid_batch_loses_nothing(stage: Stage) -> None:
    sent = [*numbered(300), b"crash", *numbered(300, 300)]
    stage.send(sent)
    crashed = str(stage.folder / "crashed")
    first = stage.start(ECHO_CRASHED_FILE=crashed)
    assert first.wait(240) == EXIT_FAILED
    assert any(event.get("fault") == "RuntimeError" for event in stage.events())
    assert missing(stage, sent), "the crashed batch must not have been published"
    stage.start(ECHO_CRASHED_FILE=crashed)
    stage.until(lambda: not missing(stage, sent))
    assert repeats(stage) == 0, "what was settled before the crash was committed"


@pytest.mark.journey
def test_sigterm_in_mid_batch_loses_and_repeats_nothing(stage: Stage) -> None:
    sent = numbered(4500)
    stage.send(sent)
    first = stage.start(ECHO_SLOW_SECONDS="0.3")
    stage.until(lambda: stage.echoed().total() > 500)
    first.send_signal(signal.SIGTERM)
    stopped = stage.until(lambda: first.poll() is not None)
    assert first.returncode == EXIT_OK
    before = stage.echoed().total()
    assert before < len(sent), "it was stopped in the middle"
    stage.start()
    started = stage.until(lambda: stage.echoed().total() > before)
    stage.until(lambda: not missing(stage, sent))
    stage.tell(
        f"SIGTERM: lost 0, repeated {repeats(stage)}, stopped {stopped:.1f} s, first event {started:.1f} s"
    )
    assert repeats(stage) == 0


@pytest.mark.journey
def test_an_outage_holds_everything_and_a_stop_meanwhile_gives_the_batch_up(stage: Stage) -> None:
    sent, later = numbered(2000), numbered(200, 2000)
    down, port = stage.folder / "down", str(free_port())
    first = stage.start(ECHO_DOWN_FILE=str(down), SAMEHAND_WEB_PORT=port)
    stage.until(lambda: page_of(port, "/health/ready")[0] == 200)
    down.touch()
    stage.send(sent)
    stage.until(lambda: page_of(port, "/health/ready")[0] == 503)
    down.unlink()
    stage.until(lambda: not missing(stage, sent))
    stage.until(lambda: page_of(port, "/health/ready")[0] == 200)

    down.touch()
    stage.send(later)
    stage.until(lambda: "holding" in page_of(port, "/health/ready")[1])
    assert page_of(port, "/health/live")[0] == 200, "a restart would not bring the store back"
    first.send_signal(signal.SIGTERM)
    stopped = stage.until(lambda: first.poll() is not None)
    assert first.returncode == EXIT_OK
    assert stopped < 60, "of which its exit code says that it was not forced"
    assert missing(stage, later) == set(later)
    down.unlink()
    stage.start(ECHO_DOWN_FILE=str(down))
    stage.until(lambda: not missing(stage, later))
    assert (repeats(stage), stage.letters()) == (0, 0)


@pytest.mark.journey
@pytest.mark.kafka
def test_what_a_dead_worker_had_is_in_the_lag_of_the_group(kafka_stage: Stage) -> None:
    """Until its session is over nobody has its partitions, and nobody's own lag shows what waits there."""
    stage, port, session = kafka_stage, str(free_port()), {"SAMEHAND_SESSION_SECONDS": "60"}
    stage.start(**session, SAMEHAND_WEB_PORT=port)
    second = stage.start(**session)
    stage.until(lambda: any(event["event"] == "partitions assigned" for event in stage.events(1)))

    def lag(whose: str) -> dict[str, float]:
        series = rf'^samehand_{whose}_lag_records{{partition="(\d+)",topic="{stage.names.created}"}} (\S+)$'
        found = re.findall(series, page_of(port, "/metrics")[1], re.MULTILINE)
        return {partition: float(records) for partition, records in found}

    stage.until(lambda: 0 < len(lag("consumer")) < len(lag("group")))
    second.kill()
    stage.send(numbered(200))
    waiting = stage.until(
        lambda: any(records for place, records in lag("group").items() if place not in lag("consumer"))
    )
    stage.tell(f"a dead worker's records are in the group's lag after {waiting:.1f} s")


@pytest.mark.journey
@pytest.mark.kafka
def test_rebalances_of_partitions_never_committed_pass_over_no_record(
    apache_kafka: ApacheKafka, tmp_path: Path
) -> None:
    missing, _ = lost(apache_kafka.address, tmp_path, rebalances=8)
    assert missing == set()


@pytest.mark.journey
def test_a_rebalance_in_an_outage_gives_the_batch_up_and_ends(stage: Stage) -> None:
    down = stage.folder / "down"
    down.touch()
    sent = numbered(2000)
    stage.send(sent)
    port = str(free_port())
    stage.start(ECHO_DOWN_FILE=str(down), SAMEHAND_WEB_PORT=port)
    stage.until(lambda: "holding" in page_of(port, "/health/ready")[1])
    stage.start(ECHO_DOWN_FILE=str(down))
    pause = stage.until(lambda: any(event["event"] == "partitions assigned" for event in stage.events(1)))
    stage.tell(f"rebalance with the store down: both assigned after {pause:.1f} s")
    down.unlink()
    stage.until(lambda: not missing(stage, sent))
    assert repeats(stage) == 0


@pytest.mark.journey
@pytest.mark.kafka
def test_where_a_partition_ends_in_no_record_none_waits(kafka_stage: Stage) -> None:
    """The marker of a transaction has an offset and is no record, and a quiet topic is no stuck worker."""
    stage, port = kafka_stage, str(free_port())
    worker = stage.start(SAMEHAND_STUCK_SECONDS="10", SAMEHAND_WEB_PORT=port)
    asyncio.run(transaction(stage, numbered(20)))
    stage.until(lambda: not missing(stage, numbered(20)))
    time.sleep(13)  # longer than it may stand still
    assert worker.poll() is None, stage.events()[-1]
    lags = re.findall(
        r"^samehand_consumer_lag_records\{.*\} (\S+)$", page_of(port, "/metrics")[1], re.MULTILINE
    )
    assert set(lags) == {"0.0"}


async def transaction(stage: Stage, values: list[bytes]) -> None:
    """All of them or none, as a platform may send them."""
    producer = AIOKafkaProducer(
        bootstrap_servers=stage.settings.kafka_brokers, transactional_id=f"platform-{stage.names.created}"
    )
    async with producer, producer.transaction():
        for number, value in enumerate(values):
            await producer.send(stage.names.created, value, key=b"%d" % number)


@pytest.mark.journey
@pytest.mark.kafka
def test_a_partition_that_is_added_to_a_live_topic_is_read_and_counted_soon(kafka_stage: Stage) -> None:
    stage, port = kafka_stage, str(free_port())
    stage.start(SAMEHAND_WEB_PORT=port)
    stage.send([b"before"])
    stage.until(lambda: b"before" in stage.echoed())
    with admin(stage.settings.kafka_brokers[0]) as client:
        client.create_partitions({stage.names.created: 3}, timeout_ms=10_000)
    sent = send(stage, [2])
    read = stage.until(lambda: not missing(stage, list(sent)), ADDED_SECONDS_MAX)
    wanted = f'samehand_consumer_lag_records{{partition="2",topic="{stage.names.created}"}} 0.0'
    counted = stage.until(lambda: wanted in page_of(port, "/metrics")[1], ADDED_SECONDS_MAX)
    stage.tell(f"an added partition: read after {read:.1f} s, counted {counted:.1f} s later")


@pytest.mark.journey
def test_with_topics_missing_it_says_which_and_ends(stage: Stage) -> None:
    worker = stage.start(SAMEHAND_TOPIC_PREFIX="elsewhere.", SAMEHAND_TOPIC_CREATE="false")
    assert worker.wait(60) == EXIT_CONFIG
    assert {"elsewhere.accounts.created"} <= {event.get("topic") for event in stage.events()}


@pytest.mark.journey
def test_an_address_that_was_taken_at_the_last_moment_is_told_and_is_no_crash(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        worker = stage.start(SAMEHAND_WEB_PORT=port)
        assert worker.wait(60) == EXIT_ADDRESS
    [told] = [event for event in stage.events() if event["event"] == "cannot start"]
    assert f"127.0.0.1:{port}" in str(told["why"])
    assert not any("where" in event for event in stage.events()), "no traceback"
