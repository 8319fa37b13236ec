"""A gate's user in Redis: it reads what a worker wrote, and may write nothing."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
import redis

from local.ports import LOOPBACK
from local.redis import EmbeddedRedis
from local.redis_cluster import RedisCluster
from store.base import Proposal, Ruled, Ruling, Store
from store.errors import StoreEmptied, StoreMismatch, StoreUnavailable
from store.redis import RedisEndpoint, RedisStore, Sizes
from tests.house import ROOT
from tests.redis_user import PASSWORD, with_password
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_decision, a_proposal, a_query, a_remembered, nth

NAME = "samehand-gate"


def rules() -> list[str]:
    """The user's rules as `deploy/redis/users.sh` writes them."""
    on, *others = (ROOT / "deploy" / "redis" / "gate.acl").read_text("utf-8").split()[2:]
    return [on, f"#{sha256(PASSWORD.encode()).hexdigest()}", *others]


def a_store(endpoint: RedisEndpoint, shards: int = 1) -> RedisStore:
    return RedisStore(endpoint, prefix="samehand", identity=IDENTITY, sizes=Sizes(shards=shards, **SMALL))


def reading(**where: object) -> RedisEndpoint:
    options = {"username": NAME, "password": PASSWORD}
    return RedisEndpoint(read_only=True, deadline_seconds=10.0, options=options, **where)  # type: ignore[arg-type]  # url, cluster


@pytest.fixture
async def server() -> AsyncIterator[EmbeddedRedis]:
    """A server that knows the gate's user beside the worker's."""
    with EmbeddedRedis() as server:
        with server.administrator() as administrator:
            administrator.execute_command("ACL", "SETUSER", NAME, *rules())
        yield server


async def read_all(store: Store, proposals: list[Proposal]) -> list[Ruled]:
    """Everything that a gate asks."""
    (found,) = await store.bans_like([a_query("q", handle="umar_media")], now=NOW)
    assert found
    assert await store.facts([one.ref for one in found])
    assert await store.bans(["x:9001", "x:7001"], now=NOW)
    await store.remembered(["x:7001"], now=NOW)
    (alike,) = await store.remembered_like([a_query("q", handle="umar_media")], now=NOW)
    await store.remembered_facts([one.ref for one in alike])
    await store.frequencies(at=NOW, now=NOW)
    await store.calendars(now=NOW)
    assert await store.showings([a_remembered("7001")], now=NOW)
    await store.company([a_remembered("7001")], now=NOW)
    assert await store.pairs([one.alert_id for one in proposals])
    return await store.rulings(proposals, now=NOW)


async def test_it_reads_all_that_a_gate_asks_and_may_write_nothing(server: EmbeddedRedis) -> None:
    worker, gate = a_store(RedisEndpoint(url=server.url)), a_store(reading(url=server.url))
    await worker.open()
    await worker.enrol([a_ban("9001")], now=NOW)
    await worker.remember([a_remembered("7001")], now=NOW)
    await worker.propose([a_proposal()], now=NOW)
    await gate.open()
    assert await gate.ready() is None
    assert await read_all(gate, [a_proposal()]) == [Ruled(Ruling.PUBLISH, nth(1))]
    (remembered,) = await gate.remembered_like([a_query("q", handle="umar_media")], now=NOW)
    assert await gate.remembered_facts([one.ref for one in remembered]) != [], "as leads ask"
    with pytest.raises(StoreUnavailable):
        await gate.enrol([a_ban("9002")], now=NOW)
    with pytest.raises(StoreUnavailable):
        await gate.decide([a_decision("a pair")], now=NOW)
    with pytest.raises(StoreUnavailable):
        await gate.remember([a_remembered("7002")], now=NOW)
    await worker.close()
    await gate.close()


async def test_it_waits_for_a_store_that_nobody_has_laid_out_and_lays_out_none(server: EmbeddedRedis) -> None:
    gate = a_store(reading(url=server.url))
    await gate.open()
    assert await gate.bans_like([a_query("q")], now=NOW) == [[]]
    with server.administrator() as administrator:
        assert administrator.dbsize() == 0
    worker = a_store(RedisEndpoint(url=server.url))
    await worker.open()
    await worker.enrol([a_ban("9001")], now=NOW)
    assert await gate.ready() is None
    assert await read_all(gate, [a_proposal()]) == [Ruled(Ruling.PUBLISH, nth(1))]
    await worker.close()
    await gate.close()


async def test_it_tells_a_store_that_was_emptied_and_one_of_another_size(server: EmbeddedRedis) -> None:
    worker, gate = a_store(RedisEndpoint(url=server.url)), a_store(reading(url=server.url))
    await worker.open()
    await worker.enrol([a_ban("9001")], now=NOW)
    await gate.open()
    other = a_store(reading(url=server.url), shards=3)
    with pytest.raises(StoreMismatch):
        await other.open()
    with server.administrator() as administrator:
        administrator.flushall()
    assert "emptied" in (await gate.ready() or "")
    with pytest.raises(StoreEmptied):
        await gate.bans_like([a_query("q")], now=NOW)
    for store in (worker, gate, other):
        await store.close()


async def test_it_finds_its_way_in_a_cluster(cluster: RedisCluster) -> None:
    for node in cluster.nodes:
        with node.administrator() as administrator:
            administrator.execute_command("ACL", "SETUSER", *with_password().split()[1:])
            administrator.execute_command("ACL", "SETUSER", NAME, *rules())
    where = tuple((LOOPBACK, node.port) for node in cluster.nodes)
    user = {"username": "samehand", "password": PASSWORD}
    worker = a_store(RedisEndpoint(cluster=where, deadline_seconds=10.0, options=user), shards=6)
    gate = a_store(reading(cluster=where), shards=6)
    await worker.open()
    await worker.enrol([a_ban("9001")], now=NOW)
    await gate.open()
    assert await read_all(gate, [a_proposal()]) == [Ruled(Ruling.PUBLISH, nth(1))]
    await worker.close()
    await gate.close()


def test_the_script_adds_the_gates_user_where_it_has_a_password(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n", "utf-8")
    script = ROOT / "deploy" / "redis" / "users.sh"
    done = subprocess.run([script, secret, secret], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == [with_password(), " ".join(["user", NAME, *rules()])]


def test_it_may_change_no_key_and_see_no_other_service(server: EmbeddedRedis) -> None:
    with redis.Redis.from_url(server.url, username=NAME, password=PASSWORD) as connection:
        for command in (
            ("SET", "samehand{0}:e", "x"),
            ("GET", "another-service"),
            ("EVAL", "return 1", "0"),
            ("EVAL_RO", "return redis.call('SET', KEYS[1], 'x')", "1", "samehand{0}:e"),
        ):
            with pytest.raises(redis.ResponseError):
                connection.execute_command(*command)
