"""Writing a row that may be there, in the two dialects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


async def upsert(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> None:
    """Inserts a row, or writes its values over the row with the same primary key."""
    keys = {column.name for column in table.primary_key}
    await _put(connection, table, values, {name: value for name, value in values.items() if name not in keys})


async def add_up(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> None:
    """Inserts a row, or adds its numbers to those of the row with the same primary key."""
    keys = {column.name for column in table.primary_key}
    sums = {name: table.c[name] + value for name, value in values.items() if name not in keys}
    await _put(connection, table, values, sums)


async def _put(
    connection: AsyncConnection, table: Table, values: Mapping[str, Any], over: Mapping[str, Any]
) -> None:
    keys = [column.name for column in table.primary_key]
    if connection.dialect.name == "sqlite":
        await connection.execute(
            sqlite.insert(table).values(**values).on_conflict_do_update(index_elements=keys, set_=dict(over))
        )
    else:
        await connection.execute(
            postgresql.insert(table)
            .values(**values)
            .on_conflict_do_update(index_elements=keys, set_=dict(over))
        )


async def insert_new(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> bool:
    """Inserts a row unless it collides with one that exists. Returns True if it was inserted."""
    key = next(iter(table.primary_key))
    if connection.dialect.name == "sqlite":
        done = await connection.execute(
            sqlite.insert(table).values(**values).on_conflict_do_nothing().returning(key)
        )
    else:
        done = await connection.execute(
            postgresql.insert(table).values(**values).on_conflict_do_nothing().returning(key)
        )
    return done.first() is not None  # a driver may not know how many rows an insert made


async def copy_new(
    connection: AsyncConnection,
    table: Table,
    names: Sequence[str],
    rows: Select[Any],
    parameters: Sequence[Mapping[str, Any]],
) -> None:
    """Inserts the rows that a query selects with each of some parameters, without those that collide with one
    that exists."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    await connection.execute(
        dialect.insert(table).from_select(names, rows).on_conflict_do_nothing(), parameters
    )
