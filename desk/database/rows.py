"""Rows as dataclasses, whose fields are named as the columns that a query selects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import CompoundSelect, Row, Select
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
