"""Where things lie in Redis: rows, postings, counts, generations, alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import Connection

from local.ports import LOOPBACK
from local.redis import EmbeddedRedis
from local.redis_cluster import RedisCluster
from local.waiting import wait_until
from samehand.keys import EXACT_POSTING_CAP, PERSONAL_POSTING_CAP, Key, KeyKind, key_of, kind_of
from store.base import ConfirmedEntry, Query, Remembered, Store
from store.bounds import Bounds
from store.common.counted_values import counted
from store.common.key_digests import Addresses
from store.errors import StoreEvicts
from store.limits import GENERATIONS, OPENERS, SLOT_RESTS_SECONDS, SNAPSHOT_SECONDS
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.redis.candidates.postings import Probes, matches, place_of
from store.redis.client import RedisClient, pack_quickly
from store.redis.counting.count_min_sketch import FILTER_PLACES, ROWS, Digests, Sketch, columns_of
from store.redis.counting.counters import Counters
from store.redis.layout import LAYOUT, Layout, Spread, places
from store.redis.shards import Shards
from tests.servers.redis_sentinel import MASTER_NAME, Sentinel
from tests.store.conftest import SMALL
from tests.store.makers import (
    DAY,
    IDENTITY,
    NOW,
    a_ban,
    a_claim,
    a_decision,
    a_proposal,
    a_query,
    a_remembered,
)
from tests.tables import for_each

# A store of another layout is told apart, and a key has one place in a store of given sizes.


OURS = Layout(Sizes(), Addresses(b"identity"), "samehand:")


def found(ours: Layout, **other: str) -> dict[bytes, bytes]:
    """What stands in a store's `meta` key."""
    return {name.encode(): value.encode() for name, value in {**ours.facts(), **other}.items()}


def test_a_store_of_an_older_layout_is_another_one() -> None:
    """Its records and account map are packed otherwise: it is refused, and rebuilt under another prefix."""
    assert OURS.differences(found(OURS)) == []
    assert OURS.differences(found(OURS, layout="1")) == [f"layout is 1 in Redis and {LAYOUT} here"]


def test_a_key_has_the_same_bucket_in_a_store_of_one_shard_and_of_many() -> None:
    """How many false entries it meets, and which, does not hang on the shards: each key is asked of one."""
    one, many = (Layout(Sizes(shards=shards), OURS.addresses, "samehand:") for shards in (1, 12))
    for here, there in ((one.bans, many.bans), (one.remembered, many.remembered)):
        assert (here.postings, here.print_bytes) == (there.postings, there.print_bytes)


@for_each(
    ("shards", "bans", "slot_bits", "place_bytes"),
    [
        (1, 100_000_000, 24, 3),
        (3, 1_000_000, 22, 3),
        (12, 1_000_000, 20, 3),
        (12, 100_000_000, 24, 4),
        (256, 1_000, 16, 3),
        (256, 10_000_000, 24, 4),
    ],
)
def test_a_place_has_four_bytes_where_three_are_scarce(
    shards: int, bans: int, slot_bits: int, place_bytes: int
) -> None:
    spread = Layout(Sizes(shards=shards, bans=bans), OURS.addresses, "samehand:").bans
    assert (spread.slot_bits, spread.place_bytes) == (slot_bits, place_bytes)
    assert shards << spread.slot_bits >= 4 * bans or spread.slot_bits == 24
    assert len(spread.place(shards - 1, (1 << slot_bits) - 1)) == place_bytes


@for_each("print_bytes", [2, 3])
def test_rows_say_where_each_account_is_listed(print_bytes: int) -> None:
    """How long a print is, the account's cluster, then bucket, print, cap and kind of each of its keys."""
    spread = Spread(50, 1, print_bytes, 1)
    keys = [key_of(KeyKind.HANDLE_FULL, b"umar"), key_of(KeyKind.EMAIL, b"0123456789")]
    several = [keys, [], keys[:1]]
    where, prints = places(OURS.addresses.keys(keys), spread)
    parts = [
        int(bucket).to_bytes(4, "big")
        + int(print_).to_bytes(print_bytes, "big")
        + cap.to_bytes(2, "big")
        + bytes((kind,))
        for bucket, print_, cap, kind in zip(
            where,
            prints,
            (EXACT_POSTING_CAP, PERSONAL_POSTING_CAP),
            (KeyKind.HANDLE_FULL, KeyKind.EMAIL),
            strict=True,
        )
    ]
    digests = [OURS.addresses.account(f"x:{number}") for number in range(3)]
    rows = OURS.rows(several, digests, spread)
    assert [row[:3] for row in rows] == [bytes((print_bytes,)) + digest.tag[-2:] for digest in digests]
    assert sorted(rows[0][at : at + len(parts[0])] for at in (3, 3 + len(parts[0]))) == sorted(parts)
    assert rows[1][3:] == b""
    assert rows[2][3:] == parts[0]


