"""Both databases keep the same promises, and keep nothing that was erased."""

from __future__ import annotations

import ast
import asyncio
import logging
import secrets
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import AsyncAdaptedQueuePool, Connection, insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from desk.database import reach, schema
from desk.database.engine import FOLDER, REPORT_MS, Database, address, config, opened
from desk.database.errors import DatabaseError, DatabaseFull, DatabaseOutdated, DatabaseTaken
from desk.database.filters import Filters
from desk.database.finding import findable
from desk.database.migrations.versions import v0021_since_release_0_2
from desk.database.queue import waiting
from desk.database.topics import offsets
from desk.feed.upkeep import erase_old, refold
from desk.review.deciding.decide import ReadDecision
from desk.review.facts import facts_of
from local.postgres import EmbeddedPostgres, programs
from schemas.alerts import Matched
from schemas.wire import encode
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import Office, an_office
from tests.desk_databases import on_each_database
from tests.makers import NOON
from tests.tables import for_each

# Both databases keep the same promises.


@on_each_database
async def test_migrations_make_the_tables_that_the_schema_names(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), schema.metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


@on_each_database
async def test_what_fails_in_the_middle_leaves_nothing(database: Database) -> None:
    async def half_done() -> None:
        async with database.begin() as connection:
            await offsets.advance(connection, "alerts", 0, before=None, after=7)
            raise RuntimeError("the process is ended here")

    with pytest.raises(RuntimeError):
        await half_done()
    async with database.read() as connection:
        assert await offsets.positions(connection) == {}


async def test_writers_of_sqlite_take_turns_and_none_is_refused(database: Database) -> None:
    came: list[int] = []

    async def write(number: int) -> None:
        async with database.begin() as connection:
            came.append(number)
            assert isinstance(database.engine.pool, AsyncAdaptedQueuePool)
            assert database.engine.pool.checkedout() == 1, "who waits holds no connection"
            await offsets.advance(connection, "alerts", number, before=None, after=1)

    await asyncio.gather(*(write(number) for number in range(100)))
    assert came == list(range(100))


@on_each_database
async def test_error_and_log_quote_no_parameter(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises((DatabaseError, DBAPIError)) as failed:
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO no_such_table VALUES (:handle)"), {"handle": "um4r"})
    assert "um4r" not in f"{failed.value}{failed.value.__cause__}{caplog.text}"


@on_each_database
async def test_which_topic_an_offset_is_of_is_noted_without_moving_it(database: Database) -> None:
    async with database.begin() as connection:
        await offsets.advance(connection, "alerts", 0, before=None, after=7)
        assert await offsets.topic_ids(connection) == {}
        await offsets.note_topic(connection, "alerts", 0, "one", begun=3)
        await offsets.note_topic(connection, "alerts", 1, "one", begun=3)  # which was never read
    async with database.begin() as connection:
        assert await offsets.positions(connection) == {("alerts", 0): 7, ("alerts", 1): 3}
        assert await offsets.topic_ids(connection) == {("alerts", 0): "one", ("alerts", 1): "one"}
        await offsets.move(connection, "alerts", 0, 0, "another")
        assert await offsets.advance(connection, "alerts", 0, before=0, after=2)
        assert (await offsets.topic_ids(connection))["alerts", 0] == "another"


@on_each_database
async def test_tables_of_a_later_version_are_left_alone(database_url: str) -> None:
    async with opened(database_url) as database, database.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseOutdated, match="9999"):
        async with opened(database_url):
            pass


async def test_sqlite_takes_one_desk_and_lets_the_next_in_when_it_has_gone(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/desk.db"
    async with opened(url):
        with pytest.raises(DatabaseTaken, match="PostgreSQL"):
            async with opened(url):
                pass
        async with opened(url, alone=False):
            pass
    async with opened(url):
        pass


@on_each_database
async def test_one_of_several_desks_on_postgresql_leads(database_url: str) -> None:
    async with opened(database_url) as one, one.leading() as lead:
        assert lead.won
        assert await lead.held()
        if one.is_sqlite:
            return
        async with opened(database_url) as other, other.leading() as also:
            assert not also.won
            assert not await also.held()
    async with opened(database_url) as other, other.leading() as now:
        assert now.won


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_desk_whose_connection_ended_learns_that_another_leads(database_url: str) -> None:
    async with opened(database_url) as one, opened(database_url) as other, one.leading() as lead:
        async with other.begin() as connection:
            await connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
            )
        assert not await lead.held()
        assert not await lead.held(), "a new connection does not bring the lock back"
        async with other.leading() as instead:
            assert instead.won


