"""Metrics: declared once, labels bounded, edges where the objective is."""

from __future__ import annotations

from math import isnan

from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from streams.delivery.circuit_breaker import BreakerState
from streams.outcomes import NOTHING, Dead, Published
from streams.telemetry.lag import Lag
from streams.telemetry.metrics import FRESH_SECONDS, OTHER, QUEUES_MAX, Metrics
from tests.streams.fakes import TOPIC, an_arrival

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
