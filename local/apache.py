"""Apache Kafka itself, in KRaft mode on loopback, for tests and benches: needs Java 17 and Kafka's jars.

It stands among the launchers and not beside the tests because tests and benches both need it and it is one
more server on the same footing. The wheel ships no jar, and nothing here downloads one:
``deploy/kafka/fetch.sh`` does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from local.binaries import NotAvailable
from local.broker import brokers_seen, controller_id, leader_id, lists_topics
from local.group import ServerGroup
from local.ports import LOOPBACK, take_port
from local.server import DidNotStart, LocalServer
from local.waiting import wait_until

HEAP = ("-Xms128m", "-Xmx512m")  # three nodes and a worker fit beside each other in 4 GiB
#: Only the quick compiler and one collector thread: on two cores a node starts in 3 s and not in 5 to 6.
JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData")
#: Beside the jars: a broker's classes as Java keeps them in memory, which halves what later starts compute.
#: Where it was written by another Java or of other jars, Java passes over it.
ARCHIVE = "classes.jsa"
FORMAT_SECONDS_MAX = 180.0  # five at most, but three JVMs on two cores that do other work too take their time
CLUSTER_SECONDS_MAX = 180.0

#: Kafka's defaults are for racks; these make one machine's failovers take seconds and tests short.
QUICK = {
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",
    "controller.quorum.election.timeout.ms": "500",
    "controller.quorum.fetch.timeout.ms": "1000",
    "controlled.shutdown.max.retries": "1",
    "auto.create.topics.enable": "false",
    "log.cleaner.backoff.ms": "500",
}

LOGGING = """\
status = warn
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""


def java() -> str:
    """``JAVA_HOME``'s Java, or the path's. Raises :class:`~local.binaries.NotAvailable`."""
    home = os.environ.get("JAVA_HOME")
    path = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if path is None:
        raise NotAvailable("Apache Kafka needs Java 17 or later: no java in JAVA_HOME or on the path.")
    return path


