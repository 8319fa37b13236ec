"""A topic is told from another of the same name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from faust.exceptions import ConsumerNotStarted
from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.delivery.progress import Progress
from streams.errors import BrokerUnavailable
from streams.faust_app import topic_ids as room
from streams.faust_app.app import WorkerApp
from streams.faust_app.topic_ids import unread, watch_topics
from streams.settings import Settings, load
from streams.telemetry.metrics import Metrics
from tests.streams.fakes import TOPIC, FakeClock


class Consumer:
    """One partition that ends at 10, committed up to 4."""

    def __init__(self) -> None:
        self._committed_offset = {TP(TOPIC, 0): 4}

    def assignment(self) -> set[TP]:
        return {TP(TOPIC, 0)}

    def highwater(self, tp: TP) -> int:
        return 10


def an_app() -> WorkerApp:
    app = WorkerApp(load({}), Metrics(CollectorRegistry()), clock=FakeClock())
    stand_in: Any = Consumer()
    app._consumer = stand_in
    app.progress.append(Progress("screen", TOPIC))
    app.topic_ids[TOPIC] = "before"
    return app


def test_unread_is_what_was_neither_settled_nor_committed() -> None:
    app = an_app()
    assert unread(app) == {TOPIC: 6}
    app.progress[0].next_offsets[TOPIC, 0] = 7
    assert unread(app) == {TOPIC: 3}


def test_a_consumer_that_has_not_started_has_nothing_waiting() -> None:
    app = an_app()

    def assignment() -> set[TP]:
        raise ConsumerNotStarted

    stand_in: Any = app.consumer
    stand_in.assignment = assignment
    assert unread(app) == {}


async def test_a_worker_whose_topic_was_made_again_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    app, ends = an_app(), list[str]()
    app.life.end = lambda: ends.append("end")
    answers: Iterator[dict[str, str] | None] = iter([None, {TOPIC: "before"}, {}, {TOPIC: "after"}])

    closed = Event()

    class Broker:
        """In place of a client that is kept: what it is asked is which topics there are."""

        def __init__(self, settings: Settings) -> None:
            self.settings = settings

        def ask(self, question: object) -> dict[str, str]:
            answer = next(answers)
            if answer is None:
                raise BrokerUnavailable("away")
            return answer

        def close(self) -> None:
            closed.set()

    monkeypatch.setattr(room, "kept_admin", Broker)
    await watch_topics(app)
    assert await asyncio.to_thread(closed.wait, 10.0)
    assert ends == ["end"]
    assert app.life.stuck == f"{TOPIC}: deleted and created again"


async def test_a_worker_that_stops_looks_no_more() -> None:
    app = an_app()
    app.life.stopping = True
    await watch_topics(app)
    assert app.life.stuck == ""
