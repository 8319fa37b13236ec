"""A producer for a process that only publishes: it connects by itself, and says when the broker has a record.

The process runs before there is a broker and without one. While none answers, sending is an outage at once:
nobody waits for what cannot come, and nothing piles up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Protocol

import structlog
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka import errors as kafka_errors
from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]  # the same

from streams.errors import BrokerRefused, BrokerUnavailable, RecordTooLarge
from streams.kafka.client import login_options
from streams.kafka.metadata_pace import pace_metadata
from streams.outcomes import Emit
from streams.settings import Settings

ANSWER_SECONDS: Final = 10.0
"""How long a record waits at most for the broker to have it, retries of the client's included."""

AGAIN_SECONDS: Final = 1.0
"""Between two attempts to connect."""

LOOK_SECONDS: Final = 1.0
"""Between two questions whether a broker answers, each a request of some bytes that asks for no topic."""

LOOK_ANSWER_SECONDS: Final = 3.0
"""So long one broker may take for it; a broker across an ocean needs a tenth of it."""

STOP_SECONDS: Final = 3.0
"""For records still buffered at the end of the process: their senders know that the outcome is open."""

OUTAGES: Final = (
    kafka_errors.KafkaTimeoutError,
    kafka_errors.KafkaUnavailableError,
    kafka_errors.BrokerNotAvailableError,
    kafka_errors.ReplicaNotAvailableError,
    kafka_errors.ProducerClosed,
)
"""Errors that aiokafka calls not retriable, since it has retried for as long as it may."""

OUT_OF_STEP: Final = (
    kafka_errors.OutOfOrderSequenceNumber,
    kafka_errors.UnknownProducerId,
    kafka_errors.InvalidProducerIdMapping,
    kafka_errors.InvalidProducerEpoch,
    kafka_errors.ProducerFenced,
)
"""The broker expects another number than this producer's next one, and takes nothing of it on that partition
any more. aiokafka counts a record that a broker refused as if it were there (one that is too large for its
topic, one without a right to it), and lost records of the broker's count as well. A new producer begins anew.
"""


def is_out_of_step(fault: BaseException) -> bool:
    """Returns whether a new producer is the cure. A bare `KafkaError` says that the task that sends has
    ended.
    """
    return isinstance(fault, OUT_OF_STEP) or type(fault) is kafka_errors.KafkaError


TOO_LARGE: Final = (kafka_errors.MessageSizeTooLargeError, kafka_errors.RecordListTooLargeError)

log = structlog.get_logger("samehand.kafka")


