"""A holder's appeal, from the platform's call to the platform's webhook, over processes of their own."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from desk.access.sign_in import add_user
from desk.database.engine import opened
from gate.keys import new_key, rate_of
from local.ports import LOOPBACK, take_port
from local.processes import Child
from schemas.examples import ALERT
from store.pepper.pepper import write_pepper_file
from streams.kafka.client import reader
from streams.kafka.topics import names
from tests.deliver.receiver import SECRET_TEXT, Receiver, receiving
from tests.desk.people import PASSWORD, kept
from tests.journeys.delivering import Delivering
from tests.makers import NOON

pytestmark = pytest.mark.journey

WORDS = "I am somebody else, ask at holder@valley.example. میں وہ نہیں ہوں \u202e"
APPEAL = {"appeal_id": "c-1", "platform": ALERT.platform, "account_id": ALERT.account_id, "words": WORDS}


@dataclass
class House:
    """Gate, desk and deliver, of which each is started when a test says so."""

    folder: Path
    delivering: Delivering
    redis_url: str
    receiver: Receiver
    children: list[Child] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Writes the secrets and the keys, and lets two people in."""
        self.ports = [take_port() for _ in range(4)]
        self.gate_port, self.desk_port, *_ = (port.number for port in self.ports)
        for name in ("pepper", "keys"):
            (self.folder / name).unlink(missing_ok=True)
        write_pepper_file(self.folder / "pepper")
        may = frozenset({"appeals"})
        self.key = new_key(self.folder / "keys", "platform", may, rate_of("100/s"), datetime.now(UTC))
        self.database = f"sqlite:///{self.folder / 'desk.db'}"
        asyncio.run(self._hire())

    async def _hire(self) -> None:
        async with opened(self.database) as database, database.begin() as connection:
            for name in ("amina", "bilal"):
                await add_user(connection, name, "moderator", password=kept(), now=NOON.timestamp())

    def start(self, command: str) -> None:
        own = {
            "gate": {
                "REDIS_URL": self.redis_url,
                "STORE_PREFIX": f"samehand-{self.delivering.environment['SAMEHAND_KAFKA_GROUP']}",
                "PEPPER_FILE": self.folder / "pepper",
                "GATE_KEYS": self.folder / "keys",
                "GATE_PORT": self.gate_port,
                "GATE_DESK_URL": f"http://{LOOPBACK}:{self.desk_port}",
                "GATE_DESK_SECRET_FILE": self.folder / "secret",
                "WEB_PORT": self.ports[2].number,
            },
            "desk": {
                "DATABASE_URL": self.database,
                "DESK_PORT": self.desk_port,
                "DESK_APPEALS_SECRET_FILE": self.folder / "secret",
                "DESK_UNDO_SECONDS": 0,
                "DESK_BLIND_SHARE": 0,
                "DESK_SECOND_SHARE": 0,
                "WEB_PORT": self.ports[3].number,
            },
        }[command]
        given = {f"SAMEHAND_{name}": str(value) for name, value in own.items()}
        environment = self.delivering.environment | given
        child = Child([sys.executable, "-m", "cli", command], self.folder / f"{command}.log", environment)
        child.start()
        self.children.append(child)

    def appeal(self, **changed: Any) -> httpx.Response | None:
        """The platform's call; None while the gate does not answer."""
        try:
            return httpx.post(
                f"http://{LOOPBACK}:{self.gate_port}/v1/appeals",
                json={**APPEAL, **changed},
                headers={"Authorization": f"Bearer {self.key}"},
                timeout=30.0,
            )
        except httpx.TransportError:
            return None

    def answers(self, status: int, **changed: Any) -> bool:
        answer = self.appeal(**changed)
        return answer is not None and answer.status_code == status

    def sign_in(self, name: str) -> httpx.Client:
        client = httpx.Client(base_url=f"http://{LOOPBACK}:{self.desk_port}", timeout=30.0)
        form = {"name": name, "password": PASSWORD}

        def signed_in() -> bool:
            try:
                return client.post("/sign-in", data=form).status_code == 303
            except httpx.TransportError:
                return False

        self.delivering.until(signed_in, "the desk to let people in")
        client.headers["X-CSRF-Token"] = client.get("/api/v1/me").json()["csrf"]
        return client

    def decides(self, name: str, verdict: str, kind: str) -> dict[str, Any]:
        """Somebody decides what waits for them; what they saw of it."""
        with closing(self.sign_in(name)) as client:
            queue = f"/api/v1/queue?kind={kind}"
            self.delivering.until(lambda: client.get(queue).json(), "something to decide")
            [waiting] = client.get(queue).json()
            seen: dict[str, Any] = client.get(f"/api/v1/alerts/{waiting['alert_id']}").json()
            given = {"verdict": verdict, "reason_code": "other-person", "policy": "spam"}
            made = client.post("/api/v1/verdicts", json={"read_id": waiting["read_id"], **given})
            assert made.status_code == 201, made.text
        return seen

    def published(self) -> dict[str, list[bytes]]:
        """What is on every topic."""
        with reader(self.delivering.settings) as opened:
            called = vars(names(self.delivering.settings)).values()
            there = {topic: opened.partitions(topic) for topic in called}
            return {
                topic: [it.value or b"" for number in numbers for it in opened.read(topic, number)]
                for topic, numbers in there.items()
                if numbers
            }


@pytest.fixture
def house(broker: str, tmp_path: Path, redis_url: str) -> Iterator[House]:
    with receiving() as receiver:
        delivering = Delivering(tmp_path, broker, {"complaints": receiver}, complaints="appeals = true")
        made = House(tmp_path, delivering, redis_url, receiver)
        yield made
        for child in made.children:
            child.kill()
        delivering.close()
        for port in made.ports:
            port.release()


def test_somebody_else_reverses_it_and_the_platform_hears_of_it_without_the_holders_words(
    house: House,
) -> None:
    assert (house.folder / "secret").read_text() == SECRET_TEXT
    until = house.delivering.until
    house.start("gate")
    until(lambda: house.answers(503), "a gate that says that the desk is away")
    house.start("desk")
    house.delivering.send([ALERT])
    until(lambda: house.answers(409), "a desk on which nothing is decided")
    house.decides("amina", "mirror", "first")
    house.delivering.start()

    first, again = house.appeal(), house.appeal()
    assert first is not None
    assert again is not None
    assert (first.status_code, first.json()["alert_id"]) == (202, ALERT.alert_id)
    assert first.content == again.content
    assert house.answers(409, words="something else")

    seen = house.decides("bilal", "not_mirror", "appeal")
    assert [it["words"] for it in seen["appeals"]] == [WORDS]
    assert seen["said"] == []

    def told() -> list[Any]:
        return [it.json for it in house.receiver.requests if it.json["type"] == "appeal.decided"]

    until(told, "the webhook")
    [webhook] = told()
    assert (webhook["data"]["outcome"], webhook["data"]["appeal_id"]) == ("reversed", "c-1")
    topics = house.published()
    verdicts = [json.loads(it)["verdict"] for it in topics[house.delivering.topics.verdicts]]
    assert verdicts == ["mirror", "not_mirror"]
    everything = b"".join(value for values in topics.values() for value in values)
    everything += b"".join(request.body for request in house.receiver.requests)
    everything += b"".join(log.read_bytes() for log in house.folder.glob("*.log"))
    assert b"reversed" in everything
    assert b"valley" not in everything
