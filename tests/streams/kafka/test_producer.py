"""A producer of its own: it connects by itself, and an outage is told from a refusal."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka import errors as kafka_errors  # type: ignore[import-untyped]  # aiokafka ships no types

from local.apache import ApacheKafka
from streams.errors import BrokerRefused, BrokerUnavailable, RecordTooLarge
from streams.kafka import producer as module
from streams.kafka.client import admin
from streams.kafka.producer import KafkaPublisher
from streams.outcomes import Emit
from streams.settings import load
from tests.tables import for_each

EMIT = Emit("accounts.created", b"x:1", b"{}", headers=(("h", b"1"),))


class Client:
    """A producer that fails on order."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.stopped = 0
        self.sent: list[tuple[Any, ...]] = []
        self.confirming: Exception | None = None
        self.buffering: Exception | None = None
        self.started = asyncio.Event()
        self.there = True
        self.stops = True

    async def start(self) -> None:
        if self.failures:
            self.failures -= 1
            raise kafka_errors.KafkaConnectionError
        self.started.set()

    async def stop(self) -> None:
        self.stopped += 1
        if not self.stops:
            await asyncio.Event().wait()

    async def answers(self) -> bool:
        return self.there

    async def send(self, topic: str, value: Any, key: Any, headers: Any) -> Awaitable[object]:
        if self.buffering:
            raise self.buffering
        self.sent.append((topic, key, value, headers))
        confirmation: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if self.confirming:
            confirmation.set_exception(self.confirming)
        else:
            confirmation.set_result("confirmed")
        return confirmation


async def until(true: Callable[[], bool]) -> None:
    """Waits for a condition that nobody tells of."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110  # nobody tells when
            await asyncio.sleep(0)


async def connected(client: Client) -> tuple[KafkaPublisher, asyncio.Task[None]]:
    publisher = KafkaPublisher(load({}), lambda: client)
    running = asyncio.ensure_future(publisher.run())
    await until(lambda: not publisher.fault)
    return publisher, running


async def ended(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_record_is_sent_and_confirmed_and_the_client_let_go_of() -> None:
    client = Client()
    publisher, running = await connected(client)
    assert publisher.fault == ""
    assert await (await publisher.send(EMIT)) == "confirmed"
    assert client.sent == [("accounts.created", b"x:1", b"{}", [("h", b"1")])]
    await ended(running)
    assert client.stopped == 1
    assert publisher.fault


async def test_before_a_broker_takes_us_sending_is_an_outage_and_it_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.0)
    client = Client(failures=3)
    with pytest.raises(BrokerUnavailable):
        await KafkaPublisher(load({}), lambda: client).send(EMIT)
    publisher, running = await connected(client)
    assert await (await publisher.send(EMIT)) == "confirmed"
    await ended(running)
    assert client.stopped == 4


@for_each("where", ["buffering", "confirming"])
@for_each(
    ("fault", "means"),
    [
        (kafka_errors.KafkaTimeoutError(), BrokerUnavailable),
        (kafka_errors.NotLeaderForPartitionError(), BrokerUnavailable),
        (kafka_errors.TopicAuthorizationFailedError(), BrokerRefused),
        (kafka_errors.MessageSizeTooLargeError(), RecordTooLarge),
        (kafka_errors.OutOfOrderSequenceNumber(), BrokerUnavailable),
        (TimeoutError(), BrokerUnavailable),
    ],
)
async def test_an_outage_is_told_from_a_refusal(where: str, fault: Exception, means: type[Exception]) -> None:
    client = Client()
    publisher, running = await connected(client)
    setattr(client, where, fault)
    with pytest.raises(means):
        await (await publisher.send(EMIT))
    await ended(running)


async def test_while_no_broker_answers_nobody_waits_and_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    client = Client()
    publisher, running = await connected(client)
    client.there = False
    await until(lambda: bool(publisher.fault))
    with pytest.raises(BrokerUnavailable, match="no broker answers"):
        await publisher.send(EMIT)
    assert client.sent == []
    client.there = True
    await until(lambda: not publisher.fault)
    assert await (await publisher.send(EMIT)) == "confirmed"
    await ended(running)


@pytest.mark.parametrize(
    "fault",
    [
        kafka_errors.OutOfOrderSequenceNumber(),
        kafka_errors.MessageSizeTooLargeError(),
        kafka_errors.KafkaError("Unexpected error during batch delivery"),
    ],
    ids=lambda it: type(it).__name__,
)
async def test_a_producer_of_which_a_broker_lost_count_is_replaced(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    first, second = Client(), Client()
    made = [second, first]
    publisher = KafkaPublisher(load({}), lambda: made.pop())
    running = asyncio.ensure_future(publisher.run())
    await until(lambda: not publisher.fault)
    first.confirming = fault
    with pytest.raises((BrokerUnavailable, RecordTooLarge)):
        await (await publisher.send(EMIT))
    await until(lambda: first.stopped == 1)
    assert await (await publisher.send(EMIT)) == "confirmed"
    assert second.sent
    await ended(running)


async def test_it_ends_though_a_broker_never_takes_what_is_buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.01)
    client = Client()
    client.stops = False
    _, running = await connected(client)
    async with asyncio.timeout(10):
        await ended(running)
    assert client.stopped == 1


async def test_so_it_does_though_the_connection_that_is_made_does_not_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.01)
    client, asked = Client(), asyncio.Event()
    client.stops = False

    async def silent() -> None:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(client, "start", silent)
    running = asyncio.ensure_future(KafkaPublisher(load({}), lambda: client).run())
    await asked.wait()
    async with asyncio.timeout(10):
        await ended(running)
    assert client.stopped == 1


async def test_a_broker_has_what_it_confirmed(broker: str) -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": "producer."})
    publisher = KafkaPublisher(settings)
    running = asyncio.ensure_future(publisher.run())
    await until(lambda: not publisher.fault)
    found: Any = await (await publisher.send(Emit("producer.accounts.created", b"x:1", b"{}")))
    assert found.offset == 0
    await ended(running)


@pytest.mark.kafka
async def test_a_record_that_its_topic_does_not_take_costs_the_next_ones_nothing(
    apache_kafka: ApacheKafka,
) -> None:
    """aiokafka counts it as if it were there, so that the broker refused all that came after it."""
    settings = load({"SAMEHAND_KAFKA_BROKERS": apache_kafka.address})
    topic = f"small-{uuid.uuid4().hex}"
    with admin(settings) as client:
        order = {"num_partitions": 1, "replication_factor": 1, "configs": {"max.message.bytes": "2000"}}
        client.create_topics({topic: order}, raise_errors=True)
    publisher = KafkaPublisher(settings)
    running = asyncio.ensure_future(publisher.run())

    async def taken(value: bytes) -> None:
        for _ in range(1_000):
            try:
                await (await publisher.send(Emit(topic, b"x:1", value)))
                return
            except BrokerUnavailable:
                await asyncio.sleep(0.01)
        raise AssertionError("it is never taken")

    await until(lambda: not publisher.fault)
    await taken(b"{}")
    with pytest.raises(RecordTooLarge):
        await taken(b"x" * 5_000)
    for _ in range(3):
        await taken(b"{}")
    await ended(running)
