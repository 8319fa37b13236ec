"""Faults of our own: an event that hangs, a bug that some accounts meet, a clock that is an hour wrong."""

from __future__ import annotations

import json
import time

import pytest

from tests.faults.conftest import Expected
from tests.faults.scene import BATCH_RECORDS, Scene
from tests.faults.test_ends import TELLING

pytestmark = pytest.mark.kafka

SLOW_SECONDS = 30.0
COMMITTED_SECONDS = 1.5  # what is settled is committed by then
BUG = "7"  # a tenth of all accounts end so
HOUR = 3600


@pytest.mark.thorough
def test_one_event_hangs_for_half_a_minute_and_its_worker_is_killed(scene: Scene, expected: Expected) -> None:
    """Everything else goes on meanwhile, and no commit passes the event in hand."""
    scene.publish_all(expected.stream)
    slow = expected.stream.created[len(expected.stream.created) // 2].key
    partition, offset = _address(scene, scene.topics.created, slow.encode())
    worker = scene.start("slow", slow)
    others = (scene.topics.banned, scene.topics.updated, scene.topics.enrolled)
    scene.until(lambda: all(scene.committed(one) == scene.count(one) for one in others), "the other topics")
    time.sleep(SLOW_SECONDS)
    assert scene.committed(scene.topics.created, partition) <= offset
    worker.child.kill()
    said = scene.count(scene.topics.alerts)
    scene.start()
    expected.goes_on(
        f"one event hangs for {SLOW_SECONDS:.0f} s, then kill -9",
        scene,
        said,
        repeats_max=TELLING * BATCH_RECORDS,
    )


@pytest.mark.parametrize(
    ("kind", "reason", "fault"),
    [
        pytest.param(
            "broken", "logic-fault", "a bug makes {} dead letters, replayed when it is fixed", id="bug"
        ),
        pytest.param(
            "outdated",
            "unknown-version",
            "{} records of a version unknown yet are dead letters, replayed when it is known",
            id="version",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_dead_letters_are_replayed_once_their_worker_is_put_right(
    scene: Scene, expected: Expected, kind: str, reason: str, fault: str
) -> None:
    """Each letter holds the address of its record; replaying them a second time sends nothing."""
    scene.publish_all(expected.stream)
    met = [event for event in (*expected.stream.created, *expected.stream.updated) if event.key.endswith(BUG)]
    buggy = scene.start(kind, BUG)
    scene.until_settled()
    listed = json.loads(scene.samehand("letters", "list", "--reason", reason, "--json"))["letters"]
    assert scene.letters() == len(listed) == len(met)
    assert {letter["address"] for letter in listed} == _addresses(scene, BUG)
    buggy.child.stop(60.0)
    scene.start()
    for _ in range(2):
        scene.samehand("letters", "replay", "--reason", reason)
    assert scene.count(scene.topics.created) + scene.count(scene.topics.updated) == len(met) + len(
        (*expected.stream.created, *expected.stream.updated)
    )
    recovered = scene.until_settled()
    letters = 2 * len(met)  # each, and a note that it was replayed
    expected.judge(fault.format(len(met)), scene, None, recovered, repeats_max=0, letters=letters)


@pytest.mark.parametrize("hours", [1, pytest.param(-1, marks=pytest.mark.thorough)])
def test_a_clock_is_an_hour_wrong(scene: Scene, expected: Expected, hours: int) -> None:
    """One of two workers: no record becomes a dead letter by its date, and no pair is lost between them."""
    sound, wrong = scene.start(), scene.start("skewed", str(hours * HOUR))
    for worker in (sound, wrong):
        scene.until_ready(worker)
    scene.publish_all(expected.stream)
    recovered = scene.until_settled()
    how = "ahead" if hours > 0 else "behind"
    # A claim looks an hour old to the other worker, so a pair that both see at once may be told by both.
    expected.judge(
        f"one of two clocks is an hour {how}", scene, None, recovered, repeats_max=len(expected.final)
    )


def _address(scene: Scene, topic: str, key: bytes) -> tuple[int, int]:
    """Partition and offset of the record with that key."""
    return next((record.partition, record.offset) for record in scene.read(topic) if record.key == key)


def _addresses(scene: Scene, ending: str) -> set[str]:
    """The addresses of all sign-ups and changes of accounts whose name ends so."""
    records = [*scene.read(scene.topics.created), *scene.read(scene.topics.updated)]
    return {record.address for record in records if (record.key or b"").endswith(ending.encode())}