def test_keys_that_fall_on_one_place_are_listed_once() -> None:
    several, same = [key_of(KeyKind.EMAIL, b"%d" % n) for n in range(300)], [key_of(KeyKind.EMAIL, b"1")] * 2
    one, twice = OURS.rows([several, same], [OURS.addresses.account("x:1")] * 2, Spread(1, 1, 2, 1))
    prints = [one[at + 4 : at + 6] for at in range(3, len(one), 9)]
    assert len(prints) == len(set(prints))
    assert len(twice) == 3 + 9


# What numpy reads out of packed postings is what an entry at a time would say.

SLOTS = st.integers(0, (1 << 24) - 1)
ENTRIES = st.lists(st.tuples(st.integers(0, 5), SLOTS), max_size=12)


def probes(numbers: list[int], spread: Spread) -> Probes:
    """One query that asks for keys of these hashed values."""
    keys = [key_of(KeyKind.EMAIL, bytes((place,))) for place in range(len(numbers))]
    # Above the print stands which key it is: prints may be equal, whole hashes are not.
    hashed = [place << 40 | number for place, number in enumerate(numbers)]
    return Probes.of([keys], lambda _: np.array(hashed, np.uint64), spread)


@for_each("print_bytes", [2, 3])
@for_each(("shards", "slot_bits"), [(1, 24), (200, 24), (200, 16)])
def test_an_entry_is_found_by_its_whole_print(print_bytes: int, shards: int, slot_bits: int) -> None:
    """Prints that differ in one byte alone are other prints; an absent posting holds nothing."""
    spread = Spread(7, 1, print_bytes, shards, slot_bits)

    @given(st.lists(st.tuples(st.integers(0, 5), ENTRIES), max_size=6), st.integers(0, print_bytes - 1))
    def holds(asked: list[tuple[int, list[tuple[int, int]]]], byte: int) -> None:
        def packed(several: list[tuple[int, int]]) -> bytes | None:
            parts = [
                (one << 8 * byte).to_bytes(print_bytes, "big") + spread.place(shard_of(slot), slot_of(slot))
                for one, slot in several
            ]
            return b"".join(parts) or None

        def shard_of(slot: int) -> int:
            return slot % shards

        def slot_of(slot: int) -> int:
            return slot % (1 << slot_bits)

        asking = probes([one << 8 * byte for one, _ in asked], spread)
        probe, held = matches([packed(several) for _, several in asked], asking, 3 * shards)
        expected = [
            (number, place_of(3 * shards + shard_of(slot), slot_of(slot)))
            for number, (wanted, several) in enumerate(asked)
            for one, slot in several
            if one == wanted
        ]
        assert list(zip(probe.tolist(), held.tolist(), strict=True)) == expected

    holds()


# Packing in C says the same to Redis as the client would.

ARGUMENTS = st.lists(st.binary(max_size=40) | st.text(max_size=20) | st.integers() | st.floats(), max_size=80)
COMMANDS = st.sampled_from(["MGET", "EVALSHA", "SCRIPT LOAD", "CLIENT SETINFO"])


@given(COMMANDS, ARGUMENTS)
def test_a_command_reads_the_same(command: str, arguments: list[bytes | str | int | float]) -> None:
    pool = ConnectionPool()
    pack_quickly(pool)
    quick = pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py does not annotate it
    plain = Connection()
    assert isinstance(quick, Connection)
    assert b"".join(quick.pack_command(command, *arguments)) == b"".join(
        plain.pack_command(command, *arguments)
    )


# What lies between the steps of a look-up, and of a write, on several shards.


DEVICE = "f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11"


@pytest.fixture
async def store(redis_url: str, store_prefix: str) -> AsyncIterator[RedisStore]:
    """A store of five shards."""
    store = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=10.0),
        prefix=store_prefix,
        identity=IDENTITY,
        sizes=Sizes(shards=5, **SMALL),
    )
    await store.open()
    yield store
    await store.close()


