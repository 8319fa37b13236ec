"""One worker's whole job, from end to end on a real broker and a real Redis, seen from outside only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import redis

from cli.run.demo.replay import DemoReplay
from local.ports import LOOPBACK, take_port
from local.processes import Child
from schemas.accounts import AccountBanned, AccountCreated, AccountUpdated
from schemas.alert_headers import ALERT_HEADERS
from schemas.alerts import MirrorAlert
from schemas.letters import DeadLetter
from schemas.record import Record
from schemas.wire import encode
from simulate.timeline.events import SimulatedEvent
from simulate.timeline.stream import sample
from streams.kafka.client import reader, writer
from streams.supervision.exit_codes import EXIT_STORE
from tests.journeys.collector import Collector, Span
from tests.journeys.conftest import Platform, opened
from tests.makers import a_ban, a_change, a_deletion, a_reinstatement, a_sign_up
from tests.printed import printed
from tests.store.redis.test_redis import everything
from tests.streams.conftest import free_port
from tests.tables import for_each

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as opened:
        yield opened


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory,
    broker: str,
    redis_url: str,
    redis_user: dict[str, str],
    collector: Collector,
) -> Iterator[Platform]:
    """One worker for all: it follows what producers follow, and may find as many broken records as come."""
    extra = {
        "SAMEHAND_TRACES_URL": collector.url,
        "SAMEHAND_TRACES_SHARE": "0.0",
        "SAMEHAND_LETTERS_SHARE": "1.0",
    }
    folder = tmp_path_factory.mktemp("platform")
    yield from opened(Platform(folder, broker, redis_url, redis_user=redis_user, extra=extra))


# A worker that cannot start says so in one line and ends with a code of its own, outside its group.


ENDS_SECONDS_MAX = 240.0


def refused(environment: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Starts a worker that must end by itself: its exit code, and the only line above `info`."""
    ran = subprocess.run(
        [sys.executable, "-m", "cli", "worker"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=ENDS_SECONDS_MAX,
        check=False,
    )
    events = [json.loads(line) for line in ran.stderr.splitlines()]  # each line is JSON: no traceback
    told = [event for event in events if event["level"] not in ("info", "debug")]
    assert len(told) == 1, ran.stderr
    assert not any("starting" in event["event"] or "assigned" in event["event"] for event in events)
    assert (told[0]["event"], told[0]["code"]) == ("cannot start", ran.returncode)
    return ran.returncode, told[0]


def test_a_worker_that_cannot_start_says_why_in_one_line_outside_its_group(platform: Platform) -> None:
    """Each reason is tried in tests/agents/runtime and tests/streams/faust_app."""
    changed = {"SAMEHAND_WEB_PORT": str(free_port()), "SAMEHAND_STORE_BANS": "3000"}
    code, told = refused({**platform.environment, **changed})
    assert code == EXIT_STORE
    assert "bans is 1000000 in Redis and 3000 here" in told["why"]
    assert "SAMEHAND_STORE_BANS" in told["cure"]


def test_a_second_worker_of_a_group_starts_without_a_warning(platform: Platform, tmp_path: Path) -> None:
    log = tmp_path / "second.log"
    _, *words = printed("samehand worker")
    second = Child(
        [sys.executable, "-m", "cli", *words],
        log,
        {**platform.environment, "SAMEHAND_WEB_PORT": str(free_port())},
    )
    try:
        second.start()
        platform.until(
            lambda: "the store is ready" in log.read_text("utf-8"), "the second to have asked for all of it"
        )
    finally:
        second.stop(60.0)
    told = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [line for line in told if line["level"] not in ("info", "debug")] == []


def test_a_worker_without_standard_input_and_output_works_and_ends_in_order(
    platform: Platform, tmp_path: Path
) -> None:
    """As some who start services leave it: its first socket would else be number 0, and libuv aborts."""
    port = take_port()
    page = f"http://{LOOPBACK}:{port.number}/health/ready"
    worker = Child(
        ["sh", "-c", 'exec "$0" -m cli worker <&- >&- 2>&-', sys.executable],
        tmp_path / "closed.log",
        {
            **platform.environment,
            "SAMEHAND_WEB_PORT": str(port.number),
            "SAMEHAND_KAFKA_GROUP": f"closed-{port.number}",
        },
    )

    def answers() -> bool:
        with suppress(OSError):
            return bool(urlopen(page, timeout=30.0).status == 200)
        return False

    try:
        worker.start()
        platform.until(answers, "the worker to be ready")
    finally:
        worker.stop(60.0)
        port.release()
    assert worker.exit_code == 0


NOW = datetime.now(UTC).replace(microsecond=0)
AGO = NOW - timedelta(hours=2)
FIRST_LINES = 3  # of the log: people look there for the page's address


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
    assert "<title>samehand: worker</title>" in platform.page("/")
    first = [json.loads(line) for line in platform.log.read_text("utf-8").splitlines()[:FIRST_LINES]]
    assert f"http://{LOOPBACK}:{platform.port.number}/" in [line.get("page") for line in first]


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


# Two events followed from their producer's header through a real worker to the alerts they lead to.


TRACED_DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
PERSONAL: dict[str, Any] = {
    "device_id": TRACED_DEVICE,
    "email": "z4rghun.k@valley.example",
    "phone": "+923012345678",
    "ip": "39.40.12.7",
}
MIRROR = a_sign_up("99", handle="z4rghun_kakar_2", **PERSONAL)
BAN, SIGN_UP, PREPARED = (f"{number:032x}" for number in (0xBA0, 0x516, 0x9EE))
PRODUCER = "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def followed(platform: Platform, collector: Collector) -> Platform:
    """A ban and two sign-ups, one before it and one after, of a producer that follows them."""
    created, before = platform.topics.created, outcomes(platform, platform.topics.created)
    tell(platform, created, a_sign_up("98", handle="zarghun_kakar_0", **PERSONAL), PREPARED)
    platform.until(lambda: outcomes(platform, created) > before, "the first sign-up's outcome")
    tell(platform, platform.topics.banned, a_ban("77", handle="zarghun_kakar", **PERSONAL), BAN)
    platform.until(lambda: platform.alerts_on("98"), "the alert that looks back")
    tell(platform, created, MIRROR, SIGN_UP)
    platform.until(lambda: platform.alerts_on("99"), "the alert")
    platform.until(lambda: len(trace(collector, SIGN_UP, "confirm")) == 1, "its spans")
    return platform


def outcomes(platform: Platform, topic: str) -> float:
    return platform.sum_of("samehand_events_total", f'topic="{topic}"')


def tell(platform: Platform, topic: str, record: Record, trace_id: str) -> None:
    """Publishes a record of a producer that follows it."""
    headers = [("traceparent", f"00-{trace_id}-{PRODUCER}-01".encode()), ("baggage", b"user=z4rghun")]
    with writer(platform.settings) as out:
        key = str(getattr(record, "key", "")).encode()
        out.send(topic, value=encode(record), key=key, headers=headers).get(60.0)


def trace(collector: Collector, trace_id: str, name: str = "") -> list[Span]:
    return [it for it in collector.spans() if it.trace_id == trace_id and name in ("", it.name)]


def headers_of_alerts(platform: Platform, *accounts: str) -> list[dict[str, bytes]]:
    keys = {f"telegram:{account}".encode() for account in accounts}
    with reader(platform.settings) as opened:
        return [
            dict(record.headers)
            for partition in opened.partitions(platform.topics.alerts)
            for record in opened.read(platform.topics.alerts, partition)
            if record.key in keys
        ]


def test_a_sign_up_is_one_trace_with_a_span_a_stage(followed: Platform, collector: Collector) -> None:
    platform = followed
    (event,) = trace(collector, SIGN_UP, f"process {platform.topics.created}")
    assert event.parent_id == PRODUCER
    stages = [it for it in trace(collector, SIGN_UP) if it is not event and it.parent_id == event.span_id]
    # When the counters are read is the agent's own affair.
    assert [it.name for it in stages if it.name != "frequencies"] == [
        "distil",
        "look-up",
        "compare",
        "alerts_and_shown",
        "propose",
        "publish",
        "confirm",
    ]
    assert event.attributes["samehand.candidates"] == "1"
    assert event.attributes["samehand.event_id"] == MIRROR.event_id
    assert event.attributes["samehand.outcome"] == "published"


def test_a_ban_is_followed_over_two_topics_to_the_alert_that_looks_back(
    followed: Platform, collector: Collector
) -> None:
    platform = followed
    (enrolled,) = trace(collector, BAN, f"process {platform.topics.banned}")
    (looked_back,) = trace(collector, BAN, f"process {platform.topics.enrolled}")
    assert (enrolled.parent_id, looked_back.parent_id) == (PRODUCER, enrolled.span_id)
    assert {"look-up", "compare", "propose", "publish", "confirm"} <= {
        it.name for it in trace(collector, BAN) if it.parent_id == looked_back.span_id
    }


def test_alerts_say_which_span_they_came_from_and_nothing_else(
    followed: Platform, collector: Collector
) -> None:
    spans = {it.span_id for it in collector.spans() if it.name.startswith("process ")}
    told = headers_of_alerts(followed, "98", "99")
    # An alert of no queue has no header that names one; what routes it is told in schemas/alert_headers.py.
    assert {name for headers in told for name in headers} == {"traceparent", *ALERT_HEADERS}
    assert all("traceparent" in headers for headers in told)
    parts = [headers["traceparent"].decode().split("-") for headers in told]
    assert {trace_id for _, trace_id, _, _ in parts} == {BAN, SIGN_UP}
    assert {span_id for _, _, span_id, _ in parts} <= spans


def test_no_value_of_an_account_is_told(followed: Platform, collector: Collector) -> None:
    said = b"".join(collector.raw)
    assert len(said) > 1_000
    quoted = [*PERSONAL.values(), "z4rghun", "zarghun", "valley", "telegram:"]
    assert [value for value in quoted if value.encode() in said] == []


# The whole sample through a real worker, and not one raw personal value of it anywhere but where it came in.


ACCOUNTS = 300
REPLAY_SECONDS = 6.0
#: In a record that cannot be decoded, personal values are found by how they look.
LOOKS = re.compile(
    rb"[\w.+-]+@[\w-]+\.[\w.-]+|\+\d{9,15}|\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
DIGITS_MIN = 9
#: Megabytes of a sketch are cells that nothing was counted in, and each raw value is searched in all of them.
_EMPTY = re.compile(rb"\0+")
#: Shorter or without a digit or an @ are what forms are filled with: `0`, `unknown`, `n/a`.
TELLING = re.compile(rb"(?=.*[0-9@]).{7,}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Told:
    """What the worker said of the sample, by where it said it, and the raw values that it was given."""

    raw: frozenset[bytes]
    places: dict[str, bytes]
    letters: tuple[DeadLetter, ...]
    secrets: frozenset[bytes]


def personal(events: list[SimulatedEvent]) -> Iterator[bytes]:
    """Every e-mail, phone, address, device and payment token of the stream, and forms they are written in."""
    for event in events:
        if isinstance(event.value, bytes):
            yield from LOOKS.findall(event.value)
        elif isinstance(event.value, AccountCreated | AccountUpdated | AccountBanned):
            account = event.value.account
            for value in (account.email, account.phone, account.ip, account.device_id, account.payment_token):
                if value:
                    yield value.encode()
                    yield value.replace("-", "").encode()
            if account.phone and len(digits := re.sub(r"\D", "", account.phone)) >= DIGITS_MIN:
                yield digits.encode()


@pytest.fixture(scope="module")
def told(platform: Platform, redis_administrator: str) -> Told:
    """The sample replayed, waited for, and everything that was said collected."""
    events, before = list(sample(7, ACCOUNTS, ends_at=datetime.now(UTC))), processed(platform)
    replay = DemoReplay(platform.settings, events, REPLAY_SECONDS)
    replay.start()
    replay.join(60.0)
    assert not replay.sent.fault
    platform.until(lambda: processed(platform) >= before + len(events), "every event's outcome")
    by_now = published(platform)  # look-backs go on, and publish more
    platform.until(lambda: logged(platform) >= by_now, "the log to name every alert")
    return Told(
        frozenset(filter(TELLING.fullmatch, personal(events))),
        places(platform, redis_administrator),
        tuple(platform.letters()),
        frozenset(secrets(platform)),
    )


def processed(platform: Platform) -> float:
    """Events of the platform's topics that reached an outcome."""
    return sum(platform.sum_of("samehand_events_total", f'topic="{it}"') for it in platform.topics.events)


def logged(platform: Platform) -> set[str]:
    """The alerts that the log names."""
    lines = [json.loads(line) for line in platform.log.read_bytes().splitlines()]
    return {line["alert_id"] for line in lines if line["event"] == "alert published"}


def published(platform: Platform) -> set[str]:
    values = b"".join(platform.values(platform.topics.alerts))
    return {found.decode() for found in re.findall(rb'"alert_id":"(\w+)"', values)}


def secrets(platform: Platform) -> Iterator[bytes]:
    """The pepper's secrets, as the file writes them and as they are, and the password of Redis."""
    for word in Path(platform.environment["SAMEHAND_PEPPER_FILE"]).read_bytes().split():
        if re.fullmatch(rb"[0-9a-f]{64}", word):
            yield word
            yield bytes.fromhex(word.decode())
    if password := platform.environment.get("SAMEHAND_REDIS_PASSWORD_FILE"):
        yield Path(password).read_bytes().strip()


def places(platform: Platform, redis_administrator: str) -> dict[str, bytes]:
    """Everything that was said, by where."""
    platform.until(platform.ready, "a busy machine to have it ready")
    openmetrics = Request(
        f"http://{LOOPBACK}:{platform.port.number}/metrics",
        headers={"Accept": "application/openmetrics-text"},
    )
    with urlopen(openmetrics, timeout=30.0) as answer, redis.Redis.from_url(redis_administrator) as client:
        return {
            "openmetrics": answer.read(),
            "metrics": platform.page("/metrics").encode(),
            "health": (platform.page("/health/live") + platform.page("/health/ready")).encode(),
            "page": platform.page("/").encode(),
            "log": platform.log.read_bytes(),
            "alerts": b"\n".join(platform.values(platform.topics.alerts)),
            "redis": _EMPTY.sub(b"\0", b"\0".join(everything(client, platform.settings.store_prefix))),
            "reasons": json.dumps([[it.reason, it.path, it.detail] for it in platform.letters()]).encode(),
        }


@for_each("place", ["log", "redis", "metrics", "openmetrics", "health", "page", "alerts", "reasons"])
def test_no_raw_value_is_there(told: Told, place: str) -> None:
    said = told.places[place]
    assert len(said) > 2
    assert [raw for raw in told.raw if raw in said] == []


def test_no_secret_is_anywhere(told: Told, redis_user: dict[str, str]) -> None:
    assert len(told.secrets) >= 4 + bool(redis_user), "an identity and a pepper, in two forms, and a password"
    found = {place for place, said in told.places.items() for secret in told.secrets if secret in said}
    assert found == set()


def test_there_was_something_to_give_away(told: Told) -> None:
    assert len(told.raw) > ACCOUNTS
    assert told.places["alerts"].count(b"alert_id") >= 5
    assert len(told.places["redis"]) > 100_000
    held = b"".join(it.value for it in told.letters if it.value)
    assert [raw for raw in told.raw if raw in held], "letters hold the records that could not be read"


def test_the_log_is_json_and_names_events(told: Told) -> None:
    lines = [json.loads(line) for line in told.places["log"].splitlines()]
    dead = {line["address"] for line in lines if line["event"] == "dead letter"}
    assert dead == {letter.address for letter in told.letters}
    alerts = [line for line in lines if line["event"] == "alert published"]
    found = set(re.findall(rb'"alert_id":"(\w+)"', told.places["alerts"]))
    assert {line["alert_id"].encode() for line in alerts} <= found, "the fixture has waited for the others"
    assert all(line["event_id"] for line in alerts if line["event_id"] is not None)
