"""What a worker says of itself: metrics, health, lag, logs, spans."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import isnan

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from local.ports import take_port
from streams.clock import SystemClock
from streams.delivery.circuit_breaker import BreakerState
from streams.delivery.delivery import Delivery
from streams.delivery.progress import Progress, Stage
from streams.errors import BrokerUnavailable, SettingsError, Transient
from streams.kafka.client import admin, reader
from streams.outcomes import NOTHING, Arrival, Dead, Emit, Headers, Outcome, Published
from streams.settings import load
from streams.telemetry import logs, otel
from streams.telemetry.health import Health
from streams.telemetry.lag import MARKS_MAX, HighWaterMarks, Known, Lag
from streams.telemetry.metrics import FRESH_SECONDS, OTHER, QUEUES_MAX, Metrics
from streams.telemetry.otel import FOLLOWED_A_BATCH_MAX, OtelTracer, batching, tracer_to
from streams.telemetry.repeats import AGAIN_SECONDS, MESSAGES_MAX, QUIET_SECONDS, Repeats
from streams.telemetry.tracer import tracer_of
from streams.telemetry.watchdog import STEP_SECONDS_MAX, Observation, Watchdog
from streams.tracing import OFF, note, stage
from tests.streams.fakes import (
    ALERTS,
    LETTERS,
    TOPIC,
    FakeClock,
    FakeTaken,
    Handler,
    Scene,
    an_arrival,
    stream,
)
from tests.tables import for_each
from tests.ticks import Ticks

# Metrics: declared once, labels bounded, edges where the objective is.


DESIGNED = (
    "events event_age_seconds time_to_detect_seconds searchable_seconds candidates score_log_odds alerts",
    "deadletters store_seconds store_breaker_state consumer_lag_records consumer_lag_seconds fingerprints",
    "remembered_accounts verdicts precision_ratio duplicates_suppressed build_info",
)


def some_meters() -> Metrics:
    return Metrics(CollectorRegistry(), topics=[TOPIC], reasons=["not-json"], operations=["look-up"])


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"samehand_{name}", labels)


def test_every_designed_metric_is_there_and_parses() -> None:
    text = some_meters().exposition().decode()
    families = {family.name for family in text_string_to_metric_families(text)}
    assert {f"samehand_{name}" for line in DESIGNED for name in line.split()} <= families
    assert "_created" not in text


def test_known_labels_exist_from_the_start() -> None:
    metrics = some_meters()
    assert value(metrics, "events_total", topic=TOPIC, outcome="dead") == 0.0
    assert value(metrics, "deadletters_total", topic=TOPIC, reason="not-json") == 0.0
    assert value(metrics, "alerts_total", band="likely", direction="lookback", queue="") == 0.0


def test_outcomes_are_counted_with_their_age() -> None:
    metrics = some_meters()
    arrival = an_arrival()
    for outcome in (Published(()), NOTHING, Dead("not-json")):
        metrics.outcome(arrival, outcome, arrival.timestamp + FRESH_SECONDS)
    assert value(metrics, "events_total", topic=TOPIC, outcome="published") == 1.0
    assert value(metrics, "deadletters_total", topic=TOPIC, reason="not-json") == 1.0
    assert value(metrics, "event_age_seconds_bucket", topic=TOPIC, le="5.0") == 3.0, (
        "exactly five seconds is fresh"
    )
    assert value(metrics, "event_age_seconds_bucket", topic=TOPIC, le="2.5") == 0.0


def test_a_clock_behind_the_brokers_makes_no_negative_age() -> None:
    metrics = some_meters()
    metrics.outcome(an_arrival(), NOTHING, 0.0)
    assert value(metrics, "event_age_seconds_sum", topic=TOPIC) == 0.0


def test_a_flood_of_queues_ends_in_one_series() -> None:
    metrics = some_meters()
    for number in range(1000):
        metrics.alert("likely", "forward", f"queue-{number}", 60.0)
    assert (
        value(metrics, "alerts_total", band="likely", direction="forward", queue=OTHER) == 1000 - QUEUES_MAX
    )
    assert value(metrics, "time_to_detect_seconds_count", direction="forward") == 1000.0


def test_precision_is_the_share_of_mirrors_among_what_was_decided() -> None:
    metrics = some_meters()
    for verdict in ("mirror", "mirror", "not_mirror", "mirror", "unsure"):
        metrics.verdict(verdict, "likely")
    assert value(metrics, "precision_ratio", band="likely") == 0.75
    assert value(metrics, "verdicts_total", verdict="unsure", band="likely") == 1.0


def test_a_partition_that_was_lost_shows_no_lag() -> None:
    metrics = some_meters()
    metrics.lags({(TOPIC, 0): Lag(5, 98.5), (TOPIC, 1): Lag(7, 97.5)}, 100.0)
    assert value(metrics, "consumer_lag_seconds", topic=TOPIC) == 2.5, "the oldest of its partitions"
    metrics.lags({(TOPIC, 1): Lag(0, None)}, 100.0)
    assert value(metrics, "consumer_lag_records", topic=TOPIC, partition="0") is None
    assert value(metrics, "consumer_lag_records", topic=TOPIC, partition="1") == 0.0
    assert value(metrics, "consumer_lag_seconds", topic=TOPIC) == 0.0


def test_the_lag_of_the_group_replaces_what_was_said_before() -> None:
    metrics = some_meters()
    metrics.group_lags({(TOPIC, 0): 5, (TOPIC, 1): 7})
    metrics.group_lags({(TOPIC, 1): 8})
    assert value(metrics, "group_lag_records", topic=TOPIC, partition="0") is None
    assert value(metrics, "group_lag_records", topic=TOPIC, partition="1") == 8.0


def test_a_bucket_leads_to_a_record_and_a_dead_letter_to_its_address() -> None:
    metrics = some_meters()
    metrics.outcome(an_arrival(), NOTHING, an_arrival().timestamp + 3)
    metrics.outcome(an_arrival(), Dead("not-json"), an_arrival().timestamp + 3)
    body, kind = metrics.negotiated("application/openmetrics-text; version=1.0.0")
    assert "openmetrics" in kind
    led = [line.partition(" ")[0].partition("{")[0] for line in body.decode().splitlines() if " # {" in line]
    assert led == ["samehand_event_age_seconds_bucket", "samehand_deadletters_total"]
    assert body.decode().count('# {offset="0",partition="0"} ') == 2


def test_exemplars_are_one_a_second() -> None:
    metrics = some_meters()
    for number in range(1_000):
        metrics.outcome(an_arrival(offset=number), NOTHING, an_arrival().timestamp + number / 1_000)
    body, _ = metrics.negotiated("application/openmetrics-text")
    assert body.count(b'offset="0"') == 1
    assert body.count(b"# {") == 1


def test_who_does_not_ask_for_openmetrics_gets_prometheus_text() -> None:
    body, kind = some_meters().negotiated("text/plain")
    assert kind.startswith("text/plain")
    assert body == some_meters().exposition()


def test_without_a_verdict_precision_is_unknown_and_not_0() -> None:
    precision = value(some_meters(), "precision_ratio", band="likely")
    assert precision is not None
    assert isnan(precision)


def test_an_open_breaker_and_a_clamped_date_show() -> None:
    metrics = some_meters()
    metrics.breaker(BreakerState.OPEN)
    metrics.decoded(TOPIC, 0, clamped=True)
    assert value(metrics, "store_breaker_state") == 2.0
    assert value(metrics, "clamped_dates_total", topic=TOPIC) == 1.0


# Logs: one JSON object a line, whoever speaks, and no word of what a record held.


@contextmanager
def logging_to(stream: io.StringIO, level: str = "info") -> Iterator[None]:
    """Meanwhile logs go there."""
    root = logging.getLogger()
    before, former = root.handlers[:], root.level
    logs.configure(level, stream)
    yield
    root.handlers[:] = before
    root.setLevel(former)
    structlog.reset_defaults()


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with logging_to(stream):
        yield stream


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_ours_and_theirs_look_alike(out: io.StringIO) -> None:
    structlog.get_logger("samehand.delivery").info("batch given up", records=3)
    logging.getLogger("faust.transport").warning("slow %s", "broker")
    ours, theirs = lines(out)
    assert (ours["event"], ours["records"], ours["level"]) == ("batch given up", 3, "info")
    assert (theirs["event"], theirs["logger"]) == ("slow broker", "faust.transport")
    assert {"timestamp", "level", "logger", "event"} <= set(ours) & set(theirs)


@pytest.mark.parametrize(
    "name", ["kafka.net", "aiokafka.x", "faust.app", "streams.faust_app.patches", "somebody.else"]
)
def test_libraries_are_told_from_warning_on(out: io.StringIO, name: str) -> None:
    """Faust's services among them, which log under the names of our modules."""
    logger = logging.getLogger(name)
    logger.info("connected")
    logger.warning("cannot connect")
    structlog.get_logger("samehand.x").info("ours")
    assert [line["event"] for line in lines(out)] == ["cannot connect", "ours"]


