"""Topics are read again, in another order, by two at once, or made anew: the rows end as they were."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace as replaced
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from desk.database import schema
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.feed.consume import Consumer, Overtaken, verdict_id_of
from desk.review.arrivals import Arrivals
from desk.review.deciding.decide import ReadDecision
from schemas.alerts import MirrorAlert
from schemas.record import Record
from schemas.verdicts import VerdictGiven
from schemas.wire import encode
from streams.kafka import topics
from streams.kafka.client import admin
from streams.outcomes import Arrival
from streams.settings import Settings
from tests.desk.feed.feeding import feeding, publish, until, verdicts_on
from tests.desk.makers import an_alert
from tests.desk.people import A_POLICY, Office, an_office
from tests.desk_databases import on_each_database
from tests.makers import NOON, a_verdict

NAMES = topics.Names()
DAY = 86_400.0
WITHDRAWN: dict[str, Any] = {"status": "withdrawn"}


def revision(number: int, **given: Any) -> MirrorAlert:
    return an_alert(revision=number, **given)


def said(verdict: Any, minutes: int, **given: Any) -> Record:
    moment = NOON + timedelta(minutes=minutes)
    return replace(a_verdict("alert-1", verdict), verdict_id=f"v{minutes}", decided_at=moment, **given)


HISTORIES: dict[str, tuple[list[Record], list[Record], list[str]]] = {
    "decided elsewhere": (
        [revision(1), revision(2, **WITHDRAWN, withdrawn_reason="verdict")],
        [said("not_mirror", 1)],
        [],
    ),
    "taken back elsewhere": (
        [revision(1), revision(2, **WITHDRAWN, withdrawn_reason="verdict"), revision(3)],
        [said("not_mirror", 1), said("unsure", 2)],
        ["first"],
    ),
    "taken back and decided again": (
        [
            revision(1),
            revision(2, **WITHDRAWN, withdrawn_reason="verdict"),
            revision(3),
            revision(4, **WITHDRAWN, withdrawn_reason="verdict"),
        ],
        [said("not_mirror", 1), said("unsure", 2), said("not_mirror", 3)],
        [],
    ),
    "withdrawn for good": (
        [revision(1), revision(2), revision(3, **WITHDRAWN, withdrawn_reason="reinstated")],
        [said("unsure", 1)],
        [],
    ),
    "of another mind": ([revision(1)], [said("mirror", 2), said("not_mirror", 1)], []),
    "an exercise": ([revision(1)], [said("mirror", 1, golden=True)], ["first"]),
}
"""What is on the topic of alerts and on that of verdicts, and what waits in the end."""


def interleaved(first: Sequence[Any], second: Sequence[Any]) -> Iterator[list[Any]]:
    """Every order in which two topics can be read."""
    count = len(first) + len(second)
    for places in combinations(range(count), len(first)):
        left, right = iter(first), iter(second)
        yield [next(left) if place in places else next(right) for place in range(count)]


async def arrive(connection: AsyncConnection, records: Sequence[Record]) -> None:
    """Records arrive one by one, a day later."""
    arrivals = Arrivals(connection, A_POLICY, NOON.timestamp() + DAY)
    for record in records:
        if isinstance(record, MirrorAlert):
            await arrivals.take_alert(record)
        elif isinstance(record, VerdictGiven):
            await arrivals.take_verdict(record, verdict_id_of(record))


async def rows(connection: AsyncConnection) -> dict[str, list[Any]]:
    """What is known in the end, without how it came about."""
    alerts, verdicts, reads = schema.alerts.c, schema.verdicts.c, schema.reads.c
    found = {
        "alerts": select(alerts.alert_id, alerts.revision, alerts.status, alerts.withdrawn_reason),
        "verdicts": select(verdicts.verdict_id, verdicts.verdict, verdicts.decided_at).order_by(
            verdicts.verdict_id
        ),
        "waiting": select(reads.kind).where(reads.state == "open"),
        "payload": select(schema.evidence.c.payload),
    }
    return {name: list((await connection.execute(it)).all()) for name, it in found.items()}


async def known(office: Office) -> dict[str, list[Any]]:
    async with office.database.read() as connection:
        return await rows(connection)


@pytest.mark.parametrize("named", HISTORIES)
async def test_whichever_topic_is_read_first_the_rows_end_alike(database: Database, named: str) -> None:
    alerts, verdicts, waiting = HISTORIES[named]
    ends = []
    for records in interleaved(alerts, verdicts):
        async with database.read() as connection:  # which keeps nothing of it
            await arrive(connection, records)
            ends.append(await rows(connection))
    assert [kind for (kind,) in ends[0]["waiting"]] == waiting
    assert all(end == ends[0] for end in ends)


@pytest.mark.parametrize("named", HISTORIES)
async def test_a_replay_from_the_start_changes_no_row(database: Database, named: str) -> None:
    alerts, verdicts, _ = HISTORIES[named]
    records, drawn = [*alerts, *verdicts], random.Random(named)
    async with database.read() as connection:
        await arrive(connection, records)
        before = await rows(connection)
        for again in range(3):
            if again:  # the first time from the start, and then in no order at all
                drawn.shuffle(records)
            await arrive(connection, records)
            assert await rows(connection) == before


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def test_what_was_decided_here_does_not_come_back_by_a_replay(office: Office) -> None:
    amina = await office.hire("amina")
    consumer = Consumer(office.database, NAMES, office.desk.policy, office.clock)
    alert = Arrival(NAMES.alerts, 0, 0, b"k", encode(revision(1)))
    await consumer.apply([alert])
    [one] = await office.desk.queue(amina, Filters())
    await office.desk.decide(amina, one.read_id, ReadDecision("not_mirror", "common-name"))
    async with office.database.read() as connection:
        [value] = (await connection.execute(select(schema.outbox.c.value))).scalars()
    for offset in (1, 2):
        ours = Arrival(NAMES.verdicts, 0, offset, b"k", bytes(value), timestamp=office.clock())
        applied = await consumer.apply([replaced(alert, offset=offset), ours])
        assert (applied.alerts, applied.verdicts) == (0, 0)
    assert await office.desk.queue(amina, Filters()) == []
    assert len((await known(office))["verdicts"]) == 1


async def test_a_verdict_without_a_name_counts_once_wherever_it_is_read_again(office: Office) -> None:
    office.clock.pass_(DAY)
    consumer = Consumer(office.database, NAMES, office.desk.policy, office.clock)
    one, other = (encode(a_verdict(alert_id, "mirror")) for alert_id in ("alert-1", "alert-2"))
    await consumer.apply([Arrival(NAMES.verdicts, 0, 0, b"k", one)])
    await consumer.apply([Arrival(NAMES.verdicts, 0, 7, b"k", one)])  # by a copy of the topic
    assert len((await known(office))["verdicts"]) == 1
    await consumer.move(NAMES.verdicts, 0, 0)  # the topic was made anew, and another one is at its address
    await consumer.apply([Arrival(NAMES.verdicts, 0, 0, b"k", other)])
    assert len((await known(office))["verdicts"]) == 2


@on_each_database
async def test_a_second_consumer_of_one_database_is_overtaken_and_counts_nothing_twice(
    office: Office,
) -> None:
    first, second = (Consumer(office.database, NAMES, office.desk.policy, office.clock) for _ in range(2))
    batches = [[Arrival(NAMES.alerts, 0, at, b"k", encode(revision(at + 1)))] for at in range(3)]
    counted = 0
    for batch in batches:
        for consumer in (first, second):
            try:
                counted += (await consumer.apply(batch)).alerts
            except Overtaken:
                pass
    assert counted == 3
    assert (await known(office))["alerts"][0].revision == 3


async def test_a_topic_that_was_made_anew_while_nobody_read_and_outgrew_the_former_is_read_from_its_start(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedded broker gives no ids, as none before Kafka 2.8: the test does."""
    office = an_office(database)
    amina = await office.hire("amina")
    topic = topics.names(settings).alerts
    ids = {topic: "one"}
    monkeypatch.setattr("streams.kafka.follower.ids_of", lambda client, _: dict(ids))

    async def waiting() -> set[str]:
        return {one.alert_id for one in await office.desk.queue(amina, Filters())}

    def alerts(numbers: Sequence[int]) -> set[str]:
        publish(
            settings,
            topic,
            *(encode(an_alert(alert_id=f"alert-{it}", account_id=f"new-{it}")) for it in numbers),
        )
        return {f"alert-{it}" for it in numbers}

    async def all_came() -> bool:
        return await waiting() == wanted

    wanted = alerts(range(3))
    for _ in range(2):  # a desk that is started again goes on where it was
        async with feeding(office, settings):
            await until(all_came)
    with admin(settings) as client:
        client.delete_topics([topic])  # type: ignore[attr-defined]  # no command of ours deletes any
    topics.check(settings, topics.wanted_by_desk(settings), create=True)
    ids[topic] = "another"
    wanted |= alerts(range(10, 15))
    with capture_logs() as told:
        async with feeding(office, settings):
            await until(all_came)
    assert {it["another_topic"] for it in told if it["log_level"] == "error"} == {True}
    with capture_logs() as told:
        async with feeding(office, settings) as state:
            await until(lambda: state.consuming == "")
    assert not [it for it in told if it["log_level"] == "error"], "it is known from then on"


async def test_a_topic_that_is_made_anew_while_it_is_read_is_read_from_its_start(
    database: Database, settings: Settings
) -> None:
    office = an_office(database)
    amina = await office.hire("amina")
    topic = topics.names(settings).alerts

    async def waiting() -> set[str]:
        return {one.alert_id for one in await office.desk.queue(amina, Filters())}

    def alert(number: int) -> bytes:
        return encode(an_alert(alert_id=f"alert-{number}", account_id=f"new-{number}"))

    async with feeding(office, settings):
        publish(settings, topic, *(alert(number) for number in range(5)))

        async def all_came() -> bool:
            return len(await waiting()) == 5

        await until(all_came)
        with admin(settings) as client:
            client.delete_topics([topic])  # type: ignore[attr-defined]  # no command of ours deletes any
        topics.check(settings, topics.wanted_by_desk(settings), create=True)
        publish(settings, topic, alert(0), alert(9))

        async def the_new_one_came() -> bool:
            return "alert-9" in await waiting()

        await until(the_new_one_came)
    assert await waiting() == {f"alert-{number}" for number in (0, 1, 2, 3, 4, 9)}
    assert verdicts_on(settings) == []
