"""Between Faust's loosely typed events and ours: the only lines that touch both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any, Protocol, cast

from aiokafka import errors as kafka_errors  # type: ignore[import-untyped]  # aiokafka ships no types
from faust.exceptions import NotReady, ProducerSendError
from faust.streams import Stream
from faust.types import AppT, EventT, Message, StreamT

from streams.errors import BrokerUnavailable
from streams.faust_app.patches import SafeConsumer
from streams.kafka.producer import OUTAGES, is_out_of_step
from streams.outcomes import Arrival, Emit


class FaustTaken:
    """A Faust event that was taken without acknowledging it."""

    __slots__ = ("_app", "_event", "arrival")

    def __init__(self, app: AppT, event: EventT[bytes]) -> None:
        self._app = app
        self._event = event
        self.arrival = arrival_of(event.message)

    def ack(self) -> None:
        """Let the committed offset pass it."""
        self._event.ack()

    def release(self) -> None:
        """Stop the committed offset before it."""
        cast(SafeConsumer, self._app.consumer).give_up(self._event.message)


def arrival_of(message: Message) -> Arrival:
    """The record of a Faust message."""
    headers = message.headers or ()
    pairs = headers.items() if isinstance(headers, dict) else headers
    return Arrival(
        message.topic,
        message.partition,
        message.offset,
        message.key,
        message.value,
        tuple(cast("list[tuple[str, bytes]]", pairs)),
        message.timestamp or 0.0,
    )


async def taken_from(app: AppT, stream: StreamT[bytes]) -> AsyncIterator[FaustTaken]:
    async for event in cast(Stream[bytes], stream).noack().events():
        yield FaustTaken(app, event)


def known_waiting(app: AppT, topic: str) -> int:
    """Returns how many records of a topic the broker has for this worker that Faust has not handed over.

    Each fetch names the end of its partition: records written since the last fetch are not known yet.
    """
    consumer: Any = app.consumer
    ends, handed_over = app.monitor.tp_end_offsets, consumer._read_offset
    return sum(
        max(0, ends.get(tp, 0) - last - 1)
        for tp in consumer._active_partitions or ()
        if tp.topic == topic and (last := handed_over.get(tp)) is not None
    )


class FaustProducing(Protocol):
    """What is used of Faust's producer."""

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: object,
    ) -> Awaitable[object]:
        """Buffer a record; awaiting the result confirms it."""
        ...

    generation: int

    def renew(self, generation: int) -> None:
        """Begin anew with a broker that takes no record of this generation any more."""
        ...


class FaustPublisher:
    """`Publisher` over the app's producer; it bypasses Faust's topics, which cost more than sending."""

    def __init__(self, app: AppT) -> None:
        self._app = app

    async def send(self, emit: Emit) -> Awaitable[object]:
        """Buffer the record. Raises `BrokerUnavailable` when it cannot be for now."""
        producer = cast(FaustProducing, self._app.producer)
        generation = producer.generation
        try:
            sent = await producer.send(
                emit.topic, emit.key, emit.value, None, None, list(emit.headers) or None
            )
        except NotReady as fault:
            raise BrokerUnavailable("the producer is not connected") from fault
        except ProducerSendError as fault:
            raise _translated(producer, generation, fault.__cause__ or fault) from fault
        return _confirmed(producer, generation, sent)


async def _confirmed(producer: FaustProducing, generation: int, sent: Awaitable[object]) -> object:
    try:
        return await sent
    except kafka_errors.KafkaError as fault:
        raise _translated(producer, generation, fault) from fault


def _translated(producer: FaustProducing, generation: int, fault: BaseException) -> BaseException:
    """An outage if Kafka calls the error retriable or a new producer is the cure; else the error itself."""
    if is_out_of_step(fault):
        producer.renew(generation)
        return BrokerUnavailable(f"Kafka: {type(fault).__name__}")
    retriable = isinstance(fault, kafka_errors.KafkaError) and fault.retriable
    if retriable or isinstance(fault, OUTAGES):
        return BrokerUnavailable(f"Kafka: {type(fault).__name__}")
    return fault