def test_warnings_that_warn_of_nothing_are_left_out(out: io.StringIO) -> None:
    """Of what Faust's members tell each other, quoted in full, and of a busy machine."""
    logging.getLogger("kafka.admin._groups").warning("Unable to decode member_metadata for …")
    logging.getLogger("kafka.net.selector").warning("Task ran for 0.103s. It is blocking the event loop")
    logging.getLogger("kafka.net.selector").warning("Error reading wakeup socket")
    assert [line["event"] for line in lines(out)] == ["Error reading wakeup socket"]


def test_what_kafka_python_tries_while_a_broker_is_away_is_left_to_whoever_asked(
    out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.kafka.client.ANSWER_MS", 600)
    nobody = take_port()
    settings = load({"SAMEHAND_KAFKA_BROKERS": f"127.0.0.1:{nobody.number}"})
    for client in (admin, reader):
        with pytest.raises(BrokerUnavailable), client(settings):
            pass
    nobody.release()
    assert lines(out) == []


def test_a_broker_that_refuses_us_is_told_by_kafka_python(out: io.StringIO) -> None:
    """Since its exception says no more than that there was no answer."""
    manager = logging.getLogger("kafka.net.manager")
    for why in ("Handshake failed: certificate verify failed", "SaslAuthenticationFailedError"):
        manager.error("Connection failed: %s", why)
        manager.warning("Bootstrap connection to %s failed: %s (backoff %.2f secs)", "b-0", why, 0.1)
    told = [line["event"] for line in lines(out)]
    assert told == [
        "Connection failed: Handshake failed: certificate verify failed",
        "Connection failed: SaslAuthenticationFailedError",
    ]


def test_what_a_library_set_up_for_itself_does_not_count() -> None:
    chatty = logging.getLogger("chatty.library")
    chatty.setLevel(logging.DEBUG)
    chatty.addHandler(logging.StreamHandler())
    chatty.disabled = True  # as `logging.config` leaves who is not named in it
    stream = io.StringIO()
    with logging_to(stream):
        chatty.info("hello")
        chatty.warning("cannot connect")
    assert [line["event"] for line in lines(stream)] == ["cannot connect"]
    assert chatty.handlers == []


@pytest.mark.parametrize("name", ["samehand.x", "faust.app"])
def test_an_exception_tells_its_place_and_not_its_message(out: io.StringIO, name: str) -> None:
    logger = structlog.get_logger(name) if name.startswith("samehand") else logging.getLogger(name)
    try:
        raise KeyError("umar@example.org")
    except KeyError:
        logger.error("failed", exc_info=True)
    (line,) = lines(out)
    assert line["fault"] == "KeyError"
    assert "test_telemetry.py" in str(line["where"])
    assert "umar" not in out.getvalue()


def test_records_do_not_tell_what_they_hold(out: io.StringIO) -> None:
    arrival = Arrival("t", 1, 2, b"x:umar", b"umar@example.org")
    structlog.get_logger("samehand.x").warning(
        "odd", arrival=repr(arrival), emit=repr(Emit("t", b"umar", b"umar"))
    )
    assert "umar" not in out.getvalue()
    assert "t:1:2" in out.getvalue()


def test_libraries_keep_quiet_when_we_debug() -> None:
    stream = io.StringIO()
    with logging_to(stream, "debug"):
        logging.getLogger("aiokafka.producer").debug("send %r", b"umar")
        structlog.get_logger("samehand.x").debug("ours")
    assert [line["event"] for line in lines(stream)] == ["ours"]


# Of an outage aiokafka says one line, and nothing else is lost.


def record(message: str, *values: object, name: str = "aiokafka") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "", 0, message, values, None)


