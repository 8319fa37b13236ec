"""Records: what is written is what is read."""

from __future__ import annotations

import random
import time

import aiokafka  # type: ignore[import-untyped]  # aiokafka ships no types
from kafka import TopicPartition  # type: ignore[import-untyped]  # kafka-python ships no types

from local.apache import ApacheKafka
from local.server import LocalServer
from tests.brokers.clients import consumer, producer, read_all, write
from tests.brokers.conftest import MakeTopic

Server = LocalServer | ApacheKafka

MEBIBYTE = 1 << 20


def test_whole_record_kept(server: Server, make_topic: MakeTopic) -> None:
    """Key, value, headers (one twice, one empty), timestamp and a tombstone's null value come back."""
    topic = make_topic()
    headers = [("trace", b"\x00\xff"), ("trace", b"again"), ("empty", b"")]
    with producer(server.address) as client:
        client.send(topic, key=b"a", value=b"\x00v", headers=headers, timestamp_ms=1_700_000_000_123)
        client.send(topic, key=b"b", value=None)
        client.send(topic, key=None, value=b"").get(timeout=60.0)
    full, tombstone, keyless = read_all(server.address, topic)
    assert (full.key, full.value, full.timestamp) == (b"a", b"\x00v", 1_700_000_000_123)
    assert [(name, value) for name, value in full.headers] == headers
    assert (tombstone.key, tombstone.value) == (b"b", None)
    assert (keyless.key, keyless.value) == (None, b"")


def test_order_and_offsets(server: Server, make_topic: MakeTopic) -> None:
    """Offsets rise by one from 0 and records keep the order they were sent in."""
    topic = make_topic(partitions=2)
    values = [b"%d" % n for n in range(2_000)]
    assert write(server.address, topic, values, partition=1) == list(range(2_000))
    assert [record.value for record in read_all(server.address, topic, partition=1)] == values
    assert read_all(server.address, topic, partition=0) == []


def test_large_record(server: Server, make_topic: MakeTopic) -> None:
    """A value of 1 MiB passes where the topic allows it."""
    topic = make_topic(configs={"max.message.bytes": str(2 * MEBIBYTE)})
    value = random.Random(1).randbytes(MEBIBYTE)
    with producer(server.address, max_request_size=2 * MEBIBYTE) as client:
        client.send(topic, value=value).get(timeout=60.0)
    [record] = read_all(server.address, topic)
    assert record.value == value


def test_compressed(server: Server, make_topic: MakeTopic) -> None:
    """Batches compressed with gzip are read back."""
    topic = make_topic()
    with producer(server.address, compression_type="gzip", linger_ms=50) as client:
        for number in range(200):
            client.send(topic, value=b"%d" % number)
        client.flush()
    assert [record.value for record in read_all(server.address, topic)] == [b"%d" % n for n in range(200)]


async def test_idempotent_producer(server: Server, make_topic: MakeTopic) -> None:
    """aiokafka's idempotent producer with acks=all writes each record once, in order."""
    topic = make_topic()
    client = aiokafka.AIOKafkaProducer(bootstrap_servers=server.address, enable_idempotence=True, acks="all")
    await client.start()
    try:
        sent = [await client.send(topic, b"%d" % number) for number in range(500)]
        offsets = [(await future).offset for future in sent]
    finally:
        await client.stop()
    assert offsets == list(range(500))
    assert [record.value for record in read_all(server.address, topic)] == [b"%d" % n for n in range(500)]


def test_idempotent_kafka_python(server: Server, make_topic: MakeTopic) -> None:
    """kafka-python's idempotent producer writes each record once, in order."""
    topic = make_topic()
    with producer(server.address, enable_idempotence=True) as client:
        sent = [client.send(topic, value=b"%d" % number) for number in range(500)]
        assert [future.get(timeout=60.0).offset for future in sent] == list(range(500))


def test_ends_kafka_python(server: Server, make_topic: MakeTopic) -> None:
    """kafka-python tells the beginning and end of full and empty partitions."""
    topic = make_topic(partitions=2)
    write(server.address, topic, [b"x"] * 37, partition=1)
    parts = [TopicPartition(topic, 0), TopicPartition(topic, 1)]
    with consumer(server.address) as client:
        assert client.end_offsets(parts) == {parts[0]: 0, parts[1]: 37}
        assert client.beginning_offsets(parts) == {parts[0]: 0, parts[1]: 0}


async def test_ends_aiokafka(server: Server, make_topic: MakeTopic) -> None:
    """aiokafka tells the end of full and empty partitions, and the same as high water."""
    topic = make_topic(partitions=2)
    write(server.address, topic, [b"x"] * 37, partition=1)
    parts = [aiokafka.TopicPartition(topic, 0), aiokafka.TopicPartition(topic, 1)]
    client = aiokafka.AIOKafkaConsumer(bootstrap_servers=server.address, auto_offset_reset="earliest")
    await client.start()
    try:
        assert await client.end_offsets(parts) == {parts[0]: 0, parts[1]: 37}
        client.assign(parts)
        await client.getone(parts[1])
        assert client.highwater(parts[1]) == 37
    finally:
        await client.stop()


def test_offsets_by_time(server: Server, make_topic: MakeTopic) -> None:
    """The first offset at or after a moment is found, and none after the last."""
    topic = make_topic()
    where = TopicPartition(topic, 0)
    start = int(time.time() * 1_000) - 60_000
    with producer(server.address) as client:
        for second in range(10):
            client.send(topic, value=b"x", partition=0, timestamp_ms=start + second * 1_000)
        client.flush()
    with consumer(server.address) as client:
        assert client.offsets_for_times({where: start + 3_500})[where].offset == 4
        assert client.offsets_for_times({where: start + 99_000})[where] is None


def test_fetch_returns_promptly(server: Server, make_topic: MakeTopic) -> None:
    """A waiting fetch returns when a record arrives, not when its longest wait is over."""
    topic = make_topic()
    where = TopicPartition(topic, 0)
    with consumer(server.address, fetch_max_wait_ms=5_000) as reader, producer(server.address) as writer:
        reader.assign([where])
        reader.seek_to_beginning(where)
        reader.poll(timeout_ms=100)
        time.sleep(0.2)  # the fetch waits at the broker meanwhile, which a consumer does not show
        writer.send(topic, value=b"x", partition=0).get(timeout=60.0)
        begun = time.monotonic()
        assert reader.poll(timeout_ms=6_000)
        assert time.monotonic() - begun < 2
