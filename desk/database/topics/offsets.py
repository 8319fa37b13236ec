"""How far each topic was read: in the same transaction as what came of it."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import insert_new, upsert

_offsets = schema.offsets


async def positions(connection: AsyncConnection) -> dict[tuple[str, int], int]:
    """By topic and partition, the offset to read next."""
    result = await connection.execute(select(_offsets))
    return {(row.topic, row.partition): row.position for row in result}


async def advance(
    connection: AsyncConnection, topic: str, partition: int, *, before: int | None, after: int
) -> bool:
    """Advances from `before` (None: never read) to `after`. Returns False if another process was faster."""
    if before is None:
        values = {"topic": topic, "partition": partition, "position": after}
        return await insert_new(connection, _offsets, values)
    done = await connection.execute(
        update(_offsets)
        .where(_offsets.c.topic == topic, _offsets.c.partition == partition, _offsets.c.position == before)
        .values(position=after)
    )
    return done.rowcount == 1


async def move(
    connection: AsyncConnection, topic: str, partition: int, position: int, topic_id: str | None = None
) -> None:
    """Goes on from another offset, whatever it was, and of whichever topic."""
    values = {"topic": topic, "partition": partition, "position": position, "topic_id": topic_id}
    await upsert(connection, _offsets, values)


async def topic_ids(connection: AsyncConnection) -> dict[tuple[str, int], str]:
    """By topic and partition, the id of the topic that the offset is of, where it is known."""
    result = await connection.execute(select(_offsets).where(_offsets.c.topic_id.is_not(None)))
    return {(row.topic, row.partition): row.topic_id for row in result}


async def note_topic(
    connection: AsyncConnection, topic: str, partition: int, topic_id: str, *, begun: int
) -> None:
    """Notes which topic an offset is of; ``begun``: where it is read from that was never read."""
    values = {"topic": topic, "partition": partition, "position": begun, "topic_id": topic_id}
    if await insert_new(connection, _offsets, values):
        return
    # Not its position: another process may have moved on.
    row = _offsets.c.topic == topic, _offsets.c.partition == partition
    await connection.execute(update(_offsets).where(*row).values(topic_id=topic_id))
