"""Garbage of every kind through a running worker: it lives, and every record is accounted for."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from datetime import UTC, datetime
from urllib.request import urlopen

import pytest

from local.ports import LOOPBACK
from schemas.letters import DeadLetter
from schemas.wire import Decoded, decode_letter
from streams.kafka.client import reader, writer
from tests.faults.conftest import EVERYTHING
from tests.faults.fuzzed import KINDS, SECRET, Fuzzed, fuzzed
from tests.faults.scene import Scene, Worker
from tests.faults.table import Row, Table

pytestmark = pytest.mark.kafka

RECORDS = int(os.environ.get("SAMEHAND_FAULTS_RECORDS", "100000" if EVERYTHING else "10000"))
SECONDS_MAX = 1_150.0  # eight minutes on two cores; each record takes several trips to Redis
SENT_AT_ONCE = 2_000
EVENTS = re.compile(r'^samehand_events_total\{outcome="([^"]+)",topic="([^"]+)"\} (\S+)$', re.MULTILINE)


def send(scene: Scene, records: list[Fuzzed]) -> None:
    """Puts records on their topics, as they are."""
    with writer(scene.settings) as out:
        for first in range(0, len(records), SENT_AT_ONCE):
            sent = [
                out.send(one.topic, key=one.key, value=one.value, headers=[])
                for one in records[first : first + SENT_AT_ONCE]
            ]
            for confirmation in sent:
                confirmation.get(60.0)


def outcomes(worker: Worker, topics: set[str]) -> Counter[str]:
    """What the worker says became of the records of these topics."""
    with urlopen(f"http://{LOOPBACK}:{worker.port.number}/metrics", timeout=60.0) as page:
        text = page.read().decode()
    found: Counter[str] = Counter()
    for outcome, topic, count in EVENTS.findall(text):
        if topic in topics:
            found[outcome] += int(float(count))
    return found


def letters(scene: Scene) -> list[DeadLetter]:
    """All dead letters."""
    found = []
    with reader(scene.settings) as opened:
        for partition in opened.partitions(scene.topics.letters):
            for record in opened.read(scene.topics.letters, partition):
                read = decode_letter(record.value, now=time.time() + 60)
                assert isinstance(read, Decoded)
                found.append(read.record)
    return found


@pytest.mark.thorough
def test_every_record_of_garbage_is_accounted_for(scene: Scene, fault_table: Table) -> None:
    scene.environment["SAMEHAND_LETTERS_SHARE"] = "1.0"
    scene.environment["SAMEHAND_BATCH_RECORDS"] = "100"
    records = list(fuzzed(scene.topics, datetime.now(UTC).replace(microsecond=0), RECORDS))
    assert {one.kind for one in records} == set(KINDS)
    worker = scene.start()
    began = time.monotonic()
    send(scene, records)
    scene.until(scene.settled, "all of it to be acknowledged", SECONDS_MAX)
    took = time.monotonic() - began
    assert worker.child.pid is not None
    assert not worker.ready()
    told, dead = outcomes(worker, {one.topic for one in records}), letters(scene)
    addresses = {letter.address for letter in dead}
    # Reinstatements among them put tombstones on the topic of bans.
    sent = sum(scene.count(topic) for topic in {one.topic for one in records})
    ok = told.total() - told["dead"]
    lost = sent - ok - len(addresses)
    repeated = len(dead) - len(addresses)
    what = f"{RECORDS:,} fuzzed records: {ok:,} well, {len(addresses):,} dead letters"
    fault_table.add(Row(what, lost, 0, repeated, None, took))
    assert (lost, repeated) == (0, 0)
    assert told["dead"] == len(addresses)
    assert sent >= RECORDS
    assert 0.1 * RECORDS < len(addresses) < RECORDS, "some are well, most are not"
    quoting = [it for it in dead if SECRET in f"{it.reason} {it.path} {it.detail}"]
    assert quoting == []
    assert SECRET not in worker.log.read_text()
