"""A database with nothing in it, one a test."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

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
    engine = create_engine(url)
    with engine.begin() as connection:
        upgrade(connection)
    engine.dispose()


@pytest.fixture
async def database(database_url: str, tables: Path) -> AsyncIterator[Database]:
    """An open database with its tables."""
    if database_url.startswith(SQLITE):
        shutil.copy(tables, database_url.removeprefix(SQLITE))
    async with opened(database_url) as database:
        yield database