def after_the_first(
    monkeypatch: pytest.MonkeyPatch, name: str, then: Callable[[], Awaitable[object]]
) -> list[str]:
    """Something happens once a script of that name was answered for the first time."""
    real, done = RedisClient.script, list[str]()

    async def script(self: RedisClient, called: str, *given: Any) -> Any:
        answer = await real(self, called, *given)
        if called == name and not done:
            done.append(called)
            await then()
        return answer

    monkeypatch.setattr(RedisClient, "script", script)
    return done


@pytest.mark.parametrize("index", ["bans", "remembered"])
async def test_an_account_that_is_written_elsewhere_meanwhile_does_not_find_itself(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch, index: str
) -> None:
    """Where it lies is told before its keys are read: since then it got another place."""
    mine: dict[str, Any] = {"handle": "umar_media", "device_id": DEVICE}
    another: dict[str, Any] = {"handle": "salma_khan", "device_id": DEVICE}

    async def changed() -> None:
        if index == "bans":
            await store.enrol([a_ban("1", occurred_at=NOW, **another)], now=NOW)
        else:
            await store.remember([a_remembered("1", seen_at=NOW + 1, **another)], now=NOW + 1)

    await store.enrol([a_ban("1", **mine), a_ban("2", **mine)], now=NOW)
    await store.remember([a_remembered("1", **mine), a_remembered("2", **mine)], now=NOW)
    done = after_the_first(monkeypatch, "heads", changed)
    query = a_query("1", **another)
    told: list[str | None]
    if index == "bans":
        (found,) = await store.bans_like([query], now=NOW)
        told = [it.account_id if it else None for it in await store.facts([one.ref for one in found])]
    else:
        (found,) = await store.remembered_like([query], now=NOW + 1)
        seen = await store.remembered_facts([one.ref for one in found])
        told = [it.account_id if it else None for it in seen]
    assert done
    assert told == ["2"]


