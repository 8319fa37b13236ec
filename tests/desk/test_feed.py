"""What arrives from topics and leaves to them, through outages, replays and clocks that jump."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace as replaced
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from desk.access import sessions, sign_in
from desk.database import alerts, audit, schema, verdicts
from desk.database.counts import exposures
from desk.database.engine import Database, opened
from desk.database.errors import DatabaseUnavailable
from desk.database.filters import Filters
from desk.database.finding import findable
from desk.database.topics import outbox
from desk.errors import Conflict
from desk.feed import upkeep
from desk.feed.consume import Consumer, Overtaken, verdict_id_of
from desk.feed.publish import AGAIN_SECONDS
from desk.feed.run import TIDY_SECONDS
from desk.feed.upkeep import STEADY_SECONDS, Steadiness, bring_back
from desk.review.arrivals import Arrivals
from desk.review.audit.chain import Chain
from desk.review.deciding.decide import ReadDecision
from desk.settings import DeskSettings, load
from local.binaries import NotAvailable
from local.broker import EmbeddedBroker
from local.postgres import EmbeddedPostgres
from local.server import DidNotStart
from samehand.normalize.text.fold import FOLD_VERSION, TextFold
from schemas.alerts import MirrorAlert
from schemas.examples import ACTIONED
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.verdicts import VerdictGiven
from schemas.wire import decode_verdict, encode
from streams.deadletters import admin as letters
from streams.kafka import topics
from streams.kafka.client import admin
from streams.outcomes import Arrival
from tests.desk.feeding import feeding, publish, until, verdicts_on
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import A_POLICY, Office, an_office
from tests.desk_databases import on_each_database
from tests.makers import NOON, a_verdict
from tests.patience import patient

# Alerts in, verdicts out, on a real broker and both databases.


@pytest.fixture
def settings(broker: str, topic_prefix: str) -> DeskSettings:
    """Where a desk's topics are, which have been made."""
    given = {"KAFKA_BROKERS": broker, "TOPIC_PREFIX": topic_prefix, "TOPIC_PARTITIONS": "2"}
    made = load({f"SAMEHAND_{name}": value for name, value in given.items()})
    topics.check(made, create=True)
    topics.check(made, topics.wanted_by_desk(made), create=True)
    return made


@on_each_database
async def test_an_alert_comes_in_and_its_verdict_goes_out_when_it_can_no_longer_be_undone(
    office: Office, settings: DeskSettings
) -> None:
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
        [letter] = letters.list_letters(settings, letters.Wanted())
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
            async with office.database.read() as connection:
                return (await outbox.waiting(connection))[0] == 0

        await until(is_sent)


async def test_what_cannot_be_read_is_counted_and_passed_over(office: Office) -> None:
    called = topics.Names()
    consumer = Consumer(office.database, called, office.desk.policy, office.clock)
    batch = [Arrival(called.alerts, 0, 0, b"k", b"{"), Arrival(called.verdicts, 1, 0, b"k", None)]
    applied = await consumer.apply(batch)
    assert applied.refused == ((called.alerts, "not-json"), (called.verdicts, "empty"))
    assert await consumer.positions() == {(called.alerts, 0): 1, (called.verdicts, 1): 1}


async def test_a_verdict_of_somebody_elsewhere_empties_the_queue(office: Office) -> None:
    amina = await office.hire("amina")
    called = topics.Names()
    consumer = Consumer(office.database, called, office.desk.policy, office.clock)
    await office.receive("alert-1")
    office.clock.pass_(3_600)
    given = encode(a_verdict("alert-1", "not_mirror"))
    await consumer.apply([Arrival(called.verdicts, 0, 0, b"alert-1", given)])
    assert await office.desk.queue(amina, Filters()) == []
    async with office.database.read() as connection:
        [kept] = await verdicts.of_alert(connection, "alert-1")
    assert (kept.kind, kept.verdict) == ("elsewhere", "not_mirror")


# Kafka goes away under a desk that reads: it says so, and reads on when Kafka is back.


