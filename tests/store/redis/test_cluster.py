"""The same stories on a real cluster: three masters, six shards."""

from __future__ import annotations

import asyncio
import time
from itertools import count

from local.ports import LOOPBACK
from local.redis import ADMINISTRATOR, PASSWORD
from local.redis_cluster import RedisCluster
from samehand.lineage import Descent
from store.base import Enrolled, Ruled, Ruling
from store.bounds import Bounds
from store.errors import StoreUnavailable
from store.limits import SNAPSHOT_SECONDS
from store.memory.store import MemoryStore
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.redis.resharding import Resharding
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_proposal, a_query, a_remembered, nth, open_on
from tests.store.slot_move import SlotMove

# A dead master is noticed after 2 s, and another elected within a second or two.
FAILOVER_SECONDS = 8.0
RECOVERED_SECONDS_MAX = 60.0  # on a machine busy with other tests an election takes long
# Two commands of a second each, and that busy machine.
LATE_SECONDS = 15.0


async def test_a_cluster_answers_as_the_reference_does(cluster: RedisCluster) -> None:
    shards = 6
    reference = MemoryStore(Bounds(shards=shards), IDENTITY)
    store = RedisStore(
        RedisEndpoint(cluster=tuple((LOOPBACK, node.port) for node in cluster.nodes), deadline_seconds=10.0),
        prefix="samehand-alike:",
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
            Ruled(Ruling.PUBLISH, nth(1)),
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


async def test_a_slot_that_moves_under_load_is_an_outage_and_then_over(cluster: RedisCluster) -> None:
    """Half of a shard's keys lie on one master and half on another: nobody reads or writes there meanwhile.

    A script names few of the keys that it reads. Sent on to the new master it would find nothing there yet,
    take the store for an emptied one, and number its records from 0.
    """
    sizes, prefix = Sizes(shards=3, **SMALL), "samehand-moving:"
    endpoint = RedisEndpoint(
        cluster=tuple((LOOPBACK, node.port) for node in cluster.nodes), deadline_seconds=1.0
    )
    bounds = Bounds(shards=sizes.shards)
    store = RedisStore(endpoint, prefix=prefix, identity=IDENTITY, sizes=sizes, bounds=bounds)
    await store.open()
    bans = [a_ban(f"b{n}", handle=f"umar_media_{n}") for n in range(120)]
    seen = [a_remembered(f"r{n}", handle=f"umar_media_{n}") for n in range(120)]
    outages: list[StoreUnavailable] = []
    done: list[int] = []
    await asyncio.gather(store.enrol(bans[:60], now=NOW), store.remember(seen[:60], now=NOW))

    async def work(numbers: range) -> None:
        """As workers do: what was not acknowledged is told again until it is."""
        for number in numbers:
            while True:
                try:
                    await store.enrol([bans[number]], now=NOW)
                    await store.remember([seen[number]], now=NOW)
                    (found,) = await store.bans_like([a_query("q")], now=NOW, keep=200)
                    assert len(found) >= 60
                    break
                except StoreUnavailable as outage:
                    outages.append(outage)
            done.append(number)

    move = SlotMove(cluster, f"{prefix}{{1}}:e")
    await asyncio.to_thread(move.begin)
    await asyncio.to_thread(move.carry_half)
    workers = [asyncio.create_task(work(range(60 + at, 120, 4))) for at in range(4)]
    late_at = time.monotonic() + LATE_SECONDS
    while len(outages) < len(workers):
        assert time.monotonic() < late_at
        await asyncio.sleep(0.01)
    await asyncio.to_thread(move.finish)
    await asyncio.wait_for(asyncio.gather(*workers), RECOVERED_SECONDS_MAX)
    reference = MemoryStore(bounds, IDENTITY)
    await reference.enrol(bans, now=NOW)
    await reference.remember(seen, now=NOW)
    queries = [a_query("q", handle=f"umar_media_{n}") for n in (3, 70, 119)]
    for like in ("bans_like", "remembered_like"):
        found, expected = [await getattr(one, like)(queries, now=NOW) for one in (store, reference)]
        assert [[one.fingerprint for one in several] for several in found] == [
            [one.fingerprint for one in several] for several in expected
        ]
    assert (await store.figures()).fingerprints == len(bans)
    await store.close()


async def test_a_store_on_a_cluster_is_carried_into_another_layout(cluster: RedisCluster) -> None:
    """Shards lie on three masters, before and after; what no topic brings again is there in the end."""

    def layout(shards: int, *, carrying: bool = False) -> RedisStore:
        return RedisStore(
            RedisEndpoint(
                cluster=tuple((LOOPBACK, node.port) for node in cluster.nodes),
                deadline_seconds=10.0,
                options={"username": ADMINISTRATOR, "password": PASSWORD},
            ),
            prefix=f"samehand-resharded-{shards}:",
            identity=IDENTITY,
            sizes=Sizes(shards=shards, **SMALL),
            bounds=Bounds(shards=shards),
            carrying=carrying,
        )

    before, after = layout(2), layout(6)
    ban, seen = a_ban("9001"), [a_remembered(f"r{n}") for n in range(40)]
    await before.open()
    await before.enrol([ban], now=NOW)
    await before.remember(seen, now=NOW)
    assert await before.propose([a_proposal()], now=NOW) == [Ruled(Ruling.PUBLISH, nth(1))]
    one = Resharding(layout(2, carrying=True), layout(6, carrying=True))
    await one.begin()
    await one.carry_remembered(NOW, lambda _: None)
    await one.close_source()
    await one.carry_remembered(NOW, lambda _: None)
    await one.carry_rest(lambda _: None)
    await one.finish()
    await after.open()
    await after.enrol([ban], now=NOW)
    (found,) = await after.remembered_like([a_query("q")], now=NOW)
    facts = await after.remembered_facts([candidate.ref for candidate in found])
    assert {fact.account for fact in facts if fact} == {account.account for account in seen}
    (opened,) = await open_on(after, ban.account)
    assert [alert.alert_id for alert in opened] == [a_proposal().alert_id]
    for store in (before, after):
        await store.close()


async def test_a_failover_is_an_outage_and_then_over(redis_url: str) -> None:
    """Whatever redis-py trips over meanwhile, callers see outages alone, each within its deadline."""
    with RedisCluster(replicas=True) as nodes:
        store = RedisStore(
            RedisEndpoint(
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
        moments = count(NOW, 2 * SNAPSHOT_SECONDS)  # so that each question is put to Redis

        async def ask() -> None:
            while time.monotonic() < done_at:
                began = time.monotonic()
                try:
                    await store.frequencies(at=NOW, now=next(moments))
                except StoreUnavailable as outage:
                    outages.append(outage)
                assert time.monotonic() - began < LATE_SECONDS
                await asyncio.sleep(0.01)

        askers = [asyncio.create_task(ask()) for _ in range(4)]
        await asyncio.sleep(0.5)
        nodes.masters[1].kill()
        await asyncio.gather(*askers)
        assert outages
        recovered_by = time.monotonic() + RECOVERED_SECONDS_MAX
        while await store.ready() is not None:
            assert time.monotonic() < recovered_by
        assert await store.history() not in ("", before)
        await store.close()
