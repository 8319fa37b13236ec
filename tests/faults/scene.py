"""One run on Apache Kafka: its own topics, its own Redis, real workers, seen from outside only."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
from kafka.errors import KafkaTimeoutError  # type: ignore[import-untyped]  # the same
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from local.broker import admin
from local.ports import LOOPBACK, Port, take_port
from local.processes import Child
from local.redis import EmbeddedRedis
from schemas.alerts import MirrorAlert
from schemas.record import Record
from schemas.waves import WaveAlert
from schemas.wire import Decoded, decode_alert, decode_wave, encode
from streams.kafka import topics
from streams.kafka.client import client_options, reader, writer
from streams.kafka.topic_ids import topic_ids
from streams.kafka.topics import names
from streams.outcomes import Arrival
from streams.settings import Settings, load
from tests.faults.stream import Stream

WAIT_SECONDS_MAX = 180.0  # a busy machine is slow; what never comes is told after this
WAVES_SECONDS_MAX = 30.0  # a relay that died keeps others away for ten
POLL_SECONDS = 0.02
SOUND = ("cli", "worker")
BATCH_RECORDS = 20  # small, so that a run has dozens of batches to be interrupted in

Final = dict[str, MirrorAlert]
"""The final record of each pair by its alert id."""


class Worker:
    """A `samehand worker`, and its pages."""

    def __init__(self, environment: dict[str, str], log: Path, program: Sequence[str]) -> None:
        self.port: Port = take_port()
        self.log = log
        web = {"SAMEHAND_WEB_HOST": LOOPBACK, "SAMEHAND_WEB_PORT": str(self.port.number)}
        self.child = Child([sys.executable, "-m", *program], log, {**environment, **web})
        self.child.start()

    def ready(self) -> str:
        """ "" when it is ready, else what it says, or that it says nothing."""
        try:
            with urlopen(f"http://{LOOPBACK}:{self.port.number}/health/ready", timeout=30.0):
                return ""
        except HTTPError as fault:
            return fault.read().decode()
        except OSError:
            return "it does not answer"

    def decided(self, topic: str) -> int:
        """How many records of a topic have a durable outcome, since it was started."""
        with urlopen(f"http://{LOOPBACK}:{self.port.number}/metrics", timeout=30.0) as page:
            families = list(text_string_to_metric_families(page.read().decode()))
        samples = [sample for family in families for sample in family.samples]
        told = [it for it in samples if it.name == "samehand_events_total" and it.labels["topic"] == topic]
        return round(sum(it.value for it in told))

    def close(self) -> None:
        """Ends it, if it has not ended."""
        self.child.kill()
        self.port.release()


class Scene:
    """Publishes a stream, breaks things, and tells what came of it."""

    def __init__(self, broker: str, folder: Path, pepper: Path, *, replicas: int = 1) -> None:
        mark = uuid.uuid4().hex[:10]
        self.folder = folder
        self.redis = EmbeddedRedis(folder / "redis").start()
        self.environment = {
            "SAMEHAND_KAFKA_BROKERS": broker,
            "SAMEHAND_KAFKA_GROUP": f"group-{mark}",
            "SAMEHAND_TOPIC_PREFIX": f"{mark}.",
            "SAMEHAND_TOPIC_PARTITIONS": "2",
            "SAMEHAND_TOPIC_REPLICATION": str(replicas),
            "SAMEHAND_REDIS_URL": self.redis.url,
            "SAMEHAND_PEPPER_FILE": str(pepper),
            "SAMEHAND_BATCH_RECORDS": str(BATCH_RECORDS),
            "SAMEHAND_DATA_DIR": str(folder),
        }
        self.settings: Settings = load(self.environment)
        self.topics = names(self.settings)
        topics.check(self.settings, create=True)
        self.workers: list[Worker] = []
        self._added: dict[str, int] = {}
        self._watch = self._watching()

    def _watching(self) -> Any:
        """A client that looks at offsets and joins no group."""
        return kafka.KafkaConsumer(
            **client_options(self.settings), group_id=self.settings.kafka_group, enable_auto_commit=False
        )

    def watch_again(self) -> None:
        """Looks through a new client: the old one may take long to find a broker that was away."""
        self._watch.close()
        self._watch = self._watching()

    def close(self) -> None:
        """Ends all that it started."""
        for worker in self.workers:
            worker.close()
        self._watch.close()
        self.redis.close()

    def start(self, *odd: str) -> Worker:
        """A further worker, perhaps not yet ready; with words, one of :mod:`tests.faults.odd_worker`."""
        program = ("tests.faults.odd_worker", *odd) if odd else SOUND
        worker = Worker(self.environment, self.folder / f"worker-{len(self.workers)}.log", program)
        self.workers.append(worker)
        return worker

    def samehand(self, *words: str) -> str:
        """A command of an operator, which must succeed; what it prints."""
        command = [sys.executable, "-m", "cli", *words]
        ran = subprocess.run(  # a command of our own, no shell
            command,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def publish(self, topic: str, records: Iterable[Record | bytes]) -> None:
        """Puts records on a topic, in order within an account, confirmed by the broker."""
        with writer(self.settings) as out:
            sent = []
            for record in records:
                own = getattr(record, "key", None)
                key = own.encode() if isinstance(own, str) else None
                value = encode(record) if isinstance(record, Record) else record
                sent.append(out.send(topic, value=value, key=key, headers=[]))
            for confirmation in sent:
                confirmation.get(60.0)

    def publish_all(self, stream: Stream) -> None:
        """The whole stream, so that bans and their mirrors are read at the same time."""
        self.publish(self.topics.created, stream.created)
        self.publish(self.topics.banned, stream.banned)
        self.publish(self.topics.updated, stream.updated)

    @contextmanager
    def publishing(self, stream: Stream, seconds: float) -> Iterator[None]:
        """Publishes the stream evenly over so long, beside what the caller does meanwhile."""
        records: list[tuple[str, Record]] = [(self.topics.created, one) for one in stream.created]
        records += [(self.topics.banned, one) for one in stream.banned]
        records += [(self.topics.updated, one) for one in stream.updated]
        random.Random(1).shuffle(records)

        def publish() -> None:
            with writer(self.settings) as out:
                for topic, record in records:
                    key = str(getattr(record, "key", "")).encode()
                    out.send(topic, value=encode(record), key=key, headers=[]).get(30.0)
                    time.sleep(seconds / len(records))

        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(publish)
            yield
            done.result(WAIT_SECONDS_MAX)

    def make_again(self, topic: str) -> str:
        """Deletes a topic and makes it again, as an operator might; the id that it had."""
        [before] = topic_ids(self.settings, [topic]).values()
        with admin(self.settings.kafka_brokers[0]) as client:
            client.delete_topics([topic])
        self.until(lambda: not topic_ids(self.settings, [topic]), "the topic to go")
        topics.check(self.settings, create=True)
        self.until(lambda: topic_ids(self.settings, [topic]).get(topic, before) != before, "the topic again")
        self.watch_again()
        return before

    def add_partitions(self, topic: str, partitions: int) -> None:
        """From now on the topic has so many."""
        with admin(self.settings.kafka_brokers[0]) as client:
            client.create_partitions({topic: partitions}, timeout_ms=10_000)
        self._added[topic] = partitions
        self.watch_again()

    # what is seen
    def alerts(self) -> list[MirrorAlert]:
        """Every alert record, repeats and all."""
        told = self.read(self.topics.alerts)
        found = [decode_alert(one.value, now=math.inf) for one in told]  # a worker's clock may be ahead
        records = [read.record for read in found if isinstance(read, Decoded)]
        assert len(records) == len(told)
        return [record for record in records if isinstance(record, MirrorAlert)]

    def waves(self) -> list[set[str]]:
        """The members of each open wave, by the last record of each."""
        last: dict[str, WaveAlert] = {}
        for one in self.read(self.topics.waves):
            found = decode_wave(one.value, now=math.inf)
            assert isinstance(found, Decoded)
            if (known := last.get(found.record.key)) is None or known.revision <= found.record.revision:
                last[found.record.key] = found.record
        return [{it.account for it in wave.members} for wave in last.values() if wave.status == "open"]

    def waves_in_the_end(self, expected: set[str]) -> list[set[str]]:
        """The same once they are the one expected, or after some seconds: the relay publishes them."""
        deadline = time.monotonic() + WAVES_SECONDS_MAX
        while (found := self.waves()) != [expected] and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return found

    def silence(self) -> float:
        """The longest time between an alert and the next, by the stamps of their records, in seconds."""
        stamps = sorted(record.timestamp for record in self.read(self.topics.alerts))
        return max((later - earlier for earlier, later in pairwise(stamps)), default=0.0)

    def read(self, topic: str) -> list[Arrival]:
        """Every record of a topic, partition by partition."""
        with reader(self.settings) as opened:
            return [
                record for partition in opened.partitions(topic) for record in opened.read(topic, partition)
            ]

    def final(self) -> Final:
        """What consumers are left with, but for what says when and from which side a pair was found."""
        return final_of(self.alerts())

    def repeats(self) -> int:
        """Records that say again what the pair's record before them had said."""
        return repeats_of(self.alerts())

    def letters(self) -> int:
        """How many dead letters there are."""
        return self.count(self.topics.letters)

    def count(self, topic: str) -> int:
        """How many records were ever on a topic."""
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while True:
            try:
                return sum(self._watch.end_offsets(self._places(topic)).values())
            except KafkaTimeoutError:  # its leader has just gone: that is what some faults are about
                if time.monotonic() > deadline:
                    raise

    def committed(self, topic: str, partition: int | None = None) -> int:
        """How many records of a topic, or of one partition of it, the group has acknowledged."""
        places = self._places(topic)
        wanted = places if partition is None else [places[partition]]
        return sum(self._watch.committed(place) or 0 for place in wanted)

    def settled(self) -> bool:
        """Whether all that was published is acknowledged, and what it led to as well."""
        called = self.topics
        consumed = (called.created, called.updated, called.banned, called.enrolled, called.reinstated)
        return all(self.committed(topic) == self.count(topic) for topic in consumed)

    def _places(self, topic: str) -> list[Any]:
        many = self._added.get(topic, self.settings.topic_partitions)
        return [kafka.TopicPartition(topic, number) for number in range(many)]

    # waiting
    def until_ready(self, worker: Worker) -> float:
        """Waits until a worker says that it is ready."""
        return self.until(lambda: not worker.ready(), "a worker to be ready")

    def until(self, true: Callable[[], object], what: str, seconds_max: float = WAIT_SECONDS_MAX) -> float:
        """Waits for a condition while a worker runs; how many seconds it took."""
        began = time.monotonic()
        while True:
            # Asked first: who ends between the condition and this may be what the condition waits for.
            ended = all(worker.child.pid is None for worker in self.workers)
            if true():
                return time.monotonic() - began
            waited = time.monotonic() - began
            if waited > seconds_max or ended:
                logs = "\n".join(worker.log.read_text()[-2500:] for worker in self.workers[-2:])
                raise AssertionError(f"waited {waited:.0f} s in vain for {what}\n{logs}")
            time.sleep(POLL_SECONDS)

    def until_alerts(self, count: int) -> float:
        """Waits until so many alert records are there."""
        return self.until(lambda: self.count(self.topics.alerts) >= count, f"{count} alerts")

    def until_settled(self) -> float:
        """Waits until everything is acknowledged."""
        return self.until(self.settled, "everything to be acknowledged")