AWAY = (
    record("Unable connect to node with id %s: %s", 1, "refused"),
    record("Unable to update metadata from %s", [1]),
    record("Got error produce response: %s", "NodeNotReadyError", name="aiokafka.producer.sender"),
    record("Error fetching metadata for topic %s: %s", "alerts", "LeaderNotAvailableError"),
)


def test_an_outage_is_one_line_however_long_and_in_however_many_words() -> None:
    clock = Ticks()
    repeats, said = Repeats(clock), 0
    for _ in range(10_000):
        clock.now += 0.1
        said += sum(repeats.says(it) for it in AWAY)
    assert said == 1


def test_the_next_outage_is_said_and_a_long_one_each_hour() -> None:
    clock = Ticks()
    repeats = Repeats(clock)
    assert [repeats.says(AWAY[0]), repeats.says(AWAY[0])] == [True, False]
    clock.now += QUIET_SECONDS
    assert repeats.says(AWAY[1])
    said = 0
    while clock.now < 2 * AGAIN_SECONDS + 2 * QUIET_SECONDS:
        clock.now += 10.0
        said += repeats.says(AWAY[1])
    assert said == 2


def test_what_is_no_outage_is_told_apart_by_its_words() -> None:
    repeats = Repeats(Ticks())
    refused = record("Unable connect to node with id %s: %s", 1, "SaslAuthenticationFailed")
    topics = [record("Topic %s is not authorized for this client", topic) for topic in ("a", "b", "a")]
    assert [repeats.says(it) for it in (AWAY[0], refused, refused, *topics)] == [
        True,
        True,
        False,
        True,
        True,
        False,
    ]


