"""A producer that the broker lost count of is replaced while its app runs, and writes each record once."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from aiokafka.structs import TopicPartition  # type: ignore[import-untyped]  # aiokafka ships no types
from prometheus_client import CollectorRegistry

from local.apache import ApacheKafka
from streams.errors import BrokerUnavailable
from streams.faust_app.app import WorkerApp
from streams.faust_app.patches import SafeProducer
from streams.kafka import topics
from streams.kafka.client import reader
from streams.outcomes import Emit
from streams.settings import Settings, load
from streams.telemetry.metrics import Metrics

PATIENCE_SECONDS = 60.0


def settings_on(broker: str, prefix: str) -> Settings:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": prefix})
    topics.check(settings, create=True)
    return settings


async def renewing(settings: Settings, *, lose_count: bool) -> list[bytes | None]:
    """Sends before and after its producer is replaced, at once or by a sequence number that is lost."""
    app = WorkerApp(settings, Metrics(CollectorRegistry()))
    topic, publisher = topics.names(settings).letters, app.around.publisher
    producer = cast(SafeProducer, app.producer)
    await producer.start()

    async def send(value: bytes) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    await (await publisher.send(Emit(topic, b"k", value)))
                    return
                except BrokerUnavailable:
                    await asyncio.sleep(0.05)

    try:
        await send(b"before")
        former: Any = producer._producer
        if lose_count:
            for partition in range(settings.topic_partitions):
                former._txn_manager.increment_sequence_number(TopicPartition(topic, partition), 5)
        else:
            producer.renew(producer.generation)
            producer.renew(producer.generation - 1)
        await send(b"after")
        assert producer._producer is not former
        assert producer.generation == 1
    finally:
        await producer.stop()
    with reader(settings) as opened:
        return [it.value for place in opened.partitions(topic) for it in opened.read(topic, place)]


@pytest.mark.journey
async def test_what_is_sent_while_it_is_replaced_is_an_outage_and_comes_after(
    broker: str, topic_prefix: str
) -> None:
    assert await renewing(settings_on(broker, topic_prefix), lose_count=False) == [b"before", b"after"]


@pytest.mark.kafka
async def test_a_sequence_number_that_is_lost_costs_one_producer(
    apache_kafka: ApacheKafka, topic_prefix: str
) -> None:
    settings = settings_on(apache_kafka.address, topic_prefix)
    assert await renewing(settings, lose_count=True) == [b"before", b"after"]
