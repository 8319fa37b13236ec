"""A gate as a process: on a real Redis and a real broker, without either, and told to stop."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import httpx
import pytest
from prometheus_client import CollectorRegistry

from agents.common.converters import ban_of
from agents.runtime.store_factory import peppers_of, store_of
from gate.keys import new_key
from gate.process import watching
from gate.rights import May
from local.ports import LOOPBACK, take_port
from local.processes import Child
from local.redis import EmbeddedRedis
from schemas.record import Record
from schemas.wire import encode
from store.pepper.pepper import write_pepper_file
from streams.kafka import topics
from streams.kafka.client import reader, writer
from streams.settings import load
from streams.telemetry.metrics import Metrics
from tests.agents.common.test_common import adopted
from tests.makers import a_ban, a_sign_up

pytestmark = pytest.mark.journey

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
WAIT_SECONDS_MAX = 240.0


class Running:
    """A gate in a process of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.api, self.web = take_port(), take_port()
        keys, pepper = folder / "keys.json", folder / "pepper"
        write_pepper_file(pepper)
        every: frozenset[May] = frozenset(("score", "alerts", "events", "verdicts"))
        self.key = new_key(keys, "all", every, 1e6, datetime.now(UTC))
        self.environment = {
            **environment,
            "SAMEHAND_PEPPER_FILE": str(pepper),
            "SAMEHAND_GATE_KEYS": str(keys),
            "SAMEHAND_GATE_PORT": str(self.api.number),
            "SAMEHAND_WEB_PORT": str(self.web.number),
            "SAMEHAND_WEB_HOST": LOOPBACK,
            "SAMEHAND_GATE_DEADLINE_MS": "5000",
        }
        self.settings = load(self.environment)
        self.log = folder / "gate.log"
        self.child = Child([sys.executable, "-m", "cli", "gate"], self.log, self.environment)

    def start(self) -> None:
        """Until it answers."""
        self.child.start()
        self.until(lambda: self.get("/health/live")[0] == 200, "a gate that answers")

    def get(self, path: str) -> tuple[int, Any]:
        """What operators see."""
        return answered(Request(f"http://{LOOPBACK}:{self.web.number}{path}"))

    def post(self, path: str, record: Record) -> tuple[int, Any]:
        """A call."""
        where = f"http://{LOOPBACK}:{self.api.number}{path}"
        return answered(Request(where, encode(record), {"Authorization": f"Bearer {self.key}"}))

    def until(self, true: Callable[[], object], what: str) -> None:
        """Waits for a condition."""
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > WAIT_SECONDS_MAX:
                raise AssertionError(f"waited in vain for {what}\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def end(self) -> int | None:
        """Tells it to stop; its exit code."""
        self.child.stop(60.0)
        return self.child.exit_code

    def close(self) -> None:
        """Ends it."""
        self.child.kill()
        self.api.release()
        self.web.release()


def answered(request: Request) -> tuple[int, Any]:
    """Status and body; status 0 where nobody answers."""
    try:
        with urlopen(request, timeout=30.0) as answer:
            status, body = answer.status, answer.read()
    except HTTPError as fault:
        status, body = fault.code, fault.read()
    except (URLError, OSError):
        return 0, None
    try:
        return status, json.loads(body)
    except ValueError:
        return status, body.decode()


@pytest.fixture
def gate(
    tmp_path: Path, request: pytest.FixtureRequest, redis_url: str, store_prefix: str, topic_prefix: str
) -> Iterator[Running]:
    """A gate that has not been started; by the mark of the test on servers, or on nothing."""
    there = getattr(request, "param", "servers") == "servers"
    nowhere = take_port()
    running = Running(
        tmp_path,
        {
            "SAMEHAND_REDIS_URL": redis_url if there else f"redis://{LOOPBACK}:{nowhere.number}/0",
            "SAMEHAND_STORE_PREFIX": store_prefix,
            "SAMEHAND_KAFKA_BROKERS": request.getfixturevalue("broker")
            if there
            else f"{LOOPBACK}:{nowhere.number}",
            "SAMEHAND_TOPIC_PREFIX": topic_prefix,
        },
    )
    if there:
        topics.check(running.settings, create=True)  # as a worker does
    yield running
    running.close()
    nowhere.release()


async def enrol(running: Running, *bans: Any) -> None:
    """Bans in the store, as a worker puts them there."""
    peppers = peppers_of(running.settings)
    store = store_of(running.settings, peppers)
    await store.open()
    await store.enrol([ban_of(ban, peppers.keyers) for ban in bans], now=time.time())
    await store.close()


async def test_it_scores_publishes_and_ends_when_told(gate: Running) -> None:
    now = datetime.now(UTC)
    banned_at = now - timedelta(minutes=10)
    await enrol(gate, a_ban("77", at=banned_at, banned_at=banned_at, handle="umar_media", device_id=DEVICE))
    gate.start()
    mirror = a_sign_up("99", at=now, handle="um4r_media_2", device_id=DEVICE)
    gate.until(lambda: gate.get("/health/ready")[1]["faults"] == {}, "store and broker")
    status, told = gate.post("/v1/score", mirror)
    assert (status, told["outcome"]) == (200, "match")
    assert told["alerts"][0]["matched"]["account_id"] == "77"
    status, told = gate.post("/v1/events/created", mirror)
    assert (status, told["accepted"]) == (202, 1)
    with reader(gate.settings) as opened:
        topic = f"{gate.settings.topic_prefix}accounts.created"
        values = [it.value for place in opened.partitions(topic) for it in opened.read(topic, place)]
    assert values == [encode(mirror)]
    _, shown = gate.get("/metrics")
    assert 'samehand_gate_outcomes_total{outcome="match",reason=""} 1.0' in shown
    assert "samehand_gate_keys 1.0" in shown
    assert gate.end() == 0
    assert "um4r" not in gate.log.read_text()


@pytest.mark.parametrize("gate", ["nothing"], indirect=True)
async def test_without_store_and_broker_it_is_there_and_says_so(gate: Running) -> None:
    gate.start()
    status, told = gate.post("/v1/score", a_sign_up("99", at=datetime.now(UTC)))
    assert (status, told["outcome"], told["reason"]) == (200, "undecided", "store-away")
    status, told = gate.post("/v1/events/created", a_sign_up("99", at=datetime.now(UTC)))
    assert (status, told["records"][0]["reason"]) == (503, "kafka-away")
    assert set(gate.get("/health/ready")[1]["faults"]) == {"store", "kafka", "weights"}
    assert gate.end() == 0


async def test_it_scores_by_what_a_lead_adopted_as_soon_as_it_is_told(gate: Running) -> None:
    now = datetime.now(UTC)
    await enrol(gate, a_ban("77", at=now, banned_at=now, handle="umar_media", device_id=DEVICE))
    gate.start()
    gate.until(lambda: gate.get("/health/ready")[1]["faults"] == {}, "store and broker")
    mirror = a_sign_up("99", at=now, handle="um4r_media_2", device_id=DEVICE)
    gate.until(lambda: gate.post("/v1/score", mirror)[1]["outcome"] == "match", "a match")
    _, own = gate.post("/v1/score", mirror)
    with writer(gate.settings) as out:
        topic = topics.names(gate.settings).weights
        out.send(topic, key=b"live", value=encode(adopted(1)), headers=[]).get(timeout=60.0)
    gate.until(
        lambda: 'samehand_weights{stage="live",weights_version="learned-1"} 1.0' in gate.get("/metrics")[1],
        "it",
    )
    _, told = gate.post("/v1/score", mirror)
    assert (told["outcome"], told["weights_version"]) == ("match", "learned-1")
    assert told["alerts"][0]["log_odds"] > own["alerts"][0]["log_odds"], "its multiplier is above 1"


@pytest.fixture
def own_redis() -> Iterator[EmbeddedRedis]:
    """One that this test may harm."""
    with EmbeddedRedis() as server:
        yield server


@pytest.fixture
def harmed(
    tmp_path: Path, own_redis: EmbeddedRedis, store_prefix: str, topic_prefix: str
) -> Iterator[Running]:
    """A gate on it, and on no broker."""
    nowhere = take_port()
    running = Running(
        tmp_path,
        {
            "SAMEHAND_REDIS_URL": own_redis.url,
            "SAMEHAND_STORE_PREFIX": store_prefix,
            "SAMEHAND_KAFKA_BROKERS": f"{LOOPBACK}:{nowhere.number}",
            "SAMEHAND_TOPIC_PREFIX": topic_prefix,
        },
    )
    yield running
    running.close()
    nowhere.release()


async def test_a_redis_that_hangs_or_dies_holds_no_sign_up_and_is_asked_again_once_it_is_back(
    harmed: Running, own_redis: EmbeddedRedis
) -> None:
    now = datetime.now(UTC)
    await enrol(harmed, a_ban("77", at=now, banned_at=now, handle="umar_media", device_id=DEVICE))
    harmed.start()
    mirror = a_sign_up("99", at=now, handle="um4r_media_2", device_id=DEVICE)

    def decided() -> str:
        status, told = harmed.post("/v1/score", mirror)
        assert status == 200, "whatever is away, a sign-up is answered"
        return f"{told['outcome']} {told['reason'] or ''}".strip()

    harmed.until(lambda: decided() == "match", "the store to be opened")
    own_redis.freeze()
    assert decided() in ("undecided deadline", "undecided store-away")
    own_redis.thaw()
    harmed.until(lambda: decided() == "match", "a match once Redis goes on")
    own_redis.kill()
    harmed.until(lambda: decided() == "undecided store-away", "the gate to know that Redis is dead")
    harmed.until(lambda: "store" in harmed.get("/health/ready")[1]["faults"], "it to be told beside")
    own_redis.start()
    harmed.until(lambda: decided() == "match", "a match once Redis is back")
    assert harmed.end() == 0


@pytest.mark.parametrize("gate", ["nothing"], indirect=True)
async def test_a_thousand_callers_who_pipeline_and_read_nothing_keep_nobody_waiting(gate: Running) -> None:
    gate.start()
    asks = b"GET /openapi.json HTTP/1.1\r\nhost: gate\r\n\r\n" * 48
    deaf = []
    for _ in range(1_000):
        one = socket.create_connection((LOOPBACK, gate.api.number), timeout=120.0)
        one.sendall(asks)
        deaf.append(one)
    took = []
    for _ in range(20):
        began = time.monotonic()
        assert gate.post("/v1/score", a_sign_up("99", at=datetime.now(UTC)))[0] == 200
        took.append(time.monotonic() - began)
    assert max(took) < 60.0, "it is some .1 s, and 8 at a load of 20; it was minutes, or 503"
    for one in deaf:
        one.close()
    assert gate.end() == 0


def held(port: int, said: bytes) -> socket.socket:
    """A connection whose client has said this, and reads nothing."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    made.connect((LOOPBACK, port))
    made.sendall(said)
    return made


def test_it_ends_whatever_its_connections_are_in_the_middle_of(gate: Running) -> None:
    gate.start()
    asking = f"POST /v1/score HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {gate.key}\r\n".encode()
    page = b"GET /openapi.json HTTP/1.1\r\nHost: gate\r\n\r\n"
    states = [
        b"",
        b"GET /openapi.json HT",
        b"GET /openapi.json HTTP/1.1\r\nHost: gate\r\n",
        asking + b"Content-Length: 1000\r\n\r\n",
        asking + b"Content-Length: 1000\r\n\r\n{",
        asking + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        page,
        page * 48,
    ]
    connections = [held(gate.api.number, said) for said in states for _ in range(5)]
    gate.until(lambda: gate.get("/metrics")[0] == 200, "its pages beside them")
    try:
        assert gate.end() == 0
    finally:
        for connection in connections:
            connection.close()
    assert "stop forced" not in gate.log.read_text()


def client(**facts: str) -> tuple[httpx.AsyncClient, list[int]]:
    looked: list[int] = []
    app: Any = watching(Metrics(CollectorRegistry()), lambda: facts, lambda: looked.append(1))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gate"), looked


async def test_metrics_are_brought_up_to_date_and_shown_as_prometheus_asks() -> None:
    asking, looked = client()
    answer = await asking.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.rstrip().endswith("# EOF")
    assert looked == [1]


async def test_without_a_store_it_stays_in_a_balancer_and_says_what_is_away() -> None:
    """Taken out, it could not even say `undecided`."""
    asking, _ = client(store="Redis cannot be reached", kafka="")
    for path, faults in (("live", {}), ("ready", {"store": "Redis cannot be reached"})):
        answer = await asking.get(f"/health/{path}")
        assert (answer.status_code, answer.json()) == (200, {"healthy": True, "faults": faults})


async def test_there_is_nothing_else() -> None:
    asking, _ = client()
    assert (await asking.get("/v1/score")).status_code == 404
