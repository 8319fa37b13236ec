"""The embedded Kafka-protocol broker, for the demo and the tests on one machine.

Which broker, and what it keeps and breaks of Kafka's contract: docs/brokers.md.
"""

from __future__ import annotations

from typing import ClassVar

from local.binaries import BROKER, executable
from local.kafka_ready import lists_topics
from local.ports import LOOPBACK
from local.server import LocalServer


class EmbeddedBroker(LocalServer):
    """noida-db with nothing but its Kafka service; ``address`` is the bootstrap server."""

    name: ClassVar[str] = "broker"

    def command(self) -> list[str]:
        binary = str(executable(*BROKER))
        data = ["--data-dir", str(self.folder)]
        return [binary, "start", *data, "--host", LOOPBACK, "--only", "kafka", "--kafka-port", str(self.port)]

    def answers(self) -> bool:
        return lists_topics(self.address)
