"""Opens the database: one address for SQLite or PostgreSQL, its tables brought up to date, its lock held.

SQLite takes one process at a time, which a lock on a file beside it ensures: two would each think that they
alone consume and publish. It is written ahead (WAL), so that readers and backups wait for nobody; a commit is
on the disk (`synchronous=FULL`), since the topic's offsets are in it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, event, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, OperationalError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from desk.database import erasing, schema
from desk.database.errors import (
    DatabaseError,
    DatabaseFull,
    DatabaseOutdated,
    DatabaseRefused,
    DatabaseTaken,
    DatabaseUnavailable,
)
from desk.database.rows import insert_new

FOLDER: Final = Path(__file__).with_name("migrations")

MIGRATION_LOCK: Final = 7_265_001
"""Any number that nobody else takes: desks that start together wait for one another with it."""


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file of its own."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.attributes["connection"] = connection
    return made


def upgrade(connection: Connection) -> None:
    """Runs the migrations that are missing. Raises `DatabaseOutdated` for tables of a later release."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATION_LOCK})
    there, wanted = table_versions(connection)
    if there != wanted:
        command.upgrade(config(connection), "head")


def table_versions(connection: Connection) -> tuple[str | None, str]:
    """Returns the version of the tables, None without tables, and the version that this release wants.

    Raises `DatabaseOutdated` for tables of a later release.
    """
    scripts = ScriptDirectory.from_config(config())
    there = MigrationContext.configure(connection).get_current_revision()
    if there is not None and there not in {script.revision for script in scripts.walk_revisions()}:
        raise DatabaseOutdated(
            f"the database is of a later version of samehand (its tables are at {there!r}): run that one"
        )
    return there, scripts.get_current_head() or ""


KEY_BYTES: Final = 32

BUSY_SECONDS: Final = 5.0
"""How long a writer waits for one of another process, a command; a transaction takes milliseconds."""

POOL_CONNECTIONS: Final = 10
"""PostgreSQL's default limit is 100 for all; ten desks fit."""

LEADER_LOCK: Final = 7_265_003
"""As `migrate.MIGRATION_LOCK`."""

_HELD: Final = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
    " AND objid = :number"
)
_LET_GO: Final = text("SELECT pg_advisory_unlock(:number)")

HELD_SECONDS: Final = 5.0
"""A database that does not say for so long that the lock is held may have given it to another desk."""

CONNECT_SECONDS: Final = 5
STATEMENT_MS: Final = 10_000
"""A statement that takes so long is ended: a person is waiting, and will press the key again."""

REPORT_MS: Final = 600_000
"""The same for a statement of a report: a year of a large platform takes minutes on a busy server."""


def address(given: str, password: str | None = None) -> URL:
    """The address with our drivers: ``sqlite:///path`` or ``postgresql://user@host/name``.

    Raises:
        DatabaseError: it is neither. The address is not quoted: a password may be in it.
    """
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise DatabaseError(
            "SAMEHAND_DATABASE_URL: is not a database address; use sqlite:///FILE or postgresql://user@host/name"
        ) from None
    kind = url.get_backend_name()
    if kind == "sqlite":
        if not url.database or url.database == ":memory:":
            raise DatabaseError(
                "SAMEHAND_DATABASE_URL: names no file, so decisions would be lost with the process; use sqlite:///FILE"
            )
        return url.set(drivername="sqlite+aiosqlite")
    if kind == "postgresql":
        from psycopg import ProgrammingError  # which a desk on SQLite does without
        from psycopg.conninfo import make_conninfo

        for name in url.query:
            try:
                make_conninfo(**{name: ""})
            except ProgrammingError:  # psycopg would refuse the option with each connection
                raise DatabaseError(
                    "SAMEHAND_DATABASE_URL: an option is none of PostgreSQL's; write a ? in a password as %3F"
                ) from None
        named = url if password is None else url.set(password=password)
        return named.set(drivername="postgresql+psycopg")
    raise DatabaseError("SAMEHAND_DATABASE_URL: begins neither with sqlite:/// nor with postgresql://")


