"""A whole platform for journeys: a real worker on a real broker and a real Redis, asked only from outside."""

from __future__ import annotations

import sys
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from local.apache import ApacheKafka
from local.ports import LOOPBACK, take_port
from local.processes import Child
from schemas.alerts import MirrorAlert
from schemas.letters import DeadLetter
from schemas.record import Record
from schemas.wire import Decoded, decode_alert, decode_letter, encode
from store.pepper.pepper import write_pepper_file
from streams.kafka.client import reader, writer
from streams.kafka.topics import names
from streams.settings import Settings, load
from tests.patience import patient

WAIT_SECONDS_MAX = 240.0  # a busy machine is slow; what never comes is told after this
POLL_SECONDS = 0.25  # each look at a topic reads all of it


class Waiting(ABC):
    """Waits for what processes say, and shows the last words of one where that never comes."""

    @abstractmethod
    def last(self) -> Child | None:
        """The process that is waited for; ``None`` before the first is started."""

    def until(self, true: Callable[[], object], what: str) -> None:
        """Waits for a condition, and no longer than until the process fails."""
        deadline = time.monotonic() + patient(WAIT_SECONDS_MAX)
        while True:
            process = self.last()
            # Asked first: a failure after this may be what the condition waits for. One that a test stops or
            # kills (0, or less) may be followed by another.
            failed = process is not None and (process.exit_code or 0) > 0
            if true():
                return
            if failed or time.monotonic() > deadline:
                said = "" if process is None else process.last_words()
                raise AssertionError(f"waited in vain for {what}\n{said}")
            time.sleep(POLL_SECONDS)


class Platform(Waiting):
    """Publishes what happens to accounts and reads what samehand says."""

    def __init__(
        self,
        folder: Path,
        broker: str,
        redis_url: str,
        *,
        prefix: str | None = None,
        redis_user: Mapping[str, str] | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """``prefix`` of topics: one of its own, unless the broker is its own.

        ``redis_user`` is who the worker is in Redis; ``extra`` are settings beside those that all share.
        """
        self.port = take_port()
        pepper = folder / "pepper"
        write_pepper_file(pepper)
        unique = uuid.uuid4().hex[:12]
        self.environment = {
            "SAMEHAND_KAFKA_BROKERS": broker,
            "SAMEHAND_REDIS_URL": redis_url,
            "SAMEHAND_PEPPER_FILE": str(pepper),
            "SAMEHAND_TOPIC_PREFIX": f"{unique}." if prefix is None else prefix,
            "SAMEHAND_STORE_PREFIX": f"samehand-{unique}",
            "SAMEHAND_KAFKA_GROUP": unique,
            "SAMEHAND_TOPIC_PARTITIONS": "2",
            "SAMEHAND_WEB_HOST": LOOPBACK,
            "SAMEHAND_WEB_PORT": str(self.port.number),
            **_redis_user(folder, redis_user or {}),
            **(extra or {}),
        }
        self.settings: Settings = load(self.environment)
        self.topics = names(self.settings)
        self.log = folder / "worker.log"
        self.worker = Child([sys.executable, "-m", "cli", "worker"], self.log, self.environment)

    def open(self) -> None:
        """Starts a worker and returns when it is ready."""
        self.worker.start()
        self.until(self.ready, "the worker to be ready")

    def close(self) -> None:
        """Stops the worker."""
        self.worker.stop(60.0)
        self.port.release()

    def last(self) -> Child:
        return self.worker

    def page(self, path: str) -> str:
        """A page of the worker."""
        with urlopen(f"http://{LOOPBACK}:{self.port.number}{path}", timeout=30.0) as answer:
            text: bytes = answer.read()
        return text.decode()

    def ready(self) -> bool:
        """Whether the worker says that it is."""
        assert self.worker.pid is not None, self.log.read_text()[-4000:]
        try:
            self.page("/health/ready")
        except (URLError, OSError):
            return False
        return True

    def publish(self, topic: str, *records: Record | bytes | None, key: bytes | None = None) -> None:
        """Puts records on a topic, confirmed by the broker."""
        with writer(self.settings) as out:
            for record in records:
                value = encode(record) if isinstance(record, Record) else record
                own: object = getattr(record, "key", None)
                out.send(
                    topic, value=value, key=own.encode() if isinstance(own, str) else key, headers=[]
                ).get(60.0)

    def values(self, topic: str) -> list[bytes]:
        """Everything on a topic."""
        with reader(self.settings) as opened:
            return [
                record.value
                for partition in opened.partitions(topic)
                for record in opened.read(topic, partition)
                if record.value is not None
            ]

    def alerts(self) -> list[MirrorAlert]:
        """Every alert published so far, upserted by (alert, revision) as consumers do."""
        found = [decode_alert(value, now=time.time()) for value in self.values(self.topics.alerts)]
        records = [read.record for read in found if isinstance(read, Decoded)]
        alerts = [record for record in records if isinstance(record, MirrorAlert)]
        return list({(alert.alert_id, alert.revision): alert for alert in alerts}.values())

    def alerts_on(self, account_id: str) -> list[MirrorAlert]:
        """Those about one new account."""
        return [alert for alert in self.alerts() if alert.account_id == account_id]

    def letters(self) -> list[DeadLetter]:
        """Every dead letter so far."""
        found = [decode_letter(value, now=time.time()) for value in self.values(self.topics.letters)]
        return [read.record for read in found if isinstance(read, Decoded)]

    def metric(self, line: str) -> float:
        """The value of one series, named as `/metrics` writes it; 0 where there is none."""
        for row in self.page("/metrics").splitlines():
            if row.startswith(f"{line} "):
                return float(row.rpartition(" ")[2])
        return 0.0

    def sum_of(self, name: str, label: str) -> float:
        """The sum of a metric's series that bear a label."""
        rows = self.page("/metrics").splitlines()
        return sum(
            float(row.rpartition(" ")[2]) for row in rows if row.startswith(f"{name}{{") and label in row
        )


def _redis_user(folder: Path, user: Mapping[str, str]) -> dict[str, str]:
    """The settings that name a user and the file of its password."""
    if not user:
        return {}
    password = folder / "redis-password"
    password.write_text(user["password"] + "\n", "utf-8")
    return {"SAMEHAND_REDIS_USERNAME": user["username"], "SAMEHAND_REDIS_PASSWORD_FILE": str(password)}


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory, broker: str, redis_url: str, redis_user: dict[str, str]
) -> Iterator[Platform]:
    """A platform with a worker, shared by the journeys of a file; in Redis it may what a worker may."""
    folder = tmp_path_factory.mktemp("platform")
    yield from opened(Platform(folder, broker, redis_url, redis_user=redis_user))


@pytest.fixture(scope="module")
def kafka_platform(
    tmp_path_factory: pytest.TempPathFactory, apache_kafka: ApacheKafka, redis_url: str
) -> Iterator[Platform]:
    """The same on Apache Kafka."""
    yield from opened(Platform(tmp_path_factory.mktemp("kafka-platform"), apache_kafka.address, redis_url))


def opened(platform: Platform) -> Iterator[Platform]:
    """Starts it, lends it, stops it."""
    try:
        platform.open()
        yield platform
    finally:
        platform.close()
