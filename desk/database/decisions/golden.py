"""Alerts whose answer is agreed, which readers are tried on."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import upsert


async def put(connection: AsyncConnection, alert_id: str, verdict: str, user_id: str, *, now: float) -> None:
    """Sets, or changes, what an exercise expects."""
    values = {"alert_id": alert_id, "verdict": verdict, "set_by": user_id, "set_at": now}
    await upsert(connection, schema.golden, values)


async def answers(connection: AsyncConnection) -> dict[str, str]:
    """Returns the expected verdict by alert."""
    golden = schema.golden.c
    result = await connection.execute(select(golden.alert_id, golden.verdict).order_by(golden.alert_id))
    return {row.alert_id: row.verdict for row in result}