def cache() -> Path:
    """Where ``deploy/kafka/fetch.sh`` lays Kafka's jars, a folder a version."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "samehand" / "kafka"


def kafka_home() -> Path:
    """``KAFKA_HOME``, or the newest version in the cache. Raises :class:`~local.binaries.NotAvailable`."""
    given = os.environ.get("KAFKA_HOME")
    homes = [Path(given)] if given else sorted(cache().glob("[0-9]*"), key=_version)
    if not homes or not any((homes[-1] / "libs").glob("kafka_*.jar")):
        where = f"KAFKA_HOME={given}" if given else "the cache"
        raise NotAvailable(
            f"No Apache Kafka in {where}: set KAFKA_HOME, or run deploy/kafka/fetch.sh (Maven)."
        )
    return homes[-1]


def program(home: Path, *words: str) -> list[str]:
    """Command of one of Kafka's programs: options of Java, its main class, arguments."""
    archive = home / ARCHIVE
    classes = [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []
    return [java(), *JVM, *classes, "-cp", str(home / "libs" / "*"), *words]


def _version(home: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in home.name.split(".") if part.isdigit())


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener beside the plain one of ours; protocols are ``SSL``, ``SASL_SSL``, ``SASL_PLAINTEXT``."""

    name: str
    protocol: str
    port: int

    @property
    def address(self) -> str:
        return f"{self.name}://{LOOPBACK}:{self.port}"


class KafkaNode(LocalServer):
    """One node, broker and controller at once. Made by :class:`ApacheKafka`."""

    name: ClassVar[str] = "kafka"
    start_seconds_max: ClassVar[float] = 180.0
    stop_seconds_max: ClassVar[float] = 20.0

    def __init__(self, number: int, folder: Path, home: Path, listeners: Sequence[Listener] = ()) -> None:
        super().__init__(folder)
        self.number = number
        self._listeners = listeners
        self.home = home
        self._controller = take_port()

    @property
    def voter(self) -> str:
        """How other nodes name its controller."""
        return f"{self.number}@{LOOPBACK}:{self._controller.number}"

    @property
    def properties(self) -> Path:
        return self.folder / "server.properties"

    def format(self, cluster: str, voters: Sequence[str], settings: Mapping[str, str]) -> None:
        """Write its configuration and lay out its storage, once."""
        reached = [f"CLIENT://{self.address}", *(listener.address for listener in self._listeners)]
        protocols = [f"{listener.name}:{listener.protocol}" for listener in self._listeners]
        own = {
            "process.roles": "broker,controller",
            "node.id": str(self.number),
            "controller.quorum.voters": ",".join(voters),
            "controller.listener.names": "CONTROLLER",
            "listeners": ",".join([*reached, f"CONTROLLER://{LOOPBACK}:{self._controller.number}"]),
            "advertised.listeners": ",".join(reached),
            "inter.broker.listener.name": "CLIENT",
            "listener.security.protocol.map": ",".join(
                ["CLIENT:PLAINTEXT", "CONTROLLER:PLAINTEXT", *protocols]
            ),
            "log.dirs": str(self.folder / "data"),
        }
        lines = [f"{key}={value}\n" for key, value in {**own, **settings}.items()]
        self.properties.write_text("".join(lines), encoding="utf-8")
        (self.folder / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self.properties)]
        done = subprocess.run(  # noqa: S603  # a command of our own, no shell
            self._java(*tool, "--ignore-formatted"),
            capture_output=True,
            text=True,
            timeout=FORMAT_SECONDS_MAX,
            check=False,
        )
        if done.returncode:
            raise DidNotStart(
                f"storage of node {self.number} could not be formatted:\n{done.stderr}{done.stdout}"
            )

    def command(self) -> list[str]:
        return self._java("kafka.Kafka", str(self.properties))

    def _java(self, *words: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"
        return program(self.home, *HEAP, logging, *words)

    def answers(self) -> bool:
        return lists_topics(self.address)

    def close(self) -> None:
        super().close()
        self._controller.release()


class ApacheKafka(ServerGroup):
    """One node, or three that replicate each other (every topic of ours with ``replication_factor=3`` then).

    ``settings`` are broker properties over :data:`QUICK`; ``home`` holds ``libs/`` (:func:`kafka_home`);
    ``listeners`` are further ones, of a single node.
    Raises :class:`~local.binaries.NotAvailable` without Java or jars, :class:`DidNotStart`.
    """

    name: ClassVar[str] = "kafka"

    def __init__(
        self,
        nodes: int = 1,
        folder: Path | None = None,
        home: Path | None = None,
        settings: Mapping[str, str] | None = None,
        listeners: Sequence[Listener] = (),
    ) -> None:
        if listeners and nodes > 1:
            raise ValueError("nodes cannot share a listener's port")
        java()
        home = kafka_home() if home is None else home
        super().__init__(folder)
        self.nodes = [
            KafkaNode(number + 1, self.folder / f"node-{number + 1}", home, listeners)
            for number in range(nodes)
        ]
        copies = str(min(nodes, 3))
        majority = str(min(nodes, 3) // 2 + 1)
        self._settings = {
            **QUICK,
            "default.replication.factor": copies,
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": majority,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": majority,
            "min.insync.replicas": majority,
            **(settings or {}),
        }

    @property
    def servers(self) -> list[KafkaNode]:
        return self.nodes

    @property
    def address(self) -> str:
        return ",".join(node.address for node in self.nodes)

    def node(self, number: int) -> KafkaNode:
        """The node with that ``node.id``, counted from 1. Raises :class:`LookupError` if there is none."""
        for node in self.nodes:
            if node.number == number:
                return node
        raise LookupError(f"no node {number}")

    def controller(self) -> KafkaNode:
        """The node whose controller leads the quorum now. Raises :class:`LookupError` while none does."""
        return self.node(controller_id(self.address))

    def leader(self, topic: str, partition: int) -> KafkaNode:
        """The node that leads a partition now. Raises :class:`LookupError` while none does."""
        return self.node(leader_id(self.address, topic, partition))

    def start(self) -> Self:
        """Start every node that is not running, return when all of them serve clients."""
        fresh = [node for node in self.nodes if not node.properties.exists()]
        if fresh:
            cluster = cluster_id(uuid.uuid4)
            voters = [node.voter for node in self.nodes]
            # Each is a JVM of its own that mostly waits for its disk.
            with ThreadPoolExecutor(len(fresh)) as pool:
                list(pool.map(lambda node: node.format(cluster, voters, self._settings), fresh))
        self.start_each(self.nodes)
        self.wait_until_whole()
        return self

    def wait_until_whole(self) -> None:
        """Return when every node sees every other as alive. Raises :class:`DidNotStart`."""
        everyone = {node.number for node in self.nodes}
        if not wait_until(
            lambda: all(brokers_seen(node.address) == everyone for node in self.nodes), CLUSTER_SECONDS_MAX
        ):
            raise DidNotStart(f"not every node of {self.address} sees all the others")


def cluster_id(draw: Callable[[], uuid.UUID]) -> str:
    """A random id as Kafka writes it. Kafka too passes over those that a command line takes for an option."""
    while (drawn := urlsafe_b64encode(draw().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return drawn
