"""Between Faust and us: what is an outage, and what is a fault."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import errors as kafka_errors  # type: ignore[import-untyped]  # aiokafka ships no types
from faust.exceptions import NotReady, ProducerSendError
from faust.types import TP

from streams.errors import BrokerUnavailable
from streams.faust_app.adapter import FaustPublisher, arrival_of, more_waiting
from streams.outcomes import Emit


class Producer:
    """Fails on order: when buffering, or when confirming."""

    def __init__(self, buffering: Exception | None = None, confirming: Exception | None = None) -> None:
        self.buffering = buffering
        self.confirming = confirming
        self.sent: list[tuple[Any, ...]] = []
        self.generation = 7
        self.renewed: list[int] = []

    def renew(self, generation: int) -> None:
        self.renewed.append(generation)

    async def send(self, *record: Any) -> Awaitable[object]:
        if self.buffering:
            raise self.buffering
        self.sent.append(record)
        confirmation: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if self.confirming:
            confirmation.set_exception(self.confirming)
        else:
            confirmation.set_result("confirmed")
        return confirmation


def publisher(producer: Producer) -> FaustPublisher:
    app: Any = SimpleNamespace(producer=producer)
    return FaustPublisher(app)


def wrapped(cause: Exception) -> ProducerSendError:
    fault = ProducerSendError("while sending")
    fault.__cause__ = cause
    return fault


async def test_a_record_is_sent_and_confirmed() -> None:
    producer = Producer()
    confirmation = await publisher(producer).send(Emit("alerts", b"k", None, headers=(("h", b"1"),)))
    assert await confirmation == "confirmed"
    assert producer.sent == [("alerts", b"k", None, None, None, [("h", b"1")])]


@pytest.mark.parametrize("fault", [NotReady(), wrapped(kafka_errors.KafkaTimeoutError())])
async def test_what_cannot_be_buffered_now_is_an_outage(fault: Exception) -> None:
    with pytest.raises(BrokerUnavailable):
        await publisher(Producer(buffering=fault)).send(Emit("alerts", None, b""))


async def test_what_is_not_confirmed_is_an_outage() -> None:
    confirmation = await publisher(Producer(confirming=kafka_errors.KafkaTimeoutError())).send(
        Emit("a", None, b"")
    )
    with pytest.raises(BrokerUnavailable, match="KafkaTimeoutError"):
        await confirmation


@pytest.mark.parametrize(
    "fault", [kafka_errors.OutOfOrderSequenceNumber(), kafka_errors.KafkaError("its task ended")]
)
async def test_a_producer_that_the_broker_lost_count_of_is_an_outage_and_is_renewed(fault: Exception) -> None:
    buffering, confirming = Producer(buffering=wrapped(fault)), Producer(confirming=fault)
    with pytest.raises(BrokerUnavailable):
        await publisher(buffering).send(Emit("a", None, b""))
    confirmation = await publisher(confirming).send(Emit("a", None, b""))
    with pytest.raises(BrokerUnavailable):
        await confirmation
    assert (buffering.renewed, confirming.renewed) == ([7], [7])


async def test_what_will_never_be_taken_is_a_fault() -> None:
    refusal = kafka_errors.TopicAuthorizationFailedError("alerts")
    with pytest.raises(kafka_errors.TopicAuthorizationFailedError):
        await publisher(Producer(buffering=wrapped(refusal))).send(Emit("a", None, b""))
    confirmation = await publisher(Producer(confirming=refusal)).send(Emit("a", None, b""))
    with pytest.raises(kafka_errors.TopicAuthorizationFailedError):
        await confirmation


@pytest.mark.parametrize("headers", [None, [("h", b"1")], {"h": b"1"}])
def test_headers_come_in_either_form(headers: Any) -> None:
    message: Any = SimpleNamespace(
        topic="t", partition=1, offset=2, key=b"k", value=None, headers=headers, timestamp=3.5
    )
    arrival = arrival_of(message)
    assert arrival.address == "t:1:2"
    assert arrival.headers == ((("h", b"1"),) if headers else ())
    assert arrival.timestamp == 3.5


def test_more_is_waiting_where_a_partition_goes_beyond_what_was_handed_over() -> None:
    ours, other, elsewhere = TP("t", 0), TP("t", 1), TP("u", 0)
    consumer = SimpleNamespace(
        _active_partitions={ours, elsewhere}, _read_offset={ours: 6, elsewhere: 0, other: 0}
    )
    ends = {ours: 7, other: 99, elsewhere: 99}
    app: Any = SimpleNamespace(consumer=consumer, monitor=SimpleNamespace(tp_end_offsets=ends))
    assert not more_waiting(app, "t"), "6 was the last, and partition 1 is another worker's"
    ends[ours] = 8
    assert more_waiting(app, "t")
    assert more_waiting(app, "u")
    assert not more_waiting(app, "v")
