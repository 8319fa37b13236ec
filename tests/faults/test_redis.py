"""A Redis that is killed, frozen, full or emptied under workers that go on reading events."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
import redis

from local.redis import EmbeddedRedis
from streams.kafka.store_epoch import known_epoch
from streams.supervision.exit_codes import EXIT_STUCK
from tests.faults.conftest import Expected
from tests.faults.scene import BATCH_RECORDS, Scene
from tests.faults.test_ends import TELLING
from tests.makers import a_deletion

pytestmark = pytest.mark.kafka

AWAY_SECONDS = 5.0
COMMITTED_SECONDS = 1.5  # what was settled before is committed by then
IMPATIENT_SECONDS = 4.0
FROZEN_SECONDS = 12.0  # longer than the group's session: a worker that only waited would be thrown out


def administrator(server: EmbeddedRedis) -> redis.Redis:
    return redis.Redis.from_url(server.administrator_url)


def holding(scene: Scene) -> bool:
    """Whether the worker says that it is not well."""
    return bool(scene.workers[-1].ready())


def test_redis_is_killed(scene: Scene, expected: Expected) -> None:
    expected.begun(scene)
    scene.redis.kill()
    scene.until(lambda: holding(scene), "the worker to be not ready")
    time.sleep(AWAY_SECONDS)
    said = scene.count(scene.topics.alerts)
    scene.redis.start()
    expected.goes_on(f"Redis is away for {AWAY_SECONDS:.0f} s", scene, said, repeats_max=0)
    scene.until(lambda: not holding(scene), "the worker to be ready")


@pytest.mark.thorough
def test_redis_is_frozen(scene: Scene, expected: Expected) -> None:
    expected.begun(scene)
    scene.redis.freeze()
    scene.until(lambda: holding(scene), "the worker to be not ready")
    time.sleep(FROZEN_SECONDS)
    said = scene.count(scene.topics.alerts)
    scene.redis.thaw()
    expected.goes_on(f"Redis is frozen for {FROZEN_SECONDS:.0f} s", scene, said, repeats_max=0)


@pytest.mark.thorough
def test_redis_is_frozen_for_longer_than_the_poll_interval(scene: Scene, expected: Expected) -> None:
    """A worker with the interval that ours has not leaves its group for good; the watchdog ends it."""
    worker = expected.begun(scene, "impatient", str(IMPATIENT_SECONDS))
    scene.redis.freeze()
    scene.until(lambda: holding(scene), "the worker to be not ready")
    time.sleep(FROZEN_SECONDS)
    said = scene.count(scene.topics.alerts)
    scene.redis.thaw()
    began = time.monotonic()
    scene.until(lambda: worker.child.pid is None or scene.settled(), "the worker to end or to go on")
    if worker.child.pid is None:
        assert worker.child.exit_code == EXIT_STUCK
        scene.start()
    scene.until_alerts(min(said + 1, len(expected.final)))
    pause = time.monotonic() - began
    recovered = pause + scene.until_settled()
    fault = f"Redis is frozen for {FROZEN_SECONDS:.0f} s under a poll interval of {IMPATIENT_SECONDS:.0f} s"
    expected.judge(fault, scene, pause, recovered, repeats_max=TELLING * BATCH_RECORDS)


def test_redis_is_full(scene: Scene, expected: Expected) -> None:
    with administrator(scene.redis) as connection:
        connection.config_set("maxmemory-policy", "noeviction")
        expected.begun(scene)
        connection.config_set("maxmemory", 1_000_000)  # less than an empty server uses
        scene.until(lambda: holding(scene), "the worker to be not ready")
        time.sleep(COMMITTED_SECONDS)
        held = {topic: scene.committed(topic) for topic in (scene.topics.created, scene.topics.banned)}
        time.sleep(AWAY_SECONDS)
        assert held == {topic: scene.committed(topic) for topic in held}, "nothing may be acknowledged"
        said = scene.count(scene.topics.alerts)
        connection.config_set("maxmemory", 0)
    expected.goes_on("Redis is out of memory (noeviction)", scene, said, repeats_max=0)


@pytest.mark.thorough
def test_redis_may_drop_keys(scene: Scene, expected: Expected) -> None:
    """Its policy is changed under a worker, which holds from when it sees it, full or not."""
    with administrator(scene.redis) as connection:
        scene.publish(scene.topics.banned, expected.stream.banned)
        worker = scene.start()
        scene.until(lambda: not holding(scene) and scene.settled(), "the bans to be enrolled")
        connection.config_set("maxmemory", connection.info("memory")["used_memory"] + 100_000_000)
        connection.config_set("maxmemory-policy", "allkeys-lru")
        scene.until(lambda: "evicts keys" in worker.ready(), "the worker to see that keys may be evicted")
        scene.publish(scene.topics.created, expected.stream.created)
        scene.publish(scene.topics.updated, expected.stream.updated)
        time.sleep(AWAY_SECONDS)
        assert scene.committed(scene.topics.created) + scene.committed(scene.topics.updated) == 0
        assert scene.count(scene.topics.alerts) == 0
        connection.config_set("maxmemory-policy", "noeviction")
    expected.goes_on("Redis may drop keys (allkeys-lru)", scene, 0, repeats_max=0)
    scene.until(lambda: not holding(scene), "the worker to be ready")


@pytest.mark.parametrize(
    "running", [pytest.param(True, id="while-running", marks=pytest.mark.thorough), False]
)
def test_redis_is_emptied(scene: Scene, expected: Expected, running: bool) -> None:
    """The worker holds what waits until `samehand rebuild` has refilled the store, and says nothing again."""
    scene.publish(scene.topics.banned, expected.stream.banned)
    worker = scene.start()
    scene.until(lambda: not holding(scene) and scene.settled(), "the bans to be enrolled")
    early = [it for it in expected.stream.created if it.account.account_id.startswith(("first-", "crowd-"))]
    scene.publish(scene.topics.created, early)
    scene.until_alerts(len(early) - len(expected.stream.crowd))
    scene.waves_in_the_end(expected.stream.crowd)
    scene.until_settled()
    scene.until(lambda: known_epoch(scene.settings), "the epoch to be noted")
    if not running:
        worker.child.stop(60.0)
    with administrator(scene.redis) as connection:
        connection.flushall()
    time.sleep(COMMITTED_SECONDS)
    held = {topic: scene.committed(topic) for topic in (scene.topics.created, scene.topics.updated)}
    told = scene.count(scene.topics.alerts)
    scene.publish(scene.topics.created, [it for it in expected.stream.created if it not in early])
    scene.publish(scene.topics.updated, expected.stream.updated)
    if not running:
        worker = scene.start()
    scene.until(lambda: "samehand rebuild" in worker.ready(), "the worker to see that the store was emptied")
    time.sleep(AWAY_SECONDS)
    assert held == {topic: scene.committed(topic) for topic in held}
    assert scene.count(scene.topics.alerts) == told
    scene.samehand("rebuild", "--json")
    deleted = a_deletion("crowd-0", at=datetime.now(UTC))
    scene.publish(scene.topics.deleted, [deleted])
    pause = scene.until_alerts(told + 1)
    recovered = pause + scene.until_settled()
    how = "under a worker" if running else "while no worker ran"
    fault, gone = f"Redis is emptied {how}, then rebuilt", frozenset({deleted.key})
    expected.judge(fault, scene, pause, recovered, repeats_max=0, gone=gone)
    scene.until(lambda: not holding(scene), "the worker to be ready")