def test_other_libraries_and_we_say_all() -> None:
    repeats = Repeats(Ticks())
    for name in ("samehand.worker", "faust.app", "aiokafkaesque"):
        assert [repeats.says(record("Unable connect to node", name=name)) for _ in range(2)] == [True, True]


def test_what_is_remembered_has_an_end() -> None:
    repeats = Repeats(Ticks())
    for number in range(3 * MESSAGES_MAX):
        assert repeats.says(record("no such thing as %s", number))
    assert len(repeats._heard) <= MESSAGES_MAX


# Live and ready: two questions, two answers.


def health(
    delivery: Progress,
    *,
    ticks: float = 0.0,
    store: str = "",
    topics: str = "",
    breaker: BreakerState = BreakerState.CLOSED,
    rebalancing: bool = False,
) -> Health:
    return Health(
        lambda: ticks,
        [delivery],
        breaker=lambda: breaker,
        rebalancing=lambda: rebalancing,
        store=lambda: store,
        topics=lambda: topics,
    )


def test_at_rest_all_is_well() -> None:
    asked = health(Progress("screen", "t"), ticks=1e6)
    assert asked.live().healthy
    assert asked.ready().healthy


def test_an_outage_makes_it_not_ready_and_leaves_it_live() -> None:
    asked = health(Progress("screen", "t", stage=Stage.HOLDING, in_flight=3, retries=7), ticks=1e6)
    assert asked.live().healthy
    assert asked.ready().faults == {"screen": "holding: 7 retries"}


def test_a_stopped_topic_makes_it_not_ready_and_says_why() -> None:
    stopped = Progress("screen", "t", stage=Stage.STOPPED, stopped_because="too many", in_flight=3)
    assert health(stopped, ticks=1e6).ready().faults == {"screen": "stopped: too many"}
    assert health(stopped, ticks=1e6).live().healthy


def test_what_others_found_out_is_told() -> None:
    asked = health(
        Progress("screen", "t"),
        store="emptied",
        topics="missing",
        rebalancing=True,
        breaker=BreakerState.OPEN,
    )
    assert set(asked.ready().faults) == {"store", "topics", "group", "breaker"}
    assert asked.live().healthy


def test_a_step_without_a_sign_of_life_is_not_live() -> None:
    hung = Progress("screen", "t", stage=Stage.DECIDING, in_flight=3)
    assert not health(hung, ticks=STEP_SECONDS_MAX + 1).live().healthy
    assert health(hung, ticks=STEP_SECONDS_MAX - 1).live().healthy


def test_what_failed_is_neither() -> None:
    asked = health(Progress("screen", "t", stage=Stage.FAILED))
    assert not asked.live().healthy
    assert not asked.ready().healthy


# What counts as being stuck, and what does not.


def a_delivery(
    stage: Stage = Stage.IDLE,
    *,
    topic: str = "t",
    moved_at: float = 0.0,
    acknowledged: int = 0,
    busy: int = 0,
) -> Progress:
    return Progress(
        "screen", topic, stage=stage, moved_at=moved_at, acknowledged=acknowledged, in_flight=busy
    )


def observed(ticks: float, *deliveries: Progress, rebalancing: bool = False, lag: int = 0) -> Observation:
    """`lag`: of every topic."""
    return Observation(ticks, rebalancing, {one.topic: lag for one in deliveries}, deliveries)


def test_a_rebalance_that_never_ends_is_stuck() -> None:
    dog = Watchdog(120.0)
    assert dog.verdict(observed(0.0, rebalancing=True)) == ""
    assert dog.verdict(observed(60.0, rebalancing=True)) == ""
    assert "rebalance" in dog.verdict(observed(61.0, rebalancing=True))


