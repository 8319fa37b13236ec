"""A topic is deleted and made again: the name is the old one, the offsets are not."""

from __future__ import annotations

import time

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
import pytest
from kafka.structs import OffsetAndMetadata  # type: ignore[import-untyped]  # kafka-python ships no types

from streams.faust_app.topic_ids import LOOK_SECONDS
from streams.kafka.client import client_options
from streams.supervision.exit_codes import EXIT_STUCK
from tests.faults.conftest import Expected
from tests.faults.scene import Scene
from tests.faults.test_ends import busy

pytestmark = pytest.mark.kafka

LATE = 100_000  # a commit far beyond the new topic's end
UNREAD = 40
ADDED = 2
ADDED_SECONDS_MAX = 15.0


def test_a_topic_is_made_again_under_a_worker(scene: Scene, expected: Expected) -> None:
    """What was read before stays said, what was deleted unread is told, and the new topic is read whole."""
    created = expected.stream.created
    strangers = [event for event in created if event.key.startswith("telegram:stranger")][:UNREAD]
    rest = [event for event in created if event not in strangers]
    before, after = rest[: len(rest) * 2 // 3], rest[len(rest) * 2 // 3 :]  # so that old offsets are larger
    scene.publish(scene.topics.banned, expected.stream.banned)
    scene.publish(scene.topics.created, before)
    worker = scene.start()
    scene.until_settled()
    scene.redis.freeze()
    scene.publish(scene.topics.created, strangers)
    scene.until(lambda: worker.ready(), "the worker to hold")
    time.sleep(2 * LOOK_SECONDS)  # it has looked at the topic since
    scene.make_again(scene.topics.created)
    scene.redis.thaw()
    scene.publish(scene.topics.created, after)
    scene.publish(scene.topics.updated, expected.stream.updated)
    scene.until(lambda: f"ended with code {EXIT_STUCK}" in worker.log.read_text(), "the worker to see it")
    assert f'"unread": {UNREAD}' in worker.log.read_text()
    # Its supervisor starts another.
    # How long nothing was said is no figure: a quick worker reads the new topic before it knows it for new.
    recovered = scene.until_settled()
    fault = f"a topic is made again, {UNREAD} of its records unread"
    expected.judge(fault, scene, None, recovered, repeats_max=0)


@pytest.mark.thorough
def test_partitions_are_added_to_a_live_topic(scene: Scene, expected: Expected) -> None:
    """What is published to them from the first moment on is read, by the worker that runs already."""
    created = expected.stream.created
    before, after = created[: len(created) // 2], created[len(created) // 2 :]
    scene.publish(scene.topics.banned, expected.stream.banned)
    scene.publish(scene.topics.updated, expected.stream.updated)
    scene.publish(scene.topics.created, before)
    scene.start()
    scene.until_settled()
    there = scene.settings.topic_partitions
    scene.add_partitions(scene.topics.created, there + ADDED)
    scene.publish(scene.topics.created, after)
    added = range(there, there + ADDED)
    pause = scene.until(
        lambda: all(scene.committed(scene.topics.created, one) for one in added), "the added ones to be read"
    )
    recovered = pause + scene.until_settled()
    fault = f"{ADDED} partitions are added to a live topic"
    expected.judge(fault, scene, pause, recovered, repeats_max=0)
    assert pause <= busy() * ADDED_SECONDS_MAX


@pytest.mark.thorough
def test_a_topic_is_made_again_while_no_worker_ran(scene: Scene, expected: Expected) -> None:
    """A commit that came late, about the topic before, is seen through."""
    created = expected.stream.created
    before, after = created[: len(created) // 2], created[len(created) // 2 :]
    scene.publish(scene.topics.banned, expected.stream.banned)
    scene.publish(scene.topics.updated, expected.stream.updated)
    scene.publish(scene.topics.created, before)
    worker = scene.start()
    scene.until_settled()
    worker.child.stop(60.0)
    old_id = scene.make_again(scene.topics.created)
    commit_late(scene, old_id)
    scene.publish(scene.topics.created, after)
    said = scene.count(scene.topics.alerts)
    scene.start()
    expected.goes_on("a topic is made again while no worker ran", scene, said, repeats_max=0)


def commit_late(scene: Scene, topic_id: str) -> None:
    """What a worker does that has not yet noticed."""
    client = kafka.KafkaConsumer(
        **client_options(scene.settings), group_id=scene.settings.kafka_group, enable_auto_commit=False
    )
    places = [kafka.TopicPartition(scene.topics.created, number) for number in range(2)]
    client.assign(places)
    client.commit({place: OffsetAndMetadata(LATE, topic_id, -1) for place in places})
    client.close(autocommit=False)
