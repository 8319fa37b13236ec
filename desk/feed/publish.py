"""Verdicts, and what came of appeals, leave: sent, and marked once the broker has confirmed them.

A process that dies in between leaves them taken; after `AGAIN_SECONDS` they are sent once more. So each is on
its topic at least once, always under the same `verdict_id` or `appeal_id`, by which readers know a repeat. An
appeal follows the verdict that decided it, as soon as that cannot be undone any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, cast

from desk.database import alerts, appeals
from desk.database.engine import Database
from desk.database.schema import AlertRow, AppealRow
from desk.database.topics import outbox
from schemas.appeals import AppealDecided, Outcome
from schemas.decoding.dates import from_seconds
from schemas.malformed import Malformed
from schemas.wire import encode
from streams.deadletters.record import letter_of
from streams.kafka.client import ANSWER_MS, Confirmation, Writer, writer
from streams.kafka.topics import names
from streams.outcomes import Arrival, Dead
from streams.settings import Settings

BATCH: Final = 100
"""A family as a whole fits in two; each is confirmed before the next is taken."""

AGAIN_SECONDS: Final = 60.0
"""Three times as long as a producer retries: a sender that has not confirmed by then is gone."""


class VerdictPublisher:
    """Sends what the outbox holds, and decided appeals."""

    def __init__(
        self, database: Database, topic: str, now: Callable[[], float], *, appeals_topic: str | None = None
    ) -> None:
        """Takes the open database, the topic of verdicts and the clock (Unix seconds). Without a topic of
        appeals, none of them is sent."""
        self._database = database
        self._topic = topic
        self._now = now
        self._appeals_topic = appeals_topic

    async def publish(self, out: Writer) -> int:
        """Sends what is due. Returns how many the broker has confirmed. Raises what the writer raises."""
        published = await self._publish_verdicts(out)
        if self._appeals_topic is not None:
            published += await self._publish_appeals(out, self._appeals_topic)
        return published

    async def _publish_verdicts(self, out: Writer) -> int:
        now = self._now()
        async with self._database.begin() as connection:
            rows = await outbox.take(connection, now=now, again_before=now - AGAIN_SECONDS, limit=BATCH)
        if not rows:
            return 0
        await asyncio.to_thread(send, out, self._topic, [(row.key, row.value) for row in rows])
        async with self._database.begin() as connection:
            await outbox.sent(connection, [row.outbox_id for row in rows], now=self._now())
        return len(rows)

    async def _publish_appeals(self, out: Writer, topic: str) -> int:
        async with self._database.read() as connection:
            rows = await appeals.to_publish(connection, BATCH)
            if not rows:
                return 0
            about = await alerts.with_payloads(connection, {row.alert_id for row in rows})
        records = [(row.alert_id.encode(), encode(_decided(row, about[row.alert_id]))) for row in rows]
        await asyncio.to_thread(send, out, topic, records)
        async with self._database.begin() as connection:
            await appeals.sent(connection, [row.appeal_id for row in rows], now=self._now())
        return len(rows)


def _decided(row: AppealRow, alert: AlertRow) -> AppealDecided:
    assert row.decided_at is not None  # it is decided, or has lapsed
    platform, _, account_id = alert.account.partition(":")
    return AppealDecided(
        appeal_id=row.appeal_id,
        alert_id=row.alert_id,
        platform=platform,
        account_id=account_id,
        outcome=cast(Outcome, row.outcome),
        reason_code=row.reason_code or "",
        decided_at=from_seconds(row.decided_at),
        verdict_id=row.verdict_id,
        policy=alert.policy,
        queue=alert.queue,
    )


async def bury(settings: Settings, dead: Sequence[tuple[Arrival, Malformed]], *, now: float) -> None:
    """Writes dead letters. Raises `BrokerUnavailable` and `BrokerRefused`."""
    letters = [
        letter_of(arrival, Dead(fault.reason, fault.path, fault.detail), now) for arrival, fault in dead
    ]

    def write() -> None:
        with writer(settings) as out:
            send(
                out, names(settings).letters, [(letter.topic.encode(), encode(letter)) for letter in letters]
            )

    await asyncio.to_thread(write)


def send(out: Writer, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
    """Sends keys and values, and waits until the broker has confirmed each."""
    sent: list[Confirmation] = [out.send(topic, key=key, value=value, headers=[]) for key, value in records]
    for confirmation in sent:
        confirmation.get(timeout=2 * ANSWER_MS / 1000)
