"""Who says no name may do what a worker may; the administrator everything, on every kind of server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import redis
from redis.exceptions import NoPermissionError

from local.redis import EmbeddedRedis
from local.redis_cluster import RedisCluster
from local.redis_users import USERS, worker_rules
from tests.house import ROOT
from tests.servers.redis_sentinel import SentinelTrio


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
