"""Apache Kafka beside the tests: found, one node, three nodes."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from kafka.errors import KafkaError  # type: ignore[import-untyped]  # kafka-python ships no types

from local.apache import ApacheKafka, KafkaNode, cache, cluster_id, java, kafka_home
from local.binaries import NotAvailable
from local.broker import ANSWER_MS, admin
from local.waiting import wait_until


def a_home(folder: Path, version: str) -> Path:
    libs = folder / version / "libs"
    libs.mkdir(parents=True)
    (libs / f"kafka_2.13-{version}.jar").touch()
    return folder / version


def test_given_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_HOME", str(a_home(tmp_path, "4.1.0")))
    assert kafka_home() == tmp_path / "4.1.0"


def test_newest_of_the_cache_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for version in ("4.9.1", "4.10.0", "4.2.0"):
        a_home(cache(), version)
    assert kafka_home().name == "4.10.0"


def test_no_cluster_is_named_like_an_option() -> None:
    """One id in 64 would begin with a dash, and `kafka-storage format -t` refuse it."""
    option, fine = UUID(bytes=b"\xf8" + bytes(15)), UUID(bytes=bytes(16))
    assert cluster_id(iter([option, option, fine]).__next__) == "A" * 22


@pytest.mark.parametrize("given", [True, False], ids=["KAFKA_HOME", "cache"])
def test_no_kafka_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: bool) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("KAFKA_HOME", raising=False)
    if given:
        monkeypatch.setenv("KAFKA_HOME", str(tmp_path))
    with pytest.raises(NotAvailable, match=r"KAFKA_HOME.*fetch\.sh"):
        kafka_home()


def test_no_java_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(NotAvailable, match="Java 17"):
        java()


@pytest.mark.kafka
def test_one_node_leads_everything(apache_kafka: ApacheKafka, topic_prefix: str) -> None:
    topic = f"{topic_prefix}accounts"
    with admin(apache_kafka.address) as client:
        client.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
        client.wait_for_topics([topic])
    assert apache_kafka.leader(topic, 0) is apache_kafka.controller() is apache_kafka.node(1)
    with pytest.raises(LookupError):
        apache_kafka.node(2)


@pytest.mark.kafka
def test_three_nodes_survive_their_controller(kafka_libs: Path) -> None:
    with ApacheKafka(nodes=3, home=kafka_libs) as kafka:
        with admin(kafka.address, ANSWER_MS) as client:
            client.create_topics({"accounts": {"num_partitions": 3, "replication_factor": 3}})
            client.wait_for_topics(["accounts"])
        dead = kafka.controller()
        dead.kill()
        assert wait_until(lambda: moved_from(kafka, dead), 90)
        dead.start()
        kafka.wait_until_whole()


def moved_from(kafka: ApacheKafka, dead: KafkaNode) -> bool:
    """Whether others lead the quorum and every partition."""
    try:
        leaders = {kafka.leader("accounts", partition) for partition in range(3)}
        return dead not in leaders | {kafka.controller()}
    except (LookupError, OSError, KafkaError):
        return False
