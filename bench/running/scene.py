"""A broker, a Redis and workers, as a bench sets them up and looks at them from outside."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.request import urlopen

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
from prometheus_client.parser import text_string_to_metric_families

from local.apache import ApacheKafka
from local.broker import EmbeddedBroker
from local.ports import LOOPBACK, Port, take_port
from local.processes import Child
from schemas.record import Record
from schemas.wire import encode
from streams.kafka import topics
from streams.kafka.client import client_options, writer
from streams.kafka.topics import names
from streams.settings import load

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """What a process and its threads have used, in user and system mode; a hundredth of a second exact."""
    # The name, in parentheses, may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def cpu_seconds_of(child: Child) -> float:
    """What a process and those that it started have used."""
    waiting, seconds = [child.pid or 0], 0.0
    while waiting:
        pid = waiting.pop()
        seconds += cpu_seconds(pid)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        waiting += map(int, children.split())
    return seconds


def resident_bytes(pid: int) -> int:
    """What of a process is in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * _PAGE_BYTES


WAIT_SECONDS_MAX: Final = 300.0
"""What takes longer than this on a busy machine is taken for broken."""
_POLL_SECONDS: Final = 0.05
_SESSION_SECONDS: Final = 60.0  # a worker that is held still on purpose stays a member of its group
_STOP_SECONDS: Final = 15.0
_SETTLE_SECONDS: Final = 1.0  # what follows an acknowledgement is done by then

BROKERS: Final[Mapping[str, Callable[[], EmbeddedBroker | ApacheKafka]]] = {
    "embedded": EmbeddedBroker,
    "kafka": ApacheKafka,
}
"""The brokers that a bench can run on, by name."""

WORKER: Final = ("cli", "worker")
PASSING: Final = ("bench.running.passing",)
PLAIN: Final = ("bench.running.plain",)

SOURCES: Final[Mapping[str, str]] = MappingProxyType({"PYTHONPATH": ""})
"""The environment of a process whose mind is Python, where `make bench` has put machine code first."""


class Spent(NamedTuple):
    """What workers and Redis servers have used so far, and the clock on the wall (seconds).

    Bytes are what the servers count on their sockets.
    """

    seconds: float
    worker_seconds: float
    redis_seconds: float
    redis_in_bytes: float
    redis_out_bytes: float

    def an_event(self, before: Spent, events: int) -> Spent:
        """The part of each event since `before`."""
        return Spent(*((now - then) / events for now, then in zip(self, before, strict=True)))

    @property
    def microseconds(self) -> tuple[float, float]:
        """Of the processors of workers and of Redis."""
        return self.worker_seconds * 1e6, self.redis_seconds * 1e6


class NotInTime(RuntimeError):  # says what was waited for; "error" would add nothing
    """Something that was waited for did not come; the message holds the last words of the workers."""


