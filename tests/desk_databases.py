"""A database with nothing in it, one a test."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from desk.database.engine import Database, opened, upgrade
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
    """The address of an empty database: of SQLite, unless a test asks for both."""
    if request.param == "sqlite":
        return f"{SQLITE}{tmp_path / 'desk.db'}"
    server: EmbeddedPostgres = request.getfixturevalue("postgres")
    return server.make(f"desk_{secrets.token_hex(6)}")


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite's with nothing but the tables: to migrate one takes longer than most tests."""
    path = tmp_path_factory.mktemp("tables") / "desk.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        upgrade(connection)
    engine.dispose()
    return path


@pytest.fixture
async def database(database_url: str, tables: Path) -> AsyncIterator[Database]:
    """An open database with its tables."""
    if database_url.startswith(SQLITE):
        shutil.copy(tables, database_url.removeprefix(SQLITE))
    async with opened(database_url) as database:
        yield database
