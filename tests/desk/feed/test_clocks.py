"""What arrives and leaves, and what is erased, while the clock is set forward and back by days."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from desk.access import sessions
from desk.database import alerts, schema
from desk.database.counts import exposures
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.database.topics import outbox
from desk.feed.consume import Consumer
from desk.review.deciding.decide import ReadDecision
from schemas.wire import encode
from streams.kafka import topics
from streams.outcomes import Arrival
from streams.settings import Settings
from tests.desk.feed.feeding import feeding, until
from tests.desk.makers import an_alert
from tests.desk.people import Office, an_office
from tests.makers import NOON, a_verdict

DAY = 86_400.0
MIRROR = ReadDecision("mirror", "several-traits")


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def test_what_arrives_while_the_clock_is_behind_is_kept(office: Office) -> None:
    amina = await office.hire("amina")
    called = topics.Names()
    consumer = Consumer(office.database, called, office.desk.policy, office.clock)
    office.clock.pass_(-3 * DAY)
    verdict = a_verdict("alert-2", "not_mirror")
    given, said = encode(an_alert()), encode(verdict)
    applied = await consumer.apply(
        [
            Arrival(called.alerts, 0, 0, b"k", given, timestamp=NOON.timestamp()),
            Arrival(called.verdicts, 0, 0, b"k", said, timestamp=verdict.at),
        ]
    )
    assert (applied.alerts, applied.verdicts, applied.refused) == (1, 1, ())
    [one] = await office.desk.queue(amina, Filters())
    assert one.waits_since == office.clock(), "no later than now: it must not wait behind all that comes"
    assert (await office.desk.open(amina, "alert-1")).alert.detected_at == NOON


async def test_a_verdict_of_the_future_is_refused_by_the_moment_of_its_record(office: Office) -> None:
    called = topics.Names()
    consumer = Consumer(office.database, called, office.desk.policy, office.clock)
    office.clock.pass_(-3 * DAY)
    said = encode(a_verdict("alert-1", "not_mirror"))
    before = office.clock()
    applied = await consumer.apply([Arrival(called.verdicts, 0, 0, b"k", said, timestamp=before)])
    assert applied.refused == ((called.verdicts, "future-date"),)


async def test_nothing_is_erased_early_by_a_clock_that_was_set_forward(
    database: Database,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desk.feed.run.TIDY_SECONDS", 0.1)
    office = an_office(database)
    amina = await office.hire("amina")
    await office.receive()
    await office.desk.open(amina, "alert-1")
    [one] = await office.desk.queue(amina, Filters())
    await office.desk.decide(amina, one.read_id, MIRROR)
    async with office.database.begin() as connection:
        link = await sessions.link(connection, amina.user_id, now=office.clock())

    async def is_tidied() -> bool:
        async with database.read() as connection:
            links = (await connection.execute(select(schema.links))).all()
        return not links

    async with feeding(office, settings):
        office.clock.pass_(400 * DAY)
        await until(is_tidied)
    assert link
    async with database.read() as connection:
        kept = await alerts.evidence_of(connection, "alert-1")
        days = await exposures.of(connection, amina.user_id, 10)
    assert kept is not None
    assert kept.erased_at is None
    assert len(days) == 1


async def test_a_feed_whose_clock_is_set_back_goes_on_publishing(
    database: Database,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desk.feed.run.TIDY_SECONDS", 0.1)
    office = an_office(database)
    amina = await office.hire("amina")
    await office.receive()
    [one] = await office.desk.queue(amina, Filters())

    async def heads() -> int:
        async with database.read() as connection:
            return len((await connection.execute(select(schema.heads))).all())

    async with feeding(office, settings):
        await until(heads)
        await office.desk.decide(amina, one.read_id, MIRROR)
        office.clock.pass_(-3 * DAY)

        async def is_sent() -> bool:
            office.clock.pass_(1)
            async with database.read() as connection:
                return (await outbox.waiting(connection))[0] == 0

        await until(is_sent)

        async def is_published() -> bool:
            return await heads() == 2

        await until(is_published)
