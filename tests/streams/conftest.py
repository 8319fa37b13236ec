"""A topic prefix and a group of one's own for each test, and workers that end with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.apache import ApacheKafka
from local.ports import Port, take_port
from streams import settings
from streams.kafka import topics
from streams.kafka.client import reader, writer
from streams.kafka.topics import Names, names
from streams.settings import Settings
from tests.house import ROOT

PATIENCE_SECONDS = 180.0
"""More than a kill -9 costs, with the dead member's session; only a failing test waits it out."""


_taken: list[Port] = []


def free_port() -> int:
    """A port for a server of this process, or one that it starts, for as long as this process lives.

    One that the kernel gives may be a client's own address by the time that a slow machine binds it.
    """
    _taken.append(take_port())
    return _taken[-1].number


class Stage:
    """One test's topics on the shared broker, and the workers on them."""

    def __init__(self, broker: str, folder: Path) -> None:
        mark = uuid.uuid4().hex[:10]
        self.folder = folder
        self.environment = {
            "SAMEHAND_KAFKA_BROKERS": broker,
            "SAMEHAND_KAFKA_GROUP": f"group-{mark}",
            "SAMEHAND_TOPIC_PREFIX": f"{mark}.",
            "SAMEHAND_TOPIC_PARTITIONS": "2",
            "SAMEHAND_LETTERS_AT_LEAST": "20",
        }
        self.workers: list[subprocess.Popen[bytes]] = []
        self.logs: list[Path] = []

    @property
    def settings(self) -> Settings:
        return settings.load(self.environment)

    @property
    def names(self) -> Names:
        return names(self.settings)

    def create_topics(self) -> list[topics.TopicFinding]:
        return topics.check(self.settings, create=True)

    def send(self, values: list[bytes], topic: str | None = None) -> None:
        with writer(self.settings) as out:
            where = topic or self.names.created
            sent = [out.send(where, key=b"%d" % i, value=value, headers=[]) for i, value in enumerate(values)]
            for confirmation in sent:
                confirmation.get(timeout=60.0)

    def read(self, topic: str) -> list[bytes]:
        with reader(self.settings) as opened:
            found = (opened.read(topic, partition) for partition in opened.partitions(topic))
            return [record.value or b"" for records in found for record in records]

    def echoed(self) -> Counter[bytes]:
        return Counter(self.read(self.names.alerts))

    def letters(self) -> int:
        return len(self.read(self.names.letters))

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        log = self.folder / f"worker-{len(self.workers)}.log"
        with log.open("wb") as out:
            worker = subprocess.Popen(
                [sys.executable, "-m", "tests.streams.a_worker"],
                cwd=ROOT,
                env={**os.environ, "SAMEHAND_WEB_PORT": str(free_port()), **self.environment, **environment},
                stderr=out,
            )
        self.workers.append(worker)
        self.logs.append(log)
        return worker

    def events(self, worker: int = -1) -> list[dict[str, object]]:
        """What a worker logged."""
        lines = self.logs[worker].read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def until(self, condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> float:
        """Wait; how many seconds it took."""
        started = time.monotonic()
        while not condition():
            if time.monotonic() - started > seconds:
                tail = self.logs[-1].read_text(encoding="utf-8")[-3000:] if self.logs else ""
                raise AssertionError(
                    f"it never came to that within {seconds} s; the last worker says:\n{tail}"
                )
            time.sleep(0.1)
        return time.monotonic() - started

    def tell(self, figures: str) -> None:
        """Print what was measured; shown with `-s`, or when the test fails."""
        sys.stdout.write(f"{figures}\n")

    def end(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait(60)


def answer(port: str, path: str) -> tuple[int, str]:
    """Status and body of a worker's page; 0 while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as fault:
        return fault.code, fault.read().decode()
    except OSError:
        return 0, ""


@pytest.fixture
def kafka_stage(apache_kafka: ApacheKafka, tmp_path: Path) -> Iterator[Stage]:
    """The same on Apache Kafka: the embedded broker never replaces a group's leader that was killed."""
    made = Stage(apache_kafka.address, tmp_path)
    made.create_topics()
    yield made
    made.end()


@pytest.fixture
def stage(broker: str, tmp_path: Path) -> Iterator[Stage]:
    """Topics of this test alone, already created."""
    made = Stage(broker, tmp_path)
    made.create_topics()
    yield made
    made.end()


@pytest.fixture
def brokerless(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings whose broker is away; clients give it a second to answer, and not ten."""
    monkeypatch.setattr("streams.kafka.client.ANSWER_MS", 1_000)
    return settings.load({"SAMEHAND_KAFKA_BROKERS": f"127.0.0.1:{free_port()}"})
