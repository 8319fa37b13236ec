"""The main job from end to end, on a real broker and a real Redis, seen from outside only."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.request import urlopen

import pytest
import redis

from local.ports import LOOPBACK
from schemas.alerts import MirrorAlert
from streams.supervision.exit_codes import EXIT_OK
from tests.journeys.conftest import Platform
from tests.makers import a_ban, a_change, a_deletion, a_reinstatement, a_sign_up

pytestmark = pytest.mark.journey

NOW = datetime.now(UTC).replace(microsecond=0)
AGO = NOW - timedelta(hours=2)
FIRST_LINES = 3  # of the log: who looks for the overview's address looks there


def device(number: int) -> str:
    return f"6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d{number:04x}"


def test_created_becomes_an_alert(platform: Platform) -> None:
    banned = a_ban("b1", handle="umar_media", device_id=device(1), at=AGO, banned_at=AGO)
    platform.publish(platform.topics.banned, banned)
    platform.publish(
        platform.topics.created, a_sign_up("n1", handle="um4r_media_2", device_id=device(1), at=NOW)
    )
    platform.until(lambda: platform.alerts_on("n1"), "the alert")
    (alert,) = platform.alerts_on("n1")
    assert (alert.matched.account_id, alert.band) == ("b1", "likely")
    assert abs(alert.imbalance) < 1e-9


def test_a_ban_finds_the_mirror_that_was_prepared_before_it(platform: Platform) -> None:
    prepared = a_sign_up("n2", handle="northern_valley_news", device_id=device(2), at=AGO)
    counted = f'samehand_events_total{{outcome="nothing",topic="{platform.topics.created}"}}'
    before = platform.metric(counted)
    platform.publish(platform.topics.created, prepared)
    platform.until(lambda: platform.metric(counted) > before, "the account to be remembered")
    later = a_ban("b2", handle="n0rthern_valley_news", device_id=device(2), at=NOW, banned_at=NOW)
    platform.publish(platform.topics.banned, later)
    platform.until(lambda: platform.alerts_on("n2"), "the alert")
    assert platform.alerts_on("n2")[0].direction == "lookback"


def test_a_change_turns_an_ordinary_account_into_a_mirror(platform: Platform) -> None:
    banned = a_ban("b3", handle="karakoram_songs", device_id=device(3), at=AGO, banned_at=AGO)
    platform.publish(platform.topics.banned, banned)
    first = a_sign_up("n3-first", handle="karakoram_songs_1", device_id=device(3), at=NOW)
    platform.publish(platform.topics.created, first, a_sign_up("n3", handle="salma_bakes", at=NOW))
    # Once the ban is known: else the look-back on it may come after the change.
    platform.until(lambda: platform.alerts_on("n3-first"), "the alert on a mirror from the beginning")
    changed = a_change("n3", handle="karakoram_songs_2", device_id=device(3), at=NOW)
    platform.publish(platform.topics.updated, changed)
    platform.until(lambda: platform.alerts_on("n3"), "the alert")
    assert platform.alerts_on("n3")[0].direction == "update"


def test_a_reinstated_account_leaves_no_trace_and_its_alerts_are_withdrawn(
    platform: Platform, redis_administrator: str
) -> None:
    mail = "hindukush.daily@valley.example"
    given: dict[str, Any] = {"handle": "hindukush_daily", "device_id": device(4), "email": mail}
    platform.publish(platform.topics.banned, a_ban("b4-reinstated", at=AGO, banned_at=AGO, **given))
    platform.publish(
        platform.topics.created, a_sign_up("n4", handle="hindukush_daily_2", device_id=device(4), at=NOW)
    )
    platform.until(lambda: platform.alerts_on("n4"), "the alert")
    platform.publish(platform.topics.reinstated, a_reinstatement("b4-reinstated", at=NOW))
    platform.until(lambda: len(platform.alerts_on("n4")) == 2, "the withdrawal")
    assert [alert.status for alert in platform.alerts_on("n4")] == ["open", "withdrawn"]

    platform.publish(
        platform.topics.created, a_sign_up("n5", handle="hindukush_daily_3", device_id=device(4), at=NOW)
    )
    processed = f'samehand_events_total{{outcome="nothing",topic="{platform.topics.created}"}}'
    before = platform.metric(processed)
    platform.publish(platform.topics.created, a_sign_up("n6", handle="someone_else", at=NOW))
    platform.until(lambda: platform.metric(processed) > before, "the events after it")
    assert platform.alerts_on("n5") == []
    held = everything_in(redis_administrator, platform.settings.store_prefix)
    for raw in (b"b4-reinstated", mail.encode(), device(4).encode()):
        assert raw not in held, raw


def test_garbage_is_a_dead_letter_with_an_address(platform: Platform) -> None:
    platform.publish(platform.topics.created, b'{"event_id": ', key=b"x:broken")
    platform.until(platform.letters, "the dead letter")
    (letter,) = platform.letters()
    assert (letter.topic, letter.reason, letter.value) == (
        platform.topics.created,
        "not-json",
        b'{"event_id": ',
    )


def test_a_restart_in_the_middle_while_somebody_watches_loses_nothing(platform: Platform) -> None:
    def stop() -> None:
        stream = f"http://{LOOPBACK}:{platform.port.number}/overview/stream"
        with urlopen(stream, timeout=30.0) as watching:
            assert watching.readline() == b"event: overview\n"
            platform.worker.stop(60.0)
        assert platform.worker.exit_code == EXIT_OK

    through_an_end(platform, stop)


@pytest.mark.kafka
def test_nor_does_a_kill(kafka_platform: Platform) -> None:
    """On Apache Kafka: the embedded broker never replaces a killed member (docs/brokers.md)."""
    through_an_end(kafka_platform, kafka_platform.worker.kill)


def through_an_end(platform: Platform, end: Callable[[], object]) -> None:
    """Sixty mirrors, the worker's end after the first half of them, a new worker: all are alerted."""
    banned = a_ban("b7", handle="pamir_radio", device_id=device(7), at=AGO, banned_at=AGO)
    platform.publish(platform.topics.banned, banned)
    mirrors = [
        a_sign_up(f"r{number}", handle=f"pamir_radio_{number}", device_id=device(7), at=NOW)
        for number in range(60)
    ]
    # Once the ban is known: a look-back on all of them would tell the strongest and count the rest.
    platform.publish(platform.topics.created, mirrors[0])
    platform.until(lambda: platform.alerts_on("r0"), "the first mirror's alert")
    platform.publish(platform.topics.created, *mirrors[1:30])
    end()
    platform.publish(platform.topics.created, *mirrors[30:])
    platform.open()
    ids = {f"r{number}" for number in range(60)}
    platform.until(lambda: ids <= {alert.account_id for alert in platform.alerts()}, "every mirror's alert")