@on_each_database
async def test_a_full_disk_is_named(database: Database) -> None:
    async with database.begin() as connection:
        if database.is_sqlite:
            pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
            await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    fill = (
        "CREATE TABLE filler AS SELECT zeroblob(1000000) AS filling"
        if database.is_sqlite
        else "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
    )
    with pytest.raises(DatabaseFull, match="disk is full"):
        async with database.begin() as connection:
            await connection.exec_driver_sql(fill)


@for_each(
    "address",
    ["mysql://root:hunter2@db/desk", "sqlite://", "sqlite:///:memory:", "hunter2", "postgres:hunter2"],
)
async def test_an_address_that_is_none_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(DatabaseError) as fault:
        async with opened(address):
            pass
    assert "hunter2" not in str(fault.value)
    assert "SAMEHAND_DATABASE_URL" in str(fault.value)


@on_each_database
async def test_rows_of_the_first_version_are_there_after_every_migration(database_url: str) -> None:
    """As its tables were: what came later is null of them, and nothing of theirs is gone."""
    columns = {
        "alert_id": "alert-1",
        "revision": 2,
        "status": "open",
        "account": "x:new",
        "banned": "x:banned",
        "root": "x:banned",
        "generation": 1,
        "platform": "x",
        "band": "likely",
        "direction": "forward",
        "policy": "hate",
        "probability": 0.9,
        "log_odds": 3.5,
        "weights_version": "1",
        "detected_at": 1_700_000_000.5,
        "arrived_at": 1_700_000_001.5,
    }
    read = {"alert_id": "alert-1", "kind": "first", "blind": False, "state": "open", "rank": 0}
    read |= {"waits_since": 1_700_000_000.5, "opened_at": 1_700_000_001.5}
    engine = create_async_engine(address(database_url))
    async with engine.begin() as connection:
        await connection.run_sync(lambda it: command.upgrade(config(it), "0006"))
        for table, values in (("alerts", columns), ("reads", read)):
            names = ", ".join(values)
            places = ", ".join(f":{name}" for name in values)
            await connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)
    await engine.dispose()
    async with opened(database_url) as database, database.read() as connection:
        kept = (await connection.execute(schema.alerts.select())).one()
        del columns["log_odds"]
        assert {name: getattr(kept, name) for name in columns} == columns
        assert (kept.stratum, kept.script, kept.signals, kept.seconds_to_detect) == (None, None, None, None)
        [kept] = (await connection.execute(schema.reads.select())).all()
        assert {name: getattr(kept, name) for name in read} == read
        assert await waiting.known_values(connection, ["policy", "language"], 9) == {
            "policy": ["hate"],
            "language": [],
        }


@on_each_database
async def test_migration_keeps_evidence_of_decided_alerts_that_have_not_changed(database_url: str) -> None:
    """Undone, given elsewhere, on a former revision, withdrawn since, erased: nothing is kept of these."""
    cases = ("decided", "undone", "elsewhere", "former", "withdrawn", "erased")
    engine = create_async_engine(address(database_url))
    async with engine.begin() as connection:
        await connection.run_sync(lambda it: command.upgrade(config(it), "0006"))
        for case in cases:
            given = {
                "id": case,
                "status": "withdrawn" if case == "withdrawn" else "open",
                "revision": 2 if case == "former" else 1,
                "payload": b"{}",
                "erased": 9.0 if case == "erased" else None,
                "kind": "elsewhere" if case == "elsewhere" else "first",
                "undone": 9.0 if case == "undone" else None,
            }
            for statement in _DECIDED_BEFORE:
                await connection.execute(text(statement), given)
    await engine.dispose()
    async with opened(database_url) as database, database.read() as connection:
        kept = (await connection.execute(schema.decided_evidence.select())).all()
    assert [tuple(row) for row in kept] == [("decided", 1, b"{}", 7.5, None, None)]


_DECIDED_BEFORE = (
    "INSERT INTO alerts (alert_id, revision, status, account, banned, root, generation, platform, band,"
    " direction, probability, log_odds, weights_version, detected_at, arrived_at) VALUES (:id, :revision,"
    " :status, 'x:new', 'x:banned', 'x:banned', 1, 'x', 'likely', 'forward', 0.9, 3.5, '1', 1.5, 1.5)",
    "INSERT INTO evidence (alert_id, payload, erased_at) VALUES (:id, :payload, :erased)",
    "INSERT INTO verdicts (verdict_id, alert_id, revision, verdict, reason_code, reviewer, decided_at, blind,"
    " golden, kind, undone_at) VALUES (:id, :id, 1, 'mirror', 'several-traits', 'amina', 7.5, false, false,"
    " :kind, :undone)",
)
"""An alert, its evidence and a verdict, as the tables of release 0.2.0 have them."""


