"""A desk's feed at work, and what is on its topics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from desk.feed.consume import Consumer
from desk.feed.publish import VerdictPublisher
from desk.feed.run import Feed
from desk.settings import DeskSettings
from desk.telemetry import State
from streams.kafka import topics
from streams.kafka.client import reader, writer
from streams.settings import Settings
from tests.desk.people import Office

WAIT_SECONDS = 240.0


@asynccontextmanager
async def feeding(office: Office, settings: DeskSettings) -> AsyncIterator[State]:
    """The desk's feed, running."""
    called, state, database = topics.names(settings), State(), office.database
    feed = Feed(
        database,
        settings,
        Consumer(database, called, office.desk.policy, office.clock),
        VerdictPublisher(database, called.verdicts, office.clock),
        heard=lambda applied: None,
        state=state,
        policy=office.desk.policy,
        now=office.clock,
    )
    running = asyncio.create_task(feed.run())
    try:
        yield state
    finally:
        state.stopping.set()
        await running


async def until(condition: Callable[[], object]) -> None:
    """Waits for something that comes true within `WAIT_SECONDS`; an awaitable's answer counts."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        said = condition()
        if asyncio.iscoroutine(said):
            said = await said
        if said:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come true")


def publish(settings: Settings, topic: str, *values: bytes) -> None:
    with writer(settings) as out:
        for value in values:
            out.send(topic, key=b"k", value=value, headers=[]).get(timeout=60.0)


def verdicts_on(settings: Settings) -> list[bytes]:
    with reader(settings) as opened:
        topic = topics.names(settings).verdicts
        return [it.value or b"" for number in opened.partitions(topic) for it in opened.read(topic, number)]
