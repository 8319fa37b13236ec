"""What stands behind a gate goes away while its callers go on: whoever was told 202 is there in the end."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gate.intake import PUBLISH_SECONDS
from local.apache import ApacheKafka
from local.ports import LOOPBACK
from schemas.wire import encode
from streams.kafka import topics
from streams.kafka.client import reader
from tests.faults.table import Row, Table
from tests.gate.test_gate import DEVICE, Running, enrol
from tests.gate.test_intake import PLAIN, STANDARD, standard
from tests.makers import a_ban, a_sign_up, a_verdict

pytestmark = pytest.mark.kafka

AWAY_SECONDS = 3.0
BEFORE = 30
"""Records that each caller has taken before the fault, and after it."""

BUSY_SECONDS = 5.0  # what a loaded machine may add to any answer


@dataclass
class Sender:
    """Sends one record after the other, each again until it is taken."""

    client: httpx.Client
    path: str
    body: Callable[[int], bytes]
    headers: Callable[[bytes], dict[str, str]]
    sent: Counter[int] = field(default_factory=Counter)
    taken: list[int] = field(default_factory=list)
    refused: list[tuple[int, str | None]] = field(default_factory=list)
    slowest_seconds: float = 0.0

    def run(self, over: threading.Event) -> None:
        """Until it is over."""
        number = 0
        while not over.is_set():
            raw, began = self.body(number), time.monotonic()
            self.sent[number] += 1
            answer = self.client.post(self.path, content=raw, headers=self.headers(raw))
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
            if answer.status_code == 202:
                self.taken.append(number)
                number += 1
            else:
                self.refused.append((answer.status_code, answer.headers.get("retry-after")))
                over.wait(0.02)


@dataclass
class Asker:
    """Asks about the same mirror again and again."""

    client: httpx.Client
    key: str
    answers: Counter[str] = field(default_factory=Counter)
    slowest_seconds: float = 0.0

    def run(self, over: threading.Event) -> None:
        """Until it is over."""
        mirror = encode(a_sign_up("99", at=datetime.now(UTC), handle="um4r_media_2", device_id=DEVICE))
        while not over.is_set():
            began = time.monotonic()
            answer = self.client.post(
                "/v1/score", content=mirror, headers={"Authorization": f"Bearer {self.key}"}
            )
            self.answers[f"{answer.status_code} {answer.json().get('outcome')}"] += 1
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
            over.wait(0.02)


@pytest.fixture
def gate(own_kafka: ApacheKafka, tmp_path: Path, redis_url: str, store_prefix: str) -> Iterator[Running]:
    """A gate on it, that takes a shop's webhooks."""
    (tmp_path / "secret").write_text(STANDARD)
    (tmp_path / "mappings.toml").write_bytes(PLAIN)
    (tmp_path / "webhooks.toml").write_text(
        '[shop]\nsignature = "standard-webhooks"\nsecret_file = "secret"\n'
    )
    running = Running(
        tmp_path,
        {
            "SAMEHAND_KAFKA_BROKERS": own_kafka.address,
            "SAMEHAND_REDIS_URL": redis_url,
            "SAMEHAND_STORE_PREFIX": store_prefix,
            "SAMEHAND_TOPIC_PARTITIONS": "2",
            "SAMEHAND_MAPPINGS": str(tmp_path / "mappings.toml"),
            "SAMEHAND_GATE_WEBHOOKS": str(tmp_path / "webhooks.toml"),
        },
    )
    topics.check(running.settings, create=True)
    yield running
    running.close()


def senders(gate: Running) -> list[Sender]:
    """One of events, one of webhooks, one of verdicts."""
    at = datetime.now(UTC)

    def keyed(raw: bytes) -> dict[str, str]:
        return {"Authorization": f"Bearer {gate.key}"}

    def sign_up(number: int) -> bytes:
        return encode(a_sign_up(str(number), at=at))

    def foreign(number: int) -> bytes:
        return json.dumps({"id": str(number), "name": "umar", "at": at.isoformat()}).encode()

    def verdict(number: int) -> bytes:
        return encode(a_verdict(str(number), "mirror"))

    return [
        Sender(a_client(gate), "/v1/events/created", sign_up, keyed),
        Sender(a_client(gate), "/v1/webhooks/shop", foreign, lambda raw: standard(raw, datetime.now(UTC))),
        Sender(a_client(gate), "/v1/verdicts", verdict, keyed),
    ]


