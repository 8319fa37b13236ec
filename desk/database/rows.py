"""Rows as dataclasses, whose fields are named as the columns that a query selects, and how the two dialects
write a row that may be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from types import ModuleType
from typing import Any, TypeVar

from sqlalchemy import CompoundSelect, Row, Select, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


async def one_of(connection: AsyncConnection, kind: type[T], query: Select[Any]) -> T | None:
    """Returns the row that a query selects, or None."""
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else kind(**row._mapping)


async def all_of(
    connection: AsyncConnection, kind: type[T], query: Select[Any] | CompoundSelect[Any]
) -> list[T]:
    """Returns all rows that a query selects."""
    return [kind(**row._mapping) for row in await connection.execute(query)]


def parts_of(kind: type[T], rows: Iterable[Row[Any]]) -> list[T]:
    """Builds one `kind` for each row from the columns named like its fields; other columns are ignored."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # the bound DataclassInstance is the stubs' own
    return [kind(**{name: row._mapping[name] for name in names}) for row in rows]


async def hold_lock(connection: AsyncConnection, number: int) -> None:
    """Holds a lock of the database until the transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


async def upsert(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> None:
    """Inserts a row, or writes its values over the row with the same primary key."""
    keys = {column.name for column in table.primary_key}
    kept = {name: value for name, value in values.items() if name not in keys}
    await _put(connection, table, values, kept)


async def add_up(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> None:
    """Inserts a row, or adds its numbers to those of the row with the same primary key."""
    keys = {column.name for column in table.primary_key}
    sums = {name: table.c[name] + value for name, value in values.items() if name not in keys}
    await _put(connection, table, values, sums)


async def _put(
    connection: AsyncConnection, table: Table, values: Mapping[str, Any], over: Mapping[str, Any]
) -> None:
    keys = [column.name for column in table.primary_key]
    row = _dialect(connection).insert(table).values(**values)
    await connection.execute(row.on_conflict_do_update(index_elements=keys, set_=dict(over)))


async def insert_new(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> bool:
    """Inserts a row unless it collides with one that exists. Returns True if it was inserted."""
    key = next(iter(table.primary_key))
    row = _dialect(connection).insert(table).values(**values)
    done = await connection.execute(row.on_conflict_do_nothing().returning(key))
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
    copies = _dialect(connection).insert(table).from_select(names, rows)
    await connection.execute(copies.on_conflict_do_nothing(), parameters)


def _dialect(connection: AsyncConnection) -> ModuleType:
    return sqlite if connection.dialect.name == "sqlite" else postgresql
