"""Publishes each line of the audit to Kafka, where who changes or cuts off the chain cannot remove it.

Only a number and a hash go out, the hash under a key: a line names accounts, and nobody shall find them by
hashing guesses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from desk.database import audit
from desk.database.engine import Database
from desk.feed.publish import send
from desk.review.audit.chain import Head, sealed
from streams.kafka.client import TopicReader, Writer

LINES_AT_ONCE: Final = 1_000
"""Published before the last of them is noted: 200 KB. After a longer outage the next look goes on."""

KEY_NAME: Final = "audit"
"""The desk's secret under which lines are published."""


class HeadRecord(Struct, frozen=True, kw_only=True):
    """A line as it stands on the topic: its number, and its hash under the desk's key."""

    number: Annotated[int, Meta(ge=1, le=10**18 - 1)]
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    at: float


async def publish_lines(
    database: Database, key: bytes, topic: str, out: Writer, now: Callable[[], float]
) -> int:
    """Publishes the lines after the last one that is on the topic. Returns how many."""
    async with database.read() as connection:
        published = await audit.published_head(connection)
        lines = await audit.lines(connection, 0 if published is None else published.number, LINES_AT_ONCE)
    if not lines:
        return 0
    records = []
    for line in lines:
        record = HeadRecord(number=line.number, hash=sealed(key, line.hash), at=now())
        # With the hash, so that compaction keeps a line beside another one of its number: of a chain that was
        # cut off and written on, or of a copy that was restored.
        records.append((f"{record.number}:{record.hash}".encode(), msgspec.json.encode(record)))
    await asyncio.to_thread(send, out, topic, records)
    async with database.begin() as connection:
        await audit.note_head(connection, lines[-1].number, lines[-1].hash)
    return len(lines)


def published_heads(reader: TopicReader, topic: str) -> Iterator[Head]:
    """Every published line on the topic, in the order in which they were published.

    What is no such record is passed over: anybody who may write there could add it.
    """
    for partition in reader.partitions(topic):
        for arrival in reader.read(topic, partition):
            try:
                record = msgspec.json.decode(arrival.value or b"", type=HeadRecord)
            except msgspec.MsgspecError:
                continue
            yield Head(record.number, record.hash)
