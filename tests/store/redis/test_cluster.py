"""The same stories on a real cluster: three masters, six shards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from local.ports import LOOPBACK
from local.redis_cluster import RedisCluster
from samehand.lineage import Descent
from store.base import Enrolled, Ruled, Ruling
from store.bounds import Bounds
from store.errors import StoreUnavailable
from store.memory.store import MemoryStore
from store.redis import Endpoint, RedisStore, Sizes
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_proposal, a_query, a_remembered

# A dead master is noticed after 2 s, and another elected within a second or two.
FAILOVER_SECONDS = 8.0
RECOVERED_SECONDS_MAX = 60.0  # on a machine busy with other tests an election takes long
# Two commands of a second each, and that busy machine.
LATE_SECONDS = 15.0


@pytest.fixture(scope="module")
def cluster(redis_url: str) -> Iterator[RedisCluster]:
    """A cluster (asked for after ``redis_url``, which skips where no server can be started)."""
    with RedisCluster() as nodes:
        yield nodes


async def test_a_cluster_answers_as_the_reference_does(cluster: RedisCluster) -> None:
    shards = 6
    reference = MemoryStore(Bounds(shards=shards), IDENTITY)
    store = RedisStore(
        Endpoint(cluster=tuple((LOOPBACK, node.port) for node in cluster.nodes), deadline_seconds=10.0),
        prefix="samehand:",
        identity=IDENTITY,
        sizes=Sizes(shards=shards, **SMALL),
        bounds=Bounds(shards=shards),
    )
    await store.open()
    bans = [a_ban(str(n), handle=f"umar_media_{n % 9}", descent=Descent("x:0", 1)) for n in range(60)]
    for one in (reference, store):
        assert await one.enrol(bans, now=NOW) == [Enrolled.NEW] * 60
        await one.remember([a_remembered(f"r{n}") for n in range(40)], now=NOW)
        await one.expunge([(f"x:{n}", NOW) for n in range(20)], now=NOW)
        assert await one.propose([a_proposal(banned="x:30"), a_proposal(banned="x:3")], now=NOW) == [
            Ruled(Ruling.PUBLISH, 1),
            Ruled(Ruling.NOT_BANNED, 0),
        ]
    queries = [a_query("q", handle=f"um4r.media{n}") for n in range(9)]
    expected = await reference.bans_like(queries, now=NOW)
    found = await store.bans_like(queries, now=NOW)
    assert [[one.fingerprint for one in several] for several in found] == [
        [one.fingerprint for one in several] for several in expected
    ]
    assert [[one.rank for one in several] for several in found] == [
        [one.rank for one in several] for several in expected
    ]
    assert await store.bans([ban.account for ban in bans]) == await reference.bans(
        [ban.account for ban in bans]
    )
    assert len((await store.remembered_like([a_query("q")], now=NOW))[0]) == 40
    assert (await store.figures()).fingerprints == 40
    assert await store.ready() is None
    await store.close()
    for node in cluster.nodes:
        with node.administrator() as connection:
            assert connection.dbsize(), "every master should hold a part"


async def test_a_failover_is_an_outage_and_then_over(redis_url: str) -> None:
    """Whatever redis-py trips over meanwhile, callers see outages alone, each within its deadline."""
    with RedisCluster(replicas=True) as nodes:
        store = RedisStore(
            Endpoint(
                cluster=tuple((LOOPBACK, node.port) for node in nodes.nodes),
                deadline_seconds=1.0,
                options={"socket_timeout": 0.25, "socket_connect_timeout": 0.25},
            ),
            prefix="samehand:",
            identity=IDENTITY,
            sizes=Sizes(shards=6, **SMALL),
        )
        await store.open()
        before = await store.history()
        outages: list[StoreUnavailable] = []
        done_at = time.monotonic() + FAILOVER_SECONDS

        async def ask() -> None:
            while time.monotonic() < done_at:
                began = time.monotonic()
                try:
                    await store.frequencies(at=NOW)
                except StoreUnavailable as outage:
                    outages.append(outage)
                assert time.monotonic() - began < LATE_SECONDS
                await asyncio.sleep(0.01)

        askers = [asyncio.create_task(ask()) for _ in range(12)]
        await asyncio.sleep(0.5)
        nodes.masters[1].kill()
        await asyncio.gather(*askers)
        assert outages
        recovered_by = time.monotonic() + RECOVERED_SECONDS_MAX
        while await store.ready() is not None:
            assert time.monotonic() < recovered_by
        assert await store.history() not in ("", before)
        await store.close()
