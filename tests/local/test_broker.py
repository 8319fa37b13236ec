"""The embedded broker; what it does of Kafka's contract is told by tests/brokers."""

from __future__ import annotations

from pathlib import Path

from local.broker import EmbeddedBroker
from local.kafka_ready import admin


def test_topics_outlive_a_stop(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        with admin(broker.address) as client:
            client.create_topics({"accounts": {"num_partitions": 2, "replication_factor": 1}})
        broker.stop()
        broker.start()
        with admin(broker.address) as client:
            assert "accounts" in client.list_topics()


def test_only_kafka_is_served() -> None:
    with EmbeddedBroker() as broker:
        told = broker.log.read_text(encoding="utf-8")
    assert "kafka" in told
    assert "postgres" not in told
