"""Views of the queue that somebody saved, for themselves or for the team: a name, filters and an order."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import all_of, upsert


@dataclass(frozen=True, slots=True)
class SavedViewRow:
    """One view. `query`: filters and order, as the queue's address says them; `shared`: with the team."""

    name: str
    query: str
    shared: bool = False


_views = schema.saved_views


async def of(connection: AsyncConnection, user_id: str, limit: int) -> list[SavedViewRow]:
    """Returns a person's views, and after them the team's, by name. `limit`: of all of them."""
    columns = _views.c
    return await all_of(
        connection,
        SavedViewRow,
        select(columns.name, columns.query, columns.shared)
        .where(or_(columns.user_id == user_id, columns.shared))
        .order_by(columns.shared, columns.name)
        .limit(limit),
    )


async def kind_of(connection: AsyncConnection, user_id: str, name: str) -> bool | None:
    """Returns whether the view that a person saved by a name is shared; None where they saved none."""
    columns = _views.c
    found = await connection.execute(
        select(columns.shared).where(columns.user_id == user_id, columns.name == name)
    )
    return found.scalar_one_or_none()


async def put(connection: AsyncConnection, user_id: str, view: SavedViewRow) -> None:
    """Saves a view, over the person's, or the team's, of that name."""
    await drop(connection, user_id, view.name, shared=view.shared)
    await upsert(
        connection,
        _views,
        {"user_id": user_id, "name": view.name, "query": view.query, "shared": view.shared},
    )


async def drop(connection: AsyncConnection, user_id: str, name: str, *, shared: bool) -> None:
    """Deletes a person's view, or the team's, whoever shared it."""
    columns = _views.c
    whose = columns.shared if shared else ~columns.shared & (columns.user_id == user_id)
    await connection.execute(delete(_views).where(whose, columns.name == name))
