"""The topic of quarantine says what leads decided here.

Of a digest the highest revision holds, so that a repeat does no harm: a desk says all again whenever it
begins to lead, which also restores a topic that was deleted and created again.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Final

import structlog

from desk.database.engine import Database
from desk.feed.publish import send
from desk.review import quarantine
from schemas.wire import encode
from streams.kafka.client import Writer

log = structlog.get_logger("samehand.desk.quarantine")

LOOK_SECONDS: Final = 5.0
"""How often decisions are looked for: they last for weeks, so that some seconds harm nobody."""


class QuarantineTopic:
    """Publishes what this process has not sent to the topic yet."""

    def __init__(self, database: Database, topic: str, steady: Callable[[], float]) -> None:
        """`steady`: monotonic clock, seconds."""
        self._database = database
        self._topic = topic
        self._steady = steady
        self._looked_at = -math.inf
        self._told: dict[str, int] = {}

    def begin_again(self) -> None:
        """Forgets what was sent to the topic: another desk may have led meanwhile."""
        self._told.clear()
        self._looked_at = -math.inf

    async def level(self, out: Writer) -> int:
        """Publishes what is new; returns how many records.

        Raises what the writer raises, and `DatabaseUnavailable`.
        """
        if self._steady() - self._looked_at < LOOK_SECONDS:
            return 0
        async with self._database.read() as connection:
            said = await quarantine.records(connection)
        new = {digest: record for digest, record in said.items() if self._told.get(digest) != record.revision}
        if new:
            records = [(digest.encode(), encode(record)) for digest, record in new.items()]
            await asyncio.to_thread(send, out, self._topic, records)
            log.info("decisions about quarantine are on the topic", digests=len(new))
        self._told |= {digest: record.revision for digest, record in new.items()}
        self._looked_at = self._steady()
        return len(new)