class Producing(Protocol):
    """What is used of aiokafka's producer."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(
        self, topic: str, value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes]]
    ) -> Awaitable[object]:
        """Buffer a record; awaiting the result confirms it."""
        ...

    async def answers(self) -> bool: ...


class KafkaPublisher:
    """`Publisher` over a producer of its own. `run` connects, and disconnects when cancelled.

    ``fault`` says why no broker takes records now, "" while one does.
    """

    def __init__(self, settings: Settings, make: Callable[[], Producing] | None = None) -> None:
        self.fault = "no connection to a broker yet"
        self._make = make or (lambda: _Client(settings))
        self._producer: Producing | None = None
        self._out_of_step = asyncio.Event()
        self._retiring: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Connects, as often as it takes, looks after the connection, and stays until cancelled."""
        try:
            while True:
                client, former = await self._connected(), self._producer
                self._out_of_step.clear()
                self._producer = client
                if former is not None:
                    log.info("Kafka producer replaced", why="a broker refused a record of the former one")
                    self._retire(former)
                await self._look(client)
        finally:
            client_or_none, self._producer = self._producer, None
            self.fault = "the producer has stopped"
            if client_or_none is not None:
                self._retire(client_or_none)
            if self._retiring:
                _, left = await asyncio.wait(self._retiring, timeout=STOP_SECONDS)
                for task in left:
                    task.cancel()

    async def send(self, emit: Emit) -> Awaitable[object]:
        """Buffers a record, which has `ANSWER_SECONDS` until it is confirmed.

        Raises `BrokerUnavailable`, `BrokerRefused`, `RecordTooLarge`; so does awaiting the result.
        """
        if self._producer is None or self.fault:
            raise BrokerUnavailable(f"Kafka: {self.fault}")
        due = asyncio.get_running_loop().time() + ANSWER_SECONDS
        try:
            async with asyncio.timeout_at(due):
                sent = await self._producer.send(
                    emit.topic, value=emit.value, key=emit.key, headers=list(emit.headers)
                )
        except (kafka_errors.KafkaError, TimeoutError) as fault:
            raise self._meaning(fault) from fault
        return self._confirmed(sent, due)

    async def _confirmed(self, sent: Awaitable[object], due: float) -> object:
        try:
            async with asyncio.timeout_at(due):
                return await sent
        except (kafka_errors.KafkaError, TimeoutError) as fault:
            meant = self._meaning(fault)
            if isinstance(meant, BrokerRefused):
                self._out_of_step.set()
            raise meant from fault

    async def _connected(self) -> Producing:
        """A producer that a broker took."""
        logged = False
        while True:
            client = self._make()
            try:
                await client.start()
            except (kafka_errors.KafkaError, OSError) as fault:
                if not logged:
                    log.warning("no connection to a Kafka broker yet", fault=type(fault).__name__)
                logged, self.fault = True, "no connection to a broker yet"
                await client.stop()
                await asyncio.sleep(AGAIN_SECONDS)
            except asyncio.CancelledError:
                self._retire(client)  # whose end `run` waits for, and not for ever
                raise
            else:
                return client

    async def _look(self, client: Producing) -> None:
        """Keeps ``fault`` true, until the producer has to be replaced: at most once a second."""
        while True:
            before, self.fault = self.fault, "" if await client.answers() else "no broker answers"
            if self.fault != before:
                log.warning("no Kafka broker answers") if self.fault else log.info("a Kafka broker answers")
            await asyncio.sleep(LOOK_SECONDS)
            if self._out_of_step.is_set():
                return

    def _retire(self, client: Producing) -> None:
        """Lets it send what it has, while another takes what comes."""
        task = asyncio.ensure_future(client.stop())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _meaning(self, fault: BaseException) -> Exception:
        """An outage if Kafka calls it retriable or a new producer is the cure, else a refusal."""
        what = f"Kafka: {type(fault).__name__}"
        if is_out_of_step(fault):
            self._out_of_step.set()
            return BrokerUnavailable(what)
        if isinstance(fault, TOO_LARGE):
            return RecordTooLarge(what)
        retriable = isinstance(fault, kafka_errors.KafkaError) and fault.retriable
        outage = retriable or isinstance(fault, (*OUTAGES, TimeoutError))
        return BrokerUnavailable(what) if outage else BrokerRefused(what)


class _Client:
    """aiokafka's producer, and whether its brokers answer."""

    def __init__(self, settings: Settings) -> None:
        self._made = _producer(settings)

    async def start(self) -> None:
        await self._made.start()

    async def stop(self) -> None:
        await self._made.stop()

    async def send(
        self, topic: str, value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes]]
    ) -> Awaitable[object]:
        sent: Awaitable[object] = await self._made.send(topic, value=value, key=key, headers=headers)
        return sent

    async def answers(self) -> bool:
        """Asks one after the other on the connections that there are, or would be for a record."""
        client = self._made.client
        for broker in client.cluster.brokers():
            with suppress(kafka_errors.KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(LOOK_ANSWER_SECONDS):
                    await client.send(broker.nodeId, MetadataRequest([]))
                return True
        return False


def _producer(settings: Settings) -> Any:
    producer = AIOKafkaProducer(
        bootstrap_servers=list(settings.kafka_brokers),
        acks="all",
        enable_idempotence=True,
        request_timeout_ms=int(ANSWER_SECONDS * 1000),
        **login_options(settings),
    )
    pace_metadata(producer.client)
    return producer
