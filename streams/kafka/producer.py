"""A producer for a process that only publishes: it connects by itself, and says when the broker has a record.

The process runs before there is a broker and without one: until it is connected, sending is an outage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, cast

import structlog
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka import errors as kafka_errors

from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka.client import tls_context
from streams.outcomes import Emit
from streams.settings import Settings

ANSWER_SECONDS: Final = 10.0
"""How long a caller waits at most for the broker to have its records, retries of the client's included."""

AGAIN_SECONDS: Final = 1.0
"""Between two attempts to connect the first time; afterwards the client reconnects by itself."""

OUTAGES: Final = (
    kafka_errors.KafkaTimeoutError,
    kafka_errors.KafkaUnavailableError,
    kafka_errors.BrokerNotAvailableError,
    kafka_errors.ReplicaNotAvailableError,
    kafka_errors.ProducerClosed,
)
"""Errors that aiokafka calls not retriable, since it has retried for as long as it may."""

log = structlog.get_logger("samehand.kafka")


class Producing(Protocol):
    """What is used of aiokafka's producer."""

    async def start(self) -> None:
        """Connect."""
        ...

    async def stop(self) -> None:
        """Flush and disconnect."""
        ...

    async def send(
        self, topic: str, value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes]]
    ) -> Awaitable[object]:
        """Buffer a record; awaiting the result confirms it."""
        ...


class KafkaPublisher:
    """`Publisher` over a producer of its own. `run` connects, and disconnects when cancelled."""

    def __init__(self, settings: Settings, make: Callable[[], Producing] | None = None) -> None:
        self._make = make or (lambda: _producer(settings))
        self._producer: Producing | None = None

    @property
    def connected(self) -> bool:
        """Whether it ever reached a broker."""
        return self._producer is not None

    async def run(self) -> None:
        """Connects, as often as it takes, and stays until cancelled."""
        told = False
        while self._producer is None:
            client = self._make()
            try:
                await client.start()
                self._producer = client
            except (kafka_errors.KafkaError, OSError) as fault:
                if not told:
                    log.warning("no broker takes us yet", fault=type(fault).__name__)
                told = True
                await client.stop()
                await asyncio.sleep(AGAIN_SECONDS)
            except asyncio.CancelledError:
                await client.stop()
                raise
        try:
            await asyncio.Event().wait()
        finally:
            client, self._producer = self._producer, None
            await client.stop()

    async def send(self, emit: Emit) -> Awaitable[object]:
        """Buffers a record. Raises `BrokerUnavailable`, `BrokerRefused`; so does awaiting the result."""
        if self._producer is None:
            raise BrokerUnavailable("Kafka: no broker takes us yet")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                sent = await self._producer.send(
                    emit.topic, value=emit.value, key=emit.key, headers=list(emit.headers)
                )
        except (kafka_errors.KafkaError, TimeoutError) as fault:
            raise _meaning(fault) from fault
        return _confirmed(sent)


async def _confirmed(sent: Awaitable[object]) -> object:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await sent
    except (kafka_errors.KafkaError, TimeoutError) as fault:
        raise _meaning(fault) from fault


def _meaning(fault: BaseException) -> Exception:
    """An outage if Kafka calls it retriable, else a refusal: an ACL's, for one."""
    retriable = isinstance(fault, kafka_errors.KafkaError) and fault.retriable
    kind = BrokerUnavailable if retriable or isinstance(fault, (*OUTAGES, TimeoutError)) else BrokerRefused
    return kind(f"Kafka: {type(fault).__name__}")


def _producer(settings: Settings) -> Producing:
    context = tls_context(settings)
    transport = "PLAINTEXT" if context is None else "SSL"
    options: dict[str, Any] = {"security_protocol": transport, "ssl_context": context}
    if settings.kafka_sasl_mechanism is not None:
        options |= {
            "security_protocol": f"SASL_{transport}",
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_secret(),
        }
    made = AIOKafkaProducer(
        bootstrap_servers=list(settings.kafka_brokers),
        client_id=settings.kafka_group,
        acks="all",
        enable_idempotence=settings.kafka_idempotence,
        request_timeout_ms=int(ANSWER_SECONDS * 1000),
        **options,
    )
    return cast(Producing, made)
