"""Workers that end: killed at random points, stopped in mid-batch, stopped while Redis is away."""

from __future__ import annotations

import os
import random

import pytest

from streams.supervision.exit_codes import EXIT_OK
from tests.faults.conftest import KILLS, Expected
from tests.faults.scene import BATCH_RECORDS, Scene

pytestmark = pytest.mark.kafka

STOP_SECONDS_MAX = 8.0  # the goals; what it took is in the table
KILL_SECONDS_MAX = 20.0
REBALANCE_SECONDS_MAX = 5.0
TELLING = 3  # agents that publish alerts: each may have a batch in hand


def busy() -> float:
    """How many times its goal a pause may take: a machine that does other work loses time, and no event."""
    return 3.0 * max(1.0, max(os.getloadavg()[:2]) / (os.cpu_count() or 1))


def test_kill_9_at_random_points(scene: Scene, expected: Expected) -> None:
    scene.publish_all(expected.stream)
    rng = random.Random(9)
    points = sorted(rng.sample(range(1, len(expected.final) - 1), KILLS))
    pauses = []
    worker = scene.start()
    for point in points:
        scene.until_alerts(point)
        worker.child.kill()
        said = scene.count(scene.topics.alerts)
        worker = scene.start()
        if said < len(expected.final):
            pauses.append(scene.until_alerts(said + 1))
    recovered = scene.until_settled()
    expected.judge(
        f"kill -9, {KILLS} times", scene, max(pauses), recovered, repeats_max=TELLING * BATCH_RECORDS * KILLS
    )
    assert max(pauses) <= busy() * KILL_SECONDS_MAX


@pytest.mark.thorough
def test_sigterm_in_mid_batch(scene: Scene, expected: Expected) -> None:
    worker = expected.begun(scene)
    worker.child.stop(60.0)
    assert worker.child.exit_code == EXIT_OK
    said = scene.count(scene.topics.alerts)
    assert said < len(expected.final), "it was stopped in the middle"
    scene.start()
    pause = expected.goes_on("SIGTERM in mid-batch", scene, said, repeats_max=0)
    assert pause <= busy() * STOP_SECONDS_MAX


@pytest.mark.thorough
def test_sigterm_while_redis_is_down(scene: Scene, expected: Expected) -> None:
    worker = expected.begun(scene)
    scene.redis.kill()
    scene.until(worker.ready, "the worker to be not ready")
    worker.child.stop(60.0)
    assert worker.child.exit_code == EXIT_OK
    scene.redis.start()
    said = scene.count(scene.topics.alerts)
    scene.start()
    expected.goes_on("SIGTERM while Redis is down", scene, said, repeats_max=TELLING * BATCH_RECORDS)


@pytest.mark.thorough
def test_sigterm_while_the_last_minutes_are_delivered_again(scene: Scene, expected: Expected) -> None:
    """Redis was started again; who is told to stop meanwhile has no fault, and the next does it all."""
    scene.publish_all(expected.stream)
    worker = scene.start()
    scene.until_settled()
    scene.until_ready(worker)
    scene.redis.stop()
    scene.redis.start()
    scene.until(
        lambda: "reprocessing recent records" in worker.log.read_text(),
        "the last minutes to be delivered again",
    )
    worker.child.stop(60.0)
    assert "recent records reprocessed" not in worker.log.read_text(), "it was stopped in the middle"
    assert worker.child.exit_code == EXIT_OK
    second = scene.start()
    recovered = scene.until(
        lambda: "recent records reprocessed" in second.log.read_text(), "the second to have done it"
    )
    scene.until_settled()
    expected.judge(
        "SIGTERM while the last minutes are delivered again", scene, None, recovered, repeats_max=0
    )
