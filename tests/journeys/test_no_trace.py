"""The whole sample through a real worker, and not one raw personal value of it anywhere but where it came in.

Looked through are the worker's log, everything in Redis (as it lies and unpacked), /metrics in both forms,
/health, the overview page, every alert, and of dead letters what they say about the record they hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import redis

from cli.commands.demo.replay import DemoReplay
from local.ports import LOOPBACK
from schemas.accounts import AccountBanned, AccountCreated, AccountUpdated
from schemas.letters import DeadLetter
from simulate.timeline.events import SimulatedEvent
from simulate.timeline.stream import sample
from streams.kafka.topics import names
from tests.journeys.conftest import Platform
from tests.store.redis.test_redis import everything

pytestmark = pytest.mark.journey

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
def told(
    tmp_path_factory: pytest.TempPathFactory,
    broker: str,
    redis_url: str,
    redis_administrator: str,
    redis_user: dict[str, str],
) -> Iterator[Told]:
    """The sample replayed, waited for, and everything that was said collected."""
    extra = {"SAMEHAND_LETTERS_SHARE": "1.0"}  # the sample has broken records on purpose
    platform = Platform(
        tmp_path_factory.mktemp("no-trace"), broker, redis_url, redis_user=redis_user, extra=extra
    )
    events = list(sample(7, ACCOUNTS, ends_at=datetime.now(UTC)))
    try:
        platform.open()
        replay = DemoReplay(platform.settings, events, REPLAY_SECONDS)
        replay.start()
        replay.join(60.0)
        assert not replay.sent.fault
        platform.until(lambda: processed(platform) >= len(events), "every event's outcome")
        yield Told(
            frozenset(filter(TELLING.fullmatch, personal(events))),
            places(platform, redis_administrator),
            tuple(platform.letters()),
            frozenset(secrets(platform)),
        )
    finally:
        platform.close()


def processed(platform: Platform) -> float:
    """Events of the platform's topics that reached an outcome."""
    called = names(platform.settings)
    topics = (called.created, called.updated, called.deleted, called.banned, called.reinstated)
    rows = platform.page("/metrics").splitlines()
    return sum(
        float(row.rpartition(" ")[2])
        for row in rows
        if row.startswith("samehand_events_total{") and any(f'topic="{topic}"' in row for topic in topics)
    )


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
            "overview": platform.page("/").encode(),
            "log": platform.log.read_bytes(),
            "alerts": b"\n".join(platform.values(platform.topics.alerts)),
            "redis": _EMPTY.sub(b"\0", b"\0".join(everything(client, platform.settings.store_prefix))),
            "reasons": json.dumps([[it.reason, it.path, it.detail] for it in platform.letters()]).encode(),
        }


@pytest.mark.parametrize(
    "place", ["log", "redis", "metrics", "openmetrics", "health", "overview", "alerts", "reasons"]
)
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
    assert {line["alert_id"].encode() for line in alerts} == found
    assert all(line["event_id"] for line in alerts if line["event_id"] is not None)
