"""Alerts in, verdicts out, on a real broker and both databases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from desk.database import alerts, outbox, verdicts
from desk.database.engine import Database
from desk.database.reads import Filters
from desk.feed.consume import Applied, Consumer
from desk.feed.publish import Publisher
from desk.feed.run import Feed, State
from desk.review.decisions import Decision
from schemas.malformed import Malformed
from schemas.wire import decode_verdict, encode
from streams.kafka import topics
from streams.kafka.client import reader, writer
from streams.outcomes import Arrival
from streams.settings import Settings, load
from tests.desk.makers import an_alert
from tests.desk.people import Office, an_office
from tests.makers import a_verdict

WAIT_SECONDS = 30.0


@pytest.fixture
def settings(broker: str, topic_prefix: str) -> Settings:
    given = {"KAFKA_BROKERS": broker, "TOPIC_PREFIX": topic_prefix, "TOPIC_PARTITIONS": "2"}
    made = load({f"SAMEHAND_{name}": value for name, value in given.items()})
    topics.check(made, create=True)
    topics.check(made, topics.wanted_by_desk(made), create=True)
    return made


@asynccontextmanager
async def feeding(office: Office, settings: Settings) -> AsyncIterator[State]:
    """The desk's feed, running."""
    called, state, database = topics.names(settings), State(), office.database
    feed = Feed(
        database,
        settings,
        Consumer(database, called, office.desk.policy, office.clock),
        Publisher(database, called.verdicts, office.clock),
        heard=lambda applied: None,
        state=state,
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
            out.send(topic, key=b"k", value=value, headers=[]).get(timeout=10)


def verdicts_on(settings: Settings) -> list[bytes]:
    with reader(settings) as opened:
        topic = topics.names(settings).verdicts
        return [it.value or b"" for number in opened.partitions(topic) for it in opened.read(topic, number)]


async def test_an_alert_comes_in_and_its_verdict_goes_out_when_it_can_no_longer_be_undone(
    database: Database, settings: Settings
) -> None:
    office = an_office(database)
    amina = await office.hire("amina")
    publish(settings, topics.names(settings).alerts, b"not json", encode(an_alert()))
    async with feeding(office, settings) as state:
        queue: list[int] = []

        async def arrived() -> bool:
            queue[:] = [one.read_id for one in await office.desk.queue(amina, Filters())]
            return bool(queue)

        await until(arrived)
        await office.desk.decide(amina, queue[0], Decision("mirror", "several-traits"))
        await until(lambda: state.publishing == "")
        assert verdicts_on(settings) == []
        office.clock.pass_(10)
        await until(lambda: verdicts_on(settings))
        [value] = verdicts_on(settings)
        given = decode_verdict(value, now=office.clock())
        assert not isinstance(given, Malformed)
        assert (given.record.alert_id, given.record.verdict) == ("alert-1", "mirror")
        assert given.record.reviewer == amina.user_id

        async def is_sent() -> bool:
            async with database.read() as connection:
                return (await outbox.waiting(connection))[0] == 0

        await until(is_sent)


async def test_a_batch_that_is_delivered_twice_counts_once(database: Database) -> None:
    office = an_office(database)
    called = topics.Names()
    consumer = Consumer(database, called, office.desk.policy, office.clock)
    batch = [Arrival(called.alerts, 0, 7, b"k", encode(an_alert()))]
    assert await consumer.apply(batch) == Applied(1, 0, ())
    assert await consumer.apply(batch) == Applied(0, 0, ())
    async with database.read() as connection:
        assert await alerts.count(connection) == 1
    assert await consumer.positions() == {(called.alerts, 0): 8}


async def test_what_cannot_be_read_is_counted_and_passed_over(database: Database) -> None:
    office = an_office(database)
    called = topics.Names()
    consumer = Consumer(database, called, office.desk.policy, office.clock)
    batch = [Arrival(called.alerts, 0, 0, b"k", b"{"), Arrival(called.verdicts, 1, 0, b"k", None)]
    applied = await consumer.apply(batch)
    assert applied.refused == ((called.alerts, "not-json"), (called.verdicts, "empty"))
    assert await consumer.positions() == {(called.alerts, 0): 1, (called.verdicts, 1): 1}


async def test_a_verdict_of_somebody_elsewhere_empties_the_queue(database: Database) -> None:
    office = an_office(database)
    amina = await office.hire("amina")
    called = topics.Names()
    consumer = Consumer(database, called, office.desk.policy, office.clock)
    await office.receive("alert-1")
    office.clock.pass_(3_600)
    given = encode(a_verdict("alert-1", "not_mirror"))
    await consumer.apply([Arrival(called.verdicts, 0, 0, b"alert-1", given)])
    assert await office.desk.queue(amina, Filters()) == []
    async with database.read() as connection:
        [kept] = await verdicts.of_alert(connection, "alert-1")
    assert (kept.kind, kept.verdict) == ("elsewhere", "not_mirror")


async def test_a_verdict_that_comes_before_its_alert_holds_all_the_same(database: Database) -> None:
    office = an_office(database)
    amina = await office.hire("amina")
    called = topics.Names()
    consumer = Consumer(database, called, office.desk.policy, office.clock)
    office.clock.pass_(3_600)
    given = encode(a_verdict("alert-1", "mirror"))
    await consumer.apply([Arrival(called.verdicts, 0, 0, b"alert-1", given)])
    await consumer.apply([Arrival(called.alerts, 0, 0, b"k", encode(an_alert()))])
    assert await office.desk.queue(amina, Filters()) == []