class Database:
    """The open database. Use :func:`opened`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._turn = asyncio.Lock()  # SQLite has one writer, and those who wait there starve one another
        self._log_holds_erased = self.is_sqlite  # a process that was killed may have left it so
        self.erased: Callable[[], None] = lambda: None
        """Called once a transaction that erased something is committed."""

    @property
    def is_sqlite(self) -> bool:
        """True if only this process may use it."""
        return self.engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes: all of it holds at the end, or nothing.

        Raises:
            DatabaseUnavailable: the database does not answer.
            DatabaseRefused: no row can hold what it was asked for.
        """
        async with (
            self._turn if self.is_sqlite else nullcontext(),
            self._translated(),
            self.engine.connect() as connection,
        ):
            if self.is_sqlite:
                # What reads first and writes then must not find that another wrote in between.
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            erasing.take_mark(connection)  # of a transaction that was not committed
            try:
                yield connection
            except BaseException:
                await connection.rollback()
                raise
            await connection.commit()
            marked = erasing.take_mark(connection)
            self._log_holds_erased |= self.is_sqlite and marked is not None
            if marked:
                self.erased()
        await self.empty_log()

    async def secret(self, name: str) -> bytes:
        """Returns the secret of a name, which is generated on the first call."""
        made = {"name": name, "value": secrets.token_bytes(KEY_BYTES)}
        async with self.begin() as connection:
            await insert_new(connection, schema.secrets, made)
            kept = select(schema.secrets.c.value).where(schema.secrets.c.name == name)
            return bytes((await connection.execute(kept)).scalar_one())

    async def empty_log(self) -> None:
        """Truncates SQLite's log where what was erased still stands in it.

        A reader may hold it, or the disk be full: then the next transaction that writes tries again.
        """
        if not self._log_holds_erased:
            return
        self._log_holds_erased, holds = False, True
        try:
            with suppress(DatabaseUnavailable):  # what was asked for is committed, and has not failed
                async with self._translated(), self.engine.connect() as connection:
                    holds = await _log_is_held(connection)
        finally:
            self._log_holds_erased |= holds

    @asynccontextmanager
    async def read(self, *, statement_ms: int = STATEMENT_MS) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads, and sees one moment: what is hidden and what is shown of it must not
        be of two. PostgreSQL ends a statement after ``statement_ms``. Raises `DatabaseUnavailable` and
        `DatabaseRefused`."""
        async with self._translated(), self.engine.connect() as connection:
            if self.is_sqlite:
                await connection.exec_driver_sql("BEGIN")
            else:
                await connection.execution_options(isolation_level="REPEATABLE READ")
                if statement_ms != STATEMENT_MS:
                    await connection.exec_driver_sql(f"SET LOCAL statement_timeout = {statement_ms:d}")
            try:
                yield connection
            finally:
                await connection.rollback()

    @asynccontextmanager
    async def leading(self) -> AsyncIterator[Lead]:
        """Returns whether this process is the one that consumes and publishes.

        The others wait to take over. PostgreSQL lets go of the lock when its holder's connection ends, which
        a holder does not notice: ask :meth:`Lead.held` now and then.
        """
        if self.is_sqlite:
            yield Lead(None, won=True)
            return
        async with self._translated(), self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            asked = text("SELECT pg_try_advisory_lock(:number)")
            won = bool((await connection.execute(asked, {"number": LEADER_LOCK})).scalar_one())
            lead = Lead(connection, won=won)
            try:
                yield lead
            finally:
                if lead.won:
                    await lead.give_up()

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        try:
            yield
        except (OperationalError, TimeoutError, OSError) as fault:
            cause = getattr(fault, "orig", None)
            code = getattr(cause, "sqlite_errorcode", None)
            # PostgreSQL says 53100 when its disk is full.
            if getattr(cause, "sqlstate", None) == "53100" or code == sqlite3.SQLITE_FULL:
                raise DatabaseFull("the database's disk is full: make room there") from fault
            raise DatabaseUnavailable(f"the database does not answer ({type(fault).__name__})") from fault
        except (DataError, OverflowError, UnicodeEncodeError) as fault:
            raise DatabaseRefused("there is no such value") from fault
        except DBAPIError as fault:
            if getattr(fault.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
                path = self.engine.url.database
                raise DatabaseError(f"{path} is not a database: SAMEHAND_DATABASE_URL names it") from fault
            if fault.connection_invalidated:
                raise DatabaseUnavailable("the connection to the database was lost") from fault
            raise


class Lead:
    """The lock that one of several desks holds; ``won``: whether it is this one."""

    def __init__(self, connection: AsyncConnection | None, *, won: bool) -> None:
        """Takes the connection that holds the lock; None where there is one desk alone."""
        self._connection = connection
        self.won = won

    async def held(self) -> bool:
        """Returns whether the lock is held still; where it is not, another desk may lead already."""
        if self._connection is None or not self.won:
            return self.won
        try:
            async with asyncio.timeout(HELD_SECONDS):
                # A connection that was lost is made anew on the next statement, without the lock.
                result = await self._connection.execute(_HELD, {"number": LEADER_LOCK})
                self.won = bool(result.scalar_one())
        except (DBAPIError, TimeoutError, OSError):
            self.won = False
        if not self.won:
            await self._connection.invalidate()  # if it lives after all, the lock is let go of
        return self.won

    async def give_up(self) -> None:
        if self._connection is not None:
            await self._connection.execute(_LET_GO, {"number": LEADER_LOCK})


async def _log_is_held(connection: AsyncConnection) -> bool:
    """Truncates the log; whether somebody who reads it keeps it from that. Nobody waits for them."""
    await connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        return bool((await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()[0])
    finally:
        await connection.exec_driver_sql(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")


@asynccontextmanager
async def opened(given: str, *, password: str | None = None, alone: bool = True) -> AsyncIterator[Database]:
    """The database at an address, with its tables as this version wants them; closed afterwards.

    ``password``: PostgreSQL's, where it is not in the address; ``alone``: hold the lock of SQLite's one
    process. A command that only writes a line or two (a user, say) does without it.

    Raises:
        DatabaseTaken: another process has the SQLite file.
        DatabaseOutdated: the tables are of a later version.
        DatabaseUnavailable: it does not answer.
        DatabaseError: the address is none, or its folder is not there.
    """
    url = address(given, password)
    lock = _lock(url, alone=alone) if url.get_backend_name() == "sqlite" else None
    try:
        engine = _engine(url)
        try:
            database = Database(engine)
            async with database._translated(), engine.connect() as connection:
                if database.is_sqlite:
                    await connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    # A migration may write millions of rows, or wait for another desk that does.
                    await connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                await connection.run_sync(upgrade)
                await connection.commit()
            await database.empty_log()
            yield database
        finally:
            await engine.dispose()
    finally:
        if lock is not None:
            os.close(lock)  # which lets go of the lock, too


async def look_at_tables(given: str, *, password: str | None = None) -> tuple[str | None, str]:
    """Returns what `table_versions` does of the database at an address, and changes nothing in it. An SQLite
    file that is not there has no tables.

    Raises `DatabaseError` as `opened` does.
    """
    url = address(given, password)
    if url.get_backend_name() == "sqlite" and not _file(url).exists():
        url = url.set(database=":memory:")
    engine = _engine(url, reading=True)
    try:
        async with Database(engine)._translated(), engine.connect() as connection:
            return await connection.run_sync(table_versions)
    finally:
        await engine.dispose()


def _file(url: URL) -> Path:
    """Returns SQLite's file. Raises `DatabaseError` where there can be none."""
    path = Path(url.database or "").resolve()
    if not path.parent.is_dir():
        raise DatabaseError(
            f"the database's folder {path.parent} does not exist: create it, or correct SAMEHAND_DATABASE_URL"
        )
    if path.is_dir():
        raise DatabaseError(f"{path} is a directory: SAMEHAND_DATABASE_URL must name a file")
    return path