async def test_a_broker_that_goes_away_is_told_once_and_read_again_when_it_is_back(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.kafka.client.ANSWER_MS", 1_000)
    monkeypatch.setattr("streams.kafka.follower.LOOK_SECONDS", 0.2)
    office = an_office(database)
    amina = await office.hire("amina")
    try:
        broker = EmbeddedBroker(tmp_path / "broker").start()
    except NotAvailable as why:
        pytest.skip(str(why))
    with broker:
        settings = load({"SAMEHAND_KAFKA_BROKERS": broker.address})
        topics.check(settings, topics.wanted_by_desk(settings), create=True)
        with capture_logs() as told:
            async with feeding(office, settings) as state:
                await until(lambda: state.consuming == "")
                broker.stop()  # one that is killed loses what it saves once a second, configs of topics too
                await until(lambda: state.consuming)
                broker.start()
                await until(lambda: state.consuming == "")
                publish(settings, topics.names(settings).alerts, encode(an_alert()))

                async def it_came() -> bool:
                    return bool(await office.desk.queue(amina, Filters()))

                await until(it_came)
        assert [it["event"] for it in told].count("nothing is consumed now") == 1


# Of two desks one leads, also after PostgreSQL was restarted under both.


def started_again(server: EmbeddedPostgres) -> None:
    """After a kill: a busy machine leaves processes that hold its memory, and it cannot start meanwhile."""
    until = time.monotonic() + patient(60)
    while True:
        try:
            server.start()
            return
        except DidNotStart:
            if time.monotonic() > until:
                raise


async def locks(database: Database) -> int:
    """How many desks hold the lock, as the database sees it; 0 while it does not answer."""
    held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    try:
        async with database.read() as connection:
            return int((await connection.execute(held)).scalar_one())
    except DatabaseUnavailable:
        return 0


async def test_after_postgresql_was_restarted_one_desk_leads(
    own_postgres: EmbeddedPostgres, settings: DeskSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FOLLOWER_SECONDS", "LEAD_SECONDS"):
        monkeypatch.setattr(f"desk.feed.run.{name}", 0.2)
    url = own_postgres.make("desk")
    async with opened(url) as one, opened(url) as other, feeding(an_office(one), settings) as first:
        await until(lambda: first.leading and not first.consuming)
        async with feeding(an_office(other), settings) as second:
            await until(lambda: second.consuming == "")
            assert not second.leading
            await asyncio.to_thread(own_postgres.kill)
            await asyncio.to_thread(started_again, own_postgres)

            async def one_leads() -> bool:
                return await locks(one) == 1 and first.leading + second.leading == 1

            await until(one_leads)
            await asyncio.sleep(2.0)  # ten looks of each: neither takes the lead from the other
            assert await one_leads()
            leader = first if first.leading else second
            await until(lambda: (leader.consuming, leader.publishing) == ("", ""))


# Topics are read again, in another order, by two at once, or made anew: the rows end as they were.

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
    "a test item": ([revision(1)], [said("mirror", 1, golden=True)], ["first"]),
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
    office: Office, settings: DeskSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedded broker gives no ids, as none before Kafka 2.8: the test does."""
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
    office: Office, settings: DeskSettings
) -> None:
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


# What arrives and leaves, and what is erased, while the clock is set forward and back by days.

MIRROR = ReadDecision("mirror", "several-traits")


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
    database: Database, settings: DeskSettings, monkeypatch: pytest.MonkeyPatch
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
    database: Database, settings: DeskSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.feed.run.TIDY_SECONDS", 0.1)
    office = an_office(database)
    amina = await office.hire("amina")
    await office.receive()
    [one] = await office.desk.queue(amina, Filters())

    async def is_published() -> bool:
        async with database.read() as connection:
            last, published = await audit.last(connection), await audit.published_head(connection)
        assert last is not None
        return published is not None and published.number == last.number

    async with feeding(office, settings):
        await until(is_published)
        await office.desk.decide(amina, one.read_id, MIRROR)
        office.clock.pass_(-3 * DAY)

        async def is_sent() -> bool:
            office.clock.pass_(1)
            async with database.read() as connection:
                return (await outbox.waiting(connection))[0] == 0

        await until(is_sent)
        await until(is_published)


# The clock is set forward and back by days: nobody waits for that, and nothing is erased early.

JUMPS = pytest.mark.parametrize("jump", [-3 * DAY, 3 * DAY])


async def brought_back(office: Office) -> None:
    """As the feed does every `TIDY_SECONDS`."""
    async with office.database.begin() as connection:
        await bring_back(connection, office.desk.policy, now=office.clock())


async def taken(office: Office) -> int:
    """How many verdicts leave now."""
    async with office.database.begin() as connection:
        now = office.clock()
        return len(await outbox.take(connection, now=now, again_before=now - AGAIN_SECONDS, limit=10))


@JUMPS
async def test_a_claim_and_a_skip_hold_nobody_up_longer_than_they_may(office: Office, jump: float) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    for alert_id in ("alert-1", "alert-2"):
        await office.receive(alert_id, detected_at=NOON)
    first, second = [one.read_id for one in await office.desk.queue(amina, Filters())]
    await office.desk.claim(amina, first)
    await office.desk.skip(amina, second)
    office.clock.pass_(jump)
    await brought_back(office)
    policy = office.desk.policy
    office.clock.pass_(policy.claim_seconds)
    await office.desk.claim(bilal, first)
    office.clock.pass_(policy.skip_seconds)
    assert [one.read_id for one in await office.desk.queue(amina, Filters())] == [first, second]


@JUMPS
async def test_what_two_have_in_hand_is_decided_once(office: Office, jump: float) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive()
    [one] = await office.desk.queue(amina, Filters())
    await office.desk.claim(amina, one.read_id)
    office.clock.pass_(jump)
    await brought_back(office)
    office.clock.pass_(office.desk.policy.claim_seconds)
    await office.desk.decide(bilal, one.read_id, MIRROR)
    with pytest.raises(Conflict):
        await office.desk.decide(amina, one.read_id, MIRROR)


@JUMPS
async def test_a_verdict_leaves_once_it_can_no_longer_be_undone(office: Office, jump: float) -> None:
    amina = await office.hire("amina")
    await office.receive()
    [one] = await office.desk.queue(amina, Filters())
    await office.desk.decide(amina, one.read_id, MIRROR)
    office.clock.pass_(jump)
    await brought_back(office)
    office.clock.pass_(office.desk.policy.undo_seconds)
    assert await taken(office) == 1
    office.clock.pass_(jump)  # and whoever took it died
    await brought_back(office)
    office.clock.pass_(AGAIN_SECONDS + 1)
    assert await taken(office) == 1


@JUMPS
async def test_sessions_and_links_end_though_the_clock_was_set_back(office: Office, jump: float) -> None:
    amina = await office.hire("amina")
    idle = 24 * DAY  # so that the longest session ends it

    async def is_there(token: str, idle_seconds: float = idle) -> bool:
        async with office.database.read() as connection:
            found = await sessions.find(connection, token, idle_seconds=idle_seconds, now=office.clock())
        return found is not None

    async with office.database.begin() as connection:
        token = await sessions.begin(connection, amina.user_id, now=office.clock(), how="link")
        link = await sessions.link(connection, amina.user_id, now=office.clock())
    office.clock.pass_(jump)
    await brought_back(office)
    assert await is_there(token) == (jump < sessions.SESSION_SECONDS_MAX), "who is at work is not thrown out"
    office.clock.pass_(1_800)
    assert not await is_there(token, idle_seconds=1_800)
    assert await sign_in.with_link(office.database, link, now=office.clock()) is None
    office.clock.pass_(sessions.SESSION_SECONDS_MAX)
    assert not await is_there(token)


async def test_the_audit_is_in_order_whatever_the_clock_says(office: Office) -> None:
    amina = await office.hire("amina")
    await office.receive()
    for jump in (3 * DAY, -6 * DAY, 1.0):
        office.clock.pass_(jump)
        await office.desk.open(amina, "alert-1")
    chain = Chain()
    async with office.database.read() as connection:
        lines = await audit.lines(connection, 0, 1_000)
    chain.follow(lines)
    assert chain.broken is None
    assert [line.action for line in lines][-3:] == ["opened"] * 3


def test_a_clock_that_was_set_erases_nothing_for_an_hour() -> None:
    steadiness, now, steady = Steadiness(0.0, 0.0), 0.0, 0.0

    def looks(seconds: float) -> bool:
        nonlocal now, steady
        said = False
        for _ in range(int(seconds / TIDY_SECONDS)):
            now, steady = now + TIDY_SECONDS, steady + TIDY_SECONDS
            said = steadiness.look(now, steady)
        return said

    assert not looks(STEADY_SECONDS - TIDY_SECONDS), "it may have been wrong when the machine was started"
    assert looks(TIDY_SECONDS)
    for jump in (200 * DAY, -200 * DAY):
        now += jump
        assert not looks(STEADY_SECONDS)
        assert looks(TIDY_SECONDS)


@on_each_database
async def test_raised_version_of_the_folding_refolds_search_terms(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "REFOLDED", 2)

    async def refolded() -> int:
        parts, after = 0, ""
        while True:
            async with office.database.begin() as connection:
                found = await upkeep.refold(connection, after)
            if found is None:
                return parts
            parts, after = parts + 1, found

    for number in range(5):
        await office.receive(f"alert-{number}", reasons=[a_reason("name", ours="Ümar", theirs="•••")])
    assert (await refolded(), await refolded()) == (3, 0)
    monkeypatch.setattr(upkeep, "FOLD_VERSION", FOLD_VERSION + 1)
    monkeypatch.setattr("desk.database.finding.folding.fold_bio", lambda text: TextFold("omar", whole=True))
    assert (await refolded(), await refolded()) == (3, 0)
    async with office.database.read() as connection:
        found = await findable.find(connection, "omar", "nobody", limit=9)
    assert [row.folded for row in found] == ["omar"] * len(found) != []
