"""Another Redis takes over: under Sentinels and in a Cluster, losing writes or not, or by order."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

import pytest

from local.redis import EmbeddedRedis
from local.redis_cluster import RedisCluster
from tests.faults.conftest import Expected
from tests.faults.scene import BATCH_RECORDS, Scene
from tests.servers.redis_sentinel import MASTER_NAME, SentinelTrio
from tests.store.slot_move import SlotMove

pytestmark = pytest.mark.kafka

STREAM_SECONDS = 12.0
KILLED_AFTER_SECONDS = 4.0
AGAIN_SECONDS_MAX = 30.0
HALF_MOVED_SECONDS = 3.0


def said_again(scene: Scene) -> bool:
    """Whether a worker says that it has delivered the last minutes again."""
    return any("recent records reprocessed" in worker.log.read_text() for worker in scene.workers)


def cut_off(replica: EmbeddedRedis, master: EmbeddedRedis) -> None:
    """From now on the replica hears nothing of the master, and does not know it yet."""
    replica.freeze()
    with master.administrator() as connection:
        connection.execute_command("CLIENT", "KILL", "TYPE", "REPLICA")


def most_of(scene: Scene, masters: Sequence[EmbeddedRedis]) -> EmbeddedRedis:
    """The master that holds most."""

    def keys(server: EmbeddedRedis) -> int:
        with server.administrator() as connection:
            return int(connection.dbsize())

    return max(masters, key=keys)


@pytest.fixture
def sentinels(scene: Scene) -> Iterator[SentinelTrio]:
    """A master and a replica under three Sentinels, which the workers of this scene use."""
    with SentinelTrio() as trio:
        scene.environment["SAMEHAND_REDIS_URL"] = f"sentinel://{trio.address}/{MASTER_NAME}"
        yield trio


@pytest.fixture
def cluster(scene: Scene) -> Iterator[RedisCluster]:
    """Three masters with a replica each."""
    with RedisCluster(replicas=True) as nodes:
        scene.environment["SAMEHAND_REDIS_URL"] = f"cluster://{nodes.address}"
        yield nodes


def under_load(scene: Scene, expected: Expected, master: EmbeddedRedis, fault: str) -> None:
    """A master dies while events come in. What it had not handed on may be said twice."""
    worker = scene.start()
    scene.until_ready(worker)
    with scene.publishing(expected.stream, STREAM_SECONDS):
        time.sleep(KILLED_AFTER_SECONDS)
        master.kill()
        died = time.monotonic()
        said = scene.count(scene.topics.alerts)
        scene.until_alerts(said + 1)
        pause = time.monotonic() - died
    scene.until_settled()
    scene.until(lambda: said_again(scene), "the last minutes to be delivered again", AGAIN_SECONDS_MAX)
    scene.until_settled()
    recovered = time.monotonic() - died
    expected.judge(fault, scene, pause, recovered, repeats_max=BATCH_RECORDS)
    assert not worker.ready()


@pytest.mark.thorough
def test_sentinels_name_another_master(scene: Scene, expected: Expected, sentinels: SentinelTrio) -> None:
    under_load(scene, expected, sentinels.master(), "Sentinel failover under load")


def test_a_cluster_names_another_master(scene: Scene, expected: Expected, cluster: RedisCluster) -> None:
    under_load(scene, expected, cluster.masters[1], "Cluster failover under load")


@pytest.mark.thorough
def test_a_slot_moves_to_another_master(scene: Scene, expected: Expected, cluster: RedisCluster) -> None:
    """As when a Cluster is given another master: for seconds half of a shard lies here and half there."""
    worker = scene.start()
    scene.until_ready(worker)
    with scene.publishing(expected.stream, STREAM_SECONDS):
        scene.until_alerts(1)
        move = SlotMove(cluster, "samehand:{1}:e")
        move.begin()
        move.carry_half()
        scene.until(lambda: bool(worker.ready()), "the worker to say that a part of its store is away")
        time.sleep(HALF_MOVED_SECONDS)
        move.finish()
        moved = time.monotonic()
        said = scene.count(scene.topics.alerts)
        scene.until_alerts(said + 1)
        pause = time.monotonic() - moved
    scene.until_settled()
    recovered = time.monotonic() - moved
    expected.judge("a slot of a Cluster moves under load", scene, pause, recovered, repeats_max=0)
    assert not worker.ready()


def test_what_only_the_dead_sentinel_master_knew_comes_back(
    scene: Scene, expected: Expected, sentinels: SentinelTrio
) -> None:
    master, replica = sentinels.redis
    unreplicated(scene, expected, {master: replica}, "Sentinel failover")


def test_what_only_a_dead_cluster_master_knew_comes_back(
    scene: Scene, expected: Expected, cluster: RedisCluster
) -> None:
    pairs: dict[EmbeddedRedis, EmbeddedRedis] = dict(zip(cluster.masters, cluster.replicas, strict=True))
    unreplicated(scene, expected, pairs, "Cluster failover")


def unreplicated(
    scene: Scene, expected: Expected, pairs: Mapping[EmbeddedRedis, EmbeddedRedis], failover: str
) -> None:
    """Half of the bans and half of the accounts are acknowledged by masters whose replicas never hear of it.

    Bans in the half of accounts and accounts in the half of bans are matched only if both come back.
    """
    worker = scene.start()
    bans, accounts = expected.stream.banned, expected.stream.created
    scene.publish(scene.topics.banned, bans[::2])
    scene.until(lambda: not worker.ready() and scene.settled(), "the first bans to be enrolled")
    for master, replica in pairs.items():
        cut_off(replica, master)
    scene.publish(scene.topics.banned, bans[1::4])
    scene.publish(scene.topics.created, accounts[::2])
    scene.until_settled()
    dead = most_of(scene, list(pairs))
    dead.kill()
    died = time.monotonic()
    for replica in pairs.values():
        replica.thaw()
    said = scene.count(scene.topics.alerts)
    scene.publish(scene.topics.banned, bans[3::4])
    scene.publish(scene.topics.created, accounts[1::2])
    scene.publish(scene.topics.updated, expected.stream.updated)
    scene.until_alerts(said + 1)
    pause = time.monotonic() - died
    scene.until(lambda: said_again(scene), "the last minutes to be delivered again", AGAIN_SECONDS_MAX)
    scene.until_settled()
    fault = f"{failover}: acknowledged, never replicated"
    # The markers of what had been said went with the master too.
    expected.judge(fault, scene, pause, time.monotonic() - died, repeats_max=said)
