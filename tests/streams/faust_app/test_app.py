"""The Faust app: its start, its topics, its fetches."""

from __future__ import annotations

import asyncio
import inspect
import os
import socket
import tempfile
import threading
import time
from collections.abc import Awaitable, Iterator, Sequence
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import errors as kafka_errors  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka.consumer.fetcher import Fetcher  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka.structs import TopicPartition  # type: ignore[import-untyped]  # aiokafka ships no types
from faust.auth import SASLCredentials
from faust.exceptions import ConsumerNotStarted, NotReady, ProducerSendError
from faust.types import TP
from prometheus_client import CollectorRegistry

from local.apache import ApacheKafka
from local.ports import LOOPBACK
from streams.delivery.progress import Progress
from streams.errors import BrokerUnavailable
from streams.faust_app import topic_ids as room
from streams.faust_app.adapter import FaustPublisher, arrival_of, known_waiting
from streams.faust_app.app import WorkerApp, credentials, register
from streams.faust_app.fetch_wait import SILENT_TIMES_MAX, TIMES_MAX, FetchWait, be_patient
from streams.faust_app.monitor import measure, measure_group, watch
from streams.faust_app.patches import SafeConsumer, SafeProducer
from streams.faust_app.start_checks import address_fault, folder_fault, kafka_fault
from streams.faust_app.topic_ids import unread, watch_topics
from streams.kafka import topics
from streams.kafka.client import reader
from streams.outcomes import NOTHING, Arrival, Emit, Outcome
from streams.settings import Settings, load
from streams.supervision.exit_codes import EXIT_ADDRESS, EXIT_BROKER, EXIT_REFUSED, EXIT_SETTINGS
from streams.telemetry.lag import HighWaterMarks, Lag
from streams.telemetry.metrics import Metrics
from tests.streams.conftest import free_port
from tests.streams.fakes import TOPIC, FakeClock
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
        async with asyncio.timeout(PATIENCE_SECONDS):
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
    """Two partitions that end at 10, without records from `hole` on; `silent` answers nothing."""

    def __init__(
        self, committed: dict[TP, int | None], *, hole: int | None = None, silent: bool = False
    ) -> None:
        self._committed_offset = committed
        self.hole = hole
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
        return 10 if following == self.hole else following


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


async def test_where_there_is_no_record_none_waits() -> None:
    app = monitor_an_app(MonitorConsumer({TP(TOPIC, 0): 4, TP(TOPIC, 1): 7}, hole=7))
    assert await records(app) == {(TOPIC, 0): 6, (TOPIC, 1): 0}


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


def test_a_record_makes_it_short_again() -> None:
    wait = FetchWait(10)
    for _ in range(5):
        wait.answered(records=False, now=0.0)
    wait.answered(records=True, now=0.0)
    assert wait.milliseconds == 10


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


def at(port: int, host: str = LOOPBACK) -> Settings:
    return load({"SAMEHAND_WEB_HOST": host, "SAMEHAND_WEB_PORT": str(port)})


def brokers(address: str, **more: str) -> Settings:
    return load({"SAMEHAND_KAFKA_BROKERS": address, **more})


@for_each("host", [LOOPBACK, "localhost", "0.0.0.0", "::1"])
def test_an_address_that_is_free_is_no_fault_and_stays_free(host: str) -> None:
    port = free_port()
    assert address_fault(at(port, host)) is None
    assert address_fault(at(port, host)) is None


def test_an_address_that_was_left_a_moment_ago_is_free() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((LOOPBACK, port)):
            server.accept()[0].close()  # it is we who hang up: the port is in TIME_WAIT
    assert address_fault(at(port)) is None


def test_an_address_that_is_taken_names_itself_and_the_setting() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        fault = address_fault(at(port))
    assert fault is not None
    assert f"{LOOPBACK}:{port} is taken" in fault.what
    assert "SAMEHAND_WEB_PORT" in fault.cure
    assert fault.code == EXIT_ADDRESS


@for_each("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_names_the_setting(host: str) -> None:
    fault = address_fault(at(6066, host))
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
