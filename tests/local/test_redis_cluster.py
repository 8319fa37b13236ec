"""A cluster that serves every slot, loses a master, and is whole again."""

from __future__ import annotations

from functools import partial

import redis

from local.ports import LOOPBACK
from local.redis_cluster import RedisCluster
from local.redis_users import ADMINISTRATOR, PASSWORD
from local.waiting import wait_until


def client_of(port: int) -> redis.RedisCluster:
    return redis.RedisCluster(LOOPBACK, port, username=ADMINISTRATOR, password=PASSWORD)


def _all_written(node: redis.Redis) -> bool:
    return int(node.info("persistence")["aof_buffer_length"]) == 0


def test_masters_share_the_slots() -> None:
    with RedisCluster() as cluster:
        assert set(cluster.roles().values()) == {"master"}
        with client_of(cluster.masters[1].port) as client:
            for number in range(100):
                client.set(f"{{{number}}}", number)
        for node in cluster.masters:
            with node.administrator() as each:
                assert each.dbsize() > 0
                # A write waits for two seconds where the disk is busy with the sync before it.
                assert wait_until(partial(_all_written, each), 10.0)
        cluster.kill()
        cluster.start()
        with client_of(cluster.masters[2].port) as client:
            assert client.get("{42}") == b"42"


def test_replica_takes_over_from_a_dead_master() -> None:
    with RedisCluster(replicas=True) as cluster:
        dead, heir = cluster.masters[0], cluster.replicas[0]
        dead.kill()
        assert wait_until(lambda: cluster.roles().get(heir.port) == "master", 20)
        dead.start()
        cluster.wait_until_whole()
        assert cluster.roles()[dead.port] == "slave"