def test_what_an_operator_sees(platform: Platform) -> None:
    metrics = platform.page("/metrics")
    for name in (
        "samehand_events_total",
        "samehand_event_age_seconds_bucket",
        "samehand_alerts_total",
        "samehand_store_seconds_bucket",
        "samehand_consumer_lag_records",
        "samehand_fingerprints",
        "samehand_build_info",
    ):
        assert name in metrics
    assert "n1" not in metrics
    assert platform.page("/health/live")
    assert "<title>samehand: overview</title>" in platform.page("/")
    first = [json.loads(line) for line in platform.log.read_text("utf-8").splitlines()[:FIRST_LINES]]
    assert f"http://{LOOPBACK}:{platform.port.number}/" in [line.get("overview") for line in first]


def everything_in(redis_url: str, prefix: str) -> bytes:
    """All keys and values under a prefix, whatever their type, as one run of bytes."""
    client = redis.Redis.from_url(redis_url)
    parts: list[Any] = []  # redis-py's types allow text where none is decoded
    for key in client.scan_iter(match=f"*{prefix}*", count=1000):
        parts.append(key)
        kind = client.type(key)
        if kind == b"string":
            parts.append(client.get(key) or b"")
        elif kind == b"hash":
            parts += [part for pair in client.hgetall(key).items() for part in pair]
        elif kind == b"zset":
            parts += list(client.zrange(key, 0, -1))
        elif kind == b"set":
            parts += list(client.smembers(key))
        elif kind == b"list":
            parts += client.lrange(key, 0, -1)
    client.close()
    assert parts, "nothing was scanned"
    return b"\0".join(parts)


def test_an_alert_ends_with_the_account_that_it_is_about_and_says_why(platform: Platform) -> None:
    given: dict[str, Any] = {"handle": "wakhan_letters", "device_id": device(7)}
    platform.publish(platform.topics.banned, a_ban("b7", at=AGO, banned_at=AGO, **given))
    for n in (1, 2):
        mirror = a_sign_up(f"n7-{n}", handle=f"wakhan_letters_{n}", device_id=device(7), at=AGO)
        platform.publish(platform.topics.created, mirror)

    def on_ban(who: str) -> list[MirrorAlert]:
        return [alert for alert in platform.alerts_on(who) if alert.matched.account_id == "b7"]

    platform.until(lambda: on_ban("n7-1") and on_ban("n7-2"), "both alerts")
    platform.publish(platform.topics.deleted, a_deletion("n7-1", at=NOW))
    platform.publish(platform.topics.banned, a_ban("n7-2", at=NOW, banned_at=NOW, **given))
    platform.until(lambda: len(on_ban("n7-1")) == len(on_ban("n7-2")) == 2, "both withdrawals")
    for who, reason in (("n7-1", "account-deleted"), ("n7-2", "account-banned")):
        first, last = sorted(on_ban(who), key=lambda it: it.revision)
        assert (first.status, last.status, last.withdrawn_reason) == ("open", "withdrawn", reason)
        assert not any(line.ours or line.theirs for line in last.evidence)
    withdrawn = 'samehand_alerts_withdrawn_total{reason="account-banned"}'
    platform.until(lambda: platform.metric(withdrawn) >= 1, "the metric")
