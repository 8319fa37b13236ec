"""The only broker goes away and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.apache import ApacheKafka
from tests.faults.conftest import Expected
from tests.faults.scene import BATCH_RECORDS, Scene
from tests.faults.test_ends import TELLING

pytestmark = pytest.mark.kafka

AWAY_SECONDS = 5.0


@pytest.fixture
def own_kafka(kafka_libs: Path) -> Iterator[ApacheKafka]:
    """A broker that this test may harm."""
    with ApacheKafka(home=kafka_libs) as kafka:
        yield kafka


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_the_only_broker_is_away(
    own_kafka: ApacheKafka, tmp_path: Path, pepper: Path, expected: Expected, how: str
) -> None:
    scene = Scene(own_kafka.address, tmp_path, pepper)
    try:
        scene.publish_all(expected.stream)
        worker = scene.start()
        scene.until_alerts(len(expected.final) // 4)
        node = own_kafka.nodes[0]
        node.stop() if how == "stopped" else node.kill()
        time.sleep(AWAY_SECONDS)
        own_kafka.start()
        scene.watch_again()
        recovered = scene.until_settled()
        expected.judge(
            f"the only broker is {how}, back after {AWAY_SECONDS:.0f} s",
            scene,
            None,
            recovered,
            repeats_max=TELLING * BATCH_RECORDS,
        )
        assert worker.child.pid is not None, "an outage of the broker ends no worker"
    finally:
        scene.close()
