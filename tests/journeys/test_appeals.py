"""A holder's appeal, from the platform's call to the platform's webhook, over processes of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.examples import ALERT
from streams.kafka.client import reader
from streams.kafka.topics import names
from tests.deliver.receiver import SECRET_TEXT, Receiver, receiving
from tests.journeys.delivering import Delivering
from tests.journeys.serving import Serving

pytestmark = pytest.mark.journey

WORDS = "I am somebody else, ask at holder@valley.example. میں وہ نہیں ہوں \u202e"
PEOPLE = {"amina": "moderator", "bilal": "moderator"}
APPEAL = {"appeal_id": "c-1", "platform": ALERT.platform, "account_id": ALERT.account_id, "words": WORDS}


class House(Serving):
    """Gate, desk and deliver, of which each is started when a test says so."""

    def __init__(self, folder: Path, delivering: Delivering, redis_url: str, receiver: Receiver) -> None:
        """Lets two people in."""
        self.delivering, self.receiver = delivering, receiver
        database_url = f"sqlite:///{folder / 'desk.db'}"
        super().__init__(folder, delivering, redis_url, database_url, may={"appeals"}, people=PEOPLE)

    def appeal(self, **changed: Any) -> httpx.Response | None:
        """The platform's call; None while the gate does not answer."""
        try:
            return self.call("/v1/appeals", {**APPEAL, **changed})
        except httpx.TransportError:
            return None

    def answers(self, status: int, **changed: Any) -> bool:
        answer = self.appeal(**changed)
        return answer is not None and answer.status_code == status

    def decides(self, name: str, verdict: str, kind: str) -> str:
        """Somebody decides what waits for them; the page that they saw of it."""
        given = {"verdict": verdict, "reason_code": "other-person", "policy": "spam"}
        with closing(self.sign_in(name)) as client:
            return self.decide(client, kind, **given)

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
        made.close()
        delivering.close()


def test_somebody_else_reverses_it_and_the_platform_hears_of_it_without_the_holders_words(
    house: House,
) -> None:
    assert (house.folder / "secret").read_text() == SECRET_TEXT
    until = house.delivering.until
    house.start("gate")
    strangers = (f"nobody-{number}" for number in count())  # an account may appeal five times at once
    until(lambda: house.answers(503, account_id=next(strangers)), "a gate that says that the desk is away")
    house.start("desk")
    house.delivering.send([ALERT])
    until(lambda: house.answers(404, account_id=next(strangers)), "a desk that knows no such alert")
    with closing(house.sign_in("amina")) as client:
        until(
            lambda: "/alerts/" in client.get("/next?kind=first").headers["Location"], "the alert at the desk"
        )
    assert house.answers(409), "nothing is decided"
    house.decides("amina", "mirror", "first")
    house.delivering.start()

    first, again = house.appeal(), house.appeal()
    assert first is not None
    assert again is not None
    assert (first.status_code, first.json()["alert_id"]) == (202, ALERT.alert_id)
    assert first.content == again.content
    assert house.answers(409, words="something else")

    seen = house.decides("bilal", "not_mirror", "appeal")
    assert WORDS[:40] in seen
    assert 'class="verdicts"' not in seen

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