class Scene:
    """Topics and a group of their own on a running broker, and workers on them. Closes what it started."""

    def __init__(
        self, broker: str, settings: Mapping[str, str], *, partitions: int = 4, level: str = "warning"
    ) -> None:
        mark = uuid.uuid4().hex[:10]
        self._folder = tempfile.TemporaryDirectory(prefix="samehand-bench-")
        self.environment = {
            "SAMEHAND_KAFKA_BROKERS": broker,
            "SAMEHAND_KAFKA_GROUP": f"bench-{mark}",
            "SAMEHAND_TOPIC_PREFIX": f"{mark}.",
            "SAMEHAND_TOPIC_PARTITIONS": str(partitions),
            "SAMEHAND_SESSION_SECONDS": str(_SESSION_SECONDS),
            "SAMEHAND_LOG_LEVEL": level,
            "SAMEHAND_DATA_DIR": self._folder.name,
            **settings,
        }
        self.settings = load(self.environment)
        self.topics = names(self.settings)
        topics.check(self.settings, create=True)
        self.workers: list[Running] = []
        self._watch: Any = kafka.KafkaConsumer(
            **client_options(self.settings), group_id=self.settings.kafka_group, enable_auto_commit=False
        )

    def start(
        self, program: Sequence[str] = WORKER, environment: Mapping[str, str] = MappingProxyType({})
    ) -> Running:
        """A further process, not yet ready; ``environment`` is added to the scene's."""
        one = Running(
            program, {**self.environment, **environment}, Path(self._folder.name) / f"{len(self.workers)}.log"
        )
        self.workers.append(one)
        return one

    def publish(self, topic: str, records: Iterable[Record | tuple[bytes, bytes]]) -> int:
        """Puts records, or keys with values, on a topic, confirmed by the broker; how many."""
        with writer(self.settings) as out:
            sent = [
                out.send(topic, key=key, value=value, headers=[]) for key, value in map(_encoded, records)
            ]
            for confirmation in sent:
                confirmation.get(WAIT_SECONDS_MAX)
        return len(sent)

    def spent(self, servers: Sequence[Any] = ()) -> Spent:
        """What all workers and the servers, given by their clients, have used so far."""
        cpu = [server.info("cpu") for server in servers]
        stats = [server.info("stats") for server in servers]
        return Spent(
            time.monotonic(),
            sum(one.cpu_seconds() for one in self.workers),
            sum(float(one["used_cpu_sys"]) + float(one["used_cpu_user"]) for one in cpu),
            sum(one["total_net_input_bytes"] for one in stats),
            sum(one["total_net_output_bytes"] for one in stats),
        )

    def timed(
        self,
        warm_up: Sequence[tuple[bytes, bytes]],
        rest: Sequence[tuple[bytes, bytes]],
        servers: Sequence[Any] = (),
        seconds_max: float = WAIT_SECONDS_MAX,
    ) -> Spent:
        """What an event of the rest costs workers that have read the warm-up, and stand still meanwhile.

        The rest is on the topic when they go on. Raises `NotInTime`.
        """
        created = self.topics.created
        self.publish(created, warm_up)
        self.until_committed(created, len(warm_up), seconds_max)
        time.sleep(_SETTLE_SECONDS)
        for one in self.workers:
            one.freeze()
        self.publish(created, rest)
        before = self.spent(servers)
        for one in self.workers:
            one.thaw()
        self.until_committed(created, len(warm_up) + len(rest), seconds_max)
        return self.spent(servers).an_event(before, len(rest))

    def committed(self, topic: str) -> int:
        """How many records of a topic the group has acknowledged."""
        return sum(self._watch.committed(place) or 0 for place in self._places(topic))

    def count(self, topic: str) -> int:
        """How many records are on a topic."""
        return int(sum(self._watch.end_offsets(self._places(topic)).values()))

    def bytes_on(self, topic: str) -> int:
        """Bytes of the keys and values of all records of a topic."""
        reader: Any = kafka.KafkaConsumer(
            **client_options(self.settings), group_id=None, enable_auto_commit=False
        )
        try:
            places = self._places(topic)
            reader.assign(places)
            reader.seek_to_beginning()
            ends, size = reader.end_offsets(places), 0
            while any(reader.position(place) < end for place, end in ends.items()):
                for records in reader.poll(timeout_ms=1_000).values():
                    size += sum(len(one.key or b"") + len(one.value or b"") for one in records)
            return size
        finally:
            reader.close()

    def _places(self, topic: str) -> list[Any]:
        return [kafka.TopicPartition(topic, number) for number in range(self.settings.topic_partitions)]

    def until_committed(self, topic: str, records: int, seconds_max: float = WAIT_SECONDS_MAX) -> None:
        """Waits until the group has acknowledged so many records of a topic. Raises `NotInTime`."""
        self.until(lambda: self.committed(topic) >= records, f"{records} records of {topic}", seconds_max)

    def until(self, true: Callable[[], object], what: str, seconds_max: float = WAIT_SECONDS_MAX) -> None:
        """Waits for a condition while all workers run. Raises `NotInTime`."""
        deadline = time.monotonic() + seconds_max
        while not true():
            ended = [one for one in self.workers if one.child.pid is None]
            if ended or time.monotonic() > deadline:
                words = "\n".join(one.child.last_words() for one in ended or self.workers)
                raise NotInTime(f"waited in vain for {what}\n{words}")
            time.sleep(_POLL_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self.workers:
            one.close()
        self._watch.close()
        self._folder.cleanup()


class Running:
    """One process of a scene, and its clock."""

    def __init__(self, program: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.port: Port = take_port()
        web = {"SAMEHAND_WEB_HOST": LOOPBACK, "SAMEHAND_WEB_PORT": str(self.port.number)}
        self.child = Child([sys.executable, "-m", *program], log, {**environment, **web})
        self.child.start()

    @property
    def pid(self) -> int:
        """The process that works: of a supervisor its child. Raises `NotInTime` where it has ended."""
        if (pid := self.child.pid) is None:
            raise NotInTime(f"a worker ended\n{self.child.last_words()}")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return int(children[0]) if children else pid

    def freeze(self) -> None:
        """Holds the process that works, and first who supervises it, which would take it for hung.

        Returns when both have truly stopped.
        """
        working = self.pid
        self.child.freeze()
        os.kill(working, signal.SIGSTOP)
        until = time.monotonic() + WAIT_SECONDS_MAX
        while Path(f"/proc/{working}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "T":
            if time.monotonic() > until:
                raise NotInTime("a worker could not be held")
            time.sleep(_POLL_SECONDS)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)
        self.child.thaw()

    def cpu_seconds(self) -> float:
        """Processor time that it and its children have used."""
        return cpu_seconds_of(self.child)

    def is_ready(self) -> bool:
        """Returns whether a worker is a member of its group, and all that it needs answers."""
        try:
            with urlopen(f"http://{LOOPBACK}:{self.port.number}/health/ready", timeout=30.0):
                return True
        except OSError:
            return False

    def samples(self, name: str) -> list[tuple[dict[str, str], float]]:
        """The labels and values of a metric of its page."""
        with urlopen(f"http://{LOOPBACK}:{self.port.number}/metrics", timeout=30.0) as page:
            families = list(text_string_to_metric_families(page.read().decode()))
        return [
            (sample.labels, sample.value)
            for family in families
            for sample in family.samples
            if sample.name == name
        ]

    def close(self) -> None:
        self.child.stop(_STOP_SECONDS)
        self.port.release()


def _encoded(record: Record | tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    if isinstance(record, tuple):
        return record
    return str(getattr(record, "key", "")).encode(), encode(record)
