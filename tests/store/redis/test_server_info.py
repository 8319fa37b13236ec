"""What servers say of themselves, alone and in a cluster."""

from __future__ import annotations

import pytest

from local.ports import LOOPBACK
from local.redis import EmbeddedRedis
from local.redis_cluster import RedisCluster
from local.redis_users import ADMINISTRATOR, PASSWORD
from store.errors import StoreUnavailable
from store.redis import RedisEndpoint
from store.redis.server_info import Inspection


async def test_one_server_is_asked_for_what_matters(redis_administrator: str) -> None:
    inspection = Inspection(RedisEndpoint(url=redis_administrator))
    (server,) = await inspection.servers()
    assert (server.policy, server.appends, server.saves) == ("noeviction", True, False)
    assert (server.replicas, server.tells_history) == (0, True)
    assert not await inspection.exists("nothing")
    await inspection.close()


async def test_a_worker_is_told_all_but_of_snapshots() -> None:
    with EmbeddedRedis() as server:
        inspection = Inspection(RedisEndpoint(url=server.url))
        (found,) = await inspection.servers()
        assert (found.policy, found.appends, found.saves) == ("noeviction", True, None)
        assert (found.replicas, found.tells_history) == (0, True)
        assert not await inspection.exists("samehand-nothing")
        await inspection.close()


async def test_each_master_of_a_cluster_is_asked(redis_url: str) -> None:
    with RedisCluster() as nodes:
        inspection = Inspection(
            RedisEndpoint(
                cluster=((LOOPBACK, nodes.nodes[0].port),),
                deadline_seconds=5.0,
                options={"username": ADMINISTRATOR, "password": PASSWORD},
            )
        )
        servers = await inspection.servers()
        assert sorted(server.address for server in servers) == sorted(node.address for node in nodes.nodes)
        assert {server.appends for server in servers} == {True}
        await inspection.close()


async def test_a_server_that_tells_nothing_is_asked_all_the_same(redis_url: str) -> None:
    with EmbeddedRedis(settings={"appendonly": "no"}).start() as server:
        with server.administrator() as administrator:
            administrator.acl_setuser("default", enabled=True, nopass=True, commands=["-info"])
        inspection = Inspection(RedisEndpoint(url=server.url))
        (found,) = await inspection.servers()
        assert (found.policy, found.appends, found.replicas, found.tells_history) == (None, None, None, False)
        await inspection.close()


async def test_one_that_is_away_is_unavailable() -> None:
    inspection = Inspection(RedisEndpoint(url="redis://127.0.0.1:1/0"))
    with pytest.raises(StoreUnavailable):
        await inspection.servers()
    await inspection.close()
