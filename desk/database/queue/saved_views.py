"""Views of the queue that somebody saved, for themselves, their team or all: a name, filters and an order."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import ScalarSelect, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import all_of, one_of, upsert


@dataclass(frozen=True, slots=True)
class SavedViewRow:
    """One view. `query`: filters and order, as the queue's address says them; `shared`: with a `team`, or
    with all where that is None."""

    name: str
    query: str
    shared: bool = False
    team: str | None = None


_views, _users = schema.saved_views, schema.users


async def of(connection: AsyncConnection, user_id: str, limit: int) -> list[SavedViewRow]:
    """Returns a person's views, those of their team and those for all, each by name. `limit`: of them."""
    columns = _views.c
    for_them = columns.shared & (columns.team.is_(None) | (columns.team == _team_of(user_id)))
    return await all_of(
        connection,
        SavedViewRow,
        select(columns.name, columns.query, columns.shared, columns.team)
        .where(or_(columns.user_id == user_id, for_them))
        .order_by(columns.shared, columns.team.is_(None), columns.name)
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
    await drop(connection, user_id, view.name, shared=view.shared, of_team=view.team is not None)
    await upsert(connection, _views, {"user_id": user_id, **asdict(view)})


async def drop(
    connection: AsyncConnection, user_id: str, name: str, *, shared: bool, of_team: bool = False
) -> None:
    """Deletes a person's view, or anybody's shared one: for all, or of their team; where that has
    none of this name, one that they saved for a former team."""
    columns = _views.c
    whose = columns.user_id == user_id
    if shared:
        whose = columns.team.is_(None)
    if of_team:
        other = _views.alias()
        of_this_team = exists().where(other.c.team == _team_of(user_id), other.c.name == name)
        former = columns.team.is_not(None) & (columns.user_id == user_id)
        whose = (columns.team == _team_of(user_id)) | (former & ~of_this_team)
    await connection.execute(delete(_views).where(columns.shared.is_(shared), whose, columns.name == name))


def _team_of(user_id: str) -> ScalarSelect[str | None]:
    return select(_users.c.team).where(_users.c.user_id == user_id).scalar_subquery()
