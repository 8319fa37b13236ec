"""Summaries of bans as the worker wrote them last: how many pairs got no alert of their own."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.reach import reads_policy
from desk.database.rows import all_of, upsert
from desk.database.schema import SummaryRow

_summaries = schema.summaries


async def revision(connection: AsyncConnection, alert_id: str) -> int:
    """Returns the revision of the stored summary, or 0."""
    result = await connection.execute(select(_summaries.c.revision).where(_summaries.c.alert_id == alert_id))
    return result.scalar_one_or_none() or 0


async def put(connection: AsyncConnection, summary: SummaryRow) -> None:
    """Inserts or replaces a summary."""
    await upsert(connection, _summaries, asdict(summary))


async def withheld(
    connection: AsyncConnection, limit: int, *, user_id: str | None = None
) -> list[SummaryRow]:
    """Returns open summaries that count a pair, those with most likely ones first, of the policies that a
    person reads."""
    columns = _summaries.c
    return await all_of(
        connection,
        SummaryRow,
        select(_summaries)
        .where(
            columns.status == "open",
            columns.withheld_likely + columns.withheld_possible > 0,
            reads_policy(user_id, columns.policy),
        )
        .order_by(columns.withheld_likely.desc(), columns.withheld_possible.desc(), columns.banned)
        .limit(limit),
    )