def test_many_short_rebalances_are_not() -> None:
    dog = Watchdog(120.0)
    for ticks in range(0, 600, 20):
        assert dog.verdict(observed(ticks, rebalancing=True)) == ""
        assert dog.verdict(observed(ticks + 10)) == ""


def test_lag_without_progress_is_stuck() -> None:
    dog = Watchdog(120.0)
    assert dog.verdict(observed(0.0, a_delivery(), lag=5)) == ""
    assert "5 records of t wait" in dog.verdict(observed(121.0, a_delivery(), lag=5))


def test_lag_with_progress_is_not() -> None:
    dog = Watchdog(120.0)
    for number in range(20):
        assert dog.verdict(observed(number * 100.0, a_delivery(acknowledged=number), lag=10**6)) == ""


def test_a_quiet_topic_is_not() -> None:
    dog = Watchdog(120.0)
    assert [dog.verdict(observed(ticks, a_delivery())) for ticks in (0.0, 1e4, 2e4)] == ["", "", ""]


def test_waiting_on_purpose_is_not() -> None:
    for on_purpose in (Stage.HOLDING, Stage.STOPPED):
        dog = Watchdog(120.0)
        waiting = a_delivery(on_purpose, busy=5)
        assert [dog.verdict(observed(ticks, waiting, lag=5)) for ticks in (0.0, 1e4, 2e4)] == ["", "", ""]


@for_each("stage", [Stage.HOLDING, Stage.STOPPED])
def test_one_topic_that_waits_on_purpose_excuses_no_other(stage: Stage) -> None:
    dog = Watchdog(120.0)
    waiting, stuck = a_delivery(stage, topic="stopped", busy=5), a_delivery(topic="stuck")
    assert dog.verdict(observed(0.0, waiting, stuck, lag=5)) == ""
    assert "5 records of stuck wait" in dog.verdict(observed(121.0, waiting, stuck, lag=5))


def test_one_topic_that_moves_excuses_no_other() -> None:
    dog = Watchdog(120.0)
    verdicts = [
        dog.verdict(observed(at * 50.0, a_delivery(topic="busy", acknowledged=at), a_delivery(), lag=5))
        for at in range(4)
    ]
    assert verdicts[:3] == ["", "", ""]
    assert "5 records of t wait" in verdicts[3]


def test_a_topic_is_given_its_time_anew_once_it_may_go_on() -> None:
    dog = Watchdog(120.0)
    for ticks in (0.0, 500.0):
        assert dog.verdict(observed(ticks, a_delivery(Stage.STOPPED), lag=5)) == ""
    assert dog.verdict(observed(600.0, a_delivery(), lag=5)) == ""
    assert "wait" in dog.verdict(observed(621.0, a_delivery(), lag=5))


def test_a_step_that_shows_no_sign_of_life_is_stuck() -> None:
    hung = a_delivery(Stage.DECIDING, busy=5)
    assert "screen has been deciding" in Watchdog(1e9).verdict(observed(STEP_SECONDS_MAX + 1, hung))


# Lag from what was settled, not from what was fetched; in seconds from the oldest record that waits.

PARTITION = ("accounts.created", 0)
NIGHT_SECONDS = 8 * 3600.0


def facts(
    high_water: int,
    next_offset: int,
    *,
    in_hand_at: float | None = None,
    acknowledged_at: float | None = None,
) -> Known:
    return Known(high_water, next_offset, in_hand_at, acknowledged_at)


def look(marks: HighWaterMarks, known: Known, now: float) -> Lag:
    return marks.lags({PARTITION: known}, now)[PARTITION]


def test_a_record_after_a_quiet_night_is_not_as_old_as_the_night() -> None:
    marks = HighWaterMarks()
    look(marks, facts(10, 10, acknowledged_at=0.0), NIGHT_SECONDS)
    lag = look(marks, facts(11, 10, acknowledged_at=0.0), NIGHT_SECONDS + 2)
    assert lag.seconds(NIGHT_SECONDS + 2) == 0.0
    lag = look(marks, facts(12, 10, acknowledged_at=0.0), NIGHT_SECONDS + 9)
    assert lag.seconds(NIGHT_SECONDS + 9) == 7.0, "the first of the two has waited since the look before"


def test_a_backlog_found_at_the_start_is_as_old_as_what_was_acknowledged_last() -> None:
    lag = look(HighWaterMarks(), facts(10_000, 4_000, acknowledged_at=1_000.0), 5_000.0)
    assert lag.seconds(5_000.0) == 4_000.0


