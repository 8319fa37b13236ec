"""A Redis that drops keys when full: what is not found may have been there, so nothing is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from local.ports import LOOPBACK
from local.redis import EmbeddedRedis
from local.redis_cluster import RedisCluster
from local.waiting import wait_until
from store.base import ConfirmedEntry
from store.errors import StoreEvicts
from store.redis import RedisEndpoint, RedisStore, Sizes
from tests.servers.redis_sentinel import MASTER_NAME, Sentinel
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_decision, a_query

EVICTING = (
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",  # what managed services begin with; remembered accounts and markers have a time to live
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
)
LIMIT = "200mb"


@pytest.fixture
def server(redis_url: str) -> Iterator[EmbeddedRedis]:
    """A Redis that this test may change (after ``redis_url``, which skips where none can be started)."""
    with EmbeddedRedis(settings={"appendonly": "no"}) as running:
        yield running


def administrator(server: EmbeddedRedis) -> redis.Redis:
    return redis.Redis.from_url(server.administrator_url)


def a_store(endpoint: RedisEndpoint) -> RedisStore:
    return RedisStore(endpoint, prefix="samehand:", identity=IDENTITY, sizes=Sizes(shards=1, **SMALL))


@pytest.mark.parametrize("policy", EVICTING)
async def test_a_redis_that_may_drop_keys_is_not_opened(server: EmbeddedRedis, policy: str) -> None:
    with administrator(server) as connection:
        connection.config_set("maxmemory", LIMIT)
        connection.config_set("maxmemory-policy", policy)
    store = a_store(RedisEndpoint(url=server.url))
    with pytest.raises(StoreEvicts, match=f"policy {policy}.*Set its maxmemory-policy to noeviction"):
        await store.open()
    await store.close()


@pytest.mark.parametrize(("policy", "limit"), [("allkeys-lru", "0"), ("noeviction", LIMIT)])
async def test_without_a_limit_or_with_noeviction_it_is(
    server: EmbeddedRedis, policy: str, limit: str
) -> None:
    with administrator(server) as connection:
        connection.config_set("maxmemory", limit)
        connection.config_set("maxmemory-policy", policy)
    store = a_store(RedisEndpoint(url=server.url))
    await store.open()
    assert await store.ready() is None
    await store.close()


async def test_what_changes_while_it_runs_is_told_and_nothing_is_answered_until_it_is_put_right(
    server: EmbeddedRedis,
) -> None:
    store = a_store(RedisEndpoint(url=server.url))
    await store.open()
    await store.enrol([a_ban("1", handle="umar_media")], now=NOW)
    with administrator(server) as connection:
        connection.config_set("maxmemory", LIMIT)
        connection.config_set("maxmemory-policy", "allkeys-lru")
        assert "; 0 keys evicted so far" in (await store.ready() or "")
        for question in (
            store.bans_like([a_query()], now=NOW),
            store.pairs(["x"]),
            store.decide([a_decision("x")], now=NOW),
            store.settle([ConfirmedEntry("x", "x:1", 1)]),
            store.enrol([a_ban("2")], now=NOW),
        ):
            with pytest.raises(StoreEvicts):
                await question
        connection.config_set("maxmemory-policy", "noeviction")
    assert await store.ready() is None
    (found,) = await store.bans_like([a_query("q", handle="um4r.media")], now=NOW)
    assert len(found) == 1
    await store.close()


async def test_a_server_that_does_not_tell_is_believed(server: EmbeddedRedis) -> None:
    with administrator(server) as connection:
        connection.config_set("maxmemory", LIMIT)
        connection.config_set("maxmemory-policy", "allkeys-lru")
        connection.execute_command("ACL", "SETUSER", "default", "-info")
    store = a_store(RedisEndpoint(url=server.url))
    await store.open()
    assert await store.ready() is None
    await store.close()


async def test_one_master_of_a_cluster_is_enough(redis_url: str) -> None:
    with RedisCluster() as cluster:
        nodes = tuple((LOOPBACK, node.port) for node in cluster.nodes)
        store = a_store(RedisEndpoint(cluster=nodes, deadline_seconds=10.0))
        await store.open()
        second = cluster.nodes[1]
        with administrator(second) as connection:
            connection.config_set("maxmemory", LIMIT)
            connection.config_set("maxmemory-policy", "volatile-lru")
        assert f":{second.port} evicts keys" in (await store.ready() or "")
        await store.close()


async def test_the_master_behind_sentinels_is_asked(redis_url: str, tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "redis", settings={"appendonly": "no"}) as master:
        sentinel = Sentinel(tmp_path / "sentinel", master.port, quorum=1)
        with sentinel:
            assert wait_until(lambda: sentinel.master_seen()["flags"] == "master", 10)
            with administrator(master) as connection:
                connection.config_set("maxmemory", LIMIT)
                connection.config_set("maxmemory-policy", "allkeys-random")
            store = a_store(
                RedisEndpoint(
                    sentinels=((LOOPBACK, sentinel.port),), service=MASTER_NAME, deadline_seconds=10.0
                )
            )
            with pytest.raises(StoreEvicts):
                await store.open()
            await store.close()
