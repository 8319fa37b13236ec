"""A database with nothing in it, one a test."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Dialect, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

from desk.database import engine
from desk.database.engine import Database, address, opened, upgrade
from local.binaries import NotAvailable
from local.postgres import EmbeddedPostgres

REQUIRED = "SAMEHAND_REQUIRE_POSTGRES"
SQLITE = "sqlite:///"


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A cluster that tests make databases in."""
    try:
        server = EmbeddedPostgres()
        with server:
            yield server
    except NotAvailable as why:
        if os.environ.get(REQUIRED) == "1":
            raise
        pytest.skip(str(why))


@pytest.fixture
def own_postgres() -> Iterator[EmbeddedPostgres]:
    """One that this test may harm."""
    try:
        with EmbeddedPostgres() as server:
            yield server
    except NotAvailable as missing:
        pytest.skip(str(missing))


on_each_database = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
"""For tests of what databases do: of statements, locks, transactions, erasing."""


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database: of SQLite, unless a test asks for both. It has its tables where
    `database` opens it."""
    if request.param == "sqlite":
        return f"{SQLITE}{tmp_path / 'desk.db'}"
    server: EmbeddedPostgres = request.getfixturevalue("postgres")
    name = f"desk_{secrets.token_hex(6)}"
    if "database" in request.fixturenames:
        return server.make(name, template=request.getfixturevalue("postgres_tables"))
    return server.make(name)


# Nothing but the tables: to migrate a database takes longer than most tests.


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite's to copy."""
    path = tmp_path_factory.mktemp("tables") / "desk.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_tables(postgres: EmbeddedPostgres) -> str:
    """The name of a database of PostgreSQL's to copy."""
    _migrate(address(postgres.make("tables")).render_as_string())
    return "tables"


def _migrate(url: str) -> None:
    made = create_engine(url)
    with made.begin() as connection:
        upgrade(connection)
    made.dispose()


_shared: dict[str, AsyncEngine] = {}
_at: dict[str, URL] = {}
_in_use: set[str] = set()
_make_engine = engine._engine


@asynccontextmanager
async def opened_migrated(given: str) -> AsyncIterator[Database]:
    """A database whose tables are of this version: nobody looks for migrations.

    All databases of a kind share an engine, which keeps the statements that it compiled for former tests. Of
    two that are open at once the second has an engine of its own.
    """
    kind = address(given).get_backend_name()
    alone = kind in _in_use
    async with AsyncExitStack() as stack:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(engine, "upgrade", lambda connection: None)
            if not alone:
                patched.setattr(engine, "_engine", _engine_at)
                _in_use.add(kind)
                stack.callback(_in_use.remove, kind)
            database = await stack.enter_async_context(opened(given))
        yield database


def _engine_at(url: URL) -> AsyncEngine:
    kind = url.get_backend_name()
    _at[kind] = url
    if kind not in _shared:
        made = _shared[kind] = _make_engine(url)
        made.sync_engine.update_execution_options(compiled_cache={})

        @event.listens_for(made.sync_engine, "do_connect")
        def there(dialect: Dialect, _: object, positional: list[object], named: dict[str, object]) -> None:
            positional[:], more = dialect.create_connect_args(_at[kind])
            named.update(more)

    return _shared[kind]


@pytest.fixture
async def database(database_url: str, tables: Path) -> AsyncIterator[Database]:
    """An open database with its tables."""
    if database_url.startswith(SQLITE):
        shutil.copy(tables, database_url.removeprefix(SQLITE))
    async with opened_migrated(database_url) as database:
        yield database
