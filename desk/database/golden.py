"""Alerts whose answer is agreed, which readers are tried on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.upsert import upsert


async def put(connection: AsyncConnection, alert_id: str, verdict: str, user_id: str, *, now: float) -> None:
    """Sets, or changes, what an exercise expects."""
    values = {"alert_id": alert_id, "verdict": verdict, "set_by": user_id, "set_at": now}
    await upsert(connection, schema.golden, values)


async def everything(connection: AsyncConnection) -> Sequence[Row[Any]]:
    return (await connection.execute(select(schema.golden).order_by(schema.golden.c.alert_id))).all()
