"""A broker that ends: what it acknowledged is there when it comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from kafka import KafkaProducer, TopicPartition  # type: ignore[import-untyped]  # kafka-python ships no types
from kafka.errors import KafkaError  # type: ignore[import-untyped]  # kafka-python ships no types
from kafka.structs import OffsetAndMetadata  # type: ignore[import-untyped]  # kafka-python ships no types

from local.apache import ApacheKafka
from local.server import LocalServer
from local.waiting import wait_until
from tests.brokers.clients import consumer, producer, read_all, write
from tests.brokers.conftest import MakeTopic

Server = LocalServer | ApacheKafka

KILL_AFTER_SECONDS = (0.05, 0.3, 0.7)  # between snapshots and in the middle of them


class Writer(threading.Thread):
    """Writes numbers one by one, each only after the last was acknowledged, until it no longer can."""

    def __init__(self, address: str, topic: str) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[bytes] = []
        self._address = address
        self._topic = topic

    def run(self) -> None:
        with producer(
            self._address, retries=0, request_timeout_ms=1_000, delivery_timeout_ms=1_000
        ) as client:
            for number in range(1_000_000):
                value = b"%d" % number
                try:
                    client.send(self._topic, value=value, partition=0).get(timeout=1)
                except KafkaError:
                    return
                self.acknowledged.append(value)


def test_kill_loses_nothing_acknowledged(server: Server, make_topic: MakeTopic) -> None:
    """kill -9 of the broker loses no record that was acknowledged."""
    for seconds in KILL_AFTER_SECONDS:
        kill_while_writing(server, make_topic(), seconds)


def kill_while_writing(server: Server, topic: str, seconds: float) -> None:
    writer = Writer(server.address, topic)
    writer.start()
    assert wait_until(lambda: bool(writer.acknowledged), 60)
    time.sleep(seconds)
    server.kill()
    writer.join(10)
    server.start()
    kept = [record.value for record in read_all(server.address, topic)]
    assert kept[: len(writer.acknowledged)] == writer.acknowledged


def test_kill_keeps_topics_and_commits(server: Server, make_topic: MakeTopic) -> None:
    """Topics, records and committed offsets outlive a kill -9."""
    end_and_look_again(server, make_topic(partitions=3), server.kill)


def test_stop_keeps_topics_and_commits(server: Server, make_topic: MakeTopic) -> None:
    """Topics, records and committed offsets outlive an orderly stop."""
    end_and_look_again(server, make_topic(partitions=3), server.stop)


def end_and_look_again(server: Server, topic: str, end: Callable[[], None]) -> None:
    where = TopicPartition(topic, 2)
    write(server.address, topic, [b"%d" % n for n in range(20)], partition=2)
    with consumer(server.address, group_id=topic) as client:
        client.assign([where])
        client.commit({where: OffsetAndMetadata(13, "", -1)})
    end()
    server.start()
    with consumer(server.address, group_id=topic) as client:
        assert client.partitions_for_topic(topic) == {0, 1, 2}
        assert client.committed(where) == 13
    assert len(read_all(server.address, topic, partition=2)) == 20


def in_flight(client: KafkaProducer) -> float:
    """How many requests of a producer are on their way."""
    count: float = client.metrics()["producer-metrics"]["requests-in-flight"]
    return count


def test_frozen_broker_delays_only(server: Server, make_topic: MakeTopic) -> None:
    """While it is frozen a broker answers nobody; thawed it answers late and has lost nothing."""
    node: LocalServer = server.nodes[0] if isinstance(server, ApacheKafka) else server
    topic = make_topic()
    with producer(server.address) as client:
        client.send(topic, value=b"before", partition=0).get(timeout=60.0)
        node.freeze()
        sent = client.send(topic, value=b"during", partition=0)
        assert wait_until(lambda: in_flight(client) == 1, 60)
        assert not node.answers(), "who asks after it should ask in vain"
        assert not sent.is_done
        node.thaw()
        sent.get(timeout=60.0)
    assert [record.value for record in read_all(server.address, topic)] == [b"before", b"during"]