def test_a_standstill_from_the_start_ages_from_the_first_look() -> None:
    marks = HighWaterMarks()
    look(marks, facts(10, 0), 100.0)
    assert look(marks, facts(10, 0), 160.0).seconds(160.0) == 60.0


def test_a_topic_made_anew_starts_anew() -> None:
    marks = HighWaterMarks()
    look(marks, facts(500, 100), 0.0)
    assert look(marks, facts(3, 500), 2.0) == Lag(0, None)
    assert look(marks, facts(4, 3), 4.0).seconds(4.0) == 0.0


def test_a_partition_that_went_to_another_worker_is_forgotten() -> None:
    marks = HighWaterMarks()
    look(marks, facts(5, 0), 0.0)
    assert marks.lags({}, 2.0) == {}
    assert look(marks, facts(5, 0), 100.0).seconds(100.0) == 0.0


def test_a_day_of_standstill_is_remembered_in_few_looks() -> None:
    marks = HighWaterMarks()
    for number in range(43_200):
        lag = look(marks, facts(number + 1, 0), 2.0 * number)
    assert lag.seconds(2.0 * number) == 2.0 * number
    assert len(marks.seen[PARTITION]) <= MARKS_MAX


STEPS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.floats(0.1, 100)), max_size=40)


@given(STEPS)
def test_the_age_is_that_of_the_oldest_waiting_record_as_far_as_looks_can_tell(
    steps: list[tuple[int, int, float]],
) -> None:
    """Records are written between two looks; each was written after the look before."""
    marks, now, following = HighWaterMarks(), 1.0, 0
    looks: list[float] = [now]
    written: list[int] = []  # per record, the number of the look that first saw it
    look(marks, facts(0, 0), now)
    for arriving, settling, seconds in steps:
        now += seconds
        looks.append(now)
        written += [len(looks) - 1] * arriving
        following = min(len(written), following + settling)
        lag = look(marks, facts(len(written), following), now)
        assert lag.records == len(written) - following
        if lag.records:
            assert lag.since == looks[written[following]]


# Spans as a collector gets them: whose trace, which stages, what became of the event, and no value of it.

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
FOLLOWED: Headers = (("traceparent", f"00-{TRACE}-{PARENT}-01".encode()), ("tracestate", b"edge=7"))
NOT_FOLLOWED: Headers = (("traceparent", f"00-{TRACE}-{PARENT}-00".encode()), ("tracestate", b"edge=7"))


class Told:
    """A delivery whose spans are kept."""

    def __init__(self, *, share: float = 0.0, chance: float = 0.5, records_max: int = 500) -> None:
        self.scene = Scene(records_max=records_max)
        self._exporter = InMemorySpanExporter()
        tracer = OtelTracer(
            SimpleSpanProcessor(self._exporter),
            self.scene.clock,
            group="workers",
            share=share,
            chance=lambda: chance,
        )
        self.around = replace(self.scene.around, tracer=tracer)

    def taken(self, *headers: Headers) -> list[FakeTaken]:
        return [
            FakeTaken(replace(an_arrival(offset), headers=of), self.scene.log)
            for offset, of in enumerate(headers)
        ]

    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def events(self) -> list[ReadableSpan]:
        return [span for span in self.spans() if span.name == f"process {TOPIC}"]

    def children(self) -> list[str]:
        return [span.name for span in self.spans() if span.name != f"process {TOPIC}"]


