"""Short verbs for what the contract does with a broker again and again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
from kafka import TopicPartition

READ_SECONDS_MAX = 60.0


@contextmanager
def producer(address: str, **options: Any) -> Iterator[kafka.KafkaProducer]:
    """A kafka-python producer that waits for every replica."""
    with closing(kafka.KafkaProducer(bootstrap_servers=address, acks="all", **options)) as made:
        yield made


@contextmanager
def consumer(address: str, **options: Any) -> Iterator[kafka.KafkaConsumer]:
    """A kafka-python consumer that reads from the start and commits only when told."""
    defaults = {"auto_offset_reset": "earliest", "enable_auto_commit": False}
    with closing(kafka.KafkaConsumer(bootstrap_servers=address, **{**defaults, **options})) as made:
        yield made


def write(address: str, topic: str, values: Iterable[bytes], partition: int = 0) -> list[int]:
    """Write values to a partition in order; their offsets, once each is acknowledged."""
    with producer(address) as client:
        sent = [client.send(topic, value=value, partition=partition) for value in values]
        return [future.get(timeout=READ_SECONDS_MAX).offset for future in sent]


def read_all(address: str, topic: str, partition: int = 0) -> list[Any]:
    """Every record of a partition up to the end it has now."""
    where = TopicPartition(topic, partition)
    with consumer(address) as client:
        client.assign([where])
        client.seek_to_beginning(where)
        end = client.end_offsets([where])[where]
        return list(_until(client, where, end))


def _until(client: kafka.KafkaConsumer, where: TopicPartition, end: int) -> Iterator[Any]:
    deadline = time.monotonic() + READ_SECONDS_MAX
    while client.position(where) < end:
        assert time.monotonic() < deadline, f"{client.position(where)} of {end} read of {where}"
        for records in client.poll(timeout_ms=200).values():
            yield from records
