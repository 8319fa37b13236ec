"""Doctor on Redis and the store in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from agents.common.converters import ban_of
from agents.runtime.store_factory import peppers_of
from cli.commands.doctor.findings import DoctorFinding
from cli.commands.doctor.redis import look_at_redis
from cli.store_context import closing_store, house
from local.binaries import NotAvailable
from local.redis import ADMINISTRATOR, PASSWORD, EmbeddedRedis
from local.redis_cluster import RedisCluster
from streams.settings import Settings, load
from tests.makers import a_ban


async def looked(settings: Settings) -> list[DoctorFinding]:
    return await look_at_redis(settings, peppers_of(settings))


async def enrol_one(settings: Settings) -> None:
    peppers = peppers_of(settings)
    async with closing_store(settings, peppers) as store:
        await store.open()
        await store.enrol([ban_of(a_ban(), house(settings, peppers, store).keyers)], now=time.time())


async def test_a_redis_that_is_not_there_is_the_only_finding() -> None:
    (only,) = await look_at_redis(load({"SAMEHAND_REDIS_URL": "redis://127.0.0.1:1/0"}), None)
    assert only.state == "wrong"
    assert "SAMEHAND_REDIS_URL" in only.cure


@pytest.mark.journey
async def test_looking_at_an_empty_redis_leaves_it_empty(
    servers: str, redis_administrator: str, store_prefix: str
) -> None:
    findings = await looked(load())
    assert ("warning", "nothing was enrolled in it yet") in [(it.state, it.words) for it in findings]
    with redis.Redis.from_url(redis_administrator) as client:
        assert list(client.scan_iter(match=f"{store_prefix}*")) == []


@pytest.mark.journey
async def test_a_store_that_stands_is_fine(servers: str) -> None:
    await enrol_one(load())
    last = (await looked(load()))[-1]
    assert last.state == "fine"
    assert "1 banned" in last.words


@pytest.mark.journey
async def test_it_tells_how_many_places_of_removed_bans_are_not_free_yet(
    servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_STORE_SHARDS", "4")
    settings = load()
    await enrol_one(settings)
    async with closing_store(settings, peppers_of(settings)) as store:
        await store.open()
        (ban,) = [ban async for several in store.walk() for ban in several]
        await store.expunge([(ban.account, ban.facts.occurred_at)], now=time.time())
    assert "1 place of removed bans" in (await looked(settings))[-1].words


@pytest.mark.journey
async def test_a_store_of_another_layout_is_wrong(servers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await enrol_one(load())
    monkeypatch.setenv("SAMEHAND_STORE_SHARDS", "4")
    last = (await looked(load()))[-1]
    assert (last.state, last.about) == ("wrong", "store")
    assert "SAMEHAND_STORE_SHARDS" in last.cure


def as_administrator(url: str, folder: Path, **more: str) -> Settings:
    """The settings of somebody who looks with every right."""
    password = folder / "redis-password"
    password.write_text(PASSWORD, "utf-8")
    return load(
        {
            "SAMEHAND_REDIS_URL": url,
            "SAMEHAND_REDIS_USERNAME": ADMINISTRATOR,
            "SAMEHAND_REDIS_PASSWORD_FILE": str(password),
            **more,
        }
    )


@pytest.fixture
def careless() -> Iterator[str]:
    """A Redis that forgets what it likes and keeps nothing."""
    try:
        server = EmbeddedRedis(settings={"maxmemory-policy": "allkeys-lru", "appendonly": "no"}).start()
    except NotAvailable as why:
        pytest.skip(str(why))
    with server:
        yield server.url


@pytest.mark.journey
async def test_a_redis_that_forgets_is_told_how_to_keep(careless: str, tmp_path: Path) -> None:
    findings = await look_at_redis(as_administrator(careless, tmp_path), None)
    told = {it.about: (it.state, it.cure) for it in findings}
    assert told["Redis memory"] == ("warning", "CONFIG SET maxmemory-policy noeviction")
    assert told["Redis persistence"][0] == "warning"


@pytest.mark.journey
async def test_a_worker_sees_it_too_without_the_right_to_read_the_configuration(careless: str) -> None:
    findings = await look_at_redis(load({"SAMEHAND_REDIS_URL": careless}), None)
    assert {"Redis memory", "Redis persistence"} <= {it.about for it in findings if it.state == "warning"}


@pytest.mark.journey
async def test_a_cluster_without_replicas_and_with_too_few_shards_is_told(tmp_path: Path) -> None:
    try:
        nodes = RedisCluster().start()
    except NotAvailable as why:
        pytest.skip(str(why))
    with nodes:
        settings = as_administrator(f"cluster://{nodes.address}", tmp_path, SAMEHAND_STORE_SHARDS="1")
        findings = await look_at_redis(settings, None)
    words = [it.words for it in findings if it.about == "Redis Cluster"]
    assert "3 masters and 1 shards: some masters hold nothing" in words
    assert any(word.startswith("no replica would take over for") for word in words)
    assert [it.words for it in findings if it.about == "Redis persistence"] == ["appends every write"]