def _engine(url: URL, *, reading: bool = False) -> AsyncEngine:
    # Errors and SQLAlchemy's own log would quote handles and words of a statement's parameters.
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
        wanted = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")

        @event.listens_for(engine.sync_engine, "connect")
        def as_we_want_it(connection: DBAPIConnection, _: Any) -> None:
            if not reading:
                connection.isolation_level = None  # transactions begin where we say so
            cursor = connection.cursor()
            for pragma in ("query_only=ON",) if reading else wanted:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        return engine
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_size=POOL_CONNECTIONS,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            # Compiling a page's statement takes longer than running it, by its cost in the worst case.
            "options": f"-c statement_timeout={STATEMENT_MS} -c jit=off",
        },
    )


def _lock(url: URL, *, alone: bool) -> int | None:
    """Locks a file beside SQLite's until the process ends, however it does, if it is to be `alone`."""
    path = _file(url)
    if not alone:
        return None
    beside = path.with_name(f"{path.name}.lock")
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise DatabaseError(f"{beside}: {fault.strerror}: the database's folder must be writable") from fault
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise DatabaseTaken(
            f"{path}: another desk has it open. SQLite takes one; several share PostgreSQL"
            " (SAMEHAND_DATABASE_URL)"
        ) from None
    return descriptor
