"""A producer of its own: it connects by itself, and an outage is told from a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from aiokafka import errors as kafka_errors  # type: ignore[import-untyped]  # aiokafka ships no types

from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka import producer as module
from streams.kafka.producer import KafkaPublisher
from streams.outcomes import Emit
from streams.settings import load

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

    async def start(self) -> None:
        if self.failures:
            self.failures -= 1
            raise kafka_errors.KafkaConnectionError
        self.started.set()

    async def stop(self) -> None:
        self.stopped += 1

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


async def connected(client: Client) -> tuple[KafkaPublisher, asyncio.Task[None]]:
    publisher = KafkaPublisher(load({}), lambda: client)
    running = asyncio.ensure_future(publisher.run())
    async with asyncio.timeout(10):
        await client.started.wait()
        await asyncio.sleep(0)
    return publisher, running


async def ended(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_record_is_sent_and_confirmed_and_the_client_let_go_of() -> None:
    client = Client()
    publisher, running = await connected(client)
    assert publisher.connected
    assert await (await publisher.send(EMIT)) == "confirmed"
    assert client.sent == [("accounts.created", b"x:1", b"{}", [("h", b"1")])]
    await ended(running)
    assert client.stopped == 1
    assert not publisher.connected


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


@pytest.mark.parametrize("where", ["buffering", "confirming"])
@pytest.mark.parametrize(
    ("fault", "means"),
    [
        (kafka_errors.KafkaTimeoutError(), BrokerUnavailable),
        (kafka_errors.NotLeaderForPartitionError(), BrokerUnavailable),
        (kafka_errors.TopicAuthorizationFailedError(), BrokerRefused),
        (TimeoutError(), BrokerUnavailable),
    ],
    ids=lambda it: getattr(it, "__name__", type(it).__name__),
)
async def test_an_outage_is_told_from_a_refusal(where: str, fault: Exception, means: type[Exception]) -> None:
    client = Client()
    publisher, running = await connected(client)
    setattr(client, where, fault)
    with pytest.raises(means):
        await (await publisher.send(EMIT))
    await ended(running)


async def test_a_broker_has_what_it_confirmed(broker: str) -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": "producer."})
    publisher = KafkaPublisher(settings)
    running = asyncio.ensure_future(publisher.run())
    async with asyncio.timeout(30):
        while not publisher.connected:  # noqa: ASYNC110  # nobody tells when
            await asyncio.sleep(0.01)
        found: Any = await (await publisher.send(Emit("producer.accounts.created", b"x:1", b"{}")))
    assert found.offset == 0
    await ended(running)