@on_each_database
async def test_alerts_of_former_versions_are_found_after_the_migration(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(v0021_since_release_0_2, "_AT_ONCE", 2)
    engine = create_async_engine(address(database_url))
    async with engine.begin() as connection:
        await connection.run_sync(lambda it: command.upgrade(config(it), "0006"))
        for number in range(5):
            alert = an_alert(
                a_reason("name", ours=f"Ümar {number}", theirs="•••"), alert_id=f"alert-{number}"
            )
            columns = {**asdict(facts_of(alert, now=0.0)), "log_odds": alert.log_odds}
            names, places = ", ".join(columns), ", ".join(f":{name}" for name in columns)
            await connection.execute(text(f"INSERT INTO alerts ({names}) VALUES ({places})"), columns)
            stored = {"alert_id": alert.alert_id, "payload": encode(alert) if number else b"of no version"}
            await connection.execute(insert(schema.evidence), stored)
    await engine.dispose()
    async with opened(database_url) as database, database.begin() as connection:
        assert len(await findable.find(connection, "alert-", "nobody", limit=9)) == 5
        assert not await findable.find(connection, "umar", "nobody", limit=9)
        after: str | None = ""
        while after is not None:
            after = await refold(connection, after)
        found = await findable.find(connection, "umar", "nobody", limit=9)
        assert [row.folded for row in found] == ["umar1", "umar2", "umar3", "umar4"]
        assert len(await findable.find(connection, "alert-", "nobody", limit=9)) == 5
        kept = await connection.execute(schema.findable.select())
        assert {row.account for row in kept} == {"x:new", "x:banned"}


@on_each_database
async def test_what_the_queue_can_be_narrowed_by_is_known_in_order_and_no_further_than_asked(
    office: Office,
) -> None:
    amina = await office.hire("amina")
    for number, policy in enumerate(
        ("spam", "abuse", None, "hate", "spam", "ütopia", "'; DROP TABLE alerts; --")
    ):
        matched = Matched(platform="x", account_id="banned", policy=policy)
        await office.receive(f"alert-{number}", matched=matched)
    async with office.database.read() as connection:
        found = (await waiting.known_values(connection, ["policy"], 100))["policy"]
        assert set(found) == {"spam", "abuse", "hate", "ütopia", "'; DROP TABLE alerts; --"}
        assert found == sorted(found)
        assert await waiting.known_values(connection, ["policy"], 2) == {"policy": found[:2]}
    async with office.database.begin() as connection:
        await reach.put(connection, amina.user_id, [found[-1]])
        known = await waiting.known_values(connection, ["policy"], 1, user_id=amina.user_id)
        assert known == {"policy": found[-1:]}


async def test_a_postgresql_that_is_dumped_and_restored_is_the_same_desk(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """With PostgreSQL's own programs, as docs/desk.md says."""
    before, after = (postgres.make(f"desk_{secrets.token_hex(6)}") for _ in range(2))
    async with opened(before) as database:
        office = an_office(database)
        amina = await office.hire("amina")
        await office.receive()
        [waiting] = await office.desk.queue(amina, Filters())
        await office.desk.decide(
            amina, waiting.read_id, ReadDecision("mirror", "several-traits", "hate", "a note")
        )
        async with database.begin() as connection:
            await offsets.advance(connection, "alerts", 0, before=None, after=7)
        key = await database.secret("draws")
        lines = await _all_rows(database)
    dumped = tmp_path / "desk.dump"
    for program, *given in (
        ("pg_dump", "--format=custom", f"--file={dumped}", before),
        ("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={after}", str(dumped)),
    ):
        done = subprocess.run([str(programs() / program), *given], capture_output=True, check=False)  # noqa: ASYNC221  # nothing else runs meanwhile
        assert done.returncode == 0, done.stderr
    async with opened(after) as database:
        assert await _all_rows(database) == lines
        assert await database.secret("draws") == key
        office = an_office(database)
        await office.receive("alert-2")  # numbers go on where they were
        assert [one.alert_id for one in await office.desk.queue(amina, Filters())] == ["alert-2"]


async def _all_rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    async with database.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in await connection.execute(table.select())), key=repr)
            for table in schema.metadata.sorted_tables
        }


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_report_may_read_longer_than_a_page(database: Database) -> None:
    async with database.read(statement_ms=REPORT_MS) as connection:
        allowed = await connection.exec_driver_sql("SHOW statement_timeout")
        assert allowed.scalar_one() == "10min"
    async with database.read() as connection:
        allowed = await connection.exec_driver_sql("SHOW statement_timeout")
        assert allowed.scalar_one() == "10s"


