"""Metrics and logs."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from math import isnan

import pytest
import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from local.ports import take_port
from streams.delivery.circuit_breaker import BreakerState
from streams.errors import BrokerUnavailable
from streams.kafka.client import admin, reader
from streams.outcomes import NOTHING, Arrival, Dead, Emit, Published
from streams.settings import load
from streams.telemetry import logs
from streams.telemetry.lag import Lag
from streams.telemetry.metrics import FRESH_SECONDS, OTHER, QUEUES_MAX, Metrics
from streams.telemetry.repeats import AGAIN_SECONDS, MESSAGES_MAX, QUIET_SECONDS, Repeats
from tests.streams.fakes import TOPIC, an_arrival

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


def test_fields_that_could_not_be_used_are_counted_by_field_and_reason() -> None:
    metrics = some_meters()
    metrics.unusable(TOPIC, [("ip", "unreadable"), ("links", "too-many")])
    metrics.unusable(TOPIC, [("ip", "unreadable")])
    assert value(metrics, "fields_unusable_total", topic=TOPIC, field="ip", reason="unreadable") == 2.0
    assert value(metrics, "fields_unusable_total", topic=TOPIC, field="links", reason="too-many") == 1.0


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


def test_signals_and_scripts_are_counted_by_name() -> None:
    metrics = some_meters()
    metrics.fired(["handle", "device"])
    metrics.unavailable(["avatar"])
    metrics.verdict("not_mirror", "likely", "arabic")
    metrics.verdict("not_mirror", "none")
    assert value(metrics, "signals_total", signal="device") == 1.0
    assert value(metrics, "signal_unavailable_total", signal="avatar") == 1.0
    assert value(metrics, "judged_scripts_total", script="arabic", verdict="not_mirror") == 1.0


def test_without_a_verdict_precision_is_unknown_and_not_0() -> None:
    precision = value(some_meters(), "precision_ratio", band="likely")
    assert precision is not None
    assert isnan(precision)


def test_the_breaker_shows_as_a_number() -> None:
    metrics = some_meters()
    metrics.breaker(BreakerState.OPEN)
    assert value(metrics, "store_breaker_state") == 2.0


def test_what_is_odd_about_records_is_counted() -> None:
    metrics = some_meters()
    metrics.decoded(TOPIC, 3, clamped=True)
    assert value(metrics, "unknown_fields_total", topic=TOPIC) == 3.0
    assert value(metrics, "clamped_dates_total", topic=TOPIC) == 1.0


def test_what_runs_is_told() -> None:
    metrics = Metrics(CollectorRegistry(), build={"version": "0.1.0", "fold_version": "3"})
    assert value(metrics, "build_info", version="0.1.0", fold_version="3") == 1.0


# Lines of the log, and those that repeat.


# Logs: one JSON object a line, whoever speaks, and no word of what a record held.


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("info", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


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
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("info", stream)
    chatty.info("hello")
    chatty.warning("cannot connect")
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
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
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("debug", stream)
    logging.getLogger("aiokafka.producer").debug("send %r", b"umar")
    structlog.get_logger("samehand.x").debug("ours")
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
    assert [line["event"] for line in lines(stream)] == ["ours"]


# Of an outage aiokafka says one line, and nothing else is lost.


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def record(message: str, *values: object, name: str = "aiokafka") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "", 0, message, values, None)


AWAY = (
    record("Unable connect to node with id %s: %s", 1, "refused"),
    record("Unable to update metadata from %s", [1]),
    record("Got error produce response: %s", "NodeNotReadyError", name="aiokafka.producer.sender"),
    record("Error fetching metadata for topic %s: %s", "alerts", "LeaderNotAvailableError"),
)


def test_an_outage_is_one_line_however_long_and_in_however_many_words() -> None:
    clock = Clock()
    repeats, said = Repeats(clock), 0
    for _ in range(10_000):
        clock.now += 0.1
        said += sum(repeats.says(it) for it in AWAY)
    assert said == 1


def test_the_next_outage_is_said_and_a_long_one_each_hour() -> None:
    clock = Clock()
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
    repeats = Repeats(Clock())
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
    repeats = Repeats(Clock())
    for name in ("samehand.worker", "faust.app", "aiokafkaesque"):
        assert [repeats.says(record("Unable connect to node", name=name)) for _ in range(2)] == [True, True]


def test_what_is_remembered_has_an_end() -> None:
    repeats = Repeats(Clock())
    for number in range(3 * MESSAGES_MAX):
        assert repeats.says(record("no such thing as %s", number))
    assert len(repeats._heard) <= MESSAGES_MAX
