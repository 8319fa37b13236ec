"""The embedded Redis, alone, as a cluster, and its users."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest
import redis
from redis.exceptions import NoPermissionError

from local.ports import LOOPBACK, take_port
from local.redis import ADMINISTRATOR, PASSWORD, USERS, EmbeddedRedis, answers_ping, worker_rules
from local.redis_cluster import RedisCluster
from local.waiting import wait_until
from tests.house import ROOT
from tests.servers.redis_sentinel import SentinelTrio

# The embedded Redis: durable on a kill, and as the settings say.


def test_acknowledged_writes_outlive_a_kill() -> None:
    with EmbeddedRedis() as server:
        with server.administrator() as connection:
            for number in range(1_000):
                connection.set(f"account:{number}", number)
        server.kill()
        server.start()
        with server.administrator() as connection:
            assert connection.dbsize() == 1_000


def test_settings_reach_it() -> None:
    limits = {"maxmemory": "16mb", "maxmemory-policy": "noeviction"}
    with EmbeddedRedis(settings=limits) as server, server.administrator() as connection:
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        with pytest.raises(redis.OutOfMemoryError):
            fill(connection)


def fill(connection: redis.Redis) -> None:
    """Write more than 16 MiB."""
    for number in range(200):
        connection.set(str(number), "x" * 100_000)


def test_frozen_it_hangs_and_thawed_it_answers() -> None:
    with EmbeddedRedis() as server:
        server.freeze()
        assert not server.answers()
        server.thaw()
        assert server.answers()


def test_url_is_for_clients() -> None:
    with EmbeddedRedis() as server, redis.Redis.from_url(server.url) as connection:
        assert connection.ping()


# A cluster that serves every slot, loses a master, and is whole again.


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


# When a Redis counts as ready.


def test_nobody_there_is_not_ready() -> None:
    port = take_port()
    assert not answers_ping(port.number)
    port.release()


def test_one_with_a_password_is_ready() -> None:
    with EmbeddedRedis() as server:
        with server.administrator() as administrator:
            administrator.acl_setuser("default", enabled=True, reset_passwords=True, passwords="+a-test's")
        assert answers_ping(server.port)


# Who says no name may do what a worker may; the administrator everything, on every kind of server.


def alone(stack: ExitStack) -> list[EmbeddedRedis]:
    return [stack.enter_context(EmbeddedRedis())]


def watched(stack: ExitStack) -> list[EmbeddedRedis]:
    return stack.enter_context(SentinelTrio()).redis


def cluster(stack: ExitStack) -> list[EmbeddedRedis]:
    return list(stack.enter_context(RedisCluster(replicas=True)).nodes)


@pytest.fixture(params=[alone, watched, cluster], ids=["alone", "sentinel", "cluster"])
def servers(request: pytest.FixtureRequest) -> Iterator[list[EmbeddedRedis]]:
    """Every server of a kind of deployment, replicas too."""
    start: Callable[[ExitStack], list[EmbeddedRedis]] = request.param
    with ExitStack() as stack:
        yield start(stack)


def test_without_a_name_one_is_a_worker(servers: list[EmbeddedRedis]) -> None:
    for server in servers:
        with redis.Redis.from_url(server.url) as connection:
            assert connection.ping()
            for refused in (("FLUSHALL",), ("CONFIG", "SET", "save", ""), ("GET", "another-service")):
                with pytest.raises(NoPermissionError):
                    connection.execute_command(*refused)
        with server.administrator() as administrator:
            assert administrator.acl_whoami() == "administrator"
            assert administrator.config_set("save", "")


def test_the_rules_are_those_that_deployments_load() -> None:
    assert USERS.resolve() == ROOT / "deploy" / "redis" / "users.acl"
    assert worker_rules()[0] == "on"
