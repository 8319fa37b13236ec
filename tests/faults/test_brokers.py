"""Three brokers: the leader of the alerts is killed, and the controller of the cluster is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.apache import ApacheKafka
from local.broker import controller_id, leader_id
from tests.faults.conftest import Expected
from tests.faults.scene import BATCH_RECORDS, Scene
from tests.faults.test_ends import TELLING

pytestmark = [pytest.mark.kafka, pytest.mark.thorough]

NODES = 3


@pytest.fixture(scope="module")
def cluster(kafka_libs: Path) -> Iterator[ApacheKafka]:
    """Three brokers that replicate every topic; each test leaves all of them running."""
    with ApacheKafka(NODES, home=kafka_libs) as kafka:
        yield kafka


@pytest.fixture
def scene(cluster: ApacheKafka, tmp_path: Path, pepper: Path, expected: Expected) -> Iterator[Scene]:
    made = Scene(cluster.address, tmp_path, pepper, replicas=NODES)
    yield made
    made.close()


def test_the_leader_of_three_is_killed(cluster: ApacheKafka, scene: Scene, expected: Expected) -> None:
    """And comes back when its followers have long taken over."""
    lose("the leader of three brokers is killed", cluster, scene, expected, controller=False)


def test_the_controller_moves(cluster: ApacheKafka, scene: Scene, expected: Expected) -> None:
    """The controller ends in order, so that another one leads the quorum."""
    lose("the controller of three brokers moves", cluster, scene, expected, controller=True)


def lose(fault: str, cluster: ApacheKafka, scene: Scene, expected: Expected, *, controller: bool) -> None:
    """One of the brokers goes in mid-stream, and comes back when the rest has been read."""
    worker = scene.start()
    scene.until_ready(worker)
    with scene.publishing(expected.stream, seconds=20.0):
        scene.until_alerts(len(expected.final) // 4)
        gone = cluster.controller() if controller else cluster.leader(scene.topics.alerts, 0)
        gone.stop() if controller else gone.kill()
        scene.watch_again()
        said = scene.count(scene.topics.alerts)
        assert said < len(expected.final), "it went in the middle"
        scene.until_alerts(said + 1)
        other = next(node.address for node in cluster.nodes if node is not gone)
        leads = controller_id(other) if controller else leader_id(other, scene.topics.alerts, 0)
        assert leads not in (gone.number, -1)
    recovered = scene.until_settled()
    cluster.start()
    expected.judge(fault, scene, scene.silence(), recovered, repeats_max=TELLING * BATCH_RECORDS)
    assert worker.child.pid is not None, "a broker that is lost ends no worker"