def span_id(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


def trace_id(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


async def staged(arrivals: Sequence[Arrival]) -> list[Outcome]:
    """What an agent does, with no more than its stages."""
    with stage("distil"):
        await asyncio.sleep(0)
    with stage("look-up"):
        note(lambda: {0: {"event_id": "e-1", "candidates": 7}})
    return [Published((Emit(ALERTS, b"x:1", b"{}"),)) for _ in arrivals]


async def test_the_producers_trace_goes_on_through_every_stage_to_the_alert() -> None:
    told = Told()
    await Delivery("screen", TOPIC, staged, told.around).run(stream(told.taken(FOLLOWED)))
    (event,) = told.events()
    assert trace_id(event) == TRACE
    assert event.parent is not None
    assert f"{event.parent.span_id:016x}" == PARENT
    assert event.kind is SpanKind.CONSUMER
    assert told.children() == ["distil", "look-up", "publish"]
    stages = [span for span in told.spans() if span is not event]
    assert {span.parent.span_id for span in stages if span.parent} == {int(span_id(event), 16)}
    (alert,) = told.scene.broker.on(ALERTS)
    assert dict(alert.headers) == {
        "traceparent": f"00-{TRACE}-{span_id(event)}-01".encode(),
        "tracestate": b"edge=7",
    }


async def test_an_event_is_told_by_address_ids_counts_and_codes() -> None:
    told = Told(share=1.0)
    await Delivery("screen", TOPIC, staged, told.around).run(stream(told.taken((), ())))
    first, _ = told.events()
    assert dict(first.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": TOPIC,
        "messaging.destination.partition.id": "0",
        "messaging.kafka.offset": 0,
        "messaging.consumer.group.name": "workers",
        "samehand.waited_seconds": 1.0,
        "samehand.batch.records": 2,
        "samehand.outcome": "published",
        "samehand.event_id": "e-1",
        "samehand.candidates": 7,
        "samehand.published": 1,
    }
    assert first.resource.attributes["service.name"] == "samehand"


async def test_stages_lie_within_their_event() -> None:
    told = Told(share=1.0)

    async def slow(arrivals: Sequence[Arrival]) -> list[Outcome]:
        with stage("look-up"):
            await told.scene.clock.sleep(0.25)
        return [NOTHING]

    await Delivery("screen", TOPIC, slow, told.around).run(stream(told.taken(())))
    look_up, event = told.spans()
    assert (look_up.name, event.name) == ("look-up", f"process {TOPIC}")
    assert None not in (event.start_time, event.end_time, look_up.start_time, look_up.end_time)
    assert (event.start_time or 0) <= (look_up.start_time or 0) < (look_up.end_time or 0)
    assert (look_up.end_time or 0) <= (event.end_time or 0)
    assert (look_up.end_time or 0) - (look_up.start_time or 0) == pytest.approx(250_000_000, rel=0.01)


async def test_what_the_producer_does_not_follow_is_handed_on_as_it_came() -> None:
    told = Told(share=1.0)
    await Delivery("screen", TOPIC, Handler(), told.around).run(stream(told.taken(NOT_FOLLOWED)))
    assert told.spans() == []
    (alert,) = told.scene.broker.on(ALERTS)
    assert alert.headers == NOT_FOLLOWED


@for_each(("chance", "followed"), [(0.009, 1), (0.01, 0), (0.9, 0)])
async def test_a_share_of_the_rest_is_followed(chance: float, followed: int) -> None:
    told = Told(share=0.01, chance=chance)
    await Delivery("screen", TOPIC, Handler(), told.around).run(stream(told.taken(())))
    assert len(told.events()) == followed
    (alert,) = told.scene.broker.on(ALERTS)
    assert len(alert.headers) == followed


@for_each(
    "given",
    [
        b"",
        b"garbage",
        b"\xff\xfe",
        f"00-{'0' * 32}-{PARENT}-01".encode(),
        f"ff-{TRACE}-{PARENT}-01".encode(),
        b"0" * 5_000,
    ],
)
async def test_a_header_that_cannot_be_read_is_as_good_as_none(given: bytes) -> None:
    told = Told()
    await Delivery("screen", TOPIC, Handler(), told.around).run(
        stream(told.taken((("traceparent", given), ("tracestate", b"edge=7"))))
    )
    assert told.spans() == []
    (alert,) = told.scene.broker.on(ALERTS)
    assert alert.headers == ()


async def test_baggage_and_a_tracestate_too_long_stay_behind() -> None:
    told = Told()
    trace, _ = FOLLOWED
    headers = (trace, ("tracestate", b"a=" + b"b" * 600), ("baggage", b"user=um4r"))
    await Delivery("screen", TOPIC, Handler(), told.around).run(stream(told.taken(headers)))
    (alert,) = told.scene.broker.on(ALERTS)
    assert [name for name, _ in alert.headers] == ["traceparent"]


async def test_a_producer_that_follows_everything_does_not_stop_a_worker() -> None:
    told = Told()
    events = told.taken(*[FOLLOWED] * (3 * FOLLOWED_A_BATCH_MAX))
    await Delivery("screen", TOPIC, Handler(), told.around).run(stream(events))
    assert len(told.events()) == FOLLOWED_A_BATCH_MAX
    beyond = told.scene.broker.on(ALERTS)[FOLLOWED_A_BATCH_MAX:]
    assert {emit.headers for emit in beyond} == {FOLLOWED}


async def test_a_dead_letter_is_told_as_an_error_and_bears_the_trace() -> None:
    told = Told()

    async def unreadable(arrivals: Sequence[Arrival]) -> list[Outcome]:
        return [Dead("not-json") for _ in arrivals]

    await Delivery("screen", TOPIC, unreadable, told.around).run(stream(told.taken(FOLLOWED)))
    (event,) = told.events()
    assert event.status.status_code is StatusCode.ERROR
    assert (event.attributes or {})["error.type"] == "not-json"
    (letter,) = told.scene.broker.on(LETTERS)
    assert dict(letter.headers)["traceparent"] == f"00-{TRACE}-{span_id(event)}-01".encode()


async def test_an_outage_is_seen_as_the_time_it_held_the_event() -> None:
    told, outages = Told(), 3

    async def failing(arrivals: Sequence[Arrival]) -> list[Outcome]:
        nonlocal outages
        with stage("look-up"):
            if outages:
                outages -= 1
                raise Transient("quotes um4r@example.org")
        return [NOTHING]

    await Delivery("screen", TOPIC, failing, told.around).run(stream(told.taken(FOLLOWED)))
    assert told.children() == ["look-up", "hold"] * 3 + ["look-up"]
    failed = [span for span in told.spans() if span.status.status_code is StatusCode.ERROR]
    assert [(span.attributes or {})["error.type"] for span in failed] == ["Transient"] * 3
    assert "um4r" not in str([span.to_json() for span in told.spans()])


async def test_of_what_was_given_up_nothing_is_told() -> None:
    told = Told(share=1.0)

    async def broken(arrivals: Sequence[Arrival]) -> list[Outcome]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Delivery("screen", TOPIC, broken, told.around).run(stream(told.taken(())))
    assert told.spans() == []


async def test_events_of_a_batch_decided_in_parts_are_each_told_once() -> None:
    told = Told(share=1.0)
    events = told.taken((), (), ())
    await Delivery("screen", TOPIC, Handler(outages=1), told.around).run(stream(events))
    offsets = [(span.attributes or {})["messaging.kafka.offset"] for span in told.events()]
    assert offsets == [0, 1, 2]


class Hanging(SpanExporter):
    """A collector that never answers."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        threading.Event().wait(5.0)
        return SpanExportResult.FAILURE


async def test_a_collector_that_is_away_holds_up_neither_events_nor_a_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(otel, "CLOSE_SECONDS", 0.1)
    scene = Scene()
    tracer = OtelTracer(batching(Hanging()), scene.clock, group="g", share=1.0, chance=lambda: 0.0)
    events = scene.taken([b"a"])
    await asyncio.wait_for(
        Delivery("screen", TOPIC, Handler(), replace(scene.around, tracer=tracer)).run(stream(events)), 2.0
    )
    assert events[0].fate == "acknowledged"
    began = asyncio.get_running_loop().time()
    tracer.close()
    assert asyncio.get_running_loop().time() - began < 2.0


def test_the_settings_say_where_to_and_how_many() -> None:
    settings = load({"SAMEHAND_TRACES_URL": "http://127.0.0.1:9/v1/traces", "SAMEHAND_TRACES_SHARE": "1.0"})
    tracer = tracer_to(settings, FakeClock())
    followed = tracer.follow([an_arrival()])
    assert followed is not None
    assert [name for name, _ in followed.headers(0)] == ["traceparent"]
    tracer.close()


# Who is told of traces: nobody, unless the settings ask for it.


def test_nothing_is_followed_unless_somebody_asks_for_it() -> None:
    assert tracer_of(load({}), SystemClock()) is OFF
    assert OFF.follow([an_arrival()]) is None
    OFF.close()


def test_without_the_extra_the_setting_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delitem(sys.modules, "streams.telemetry.otel", raising=False)
    settings = load({"SAMEHAND_TRACES_URL": "http://127.0.0.1:4318/v1/traces"})
    with pytest.raises(SettingsError, match=r"samehand\[tracing\]"):
        tracer_of(settings, SystemClock())


#: redis-py imports OpenTelemetry's metrics wherever they are installed; what makes and sends spans is ours.
TELLING = ("streams.telemetry.otel", "opentelemetry.sdk.trace", "opentelemetry.exporter", "google.protobuf")


def test_a_worker_that_traces_nothing_imports_nothing_for_it() -> None:
    code = (
        "import sys, agents.runtime.worker\n"
        "from streams.clock import SystemClock\n"
        "from streams.settings import load\n"
        "agents.runtime.worker.tracer_of(load({}), SystemClock())\n"
        f"print([name for name in sys.modules if name.startswith({TELLING})])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
