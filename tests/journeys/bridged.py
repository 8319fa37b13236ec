"""A bridge on a real broker, with a users table as Debezium tells of it."""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import msgspec

from local.ports import LOOPBACK, take_port
from local.processes import Child
from schemas.wire import decode_letter
from streams.kafka.client import admin, reader, writer
from streams.kafka.topics import names
from streams.outcomes import Arrival
from streams.settings import load
from tests.journeys.conftest import Waiting

MAPPING = """
[topics."{topic}"]
format = "debezium"
constants = {{ platform = "shop" }}

[topics."{topic}".fields]
account_id = "row.id"
handle = "row.username"
device_id = "row.device"
bio = "row.about"

[[topics."{topic}".rules]]
when = "after.banned_at"
as = "banned"
fields = {{ banned_at = {{ from = "after.banned_at", unit = "us" }} }}
"""

Change = tuple[bytes, bytes | None]
"""A record's key and value."""


def change(op: str, row: dict[str, Any] | None, *, id_: object = None, at: float | None = None) -> Change:
    """A change of a row as Debezium tells of it, without schemas; `at` in Unix seconds."""
    moment = int((time.time() if at is None else at) * 1_000)
    before, after = ({"id": id_}, None) if op == "d" else (None, row)
    envelope = {"op": op, "before": before, "after": after, "source": {"ts_ms": moment}, "ts_ms": moment}
    key = id_ if row is None else row.get("id")
    return json.dumps({"id": key}).encode(), json.dumps(envelope).encode()


def tombstone(id_: object) -> Change:
    """What Debezium sends after a deletion, for compaction."""
    return json.dumps({"id": id_}).encode(), None


class Bridged(Waiting):
    """Publishes changes and reads what the bridge made of them."""

    def __init__(self, folder: Path, broker: str, *, foreign: str = "", **extra: str) -> None:
        """``foreign`` is the topic of the table, one of its own without; ``extra`` are further settings."""
        unique = uuid.uuid4().hex[:12]
        self.foreign = foreign or f"{unique}.public.users"
        self.mapping = folder / "mappings.toml"
        self.mapping.write_text(MAPPING.format(topic=self.foreign), "utf-8")
        self.folder = folder
        self.environment = {
            "SAMEHAND_KAFKA_BROKERS": broker,
            "SAMEHAND_TOPIC_PREFIX": f"{unique}.",
            "SAMEHAND_KAFKA_GROUP": unique,
            "SAMEHAND_TOPIC_PARTITIONS": "2",
            "SAMEHAND_MAPPINGS": str(self.mapping),
            "SAMEHAND_BATCH_RECORDS": "50",
            "SAMEHAND_WEB_HOST": LOOPBACK,
            **extra,
        }
        self.settings = load(self.environment)
        self.topics = names(self.settings)
        self.bridges: list[Child] = []
        self._ports = [take_port()]

    def make_topic(self) -> None:
        """The foreign topic, as a connector would make it."""
        with admin(self.settings) as client:
            order = {"num_partitions": 2, "replication_factor": 1, "configs": {}}
            client.create_topics({self.foreign: order}, raise_errors=True)

    def start(self) -> Child:
        """A bridge, perhaps not yet ready."""
        log = self.folder / f"bridge-{len(self.bridges)}.log"
        port = self._ports[-1] if not self.bridges else take_port()
        if self.bridges:
            self._ports.append(port)
        web = {"SAMEHAND_WEB_PORT": str(port.number)}
        child = Child([sys.executable, "-m", "cli", "bridge"], log, {**self.environment, **web})
        child.start()
        self.bridges.append(child)
        return child

    def close(self) -> None:
        """Ends all bridges."""
        for child in self.bridges:
            child.kill()
        for port in self._ports:
            port.release()

    def page(self, path: str) -> str:
        """A page of the last bridge, "" where it does not answer."""
        try:
            with urlopen(f"http://{LOOPBACK}:{self._ports[-1].number}{path}", timeout=30.0) as answer:
                text: bytes = answer.read()
        except (URLError, OSError):
            return ""
        return text.decode()

    def send(self, changes: Sequence[Change]) -> None:
        """Changes, in order, each confirmed."""
        with writer(self.settings) as out:
            sent = [out.send(self.foreign, key=key, value=value, headers=[]) for key, value in changes]
            for confirmation in sent:
                confirmation.get(timeout=60.0)

    def read(self, topic: str) -> list[Arrival]:
        """Every record of a topic, partition by partition."""
        with reader(self.settings) as opened:
            return [it for partition in opened.partitions(topic) for it in opened.read(topic, partition)]

    def values(self, topic: str) -> list[Any]:
        """What the records of a topic say."""
        return [msgspec.json.decode(it.value) for it in self.read(topic) if it.value is not None]

    def letters(self) -> list[tuple[str, str, str]]:
        """Reason, path and detail of each dead letter."""
        found = [decode_letter(it.value, now=float("inf")) for it in self.read(self.topics.letters)]
        records: list[Any] = [it.record for it in found]  # type: ignore[union-attr]  # a Malformed would fail here
        return [(it.reason, it.path, it.detail) for it in records]

    def last(self) -> Child | None:
        return self.bridges[-1] if self.bridges else None


_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """In user and system mode, of the process and its descent."""
    return sum(_of_one(each) for each in _descent(pid))


def _descent(pid: int) -> list[int]:
    waiting, found = [pid], list[int]()
    while waiting:
        found.append(waiting.pop())
        for task in Path(f"/proc/{found[-1]}/task").iterdir():
            waiting += [int(child) for child in (task / "children").read_text("ascii").split()]
    return found


def _of_one(pid: int) -> float:
    # The name, in parentheses, may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND
