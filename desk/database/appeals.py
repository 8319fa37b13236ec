"""Appeals of account holders, with their words, and what came of them until it is published.

The words are erased as quotes are; the row itself stays, as verdicts do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.erasing import mark
from desk.database.rows import all_of, one_of
from desk.database.schema import AppealRow

_appeals, _outbox = schema.appeals, schema.outbox


async def add(connection: AsyncConnection, row: AppealRow) -> None:
    await connection.execute(insert(_appeals).values(**asdict(row)))


async def find(connection: AsyncConnection, appeal_id: str) -> AppealRow | None:
    return await one_of(connection, AppealRow, select(_appeals).where(_appeals.c.appeal_id == appeal_id))


async def of_read(connection: AsyncConnection, read_id: int) -> AppealRow | None:
    """Returns the appeal that a read decides; None of any other read."""
    return await one_of(connection, AppealRow, select(_appeals).where(_appeals.c.read_id == read_id))


async def of_alerts(connection: AsyncConnection, alert_ids: Collection[str]) -> dict[str, list[AppealRow]]:
    """Returns the appeals of each alert, the earliest first."""
    rows = await all_of(
        connection,
        AppealRow,
        select(_appeals)
        .where(_appeals.c.alert_id.in_(alert_ids))
        .order_by(_appeals.c.received_at, _appeals.c.appeal_id),
    )
    return {alert_id: [row for row in rows if row.alert_id == alert_id] for alert_id in alert_ids}


async def open_read(connection: AsyncConnection, alert_id: str) -> int | None:
    """Returns the read of an alert's appeal that waits for its decision: there is never more than one."""
    result = await connection.execute(
        select(_appeals.c.read_id)
        .where(_appeals.c.alert_id == alert_id, _appeals.c.outcome.is_(None))
        .limit(1)
    )
    return result.scalar_one_or_none()


async def decide(
    connection: AsyncConnection, read_id: int, *, outcome: str, reason_code: str, verdict_id: str, now: float
) -> None:
    """Notes what came of the appeal that a read decides."""
    await connection.execute(
        update(_appeals)
        .where(_appeals.c.read_id == read_id)
        .values(outcome=outcome, reason_code=reason_code, verdict_id=verdict_id, decided_at=now)
    )


async def reopen(connection: AsyncConnection, verdict_id: str) -> None:
    """Opens the appeal that a verdict decided which was undone."""
    await connection.execute(
        update(_appeals)
        .where(_appeals.c.verdict_id == verdict_id)
        .values(outcome=None, reason_code=None, verdict_id=None, decided_at=None)
    )


async def erase(
    connection: AsyncConnection, alert_id: str, *, now: float, reason: str, until: float | None = None
) -> int:
    """Erases the words of every appeal of an alert, of those received `until` a moment if there is one.

    Returns how many were erased.
    """
    mark(connection)
    conditions = [_appeals.c.alert_id == alert_id, _appeals.c.erased_at.is_(None)]
    if until is not None:
        conditions.append(_appeals.c.received_at <= until)
    done = await connection.execute(
        update(_appeals).where(*conditions).values(words="", erased_at=now, erased_reason=reason)
    )
    return done.rowcount


async def lapse(connection: AsyncConnection, alert_id: str, *, now: float, reason: str) -> None:
    """Ends the open appeal of an alert whose evidence is erased, if there is one."""
    await connection.execute(
        update(_appeals)
        .where(_appeals.c.alert_id == alert_id, _appeals.c.outcome.is_(None))
        .values(outcome="lapsed", reason_code=reason, decided_at=now)
    )


async def to_publish(connection: AsyncConnection, limit: int) -> list[AppealRow]:
    """Returns decided appeals that were not confirmed yet, oldest first, without those whose verdict can
    still be undone."""
    undoable = exists().where(_outbox.c.verdict_id == _appeals.c.verdict_id, _outbox.c.taken_at.is_(None))
    return await all_of(
        connection,
        AppealRow,
        select(_appeals)
        .where(_appeals.c.sent_at.is_(None), _appeals.c.outcome.is_not(None), ~undoable)
        .order_by(_appeals.c.decided_at, _appeals.c.appeal_id)
        .limit(limit),
    )


async def sent(connection: AsyncConnection, appeal_ids: Sequence[str], *, now: float) -> None:
    """Marks what the broker has confirmed."""
    await connection.execute(update(_appeals).where(_appeals.c.appeal_id.in_(appeal_ids)).values(sent_at=now))
