"""Alerts in, verdicts out, on a real broker and both databases."""

from __future__ import annotations

from msgspec.structs import replace

from desk.database import alerts, verdicts
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.database.topics import outbox
from desk.feed.consume import Consumer
from desk.review.deciding.decide import ReadDecision
from desk.telemetry import Applied
from schemas.examples import ACTIONED
from schemas.malformed import Malformed
from schemas.wire import decode_verdict, encode
from streams.deadletters import admin
from streams.kafka import topics
from streams.outcomes import Arrival
from streams.settings import Settings
from tests.desk.feed.feeding import feeding, publish, until, verdicts_on
from tests.desk.makers import an_alert
from tests.desk.people import an_office
from tests.desk_databases import on_each_database
from tests.makers import a_verdict


@on_each_database
async def test_an_alert_comes_in_and_its_verdict_goes_out_when_it_can_no_longer_be_undone(
    database: Database, settings: Settings
) -> None:
    office = an_office(database)
    amina = await office.hire("amina")
    called = topics.names(settings)
    publish(settings, called.alerts, b"not json", encode(an_alert()))
    publish(settings, called.actioned, b"not json", encode(replace(ACTIONED, platform="x", account_id="new")))
    async with feeding(office, settings) as state:
        queue: list[int] = []

        async def arrived() -> bool:
            queue[:] = [one.read_id for one in await office.desk.queue(amina, Filters())]
            return bool(queue)

        await until(arrived)

        async def acted() -> bool:
            return bool(await office.desk.actions(amina, "x:new"))

        await until(acted)
        [letter] = admin.list_letters(settings, admin.Wanted())
        assert (letter.record.topic, letter.record.reason) == (called.actioned, "not-json")
        await office.desk.decide(amina, queue[0], ReadDecision("mirror", "several-traits"))
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
