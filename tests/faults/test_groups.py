"""Workers that come and go beside others."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.apache import ApacheKafka
from tests.faults.conftest import Expected
from tests.faults.scene import BATCH_RECORDS, Scene
from tests.faults.table import Row, Table
from tests.faults.test_ends import KILL_SECONDS_MAX, REBALANCE_SECONDS_MAX, TELLING, busy
from tests.streams.rebalancing import lost

pytestmark = pytest.mark.kafka


def test_a_second_worker_joins_and_is_killed(scene: Scene, expected: Expected) -> None:
    scene.start()
    second = scene.start()
    scene.until_ready(second)
    scene.publish_all(expected.stream)
    scene.until_alerts(len(expected.final) // 4)
    second.child.kill()
    recovered = scene.until_settled()
    expected.judge(
        "a second worker is killed", scene, scene.silence(), recovered, repeats_max=TELLING * BATCH_RECORDS
    )
    assert recovered <= busy() * KILL_SECONDS_MAX


@pytest.mark.thorough
def test_a_second_worker_joins_and_leaves_in_mid_stream(scene: Scene, expected: Expected) -> None:
    scene.until_ready(scene.start())
    with scene.publishing(expected.stream, seconds=15.0):
        second = scene.start()
        scene.until_ready(second)
        second.child.stop(60.0)
    recovered = scene.until_settled()
    pause = scene.silence()
    expected.judge("a second worker joins and leaves", scene, pause, recovered, repeats_max=0)
    assert pause <= busy() * REBALANCE_SECONDS_MAX


@pytest.mark.thorough
def test_three_workers_are_restarted_in_turn_under_load(scene: Scene, expected: Expected) -> None:
    workers = [scene.start() for _ in range(3)]
    for worker in workers:
        scene.until_ready(worker)
    with scene.publishing(expected.stream, seconds=30.0):
        for worker in workers:
            worker.child.stop(60.0)
            scene.until_ready(scene.start())
    recovered = scene.until_settled()
    pause = scene.silence()
    expected.judge("a rolling restart of three workers", scene, pause, recovered, repeats_max=0)
    assert pause <= busy() * REBALANCE_SECONDS_MAX


@pytest.mark.thorough
def test_fifty_rebalances_of_partitions_never_committed(
    apache_kafka: ApacheKafka, tmp_path: Path, fault_table: Table
) -> None:
    missing, repeated = lost(apache_kafka.address, tmp_path, rebalances=50)
    fault = "50 rebalances of partitions never committed, the coordinator slow"
    fault_table.add(Row(fault, len(missing), 0, repeated, None, None))
    assert missing == set()
    assert repeated == 0