@for_each("migration", sorted(path.name for path in (FOLDER / "versions").glob("v*.py")))
def test_migration_imports_nothing_of_the_desk_that_would_change_with_it(migration: str) -> None:
    tree = ast.parse((FOLDER / "versions" / migration).read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"__future__", "alembic"}


# What is erased is in no file of an SQLite database any more, a second later or after a crash.

QUOTED = ("quoted-of-the-new-one", "quoted-of-the-banned-one", "written-in-a-note")
FOLDED = ("quotedofthenewone", "quotedofthebannedone")
"""The handles of the former, as they are looked for."""
OTHERS = 40
"""Alerts that are written before and after, so that pages are split and filled again."""


def found_in_files(folder: Path) -> set[str]:
    """Which of the quotes, as written or as looked for, stand in any file of a folder."""
    held = [path.read_bytes() for path in folder.iterdir() if path.is_file()]
    return {quote for quote in (*QUOTED, *FOLDED) if any(quote.encode() in one for one in held)}


async def quoting(office: Office) -> None:
    """An alert that quotes both accounts, some of it at length, with a note on it; and others around it."""
    for number in range(OTHERS):
        await office.receive(f"before-{number}")
    reasons = (
        a_reason("handle", ours=QUOTED[0], theirs=QUOTED[1]),
        a_reason("bio", ours=QUOTED[0] * 40, theirs=QUOTED[1] * 40),
    )
    await office.receive(reasons=reasons)
    await office.receive(revision=2, reasons=reasons)
    amina = await office.hire("amina")
    await office.desk.write_note(amina, "alert-1", QUOTED[2])
    for number in range(OTHERS):
        await office.receive(f"after-{number}")


async def forgotten(office: Office) -> None:
    """The account is deleted: what arrives quotes nothing."""
    told: dict[str, Any] = {
        "status": "withdrawn",
        "withdrawn_reason": "account-deleted",
        "withdrawn_at": NOON,
    }
    await office.receive(revision=3, reasons=(a_reason("handle"),), **told)


async def test_what_a_deletion_erases_is_in_no_file_at_once(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path / 'desk.db'}") as database:
        office = an_office(database)
        await quoting(office)
        assert found_in_files(tmp_path) == {*QUOTED, *FOLDED}, "what is looked for can be found"
        await forgotten(office)
        assert found_in_files(tmp_path) == set()


async def test_what_age_erases_is_in_no_file(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path / 'desk.db'}") as database:
        office = an_office(database)
        await quoting(office)
        bilal = await office.hire("bilal")
        for waiting in await office.desk.queue(bilal, Filters(), limit=200):
            await office.desk.decide(bilal, waiting.read_id, ReadDecision("mirror", "several-traits"))
        assert found_in_files(tmp_path) == {*QUOTED, *FOLDED}
        office.clock.pass_(10 * 86_400.0)
        async with database.begin() as connection:
            assert await erase_old(connection, keep_seconds=86_400.0, now=office.clock()) == 2 * OTHERS + 1
        assert found_in_files(tmp_path) == set()


async def test_a_reader_who_holds_the_log_delays_it_to_the_next_transaction(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path / 'desk.db'}") as database:
        office = an_office(database)
        await quoting(office)
        async with database.read() as connection:
            await connection.exec_driver_sql("SELECT count(*) FROM evidence")
            await forgotten(office)
            assert found_in_files(tmp_path) != set()
        async with database.begin():
            pass  # as the feed does each half minute, when it tidies up
        assert found_in_files(tmp_path) == set()


async def test_what_a_process_left_that_was_killed_is_erased_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(_: Database) -> None:
        """Ends before the log is emptied."""

    after = tmp_path / "after"
    after.mkdir()
    folder = tmp_path / "before"
    folder.mkdir()
    with monkeypatch.context() as patched:
        async with opened(f"sqlite:///{folder / 'desk.db'}") as database:
            patched.setattr(Database, "empty_log", killed)
            office = an_office(database)
            await quoting(office)
            await forgotten(office)
            for path in folder.glob("desk.db*"):
                shutil.copy(path, after / path.name)
    assert found_in_files(after) != set()
    async with opened(f"sqlite:///{after / 'desk.db'}"):
        assert found_in_files(after) == set()