def a_client(gate: Running) -> httpx.Client:
    return httpx.Client(base_url=f"http://{LOOPBACK}:{gate.api.number}", timeout=30.0)


def published(gate: Running) -> list[Counter[int]]:
    """How often each number lies on its topic, a sender each."""
    found = [Counter[int](), Counter[int](), Counter[int]()]
    called = topics.names(gate.settings)
    with reader(gate.settings) as opened:
        for topic in (called.created, called.verdicts):
            for place in opened.partitions(topic):
                for record in opened.read(topic, place):
                    whose, _, number = (record.key or b"").rpartition(b":")
                    found[{b"telegram": 0, b"shop": 1, b"": 2}[whose]][int(number)] += 1
    return found


@pytest.mark.thorough
async def test_a_gates_broker_is_killed_and_comes_back(
    gate: Running, own_kafka: ApacheKafka, fault_table: Table
) -> None:
    now = datetime.now(UTC)
    await enrol(gate, a_ban("77", at=now, banned_at=now, handle="umar_media", device_id=DEVICE))
    gate.start()
    gate.until(lambda: gate.get("/health/ready")[1]["faults"] == {}, "store and broker")
    over, sending, asker = threading.Event(), senders(gate), Asker(a_client(gate), gate.key)
    runs = [*(it.run for it in sending), asker.run]
    threads = [threading.Thread(target=run, args=(over,)) for run in runs]
    for thread in threads:
        thread.start()
    try:
        gate.until(lambda: all(len(it.taken) >= BEFORE for it in sending), "a part of it")
        own_kafka.nodes[0].kill()
        gate.until(lambda: "kafka" in gate.get("/health/ready")[1]["faults"], "it to be told beside")
        gate.until(lambda: all(it.refused for it in sending), "all to hear of it")
        await asyncio.sleep(AWAY_SECONDS)
        before, asked = [len(it.taken) for it in sending], asker.answers.total()
        own_kafka.start()
        began = time.monotonic()
        gate.until(
            lambda: all(len(it.taken) > count for it, count in zip(sending, before, strict=True)),
            "all to be taken again",
        )
        recovered = time.monotonic() - began
        gate.until(lambda: all(len(it.taken) >= 2 * BEFORE for it in sending), "the rest of it")
        gate.until(lambda: gate.get("/health/ready")[1]["faults"] == {}, "all to be well")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    there = published(gate)
    lost = sum(len({*it.taken} - found.keys()) for it, found in zip(sending, there, strict=True))
    differing = sum(len(found.keys() - it.sent.keys()) for it, found in zip(sending, there, strict=True))
    repeated = sum(found.total() - len(found) for found in there)
    fault_table.add(
        Row(
            f"a gate's broker is killed, back after {AWAY_SECONDS:.0f} s",
            lost,
            differing,
            repeated,
            None,
            recovered,
        )
    )
    assert (lost, differing) == (0, 0)
    for it, found in zip(sending, there, strict=True):
        assert found <= it.sent, "nothing lies there more often than it was sent"
        assert {*it.refused} == {(503, "5")}
        assert it.slowest_seconds < PUBLISH_SECONDS + BUSY_SECONDS
    assert {*asker.answers} == {"200 match"}
    assert asked > 0
    assert asker.slowest_seconds < BUSY_SECONDS
    own_kafka.nodes[0].kill()
    sending[0].run(_soon())
    assert gate.end() == 0, "what is buffered for a broker that never comes holds no stop"


def _soon() -> threading.Event:
    """Set in a moment."""
    event = threading.Event()
    threading.Timer(0.2, event.set).start()
    return event
