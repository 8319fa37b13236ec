"""Views of the queue that somebody saved, for themselves, their team or all: a name, filters and an order."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import all_of, one_of, upsert


@dataclass(frozen=True, slots=True)
class SavedViewRow:
    """One view. `query`: filters and order, as the queue's address says them; `shared`: with a `team`, or
    with all where that is None. For the person who asks: `mine`: they saved it; `elsewhere`: it is for
    another team."""

    name: str
    query: str
    shared: bool = False
    team: str | None = None
    mine: bool = False
    elsewhere: bool = False


_views, _users = schema.saved_views, schema.users


async def of(
    connection: AsyncConnection, user_id: str, limit: int, *, elsewhere: bool = False
) -> list[SavedViewRow]:
    """Returns a person's views, those of their team and those for all, each by name; with `elsewhere`, then
    those of other teams. `limit`: of them."""
    columns = _views.c
    mine = columns.user_id == user_id
    team = select(_users.c.team).where(_users.c.user_id == user_id).scalar_subquery()
    others = columns.team != func.coalesce(team, "")
    away = (columns.team.is_not(None) & others & ~mine).label("elsewhere")
    for_them = columns.shared & (columns.team.is_(None) | ~others | elsewhere)
    return await all_of(
        connection,
        SavedViewRow,
        select(columns.name, columns.query, columns.shared, columns.team, mine.label("mine"), away)
        .where(or_(mine, for_them))
        .order_by(away, columns.shared, columns.team.is_(None), columns.name, columns.team)
        .limit(limit),
    )


async def saved_by(connection: AsyncConnection, user_id: str, name: str) -> SavedViewRow | None:
    """Returns the view that a person saved by a name, or None."""
    columns = _views.c
    return await one_of(
        connection,
        SavedViewRow,
        select(columns.name, columns.query, columns.shared, columns.team).where(
            columns.user_id == user_id, columns.name == name
        ),
    )


async def put(connection: AsyncConnection, user_id: str, view: SavedViewRow) -> None:
    """Saves a view, over the person's, the team's or that for all of that name."""
    await drop(connection, user_id, view.name, shared=view.shared, team=view.team)
    row = {"name": view.name, "query": view.query, "shared": view.shared, "team": view.team}
    await upsert(connection, _views, {"user_id": user_id, **row})


async def drop(
    connection: AsyncConnection, user_id: str, name: str, *, shared: bool, team: str | None
) -> None:
    """Deletes a person's view, or anybody's shared one: of a team, or with None for all."""
    columns = _views.c
    whose = columns.team.is_not_distinct_from(team) if shared else columns.user_id == user_id
    await connection.execute(delete(_views).where(columns.shared.is_(shared), whose, columns.name == name))
