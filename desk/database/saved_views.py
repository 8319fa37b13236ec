"""Views of the queue that somebody saved: a name, and what the queue is narrowed and ordered by."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import all_of, upsert


@dataclass(frozen=True, slots=True)
class SavedViewRow:
    """One view. `query`: filters and order, as the queue's address says them."""

    name: str
    query: str


_views = schema.saved_views


async def of(connection: AsyncConnection, user_id: str, limit: int) -> list[SavedViewRow]:
    """Returns a person's views, by name."""
    return await all_of(
        connection,
        SavedViewRow,
        select(_views.c.name, _views.c.query)
        .where(_views.c.user_id == user_id)
        .order_by(_views.c.name)
        .limit(limit),
    )


async def put(connection: AsyncConnection, user_id: str, view: SavedViewRow) -> None:
    """Saves a view, over the one of that name."""
    await upsert(connection, _views, {"user_id": user_id, "name": view.name, "query": view.query})


async def drop(connection: AsyncConnection, user_id: str, name: str) -> None:
    await connection.execute(delete(_views).where(_views.c.user_id == user_id, _views.c.name == name))
