"""The only broker goes away and comes back, or hangs for longer than the client waits."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from local.apache import ApacheKafka
from streams.faust_app.app import CONFIRM_SECONDS
from tests.faults.conftest import Expected
from tests.faults.scene import BATCH_RECORDS, Scene
from tests.faults.test_ends import TELLING

pytestmark = pytest.mark.kafka

AWAY_SECONDS = 5.0
FROZEN_SECONDS = CONFIRM_SECONDS + 5.0  # the client gives up what it sent, and it is sent again


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_the_only_broker_is_away(
    own_kafka: ApacheKafka, tmp_path: Path, pepper: Path, expected: Expected, how: str
) -> None:
    scene = Scene(own_kafka.address, tmp_path, pepper)
    try:
        worker = expected.begun(scene, part=4)
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


@pytest.mark.thorough
def test_the_only_broker_hangs(
    own_kafka: ApacheKafka, tmp_path: Path, pepper: Path, expected: Expected
) -> None:
    """What is sent while it hangs may be there twice: nobody knows whether it took the first."""
    scene = Scene(own_kafka.address, tmp_path, pepper)
    try:
        expected.begun(scene, part=4)
        node = own_kafka.nodes[0]
        node.freeze()
        time.sleep(FROZEN_SECONDS)
        node.thaw()
        scene.watch_again()
        said = scene.count(scene.topics.alerts)
        expected.goes_on(
            f"the only broker hangs for {FROZEN_SECONDS:.0f} s",
            scene,
            said,
            repeats_max=TELLING * BATCH_RECORDS,
        )
    finally:
        scene.close()
