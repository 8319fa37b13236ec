"""Redis on a full disk: it answers reads, refuses writes, and nothing may be acknowledged meanwhile."""

from __future__ import annotations

import time

import pytest
import redis

from tests.faults.conftest import Expected
from tests.faults.scene import Scene

pytestmark = pytest.mark.kafka

AWAY_SECONDS = 3.0
COMMITTED_SECONDS = 1.5  # what was settled before is committed by then


def test_redis_disk_is_full(scene: Scene, expected: Expected) -> None:
    """A snapshot that cannot be written: MISCONF for every write, while reads go on."""
    with redis.Redis.from_url(scene.redis.administrator_url) as connection:
        scene.publish_all(expected.stream)
        worker = scene.start()
        scene.until_alerts(len(expected.final) // 3)
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
    pause = scene.until_alerts(said + 1)
    recovered = pause + scene.until_settled()
    expected.judge("Redis cannot write to its disk (MISCONF)", scene, pause, recovered, repeats_max=0)
    scene.until(lambda: not worker.ready(), "the worker to be ready")
