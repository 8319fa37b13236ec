"""The embedded Kafka-protocol broker, and what a broker says of itself, asked by a real client.

Which broker, and what it keeps and breaks of Kafka's contract: docs/brokers.md. An open port is not yet a
broker.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from kafka import KafkaAdminClient  # type: ignore[import-untyped]  # kafka-python ships no types
from kafka.errors import KafkaError  # type: ignore[import-untyped]  # kafka-python ships no types

from local.binaries import BROKER, executable
from local.ports import LOOPBACK
from local.server import LocalServer

PROBE_MS = 1_000  # a broker that needs longer to list its topics is not ready
ANSWER_MS = 10_000  # one that serves may take so long on a busy machine


@contextmanager
def admin(address: str, timeout_ms: int = PROBE_MS) -> Iterator[KafkaAdminClient]:
    """An admin client that gives up after about ``timeout_ms`` a question."""
    client = KafkaAdminClient(
        bootstrap_servers=address, request_timeout_ms=timeout_ms, bootstrap_timeout_ms=timeout_ms
    )
    try:
        yield client
    finally:
        client.close()


def lists_topics(address: str) -> bool:
    try:
        with admin(address) as client:
            client.list_topics()
    except (KafkaError, OSError):
        return False
    return True


def brokers_seen(address: str) -> set[int]:
    """The ids of the brokers that the one at ``address`` takes for alive; none while it does not answer."""
    try:
        with admin(address) as client:
            return {broker["broker_id"] for broker in client.describe_cluster()["brokers"]}
    except (KafkaError, OSError):
        return set()


def controller_id(address: str) -> int:
    """The id of the node that leads the metadata quorum; -1 while none does."""
    with admin(address, ANSWER_MS) as client:
        [metadata] = client.describe_metadata_quorum()["topics"]
        return int(metadata["partitions"][0]["leader_id"])


def leader_id(address: str, topic: str, partition: int) -> int:
    """The id of the broker that leads a partition; -1 while none does. Raises :class:`LookupError`."""
    with admin(address, ANSWER_MS) as client:
        [described] = client.describe_topics([topic])
    leaders = {partition["partition_index"]: partition["leader_id"] for partition in described["partitions"]}
    return int(leaders[partition])


class EmbeddedBroker(LocalServer):
    """noida-db with nothing but its Kafka service; ``address`` is the bootstrap server."""

    name: ClassVar[str] = "broker"

    def command(self) -> list[str]:
        binary = str(executable(*BROKER))
        data = ["--data-dir", str(self.folder)]
        return [binary, "start", *data, "--host", LOOPBACK, "--only", "kafka", "--kafka-port", str(self.port)]

    def answers(self) -> bool:
        return lists_topics(self.address)
