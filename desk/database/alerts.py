"""Alerts as the worker wrote them last, and what they quote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.upsert import upsert

AlertRow = Row[Any]


async def find(connection: AsyncConnection, alert_id: str) -> AlertRow | None:
    """One alert, or None."""
    return (
        await connection.execute(select(schema.alerts).where(schema.alerts.c.alert_id == alert_id))
    ).one_or_none()


async def put(connection: AsyncConnection, values: Mapping[str, Any], payload: bytes) -> None:
    """Writes an alert over what was there of it."""
    await upsert(connection, schema.alerts, values)
    stored = {"alert_id": values["alert_id"], "payload": payload, "erased_at": None, "erased_reason": None}
    await upsert(connection, schema.evidence, stored)


async def payload(connection: AsyncConnection, alert_id: str) -> Row[Any] | None:
    """`payload`, `erased_at` and `erased_reason` of an alert, or None."""
    found = await connection.execute(select(schema.evidence).where(schema.evidence.c.alert_id == alert_id))
    return found.one_or_none()


async def with_payload(connection: AsyncConnection, alert_id: str) -> Row[Any] | None:
    """One alert beside what :func:`payload` tells of it, or None."""
    evidence = schema.evidence.c
    found = await connection.execute(
        select(schema.alerts, evidence.payload, evidence.erased_at, evidence.erased_reason)
        .join(schema.evidence, evidence.alert_id == schema.alerts.c.alert_id)
        .where(schema.alerts.c.alert_id == alert_id)
    )
    return found.one_or_none()


async def erase(
    connection: AsyncConnection, alert_id: str, without_quotes: bytes, *, now: float, reason: str
) -> None:
    """Puts what quotes nobody in the place of what did, and leaves the mark of it."""
    await connection.execute(
        update(schema.evidence)
        .where(schema.evidence.c.alert_id == alert_id)
        .values(payload=without_quotes, erased_at=now, erased_reason=reason)
    )


async def due_for_erasure(connection: AsyncConnection, before: float, limit: int) -> Sequence[Row[Any, Any]]:
    """Alerts that nobody is to read any more and that arrived before a moment, with what they quote."""
    waiting = (
        select(schema.reads.c.read_id)
        .where(schema.reads.c.alert_id == schema.alerts.c.alert_id, schema.reads.c.state == "open")
        .exists()
    )
    found = await connection.execute(
        select(schema.alerts.c.alert_id, schema.evidence.c.payload)
        .join(schema.evidence, schema.evidence.c.alert_id == schema.alerts.c.alert_id)
        .where(schema.evidence.c.erased_at.is_(None), schema.alerts.c.arrived_at < before, ~waiting)
        .order_by(schema.alerts.c.arrived_at)
        .limit(limit)
    )
    return found.all()


async def of_account(connection: AsyncConnection, key: str, limit: int) -> Sequence[AlertRow]:
    """Alerts about an account, on either side, the newest first."""
    alerts = schema.alerts
    found = await connection.execute(
        select(alerts)
        .where((alerts.c.account == key) | (alerts.c.banned == key))
        .order_by(alerts.c.detected_at.desc(), alerts.c.alert_id)
        .limit(limit)
    )
    return found.all()


async def of_family(connection: AsyncConnection, root: str, limit: int) -> Sequence[AlertRow]:
    """Alerts whose banned account is of one family, the newest first."""
    alerts = schema.alerts
    found = await connection.execute(
        select(alerts)
        .where(alerts.c.root == root)
        .order_by(alerts.c.detected_at.desc(), alerts.c.alert_id)
        .limit(limit)
    )
    return found.all()


async def page(
    connection: AsyncConnection, *, status: str | None, before: float | None, limit: int
) -> Sequence[AlertRow]:
    """Alerts, the newest first."""
    alerts = schema.alerts
    conditions = []
    if status is not None:
        conditions.append(alerts.c.status == status)
    if before is not None:
        conditions.append(alerts.c.detected_at < before)
    found = await connection.execute(
        select(alerts)
        .where(and_(True, *conditions))
        .order_by(alerts.c.detected_at.desc(), alerts.c.alert_id)
        .limit(limit)
    )
    return found.all()


async def count(connection: AsyncConnection) -> int:
    """How many alerts there are."""
    return int((await connection.execute(select(func.count()).select_from(schema.alerts))).scalar_one())
