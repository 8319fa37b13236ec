"""Counts, by person and day, of the alerts that were opened; not of which."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import add_up, all_of
from desk.database.schema import ExposureRow

DAY_SECONDS: Final = 86_400


_exposures = schema.exposures


def day_of(now: float) -> int:
    """The day of a moment, in UTC since 1970."""
    return int(now // DAY_SECONDS)


async def add(
    connection: AsyncConnection, user_id: str, *, now: float, opened: int = 0, uncovered: int = 0
) -> None:
    """Counts up what somebody read today."""
    values = {"user_id": user_id, "day": day_of(now), "opened": opened, "uncovered": uncovered}
    await add_up(connection, _exposures, values)


async def of(connection: AsyncConnection, user_id: str, limit: int) -> list[ExposureRow]:
    """Returns somebody's days, the newest first."""
    return await all_of(
        connection,
        ExposureRow,
        select(_exposures)
        .where(_exposures.c.user_id == user_id)
        .order_by(_exposures.c.day.desc())
        .limit(limit),
    )


async def erase(connection: AsyncConnection, *, keep_days: int, now: float) -> None:
    """Drops the days that are kept long enough."""
    await connection.execute(delete(_exposures).where(_exposures.c.day < day_of(now) - keep_days))
