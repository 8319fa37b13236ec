"""Topics: made as asked, told as they are, new when they are made anew."""

from __future__ import annotations

import uuid

from kafka import TopicPartition  # type: ignore[import-untyped]  # kafka-python ships no types
from kafka.admin import (  # type: ignore[import-untyped]  # kafka-python ships no types
    ConfigResource,
    ConfigResourceType,
)

from local.apache import ApacheKafka
from local.broker import admin
from local.server import LocalServer
from local.waiting import wait_until
from tests.brokers.clients import consumer, producer, read_all, write
from tests.brokers.conftest import MakeTopic
from tests.patience import patient

Server = LocalServer | ApacheKafka


def test_partitions_as_asked(server: Server, make_topic: MakeTopic) -> None:
    """A topic has the partitions it was made with."""
    topic = make_topic(partitions=7)
    with admin(server.address) as client:
        [described] = client.describe_topics([topic])
    assert sorted(part["partition_index"] for part in described["partitions"]) == list(range(7))


def test_configs_kept(server: Server, make_topic: MakeTopic) -> None:
    """Configs given at creation are read back."""
    topic = make_topic(configs={"cleanup.policy": "compact", "retention.ms": "604800001"})
    with admin(server.address) as client:
        [told] = client.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all"
        ).values()
    values = told[topic]
    assert values["cleanup.policy"]["value"] == "compact"
    assert values["retention.ms"]["value"] == "604800001"


def test_compaction_done(server: Server, make_topic: MakeTopic) -> None:
    """Compaction removes what was overwritten and keeps the newest of each key."""
    quick = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "100"}
    topic = make_topic(configs={"cleanup.policy": "compact", **quick})
    with producer(server.address) as client:
        for round_ in range(100):
            client.send(topic, key=b"account", value=b"%d" % round_)
        client.flush()

    def is_compacted() -> bool:
        write_rolls_the_segment(server.address, topic)
        of_account = [record.value for record in read_all(server.address, topic) if record.key == b"account"]
        return of_account == [b"99"]

    assert wait_until(is_compacted, patient(8))


def write_rolls_the_segment(address: str, topic: str) -> None:
    with producer(address) as client:
        client.send(topic, key=b"other", value=b"").get(timeout=60.0)


def test_deleted_and_recreated_is_another(server: Server, make_topic: MakeTopic) -> None:
    """A topic that is deleted and made again is empty and has another id."""
    topic = make_topic()
    write(server.address, topic, [b"old"])
    before = topic_id(server.address, topic)
    with admin(server.address) as client:
        client.delete_topics([topic])
        assert wait_until(lambda: topic not in client.list_topics(), 60)
        client.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
        client.wait_for_topics([topic])
    assert topic_id(server.address, topic) != before
    assert read_all(server.address, topic) == []


def topic_id(address: str, topic: str) -> uuid.UUID:
    with admin(address) as client:
        [described] = client.describe_topics([topic])
    told = described.get("topic_id")
    assert told, f"no topic id: {told!r}"
    return uuid.UUID(str(told))


def test_records_deleted(server: Server, make_topic: MakeTopic) -> None:
    """Records deleted up to an offset move the start of the partition there."""
    topic = make_topic()
    where = TopicPartition(topic, 0)
    write(server.address, topic, [b"%d" % n for n in range(10)])
    with admin(server.address) as client:
        client.delete_records({where: 4})
    with consumer(server.address) as client:
        assert client.beginning_offsets([where]) == {where: 4}
    assert [record.offset for record in read_all(server.address, topic)] == list(range(4, 10))


def test_cluster_described(server: Server) -> None:
    """kafka-python describes the cluster: its brokers and their addresses."""
    with admin(server.address) as client:
        [broker] = client.describe_cluster()["brokers"]
    assert f"{broker['host']}:{broker['port']}" == server.address
