"""How far each topic was read: in the same transaction as what came of it."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.upsert import insert_new, upsert

_offsets = schema.offsets


async def positions(connection: AsyncConnection) -> dict[tuple[str, int], int]:
    """By topic and partition, the offset to read next."""
    found = await connection.execute(select(_offsets))
    return {(row.topic, row.partition): row.position for row in found}


async def advance(
    connection: AsyncConnection, topic: str, partition: int, *, before: int | None, after: int
) -> bool:
    """Moves on from `before` (None: never read) to `after`; False when another process was faster."""
    if before is None:
        values = {"topic": topic, "partition": partition, "position": after}
        return await insert_new(connection, _offsets, values)
    done = await connection.execute(
        update(_offsets)
        .where(_offsets.c.topic == topic, _offsets.c.partition == partition, _offsets.c.position == before)
        .values(position=after)
    )
    return done.rowcount == 1


async def move(connection: AsyncConnection, topic: str, partition: int, position: int) -> None:
    """Goes on from another offset, whatever it was."""
    await upsert(connection, _offsets, {"topic": topic, "partition": partition, "position": position})
