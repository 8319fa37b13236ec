"""Summaries of bans as the worker wrote them last: how many pairs got no alert of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.upsert import upsert

_summaries = schema.summaries


async def revision(connection: AsyncConnection, alert_id: str) -> int:
    """The revision that is kept of a summary, 0 for none."""
    result = await connection.execute(select(_summaries.c.revision).where(_summaries.c.alert_id == alert_id))
    return result.scalar_one_or_none() or 0


async def put(connection: AsyncConnection, values: Mapping[str, Any]) -> None:
    """Writes a summary over what was kept of it."""
    await upsert(connection, _summaries, values)


async def withheld(connection: AsyncConnection, limit: int) -> Sequence[Row[Any]]:
    """Open summaries that count a pair, those with most likely ones first."""
    columns = _summaries.c
    result = await connection.execute(
        select(_summaries)
        .where(columns.status == "open", columns.withheld_likely + columns.withheld_possible > 0)
        .order_by(columns.withheld_likely.desc(), columns.withheld_possible.desc(), columns.banned)
        .limit(limit)
    )
    return result.all()
