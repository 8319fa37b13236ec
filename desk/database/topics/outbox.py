"""Verdicts on their way to Kafka: written with the decision, sent once it can no longer be undone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import all_of, insert_new
from desk.database.schema import OutboxRow

_outbox = schema.outbox


class OutboxRecord(NamedTuple):
    """A verdict's id, and its record's key and value on the topic."""

    verdict_id: str
    key: bytes
    value: bytes


async def put(connection: AsyncConnection, records: Iterable[OutboxRecord], *, not_before: float) -> None:
    """Lays verdicts out to be sent at a moment or later."""
    await connection.execute(
        insert(_outbox), [{**record._asdict(), "not_before": not_before} for record in records]
    )


async def put_again(connection: AsyncConnection, record: OutboxRecord, *, now: float) -> None:
    """Lays a verdict out to be sent once more, unless it waits there or was sent within the last day."""
    await insert_new(connection, _outbox, {**record._asdict(), "not_before": now})


async def call_back(connection: AsyncConnection, verdict_ids: Collection[str]) -> bool:
    """Removes verdicts. Returns False if one is on its way already."""
    done = await connection.execute(
        delete(_outbox).where(_outbox.c.verdict_id.in_(verdict_ids), _outbox.c.taken_at.is_(None))
    )
    return done.rowcount == len(verdict_ids)


async def take(
    connection: AsyncConnection, *, now: float, again_before: float, limit: int
) -> list[OutboxRow]:
    """Takes and returns what is to be sent now, oldest first; none of it can be undone any more.

    What was taken before `again_before` and never confirmed is taken once more: its sender may be gone.
    """
    rows = await all_of(
        connection,
        OutboxRow,
        select(_outbox)
        .where(
            _outbox.c.sent_at.is_(None),
            _outbox.c.not_before <= now,
            or_(_outbox.c.taken_at.is_(None), _outbox.c.taken_at < again_before),
        )
        .order_by(_outbox.c.outbox_id)
        .limit(limit)
        .with_for_update(skip_locked=True),  # nothing on SQLite, where nobody else writes
    )
    if rows:
        await connection.execute(
            update(_outbox)
            .where(_outbox.c.outbox_id.in_([row.outbox_id for row in rows]))
            .values(taken_at=now)
        )
    return rows


async def bring_back(connection: AsyncConnection, *, not_before: float, now: float) -> None:
    """Repairs timestamps after the clock was set back: caps `not_before`, and `taken_at` at `now`."""
    waiting = _outbox.c.sent_at.is_(None)
    await connection.execute(
        update(_outbox).where(waiting, _outbox.c.not_before > not_before).values(not_before=not_before)
    )
    await connection.execute(update(_outbox).where(waiting, _outbox.c.taken_at > now).values(taken_at=now))


async def sent(connection: AsyncConnection, outbox_ids: Sequence[int], *, now: float) -> None:
    """Marks what the broker has confirmed."""
    await connection.execute(update(_outbox).where(_outbox.c.outbox_id.in_(outbox_ids)).values(sent_at=now))


async def sweep(connection: AsyncConnection, *, before: float) -> None:
    """Drops what was sent before a moment: the verdict itself stays."""
    await connection.execute(delete(_outbox).where(_outbox.c.sent_at < before))


async def waiting(connection: AsyncConnection) -> tuple[int, float | None]:
    """Returns how many are not confirmed, and when the oldest should have been sent."""
    result = await connection.execute(
        select(func.count(), func.min(_outbox.c.not_before)).where(_outbox.c.sent_at.is_(None))
    )
    count, oldest = result.one()
    return int(count), oldest
