"""Rows as dataclasses that have a field for each of their table's columns."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

Given = TypeVar("Given")


async def one_of(connection: AsyncConnection, kind: type[Given], query: Select[Any]) -> Given | None:
    """Returns the row that a query selects, or None."""
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else kind(**row._mapping)


async def all_of(connection: AsyncConnection, kind: type[Given], query: Select[Any]) -> list[Given]:
    """Returns all rows that a query selects."""
    return [kind(**row._mapping) for row in await connection.execute(query)]