async def test_a_command_that_is_sent_again_lists_nobody_twice(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client of a Cluster sends a command again whose answer it did not get."""
    real = RedisClient.script

    async def twice(self: RedisClient, called: str, *given: Any) -> Any:
        if called == "entries":
            await real(self, called, *given)
        return await real(self, called, *given)

    monkeypatch.setattr(RedisClient, "script", twice)
    await store.remember(
        [a_remembered(str(n), handle=f"name{n}", device_id=DEVICE) for n in range(9)], now=NOW
    )
    await store.enrol([a_ban(str(n), handle=f"name{n}", device_id=DEVICE) for n in range(9)], now=NOW)
    asked = a_query("q", handle=None, device_id=DEVICE)
    for first, *_ in (await store.remembered_like([asked], now=NOW), await store.bans_like([asked], now=NOW)):
        assert first[0].bearers == dict.fromkeys(of_kind(asked, KeyKind.DEVICE), 9)


def of_kind(query: Query, kind: KeyKind) -> list[Key]:
    return [key for key in query.keys if kind_of(key) is kind]


async def test_a_clock_that_runs_ahead_keeps_no_place_from_being_free(store: RedisStore) -> None:
    bans = [a_ban(str(n), handle=f"name{n}") for n in range(4)]
    await store.enrol(bans, now=NOW)
    await store.expunge([(ban.account, NOW) for ban in bans[:2]], now=NOW + 86_400)
    await store.expunge([(ban.account, NOW) for ban in bans[2:]], now=NOW)
    assert (await store.figures()).resting == 4
    for turn in range(4):
        await store.sweep(now=NOW + (turn + 1) * (SLOT_RESTS_SECONDS + 1))
    assert (await store.figures()).resting == 0


# Generations of what is remembered, as several workers know them, each since it looked last.


BUDGET_BYTES = 50_000


async def a_worker(url: str, prefix: str, shards: int) -> RedisStore:
    """A store of its own, which knows what it was told."""
    store = RedisStore(
        RedisEndpoint(url=url, deadline_seconds=10.0),
        prefix=prefix,
        identity=IDENTITY,
        sizes=Sizes(shards=shards, **SMALL),
        bounds=Bounds(remembered_bytes=BUDGET_BYTES),
    )
    await store.open()
    return store


async def crowd(store: Store, first: int, count: int) -> None:
    """So many sign-ups, of which twenty come together."""
    for start in range(first, first + count, 20):
        await store.remember([a_remembered(str(n)) for n in range(start, start + 20)], now=NOW)


async def recalled(store: Store, handle: str) -> list[str]:
    """Whom a look back finds by a handle."""
    (several,) = await store.remembered_like([a_query("q", handle=handle)], now=NOW)
    facts = await store.remembered_facts([one.ref for one in several])
    return [one.account_id for one in facts if one]


@pytest.mark.parametrize("shards", [1, 3])
async def test_what_a_worker_remembers_that_was_idle_is_found(
    redis_url: str, store_prefix: str, shards: int
) -> None:
    """Meanwhile others wrote so much that all it knew was evicted."""
    busy, idle = [await a_worker(redis_url, store_prefix, shards) for _ in range(2)]
    await idle.remember([a_remembered("before", handle="salma_khan")], now=NOW)
    await crowd(busy, 1_000, 400)
    assert await recalled(busy, "salma_khan") == []
    await idle.remember([a_remembered("after", handle="salma_khan")], now=NOW)
    assert await recalled(busy, "salma_khan") == ["after"]
    again = a_remembered("before", handle="salma_khan")
    await idle.remember([again], now=NOW)
    assert set(await recalled(busy, "salma_khan")) == {"before", "after"}
    for store in (busy, idle):
        await store.close()


@pytest.mark.parametrize("shards", [1, 3])
async def test_an_account_is_remembered_once_whoever_remembers_it(
    redis_url: str, store_prefix: str, shards: int
) -> None:
    """Also by a worker that does not know of the generation in which another one wrote it."""
    busy, idle = [await a_worker(redis_url, store_prefix, shards) for _ in range(2)]
    await idle.remember([a_remembered("other", handle="zz")], now=NOW)
    await crowd(busy, 1_000, 40)
    await busy.remember([a_remembered("one", handle="salma_khan")], now=NOW)
    await idle.remember([a_remembered("one", handle="salma_khan", seen_at=NOW + 1)], now=NOW)
    assert await recalled(busy, "salma_khan") == ["one"]
    assert (await busy.figures()).remembered == 42
    for store in (busy, idle):
        await store.close()


async def test_what_is_left_of_a_generation_is_cleared_away(
    redis_url: str, redis_administrator: str, store_prefix: str
) -> None:
    """Some keys with each batch, of each shard its own, and no others."""
    store = await a_worker(redis_url, store_prefix, 3)
    await crowd(store, 0, 1_200)
    with redis.Redis.from_url(redis_administrator) as client:
        numbers = {
            int(key.rpartition(b"}:g")[2].partition(b":")[0])
            for key in client.scan_iter(match=f"{store_prefix}*}}:g*:*")
        }
    living = await store.remembered_like([a_query("q")], now=NOW)
    assert living
    assert min(numbers) > 0
    await store.close()


@pytest.mark.parametrize("shards", [1, 3])
async def test_every_key_of_a_generation_expires(
    redis_url: str, redis_administrator: str, store_prefix: str, shards: int
) -> None:
    """Also those that were emptied and written again; no worker need be there to clear them away."""
    store = await a_worker(redis_url, store_prefix, shards)
    for second in range(3):
        some = [a_remembered(str(n), handle=f"salma_{second}", seen_at=NOW + second) for n in range(100)]
        await store.remember(some, now=NOW + second)
        await store.forget([(one.account, one.seen_at) for one in some[::2]], now=NOW + second)
    longest = Bounds().retention_seconds * (1 + 2 / GENERATIONS) + 1
    with redis.Redis.from_url(redis_administrator) as client:
        left = [client.ttl(key) for key in client.scan_iter(match=f"{store_prefix}*}}:g*:*")]
    assert left
    assert all(0 < seconds <= longest for seconds in left)
    await store.close()


# A Redis that drops keys when full: what is not found may have been there, so nothing is asked of it.


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


async def test_a_redis_that_may_drop_keys_is_not_opened(server: EmbeddedRedis) -> None:
    store = a_store(RedisEndpoint(url=server.url))
    with administrator(server) as connection:
        connection.config_set("maxmemory", LIMIT)
        for policy in EVICTING:
            connection.config_set("maxmemory-policy", policy)
            with pytest.raises(StoreEvicts, match=f"policy {policy}.*Set its maxmemory-policy to noeviction"):
                await store.open()
        for policy, limit in (("allkeys-lru", "0"), ("noeviction", LIMIT)):
            connection.config_set("maxmemory", limit)
            connection.config_set("maxmemory-policy", policy)
            await store.open()
            assert await store.ready() is None, policy
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


async def test_one_master_of_a_cluster_is_enough(cluster: RedisCluster) -> None:
    nodes = tuple((LOOPBACK, node.port) for node in cluster.nodes)
    store = a_store(RedisEndpoint(cluster=nodes, deadline_seconds=10.0))
    await store.open()
    second = cluster.nodes[1]
    with administrator(second) as connection:
        before = {name: connection.config_get(name)[name] for name in ("maxmemory", "maxmemory-policy")}
        connection.config_set("maxmemory", LIMIT)
        connection.config_set("maxmemory-policy", "volatile-lru")
        told = await store.ready()
        for name, value in before.items():
            connection.config_set(name, value)
    assert f":{second.port} evicts keys" in (told or "")
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


# The sketch: never below the truth, and close to it.


VALUES = st.tuples(st.integers(1, 40), st.binary(max_size=6), st.sampled_from(["", "latin", "arabic"]))


def sketched(values: list[tuple[int, bytes, str]], columns: int) -> Sketch:
    """A sketch that counted values, each cell the plain way."""
    cells = np.zeros(ROWS * columns, ">u4")
    for value in values:
        for row, place in enumerate(columns_of(*value, columns)):
            cells[row * columns + place] += 1
    return Sketch(cells.tobytes(), columns)


def filtered(sightings: list[tuple[int, bytes, str, bytes]], bits: int) -> npt.NDArray[np.uint32]:
    """The places of values and their clusters in the filter."""
    return Digests([one[:3] for one in sightings]).filter_places([one[3] for one in sightings], bits)


@given(st.lists(VALUES, max_size=60), st.integers(1, 64))
def test_an_estimate_is_never_below_the_truth(values: list[tuple[int, bytes, str]], columns: int) -> None:
    sketch = sketched(values, columns)
    for value, truth in Counter(values).items():
        assert sketch.count(*value) >= truth


@given(st.lists(VALUES, max_size=60), st.lists(VALUES, max_size=60))
def test_two_sketches_add_up(one: list[tuple[int, bytes, str]], other: list[tuple[int, bytes, str]]) -> None:
    both = sketched(one + other, 32)
    total = Sketch(sketched(one, 32).plus(sketched(other, 32)), 32)
    assert all(total.count(*value) == both.count(*value) for value in one + other)


def test_a_full_cell_stays_full() -> None:
    full = Sketch(b"\xff" * 4 * ROWS, 1)
    assert Sketch(full.plus(full), 1).count(1, b"", "") == 0xFFFFFFFF


@given(st.sets(VALUES, min_size=1, max_size=20), st.sets(VALUES, min_size=1, max_size=20))
def test_a_sketch_knows_what_was_counted_and_hardly_anything_else(
    met: set[tuple[int, bytes, str]], others: set[tuple[int, bytes, str]]
) -> None:
    sketch, columns = sketched(sorted(met), 1 << 20), np.uint32(1 << 20)
    assert sketch.knows(Digests(sorted(met)).hashes % columns).all()
    assert not sketch.knows(Digests(sorted(others - met)).hashes % columns).any()


def test_however_full_a_sketch_is_it_knows_few_who_were_never_counted() -> None:
    columns = 256
    once = [(1, str(number).encode(), "") for number in range(4 * columns)]
    often = [(2, str(number).encode(), "") for number in range(4)] * 40
    sketch = sketched(once + often, columns)
    never = [(3, str(number).encode(), "") for number in range(2_000)]
    assert sketch.knows(Digests(often).hashes % np.uint32(columns)).all()
    assert sketch.knows(Digests(never).hashes % np.uint32(columns)).mean() < 0.1


@given(st.lists(st.tuples(VALUES, st.binary(max_size=300)), max_size=20), st.integers(1, 1 << 32))
def test_places_of_the_filter_are_what_is_stored_already(
    sightings: list[tuple[tuple[int, bytes, str], bytes]], bits: int
) -> None:
    """A filter outlives the program: each place is a whole step from the one before, modulo its bits."""

    def identity(kind: int, value: bytes, stratum: str) -> int:
        own = bytes((kind,)) + len(value).to_bytes(4, "big") + value + stratum.encode()
        digest = blake2b(own, digest_size=24, person=b"samehand-count").digest()
        return int.from_bytes(digest[16:], "big")

    def mixed(word: int) -> int:
        word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % (1 << 64)
        word = (word ^ word >> 27) * 0x94D049BB133111EB % (1 << 64)
        return word ^ word >> 31

    def places(kind: int, value: bytes, stratum: str, cluster: bytes) -> list[int]:
        own, others = identity(kind, value, stratum), identity(255, cluster, "")
        start, step = mixed(own ^ others), mixed(own ^ others ^ (1 << 64) - 1) | 1
        return [(start + step * at) % (1 << 64) % bits for at in range(FILTER_PLACES)]

    found = filtered([(*value, cluster) for value, cluster in sightings], bits)
    assert found.tolist() == [places(*value, cluster) for value, cluster in sightings]


def test_a_filter_a_third_full_knows_one_new_sighting_in_27() -> None:
    """Of values that share their clusters and clusters that share their values."""
    bits, several = 1 << 16, range(90)
    pairs = [(1, f"{one}".encode(), "", f"{other}".encode()) for one in several for other in several]
    held = np.zeros(bits, np.bool_)
    held[filtered(pairs, bits)] = True
    assert held.mean() == pytest.approx(1 - np.exp(-FILTER_PLACES * len(pairs) / bits), abs=0.01)
    others = [(2, value, stratum, cluster) for _, value, stratum, cluster in pairs]
    known = held[filtered(others, bits)].all(axis=1).mean()
    assert known == pytest.approx(held.mean() ** FILTER_PLACES, abs=0.01)


# Counts in Redis, as several workers count, freeze and read them.


HOUR = 3_600.0
AT_ONCE = Bounds(lag_seconds=0.0)


@pytest.fixture
async def workers(redis_url: str, store_prefix: str) -> AsyncIterator[tuple[RedisStore, RedisStore]]:
    """Two that share one store."""
    one, other = (
        RedisStore(
            RedisEndpoint(url=redis_url, deadline_seconds=10),
            prefix=store_prefix,
            identity=IDENTITY,
            sizes=Sizes(**SMALL),
            bounds=AT_ONCE,
        )
        for _ in range(2)
    )
    await one.open()
    await other.open()
    yield one, other
    await one.close()
    await other.close()


ASKED = count(NOW, 2 * SNAPSHOT_SECONDS)
"""When each question is put: the answer to an earlier one is out of date by then."""

MAILBOX = "umar.media@valley.example"


def mailed(account_id: str) -> Remembered:
    """An account with the one mailbox: what is somebody's is counted each time."""
    return a_remembered(account_id, email=MAILBOX)


def named(account_id: str, place: int = 0) -> Remembered:
    """An account with the one name, of a network of its own."""
    return a_remembered(account_id, handle="umar_media", ip=f"39.{place // 256}.{place % 256}.9")


async def bearers(store: RedisStore, kind: KeyKind) -> int:
    """How many bear the mailbox, or the name."""
    told = await store.frequencies(at=NOW + HOUR, now=next(ASKED))
    (one,) = [it for it in counted(mailed("1").fingerprints[0], b"").values if it.kind is kind]
    return told.count(kind, one.value, one.stratum)


async def test_what_one_worker_froze_the_other_reads(workers: tuple[RedisStore, RedisStore]) -> None:
    one, other = workers
    await one.remember([mailed("1")], now=NOW)
    await other.remember([mailed("2")], now=NOW)
    assert await one.freeze(now=NOW + HOUR)
    assert not await other.freeze(now=NOW + HOUR)
    assert await bearers(one, KeyKind.EMAIL) == await bearers(other, KeyKind.EMAIL) == 2


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("step", [(Shards, "write"), (Shards, "script")], ids=["write", "count"])
async def test_whoever_repeats_what_failed_counts_it(
    workers: tuple[RedisStore, RedisStore],
    monkeypatch: pytest.MonkeyPatch,
    step: tuple[type, str],
    carried_out: bool,
) -> None:
    one, _ = workers
    whole = getattr(*step)

    async def unanswered(*given: object) -> object:
        if step[1] == "script" and given[1] != "count":
            return await whole(*given)
        if carried_out:
            await whole(*given)
        raise Died

    monkeypatch.setattr(*step, unanswered)
    with pytest.raises(Died):
        await one.remember([mailed("1")], now=NOW)
    monkeypatch.undo()
    for _ in range(2):
        await one.remember([mailed("1")], now=NOW)
    assert await one.freeze(now=NOW + HOUR)
    assert await bearers(one, KeyKind.EMAIL) == 1
    assert await bearers(one, KeyKind.HANDLE_FULL) == 0, "it was seen once"


async def test_whoever_repeats_a_look_up_that_failed_counts_once(
    workers: tuple[RedisStore, RedisStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values are counted beside it, and the whole batch comes again."""
    one, _ = workers

    async def died(*_: object, **__: object) -> None:
        raise Died

    monkeypatch.setattr(RedisStore, "bans_like", died)
    with pytest.raises(Died):
        await one.remember_then_look([mailed("1")], [], now=NOW)
    monkeypatch.undo()
    await one.remember_then_look([mailed("1")], [], now=NOW)
    assert await one.freeze(now=NOW + HOUR)
    assert await bearers(one, KeyKind.EMAIL) == 1
    assert await bearers(one, KeyKind.HANDLE_FULL) == 0, "it was seen once"


async def test_counts_are_asked_for_again_after_a_second(workers: tuple[RedisStore, RedisStore]) -> None:
    one, other = workers
    before = await other.frequencies(at=NOW + HOUR, now=NOW)
    await one.remember([mailed("1")], now=NOW)
    await one.freeze(now=NOW + HOUR)
    for later, asked in ((0.0, 0), (0.99, 0), (1.0, 1)):
        told = await other.frequencies(at=NOW + HOUR, now=NOW + later)
        assert told.accounts("") == asked, later
    assert before.accounts("") == 0
    assert (await one.frequencies(at=NOW + HOUR, now=NOW)).accounts("") == 1


async def test_a_version_that_goes_while_it_is_read_is_read_anew(
    workers: tuple[RedisStore, RedisStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = workers
    await one.remember([mailed("1")], now=NOW)
    await one.freeze(now=NOW + HOUR)
    cells_of = Counters._cells

    async def frozen_meanwhile(counters: Counters, key: str) -> Sketch:
        monkeypatch.undo()
        assert await other.freeze(now=NOW + 2 * HOUR)
        return await cells_of(counters, key)

    monkeypatch.setattr(Counters, "_cells", frozen_meanwhile)
    assert await bearers(one, KeyKind.EMAIL) == 1


async def test_what_a_freeze_left_that_died_goes_with_the_next(
    workers: tuple[RedisStore, RedisStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = workers
    for turn in range(3):
        await one.remember([mailed(str(turn))], now=NOW)
        if turn == 1:
            monkeypatch.setattr(Counters, "_tidy", died)
        try:
            await one.freeze(now=NOW + (turn + 1) * HOUR)
        except Died:
            monkeypatch.undo()
            assert await left(other) == ["f1", "f2", "h1", "h2", "y2", "z2"]
    assert await left(other) == ["f3", "h3"]
    assert await bearers(other, KeyKind.EMAIL) == 3


async def test_of_names_that_come_once_few_are_counted(workers: tuple[RedisStore, RedisStore]) -> None:
    one, _ = workers
    handles = [f"guest_{number:03}_of_the_day" for number in range(200)]
    await one.remember([a_remembered(handle, handle=handle) for handle in handles], now=NOW)
    await one.freeze(now=NOW + HOUR)
    told = await one.frequencies(at=NOW + HOUR, now=NOW + HOUR)
    found = [told.count(KeyKind.HANDLE_FULL, it.replace("_", "").encode(), "latin") for it in handles]
    assert {*found} == {0, 2}
    assert sum(map(bool, found)) < len(handles) / OPENERS * 1.5


async def test_a_name_that_is_known_is_counted_by_whoever_meets_it(
    workers: tuple[RedisStore, RedisStore],
) -> None:
    one, other = workers
    await one.remember([named(str(place), place) for place in range(20)], now=NOW)
    await one.freeze(now=NOW + HOUR)
    known = await bearers(other, KeyKind.HANDLE_FULL)
    await other.remember([named("after", 300)], now=NOW + HOUR)
    await other.freeze(now=NOW + 2 * HOUR)
    assert await bearers(other, KeyKind.HANDLE_FULL) == known + 1


async def test_a_name_becomes_known_though_no_worker_ever_meets_it_twice(
    redis_url: str, store_prefix: str
) -> None:
    """As if a worker were started anew for each account."""
    for place in range(100):
        worker = RedisStore(
            RedisEndpoint(url=redis_url, deadline_seconds=10),
            prefix=store_prefix,
            identity=IDENTITY,
            sizes=Sizes(**SMALL),
            bounds=AT_ONCE,
        )
        await worker.open()
        await worker.frequencies(at=NOW + HOUR, now=NOW + HOUR)
        await worker.remember([named(str(place), place)], now=NOW + place * HOUR)
        await worker.freeze(now=NOW + (place + 1) * HOUR)
        told = await bearers(worker, KeyKind.HANDLE_FULL)
        await worker.close()
    assert 84 <= told <= 101


async def test_a_version_that_is_kept_takes_a_small_part_of_what_grows(
    workers: tuple[RedisStore, RedisStore],
) -> None:
    one, _ = workers
    shards = one._counters._shards
    await one.remember([named(str(place), place) for place in range(200)], now=NOW)
    growing = await shards.client.command("STRLEN", shards.root(0) + "o")
    await one.freeze(now=NOW + HOUR)
    assert await shards.client.command("STRLEN", shards.root(0) + "f1") < growing / 4


class Died(Exception):
    """In place of a process's end."""


async def died(*_: object) -> None:
    raise Died


async def left(store: RedisStore) -> list[str]:
    """The keys of versions that there are."""
    names = [f"{kind}{version}" for kind in "fhyz" for version in range(6)]
    shards = store._counters._shards
    return [name for name in names if await shards.client.command("EXISTS", shards.root(0) + name)]


# How long Redis keeps what is noted of an alert: no key of one that is open may expire.


YEARS = 10 * 365 * DAY
PAIR = a_proposal()
KINDS = ("o", "s", "l", "a")
"""That it is on its ban, the pair, where it lies, and that it is about its account."""


@pytest.fixture
async def alerted(redis_url: str, store_prefix: str) -> RedisStore:
    made = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=10),
        prefix=store_prefix,
        identity=IDENTITY,
        sizes=Sizes(shards=2, **SMALL),
    )
    await made.open()
    await made.enrol([a_ban("9001")], now=NOW)
    (ruled,) = await made.propose([PAIR], now=NOW)
    await made.confirm([a_claim(PAIR, ruled.revision)], now=NOW)
    return made


def lasts(administrator: str, prefix: str) -> dict[str, float]:
    """For how many seconds at least the keys of each kind are kept."""
    found: dict[str, float] = {}
    with redis.Redis.from_url(administrator) as client:
        for key in client.scan_iter(match=f"{prefix}{{*}}:*"):
            kind = key.decode(errors="replace").partition("}:")[2].partition(":")[0]
            left = client.ttl(key)
            found[kind] = min(found.get(kind, YEARS), YEARS if left == -1 else left)
    return found


async def test_open_alert_does_not_expire(
    alerted: RedisStore, redis_administrator: str, store_prefix: str
) -> None:
    kept = lasts(redis_administrator, store_prefix)
    assert [kept[kind] for kind in KINDS] == [YEARS] * len(KINDS)
    await alerted.propose([a_proposal(claimant="update:another")], now=NOW)  # a duplicate
    kept = lasts(redis_administrator, store_prefix)
    assert [kept[kind] for kind in KINDS] == [YEARS] * len(KINDS)


async def test_dismissed_alert_does_not_expire(
    alerted: RedisStore, redis_administrator: str, store_prefix: str
) -> None:
    await alerted.decide([a_decision(PAIR.alert_id)], now=NOW)
    alerts = [it for it in await alerted.pairs([PAIR.alert_id]) if it]
    await alerted.withdraw(alerts, reason="verdict", now=NOW)
    (owed,) = await alerted.owed("holder", now=NOW)
    await alerted.settle(
        [ConfirmedEntry(PAIR.alert_id, PAIR.banned, owed.revision, owed.alert, PAIR.account)]
    )
    kept = lasts(redis_administrator, store_prefix)
    assert [kept[kind] for kind in ("c", "n", "l", "a")] == [YEARS] * 4


async def test_withdrawn_alert_leaves_only_its_revision_for_a_while(
    alerted: RedisStore, redis_administrator: str, store_prefix: str
) -> None:
    await alerted.expunge([("x:9001", NOW)], now=NOW)
    (owed,) = await alerted.owed("holder", now=NOW)
    await alerted.settle([ConfirmedEntry(PAIR.alert_id, PAIR.banned, owed.revision, None, PAIR.account)])
    kept = lasts(redis_administrator, store_prefix)
    assert not {"o", "c", "l", "a", "due"} & kept.keys()
    assert 34 * DAY < kept["s"] <= 35 * DAY
