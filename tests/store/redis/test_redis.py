"""How the store uses its server."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.ports import LOOPBACK
from local.redis import ADMINISTRATOR, PASSWORD, WORKER, EmbeddedRedis
from local.redis_cluster import RedisCluster
from local.waiting import wait_until
from store.base import Ban
from store.errors import StoreUnavailable
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.redis.candidates.moments import Moments, moments_of
from store.redis.candidates.postings import place_of
from store.redis.client import RedisClient, together
from store.redis.server_info import Inspection
from tests.servers.redis_sentinel import MASTER_NAME, Sentinel
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_query
from tests.trips import trips

# Commands that are sent at the same time share a trip to Redis, and nothing else.


COMMANDS = 300


@pytest.fixture
async def client(redis_administrator: str) -> AsyncIterator[RedisClient]:
    """A client that has a connection already."""
    client = RedisClient(RedisEndpoint(url=redis_administrator, deadline_seconds=10.0))
    await client.command("PING")
    yield client
    await client.close()


async def test_many_commands_are_one_trip_and_each_has_its_answer(
    client: RedisClient, store_prefix: str
) -> None:
    with trips() as counted:
        await together([client.command("SET", f"{store_prefix}{n}", n) for n in range(COMMANDS)])
        assert counted.waited == 1
        found = await together([client.command("GET", f"{store_prefix}{n}") for n in range(COMMANDS)])
        assert counted.waited == 2
    assert found == [str(n).encode() for n in range(COMMANDS)]


async def test_an_error_is_of_one_command_alone(client: RedisClient, store_prefix: str) -> None:
    key = f"{store_prefix}text"
    await client.command("SET", key, "words")
    commands = [client.command("GET", key), client.command("HGET", key, "field")]
    right, refused = await asyncio.gather(*commands, return_exceptions=True)
    assert right == b"words"
    assert isinstance(refused, StoreUnavailable)


async def test_who_stops_waiting_takes_no_answer_from_others(client: RedisClient, store_prefix: str) -> None:
    key = f"{store_prefix}text"
    await client.command("SET", key, "words")
    given_up = asyncio.create_task(client.command("STRLEN", key))
    kept = asyncio.create_task(client.command("GET", key))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await kept == b"words"
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert await client.command("STRLEN", key) == 5


async def test_a_server_that_is_away_is_told_to_everybody_who_asked() -> None:
    client = RedisClient(RedisEndpoint(url="redis://127.0.0.1:1/0", deadline_seconds=5.0))
    answers = await asyncio.gather(*(client.command("GET", str(n)) for n in range(3)), return_exceptions=True)
    assert [type(one) for one in answers] == [StoreUnavailable] * 3
    await client.close()


# What servers say of themselves, alone and in a cluster.


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


async def test_each_master_of_a_cluster_is_asked(cluster: RedisCluster) -> None:
    inspection = Inspection(
        RedisEndpoint(
            cluster=((LOOPBACK, cluster.nodes[0].port),),
            deadline_seconds=5.0,
            options={"username": ADMINISTRATOR, "password": PASSWORD},
        )
    )
    servers = await inspection.servers()
    assert sorted(server.address for server in servers) == sorted(node.address for node in cluster.nodes)
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


# Sentinels that let nobody in without a name: a store behind them is found with it, and not without.


_PASSWORD = "only-of-this-test"  # a server on loopback that lives as long as the test


@pytest.fixture
def sentinel(redis_url: str, tmp_path: Path) -> Iterator[Sentinel]:
    """One Sentinel with a password, and its master (after ``redis_url``, which skips where there is none)."""
    with EmbeddedRedis(tmp_path / "redis", settings={"appendonly": "no"}) as master:
        alone = Sentinel(tmp_path / "sentinel", master.port, quorum=1, password=_PASSWORD)
        with alone:
            # It names its master once it has spoken to it.
            assert wait_until(lambda: alone.master_seen()["flags"] == "master", 60)
            yield alone


def store_behind(sentinel: Sentinel, options: dict[str, str], deadline_seconds: float = 10.0) -> RedisStore:
    """The store of the master that the Sentinel names."""
    return RedisStore(
        RedisEndpoint(
            sentinels=((LOOPBACK, sentinel.port),),
            service=MASTER_NAME,
            deadline_seconds=deadline_seconds,
            sentinel_options=options,
        ),
        prefix="samehand:",
        identity=IDENTITY,
        sizes=Sizes(shards=1, **SMALL),
    )


async def test_a_worker_that_says_its_name_to_sentinels_is_told_the_master(sentinel: Sentinel) -> None:
    store = store_behind(sentinel, {"username": WORKER, "password": _PASSWORD})
    await store.open()
    await store.enrol([a_ban("1", handle="umar_media")], now=NOW)
    (found,) = await store.bans_like([a_query("q", handle="um4r.media")], now=NOW)
    assert len(found) == 1
    await store.close()


@pytest.mark.parametrize("options", [{}, {"username": WORKER, "password": "of-somebody-else"}])
async def test_who_says_no_name_or_a_wrong_password_is_told_that_redis_is_not_there(
    sentinel: Sentinel, options: dict[str, str]
) -> None:
    store = store_behind(sentinel, options, deadline_seconds=1.0)
    with pytest.raises(StoreUnavailable) as refused:
        await store.open()
    assert "of-somebody-else" not in str(refused.value)
    await store.close()


# A process keeps the moments that it read, and learns of later enrolments in whatever order look-ups
# end.


ENROLLED = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2**32 - 1)), max_size=40)


def entries(enrolled: list[tuple[int, int]]) -> bytes:
    """Slot and moment of each, as they are noted."""
    return b"".join(moment.to_bytes(4, "big") + slot.to_bytes(3, "big") for slot, moment in enrolled)


def told(moments: Moments, slots: int = 60) -> list[float | None]:
    """The moments of the first slots."""
    return [None if math.isnan(one) else one for one in moments.of(np.arange(slots)).tolist()]


def so_far(enrolled: list[tuple[int, int]], slots: int = 60) -> list[float | None]:
    """The same from the last ban of each slot."""
    last = dict(enrolled)
    return [float(last[slot]) if last.get(slot) else None for slot in range(slots)]


@given(ENROLLED, st.data())
def test_look_ups_that_end_in_any_order_know_all_that_they_were_told(
    enrolled: list[tuple[int, int]], data: st.DataObject
) -> None:
    known = Moments()
    for _ in range(4):
        before = data.draw(st.integers(0, known.enrolled))
        upto = data.draw(st.integers(before, len(enrolled)))
        known.learn(before, entries(enrolled[before:upto]))
        assert known.enrolled >= upto
        assert told(known) == so_far(enrolled[: known.enrolled])
        assert known.last == entries(enrolled[known.enrolled - 1 : known.enrolled])


@given(ENROLLED, st.integers(0, 40), st.integers(0, 40))
def test_what_was_read_may_be_newer_than_it_is_said_to_be(
    enrolled: list[tuple[int, int]], said: int, read: int
) -> None:
    said, read = sorted((min(said, len(enrolled)), min(read, len(enrolled))))
    packed = b"".join(int(one or 0).to_bytes(4, "big") for one in so_far(enrolled[:read]))
    known = Moments(packed, said, entries(enrolled[:said])[-7:])
    known.learn(said, entries(enrolled[said:]))
    assert told(known) == so_far(enrolled)


def test_places_of_several_indexes_are_told_apart() -> None:
    several = [Moments((5).to_bytes(4, "big"), 1), Moments((7).to_bytes(4, "big"), 1)]
    places = np.array([place_of(1, 0), place_of(0, 0), place_of(0, 9)])
    assert moments_of(several, places).tolist()[:2] == [7.0, 5.0]
    assert np.isnan(moments_of(several, places)[2])
    assert np.isnan(moments_of([], places)).all()


# All bans of a store, told one after another: another layout filled with them answers the same.


def a_store(url: str, prefix: str, sizes: Sizes) -> RedisStore:
    """A store under a prefix."""
    return RedisStore(
        RedisEndpoint(url=url, deadline_seconds=10.0), prefix=prefix, identity=IDENTITY, sizes=sizes
    )


def a_handle(number: int) -> str:
    """One of many: what more bans share than a posting lists depends on who came first."""
    digits = f"{number * 77_368_637_368_631 % 10**14:014}"
    return "".join(
        "bcdfghjklmnpqrstvwxz"[int(pair) % 20] + "aeiou"[int(pair) // 20]
        for pair in (digits[at : at + 2] for at in range(0, 14, 2))
    )


@pytest.mark.parametrize(("shards", "fewer"), [(5, False), (1, True)])
async def test_the_same_bans_in_another_layout_are_found_alike(
    redis_url: str, store_prefix: str, shards: int, fewer: bool
) -> None:
    """In one shard and in many, and however full its postings are. Where a bucket holds more, false entries
    make some keys look less rare, and propose a few who share none.
    """
    old = a_store(redis_url, store_prefix + "old:", Sizes(shards=1, **SMALL))
    sizes = {**SMALL, "bans": 50} if fewer else SMALL
    new = a_store(redis_url, store_prefix + "new:", Sizes(shards=shards, **sizes))
    await old.open()
    await new.open()
    bans = [a_ban(str(n), handle=a_handle(n % 200)) for n in range(560)]
    await old.enrol(bans, now=NOW)
    await old.expunge([(ban.account, NOW) for ban in bans[::9]], now=NOW)
    async for batch in old.walk():
        await new.enrol(batch, now=NOW)
    found: dict[str, Ban] = {ban.account: ban async for batch in new.walk() for ban in batch}
    assert found == {ban.account: ban for place, ban in enumerate(bans) if place % 9}
    queries = [a_query("q", handle=a_handle(n) + "x") for n in range(60)]
    answers = []
    for store in (old, new):
        likes = await store.bans_like(queries, now=NOW)
        answers.append(
            [
                list(zip(await store.facts([one.ref for one in several]), several, strict=True))
                for several in likes
            ]
        )
        await store.close()
    by_chance = 0
    for mine, its in zip(*answers, strict=True):
        if fewer:
            sought, told = ({facts.account_id for facts, _ in several} for several in (mine, its))
            assert sought <= told
            by_chance += len(told - sought)
        else:
            assert [(facts, one.rank) for facts, one in mine] == [(facts, one.rank) for facts, one in its]
    assert by_chance < len(queries)
