"""The audit is watched while the desk runs, a bounded piece at a time."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import delete, update
from structlog.testing import capture_logs

from desk.access.sign_in import add_user
from desk.database import audit as rows
from desk.database import schema, users
from desk.database.engine import Database
from desk.review.audit.chain import Head
from desk.review.audit.set_aside import LostHeads, set_aside
from desk.review.audit.watch import AuditWatch
from desk.telemetry import DeskMetrics

LINES = 7
AT_ONCE = 3
ROUND = LINES // AT_ONCE + 1  # looks


async def write(database: Database, count: int) -> None:
    async with database.begin() as connection:
        for number in range(count):
            await rows.note(connection, actor="u1", action="decided", subject=f"a{number}", now=number + 0.5)


@pytest.fixture
async def watch(database: Database) -> AuditWatch:
    """A watch that has followed a whole chain once."""
    await write(database, LINES)
    made = AuditWatch(database, AT_ONCE)
    await look(made, ROUND)
    assert made.broken is None
    return made


async def look(watch: AuditWatch, times: int) -> None:
    for _ in range(times):
        await watch.look()


async def change(database: Database, number: int) -> None:
    async with database.begin() as connection:
        where = schema.audit.c.number == number
        await connection.execute(update(schema.audit).where(where).values(actor="somebody else"))


async def hash_at(database: Database, number: int) -> str:
    async with database.read() as connection:
        return str((await rows.lines(connection, number - 1, 1))[0].hash)


async def cut(database: Database, after: int) -> None:
    async with database.begin() as connection:
        await connection.execute(delete(schema.audit).where(schema.audit.c.number > after))


async def test_an_empty_audit_holds_and_so_does_one_that_grows(database: Database) -> None:
    watch = AuditWatch(database, AT_ONCE)
    await look(watch, 2)
    for _ in range(3):
        await write(database, LINES)
        await look(watch, 20)
        assert watch.broken is None


async def test_a_line_that_was_followed_already_is_followed_again(
    database: Database, watch: AuditWatch
) -> None:
    await change(database, 5)
    await look(watch, ROUND)
    assert watch.broken is not None
    assert watch.broken.number == 5


async def test_a_break_is_told_until_a_whole_round_has_held(database: Database, watch: AuditWatch) -> None:
    await change(database, 5)
    while watch.broken is None:
        await watch.look()
    async with database.begin() as connection:
        where = schema.audit.c.number == 5
        await connection.execute(update(schema.audit).where(where).values(actor="u1"))
    told = []
    for _ in range(ROUND):
        told.append(watch.broken is not None)
        await watch.look()
    assert all(told), "half a round is no proof"
    assert watch.broken is None


async def test_an_end_that_is_cut_off_meanwhile_is_noticed(database: Database, watch: AuditWatch) -> None:
    await cut(database, LINES - 1)
    for _ in range(2):
        await look(watch, ROUND)
        assert watch.broken is not None
        assert (watch.broken.number, "cut off" in watch.broken.why) == (LINES, True)


async def test_a_chain_that_is_written_anew_meanwhile_is_noticed(
    database: Database, watch: AuditWatch
) -> None:
    await cut(database, 0)
    await write(database, 2)
    await look(watch, 1)
    assert watch.broken is not None
    await cut(database, 0)
    async with database.begin() as connection:
        for _ in range(LINES + 1):
            await rows.note(connection, actor="u2", action="decided", subject="a", now=1.0)
    await look(watch, ROUND)
    assert watch.broken is not None
    assert "anew" in watch.broken.why


async def test_an_end_that_was_cut_off_before_the_start_is_noticed_by_its_published_head(
    database: Database,
) -> None:
    await write(database, LINES)
    async with database.begin() as connection:
        last = await rows.last(connection)
        assert last is not None
        await rows.note_head(connection, last.number, last.hash, now=9.0)
    await cut(database, 2)
    watch = AuditWatch(database, AT_ONCE)
    await watch.look()
    assert watch.broken is not None
    assert watch.broken.number == LINES


async def put_back(database: Database, after: int, by: str = "u2") -> None:
    """As a restored backup is, on which people go on."""
    await cut(database, after)
    async with database.begin() as connection:
        await connection.execute(delete(schema.heads).where(schema.heads.c.number > after))
        await rows.note(connection, actor=by, action="decided", subject="a", now=9.0)


async def acknowledge(database: Database, *lost: Head, kept: int) -> None:
    async with database.begin() as connection:
        if await users.by_name(connection, "nadia") is None:
            await add_user(connection, "nadia", "auditor", password=None, now=1.0)
        run = LostHeads(kept, lost)
        await set_aside(connection, run, name="nadia", reason="restore-311", now=9.0)


async def test_a_restore_under_a_desk_at_work_is_quiet_once_it_is_acknowledged(
    database: Database, watch: AuditWatch
) -> None:
    published = Head(LINES - 1, await hash_at(database, LINES - 1))  # and one more line was seen
    async with database.begin() as connection:
        await rows.note_head(connection, published.number, published.hash, now=1.0)
    await look(watch, ROUND)
    await put_back(database, LINES - 3)
    registry = CollectorRegistry()
    metrics = DeskMetrics(registry)
    for _ in range(2 * ROUND):
        await metrics.watch(watch)
    assert registry.get_sample_value("samehand_desk_audit_broken") == 1
    await acknowledge(database, published, kept=LINES - 3)
    with capture_logs() as told:
        for _ in range(3 * ROUND):
            await metrics.watch(watch)
    assert registry.get_sample_value("samehand_desk_audit_broken") == 0
    assert [(it["event"], it["reason"]) for it in told] == [
        ("published heads of the audit are set aside", "restore-311")
    ]
    await cut(database, LINES - 3)  # what is lost then is told as ever
    await look(watch, 2 * ROUND)
    assert watch.broken is not None


async def test_an_acknowledgement_that_comes_in_the_middle_of_a_round_counts_as_well(
    database: Database, watch: AuditWatch
) -> None:
    lost = Head(LINES, await hash_at(database, LINES))
    async with database.begin() as connection:
        await rows.note_head(connection, lost.number, lost.hash, now=1.0)
    await cut(database, LINES - 1)
    await watch.look()  # it has read the note
    await acknowledge(database, lost, kept=LINES - 1)
    await look(watch, 3 * ROUND)
    assert watch.broken is None


async def test_the_metric_tells_what_the_watch_found(database: Database, watch: AuditWatch) -> None:
    registry = CollectorRegistry()
    metrics = DeskMetrics(registry)
    await metrics.watch(watch)
    assert registry.get_sample_value("samehand_desk_audit_broken") == 0
    await change(database, 1)
    while watch.broken is None:
        await metrics.watch(watch)
    assert registry.get_sample_value("samehand_desk_audit_broken") == 1