def final_of(alerts: Iterable[MirrorAlert]) -> Final:
    """The last record of each pair, numbered from 1 by how often what it says changed.

    Revisions themselves are moments, and a pair that the store forgot is published again under a higher one.
    """
    final: Final = {}
    for alert_id, several in _by_pair(alerts).items():
        changes = sum(one != before for before, one in pairwise(several))
        final[alert_id] = replace(several[-1], revision=1 + changes)
    return final


def repeats_of(alerts: Iterable[MirrorAlert]) -> int:
    """How many records say what the pair's record before them had said."""
    return sum(one == before for several in _by_pair(alerts).values() for before, one in pairwise(several))


def _by_pair(alerts: Iterable[MirrorAlert]) -> dict[str, list[MirrorAlert]]:
    """The records of each pair in order of their revisions, without what says when and how it was found.

    Whether an alert says that nobody knows who showed a value first hangs on the side from which the pair was
    found, which is a matter of what was handled first.
    """
    told: dict[str, list[MirrorAlert]] = defaultdict(list)
    for alert in sorted(alerts, key=lambda one: one.revision):
        told[alert.alert_id].append(
            replace(
                alert,
                revision=0,
                detected_at=datetime.fromtimestamp(0, UTC),
                seconds_since_event=0.0,
                direction="forward",
                counter_evidence=tuple(
                    line
                    for line in alert.counter_evidence
                    if (line.signal, line.weight) != ("first_shown", 0.0)
                ),
            )
        )
    return told
