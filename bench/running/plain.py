"""The full job in a plain aiokafka loop: the same handler and the same order of steps, without Faust.

Batches are read, decided, published, marked and then committed, one after the other, and the process ends
with whatever goes wrong: no retries, no breaker, no dead letters bound, no health. What it costs beside a
worker is what `streams/` costs.
"""

from __future__ import annotations

import asyncio
import signal
import sys

import aiokafka  # type: ignore[import-untyped]  # aiokafka ships no types
import uvloop

from agents.runtime.store_factory import peppers_of
from agents.runtime.worker import context_of
from agents.screen import Screen
from streams.kafka.store_epoch import known_epoch
from streams.kafka.topics import check
from streams.outcomes import Arrival, Published
from streams.settings import Settings, load
from streams.telemetry import logs


async def _loop(settings: Settings) -> None:
    context = context_of(settings, peppers_of(settings), known_epoch(settings))
    await context.store.open()
    screen = Screen(context)
    consumer = aiokafka.AIOKafkaConsumer(
        context.topics.created,
        bootstrap_servers=list(settings.kafka_brokers),
        group_id=settings.kafka_group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=int(settings.session_seconds * 1000),
        fetch_max_wait_ms=settings.fetch_wait_ms,
    )
    producer = aiokafka.AIOKafkaProducer(
        bootstrap_servers=list(settings.kafka_brokers), acks="all", enable_idempotence=True
    )
    async with consumer, producer:
        while True:
            # Some clusters of records wait in the client already: one wait serves many batches.
            fetched = await consumer.getmany(timeout_ms=1_000, max_records=settings.batch_records)
            batch = [_arrival(record) for several in fetched.values() for record in several]
            if not batch:
                continue
            outcomes = await screen(batch)
            emits = [emit for one in outcomes if isinstance(one, Published) for emit in one.emits]
            sent = [await producer.send(emit.topic, emit.value, emit.key) for emit in emits]
            await asyncio.gather(*sent)
            if emits:
                await screen.confirm(emits)
            await consumer.commit()


def _arrival(record: aiokafka.ConsumerRecord) -> Arrival:
    return Arrival(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        tuple(record.headers),
        record.timestamp / 1000,
    )


def main() -> int:
    """Runs until a signal ends it."""
    settings = load()
    logs.configure(settings.log_level)
    check(settings, create=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvloop.run(_loop(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
