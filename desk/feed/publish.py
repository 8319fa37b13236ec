"""Verdicts leave: taken from the outbox, sent, and marked once the broker has confirmed them.

A process that dies in between leaves them taken; after `AGAIN_SECONDS` they are sent once more. So each is on
the topic at least once, always under the same `verdict_id`, by which readers know a repeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from desk.database import outbox
from desk.database.engine import Database
from desk.database.outbox import OutboxRow
from streams.kafka.client import ANSWER_MS, Confirmation, Writer

BATCH: Final = 100
"""A family as a whole fits in two; each is confirmed before the next is taken."""

AGAIN_SECONDS: Final = 60.0
"""Three times as long as a producer retries: a sender that has not confirmed by then is gone."""


class VerdictPublisher:
    """Sends what the outbox holds."""

    def __init__(self, database: Database, topic: str, now: Callable[[], float]) -> None:
        """Takes the open database, the topic of verdicts and the clock (Unix seconds)."""
        self._database = database
        self._topic = topic
        self._now = now

    async def publish(self, out: Writer) -> int:
        """Sends what is due. Returns how many the broker has confirmed. Raises what the writer raises."""
        now = self._now()
        async with self._database.begin() as connection:
            rows = await outbox.take(connection, now=now, again_before=now - AGAIN_SECONDS, limit=BATCH)
        if not rows:
            return 0
        await asyncio.to_thread(self._send, out, rows)
        async with self._database.begin() as connection:
            await outbox.sent(connection, [row.outbox_id for row in rows], now=self._now())
        return len(rows)

    def _send(self, out: Writer, rows: Sequence[OutboxRow]) -> None:
        sent: list[Confirmation] = [
            out.send(self._topic, key=row.key, value=row.value, headers=[]) for row in rows
        ]
        for confirmation in sent:
            confirmation.get(timeout=2 * ANSWER_MS / 1000)
