"""Faults of disks, hanging servers and letters."""

from __future__ import annotations

import random
import time
from functools import partial

import pytest
import redis

from schemas.record import Record
from streams.deadletters.control_topic import stopped_topics
from tests.faults.conftest import Expected
from tests.faults.scene import Scene
from tests.faults.table import Row, Table

# Redis on a full disk: it answers reads, refuses writes, and nothing may be acknowledged meanwhile.

pytestmark = pytest.mark.kafka

AWAY_SECONDS = 3.0
COMMITTED_SECONDS = 1.5  # what was settled before is committed by then


def test_redis_disk_is_full(scene: Scene, expected: Expected) -> None:
    """A snapshot that cannot be written: MISCONF for every write, while reads go on."""
    with redis.Redis.from_url(scene.redis.administrator_url) as connection:
        worker = expected.begun(scene)
        folder = connection.config_get("dir")["dir"]
        connection.config_set("save", "3600 1")  # only then does a failed snapshot stop writes
        blocker = scene.redis.folder / "dump.rdb"
        blocker.mkdir()  # nothing can be renamed over a folder, as on a disk without room
        (blocker / "in-the-way").touch()
        assert str(scene.redis.folder) == folder
        connection.bgsave()
        scene.until(lambda: "MISCONF" in worker.ready() or "refuses" in worker.ready(), "MISCONF to be told")
        assert connection.get("any") is None, "reads should go on"
        time.sleep(COMMITTED_SECONDS)
        held = {topic: scene.committed(topic) for topic in (scene.topics.created, scene.topics.banned)}
        time.sleep(AWAY_SECONDS)
        assert held == {topic: scene.committed(topic) for topic in held}, "nothing may be acknowledged"
        said = scene.count(scene.topics.alerts)
        (blocker / "in-the-way").unlink()
        blocker.rmdir()
        connection.bgsave()
    expected.goes_on("Redis cannot write to its disk (MISCONF)", scene, said, repeats_max=0)
    scene.until(lambda: not worker.ready(), "the worker to be ready")


# A wave of garbage: the topic stops by the bound, and nothing behind it is lost.

POISON = 168  # 30 % of the topic
AT_LEAST = 40


def test_a_wave_of_poison_stops_the_topic_until_letters_resume(
    scene: Scene, expected: Expected, fault_table: Table
) -> None:
    scene.environment["SAMEHAND_LETTERS_AT_LEAST"] = str(AT_LEAST)
    scene.environment["SAMEHAND_LETTERS_WINDOW"] = "200"
    wave: list[Record | bytes] = [*expected.stream.created, *[b"{" + bytes([i]) for i in range(POISON)]]
    random.Random(3).shuffle(wave)
    scene.publish(scene.topics.created, wave)
    scene.publish(scene.topics.banned, expected.stream.banned)
    scene.publish(scene.topics.updated, expected.stream.updated)
    worker = scene.start()
    scene.until(lambda: "dead letters" in worker.ready(), "the topic to stop")
    stopped_at = scene.letters()
    assert AT_LEAST <= stopped_at < POISON
    scene.until(lambda: scene.topics.created in stopped_topics(scene.settings), "the word of it")
    # What it decided is committed every half second; what is not yet would be told again after a kill.
    created = scene.topics.created
    others = (scene.topics.banned, scene.topics.enrolled, scene.topics.updated)
    scene.until(lambda: all(scene.committed(it) == scene.count(it) for it in others), "the other topics' end")
    scene.until(lambda: scene.committed(created) == worker.decided(created), "all decided to be committed")
    worker.child.kill()
    worker = scene.start()
    scene.until(lambda: "dead letters" in worker.ready(), "the topic to stand still for the next worker")
    assert scene.letters() == stopped_at, "starting again is no word of an operator"

    def went_on(before: int) -> bool:
        """It may have stopped again before anybody looks."""
        return "dead letters" not in worker.ready() or worker.decided(created) > before

    words = 0
    while not scene.settled():
        if "dead letters" in worker.ready():
            resumed_at = worker.decided(created)
            scene.samehand("letters", "resume", created)
            words += 1
            scene.until(partial(went_on, resumed_at), "the topic to go on")
    final, repeated = scene.final(), scene.repeats()
    lost = len(expected.final.keys() - final.keys())
    differing = sum(expected.final.get(key) != alert for key, alert in final.items())
    fault = f"30 % of a topic is garbage: it stops at {stopped_at} letters, resumed {words} times"
    fault_table.add(Row(fault, lost, differing, repeated, None, None))
    assert (final, repeated) == (expected.final, 0)
    assert scene.letters() == POISON
