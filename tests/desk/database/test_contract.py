"""Both databases keep the same promises."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from desk.database import offsets, schema
from desk.database.engine import Database, opened
from desk.database.errors import DatabaseError, DatabaseOutdated, DatabaseTaken
from desk.database.upsert import insert_new


async def test_migrations_make_the_tables_that_the_schema_names(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), schema.metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_what_fails_in_the_middle_leaves_nothing(database: Database) -> None:
    async def half_done() -> None:
        async with database.begin() as connection:
            await offsets.advance(connection, "alerts", 0, before=None, after=7)
            raise RuntimeError("the process is ended here")

    with pytest.raises(RuntimeError):
        await half_done()
    async with database.read() as connection:
        assert await offsets.positions(connection) == {}


async def test_an_offset_moves_on_from_where_it_is_and_from_nowhere_else(database: Database) -> None:
    async with database.begin() as connection:
        assert await offsets.advance(connection, "alerts", 0, before=None, after=7)
        assert not await offsets.advance(connection, "alerts", 0, before=None, after=9)
        assert not await offsets.advance(connection, "alerts", 0, before=6, after=9)
        assert await offsets.advance(connection, "alerts", 0, before=7, after=9)
    async with database.read() as connection:
        assert await offsets.positions(connection) == {("alerts", 0): 9}


async def test_a_row_that_is_there_is_not_inserted_again(database: Database) -> None:
    values = {"name": "draws", "value": b"one"}
    async with database.begin() as connection:
        assert await insert_new(connection, schema.secrets, values)
        assert not await insert_new(connection, schema.secrets, {**values, "value": b"two"})


async def test_a_database_is_opened_again_as_it_was_left(database_url: str) -> None:
    async with opened(database_url) as first, first.begin() as connection:
        await offsets.advance(connection, "alerts", 3, before=None, after=1)
    async with opened(database_url) as second, second.read() as connection:
        assert await offsets.positions(connection) == {("alerts", 3): 1}


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


async def test_one_of_several_desks_on_postgresql_leads(database_url: str) -> None:
    async with opened(database_url) as one, one.leading() as led:
        assert led
        if one.is_sqlite:
            return
        async with opened(database_url) as other, other.leading() as also:
            assert not also
    async with opened(database_url) as other, other.leading() as now:
        assert now


@pytest.mark.parametrize(
    "address",
    ["mysql://root:hunter2@db/desk", "sqlite://", "sqlite:///:memory:", "hunter2", "postgres:hunter2"],
)
async def test_an_address_that_is_none_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(DatabaseError) as fault:
        async with opened(address):
            pass
    assert "hunter2" not in str(fault.value)
    assert "SAMEHAND_DATABASE_URL" in str(fault.value)
