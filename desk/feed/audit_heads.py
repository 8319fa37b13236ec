"""Publishes the audit's head to Kafka, where an attacker who cuts off the chain's end cannot remove it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from desk.database import audit
from desk.database.engine import Database
from desk.feed.publish import send
from desk.review.audit.chain import Head
from streams.kafka.client import TopicReader, Writer

HEAD_SECONDS: Final = 60.0
"""How often: so much of the chain's end may be cut off unseen. A head is a hundred bytes."""


class HeadRecord(Struct, frozen=True, kw_only=True):
    """A head as it stands on the topic."""

    number: Annotated[int, Meta(ge=1, le=10**18 - 1)]
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    at: float


async def publish_head(database: Database, topic: str, out: Writer, now: Callable[[], float]) -> bool:
    """Publishes the last line's number and hash; False where it is there already."""
    async with database.read() as connection:
        last, published = await audit.last(connection), await audit.published_head(connection)
    if last is None or (published is not None and published.number >= last.number):
        return False
    record = HeadRecord(number=last.number, hash=last.hash, at=now())
    # With the hash, so that compaction keeps a head beside another one of its number: of a chain that was cut
    # off and written on, or of a copy that was restored.
    key = f"{record.number}:{record.hash}".encode()
    await asyncio.to_thread(send, out, topic, [(key, msgspec.json.encode(record))])
    async with database.begin() as connection:
        await audit.note_head(connection, last.number, last.hash)
    return True


def published_heads(reader: TopicReader, topic: str) -> Iterator[Head]:
    """Every head on the topic, in the order in which they were published.

    What is no head is passed over: anybody who may write there could add it.
    """
    for partition in reader.partitions(topic):
        for arrival in reader.read(topic, partition):
            try:
                record = msgspec.json.decode(arrival.value or b"", type=HeadRecord)
            except msgspec.MsgspecError:
                continue
            yield Head(record.number, record.hash)
