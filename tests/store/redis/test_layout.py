"""Where things lie in Redis: rows, postings, counts, generations, alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from hashlib import blake2b
from itertools import count, permutations
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
from store.common.crowd import considered
from store.common.key_digests import Addresses
from store.errors import StoreEvicts
from store.limits import GENERATIONS, LISTED_LATER, OPENERS, SNAPSHOT_SECONDS, WAITING_MAX
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.redis.candidates.postings import Matches, Probes
from store.redis.client import pack_quickly
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
    again,
)
from tests.tables import for_each

# A store of another layout is told apart, and a key has one place in a store of given sizes.


OURS = Layout(Sizes(), Addresses(b"identity"), "samehand:")


def kept_facts(ours: Layout, **other: str) -> dict[bytes, bytes]:
    """What stands in a store's `meta` key."""
    return {name.encode(): value.encode() for name, value in {**ours.facts(), **other}.items()}


def test_a_store_of_an_older_layout_is_another_one() -> None:
    """Its records are packed otherwise: it is refused, and rebuilt under another prefix."""
    assert OURS.differences(kept_facts(OURS)) == []
    assert OURS.differences(kept_facts(OURS, layout="1")) == [f"layout is 1 in Redis and {LAYOUT} here"]


@for_each("print_bytes", [2, 3])
def test_rows_say_where_each_account_is_listed(print_bytes: int) -> None:
    """For each key the bucket, how many entries it keeps, its kind and print, and what follows."""
    spread = Spread(50, print_bytes, 2)
    keys = [key_of(KeyKind.HANDLE_FULL, b"umar"), key_of(KeyKind.EMAIL, b"0123456789")]
    where, prints = places(OURS.addresses.keys(keys), spread)
    kept = EXACT_POSTING_CAP, PERSONAL_POSTING_CAP + LISTED_LATER + WAITING_MAX

    def expected(account: bytes) -> list[bytes]:
        return [
            int(bucket).to_bytes(4, "big")
            + most.to_bytes(2, "big")
            + key[:1]
            + int(print_).to_bytes(print_bytes, "big")
            + account
            for bucket, print_, most, key in zip(where, prints, kept, keys, strict=True)
        ]

    accounts = [bytes((number,)) * 10 for number in range(3)]
    named = spread.named(accounts, OURS.rows([keys, [], keys[:1]], spread))
    assert named[0] in (b"".join(it) for it in permutations(expected(accounts[0])))
    assert named[1] == b""
    assert named[2] == expected(accounts[2])[0]


def test_keys_that_fall_on_one_place_are_listed_once() -> None:
    several, same = [key_of(KeyKind.EMAIL, b"%d" % n) for n in range(300)], [key_of(KeyKind.EMAIL, b"1")] * 2
    rows = OURS.rows([several, same], Spread(1, 2, 2))
    first, both = rows.ends.tolist()
    assert len(set(rows.prints[:first].tolist())) == first
    assert both - first == 1


# What numpy reads out of packed postings is what an entry at a time would say.

ENTRIES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(2**32, 2**64 - 1), st.integers(0, 2**16 - 1)), max_size=12
)


def probes(numbers: list[int], spread: Spread) -> Probes:
    """One query that asks for keys of these hashed values."""
    keys = [key_of(KeyKind.EMAIL, bytes((place,))) for place in range(len(numbers))]
    # Above the print stands which key it is: prints may be equal, whole hashes are not.
    hashed = [place << 40 | number for place, number in enumerate(numbers)]
    return Probes.of([keys], lambda _: np.array(hashed, np.uint64), spread)


@for_each("print_bytes", [2, 3])
def test_an_entry_is_found_by_its_whole_print(print_bytes: int) -> None:
    """Prints that differ in one byte alone are other prints; an absent posting holds nothing."""
    spread = Spread(7, print_bytes, 2)

    @given(st.lists(st.tuples(st.integers(0, 5), ENTRIES), max_size=6), st.integers(0, print_bytes - 1))
    def holds(asked: list[tuple[int, list[tuple[int, int, int]]]], byte: int) -> None:
        def packed(several: list[tuple[int, int, int]]) -> bytes:
            return b"".join(
                (one << 8 * byte).to_bytes(print_bytes, "big")
                + id_.to_bytes(8, "big")
                + beside.to_bytes(2, "big")
                for one, id_, beside in several
            )

        asking = probes([one << 8 * byte for one, _ in asked], spread)
        found = Matches.of([packed(several) for _, several in asked], asking, spread)
        expected = [
            (number, id_, beside)
            for number, (wanted, several) in enumerate(asked)
            for one, id_, beside in several
            if one == wanted
        ]
        assert (
            list(zip(found.probe.tolist(), found.ids.tolist(), found.beside.tolist(), strict=True))
            == expected
        )

    holds()


@for_each("accounts", [0, 60, 61, 90, 91, 1_114, 1_500])
def test_a_crowded_value_keeps_its_oldest_and_its_newest(accounts: int) -> None:
    """And of remembered accounts a look-up considers ninety, the later ones by turns of their clusters."""
    kept = considered(KeyKind.DEVICE, accounts, None).tolist()
    most = min(accounts, PERSONAL_POSTING_CAP + LISTED_LATER + WAITING_MAX)
    assert kept == [*range(most // 2), *range(accounts - (most - most // 2), accounts)]
    clusters = [1] * accounts
    if accounts > 70:
        clusters[70] = 2
    shown = considered(KeyKind.DEVICE, accounts, clusters).tolist()
    assert len(shown) == min(accounts, PERSONAL_POSTING_CAP + LISTED_LATER)
    assert shown[:PERSONAL_POSTING_CAP] == kept[:PERSONAL_POSTING_CAP]
    assert accounts <= 70 or 70 in shown


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


# What lies between the steps of a look-up, and of a write.


DEVICE = "f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11"


@pytest.fixture
async def store(redis_url: str, store_prefix: str) -> AsyncIterator[RedisStore]:
    store = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=10.0),
        prefix=store_prefix,
        identity=IDENTITY,
        sizes=Sizes(**SMALL),
    )
    await store.open()
    yield store
    await store.close()


async def found(store: Store, query: Query) -> list[str]:
    """The account ids of the bans that a query finds."""
    (candidates,) = await store.bans_like([query], now=NOW)
    return [it.account_id for it in await store.facts([one.ref for one in candidates]) if it]


async def test_entry_whose_ban_was_written_with_another_moment_counts_for_nothing(store: RedisStore) -> None:
    """As a worker leaves it that dies between the record and the postings."""
    await store.enrol([a_ban("1", handle="umar_media", at=NOW - DAY)], now=NOW)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Shards, "postings", died)
        with pytest.raises(Died):
            await store.enrol([a_ban("1", handle="umar_media", at=NOW, occurred_at=NOW)], now=NOW)
    assert await found(store, a_query("q", handle="umar_media")) == []
    await store.enrol([a_ban("1", handle="umar_media", at=NOW, occurred_at=NOW)], now=NOW)
    assert await found(store, a_query("q", handle="umar_media")) == ["1"]


async def test_who_drops_entries_late_completes_what_was_enrolled_meanwhile(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reinstatement waits between record and postings, and the account is banned again."""
    ban = a_ban("1", handle="umar_media")
    await store.enrol([ban], now=NOW)
    real = Shards.postings

    async def late(shards: Shards, verb: str, *arguments: Any) -> None:
        if verb == "drop":
            monkeypatch.undo()
            await store.enrol([again(ban, occurred_at=NOW + 1)], now=NOW)
        await real(shards, verb, *arguments)

    monkeypatch.setattr(Shards, "postings", late)
    await store.expunge([(ban.account, NOW)], now=NOW)
    assert await found(store, a_query("q", handle="umar_media")) == ["1"]


async def test_crowded_key_is_cut_to_what_it_keeps(store: RedisStore) -> None:
    """And pushes nobody out who lies in the same bucket."""
    asked = a_query("q", handle=None, ip="39.40.1.2")
    address = next(key for key in asked.keys if kind_of(key) is KeyKind.ADDRESS)
    spread, hashed = store.shards.layout.bans, store.shards.addresses.keys

    def whole(name: str) -> list[Key]:
        return [key for key in a_query("q", handle=name).keys if kind_of(key) is KeyKind.HANDLE_FULL]

    ((bucket,), _) = places(hashed([address]), spread)
    names = (f"neighbour{number}" for number in count())
    neighbour = next(name for name in names if bucket in places(hashed(whole(name)), spread)[0])
    await store.enrol([a_ban("neighbour", handle=neighbour)], now=NOW)
    bans = [a_ban(str(n), handle=None, ip="39.40.1.2") for n in range(900)]
    for at in range(0, len(bans), 100):
        await store.enrol(bans[at : at + 100], now=NOW)
    half = PERSONAL_POSTING_CAP // 2
    expected = {ban.facts.account_id for ban in bans[:half] + bans[-half:]}
    assert set(await found(store, Query("x:q", (address,)))) == expected
    assert "neighbour" in await found(store, a_query("q", handle=neighbour))
    (content,) = await store.shards.buckets(b"p", np.array([bucket]))
    assert len(content) < 2 * 4_096
    turned_away = (await store.figures()).turned_away
    assert turned_away["bans", KeyKind.ADDRESS] > 500


async def test_accounts_that_a_crowd_pushed_out_are_counted_also_once_it_has_gone(store: RedisStore) -> None:
    """Nobody may believe that all were looked at, though their decoys were deleted since."""
    crowd = [a_remembered(f"s{n}", handle=f"s{n}", device_id=DEVICE) for n in range(1_700)]
    await store.remember(crowd, now=NOW)
    lost = (await store.figures()).turned_away["remembered", KeyKind.DEVICE]
    assert lost > 100
    asked = a_query("q", handle=None, device_id=DEVICE)
    assert await store.turned_away([asked], now=NOW) == [{KeyKind.DEVICE: len(crowd) - 90}]
    await store.forget([(one.account, NOW + 1) for one in crowd], now=NOW + 1)
    assert await store.turned_away([asked], now=NOW) == [{KeyKind.DEVICE: lost}]
    assert await store.remembered_like([asked], now=NOW) == [[]]


# Generations of what is remembered, as several workers know them, each since it looked last.


BUDGET_BYTES = 50_000


async def a_worker(url: str, prefix: str) -> RedisStore:
    """A store of its own, which knows what it was told."""
    store = RedisStore(
        RedisEndpoint(url=url, deadline_seconds=10.0),
        prefix=prefix,
        identity=IDENTITY,
        sizes=Sizes(**SMALL),
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


async def test_what_a_worker_remembers_that_was_idle_is_found(redis_url: str, store_prefix: str) -> None:
    """Meanwhile others wrote so much that all it knew was evicted."""
    busy, idle = [await a_worker(redis_url, store_prefix) for _ in range(2)]
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


async def test_an_account_is_remembered_once_whoever_remembers_it(redis_url: str, store_prefix: str) -> None:
    """Also by a worker that does not know of the generation in which another one wrote it."""
    busy, idle = [await a_worker(redis_url, store_prefix) for _ in range(2)]
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
    store = await a_worker(redis_url, store_prefix)
    await crowd(store, 0, 1_200)
    with redis.Redis.from_url(redis_administrator) as client:
        names = [key.partition(b"}:")[2] for key in client.scan_iter(match=f"{store_prefix}*", count=5_000)]
    generations = {int.from_bytes(name[1:3], "big") for name in names if name[:1] == b"g" and len(name) == 7}
    living = await store.remembered_accounts.generations.living(NOW)
    assert min(generations) > 1
    records = [name for name in names if name[:1] == b"s" and len(name) == 9]
    assert len(records) < 1_200
    assert living[0] > min(generations), "the others follow"
    await store.close()


async def test_every_key_of_a_generation_expires(
    redis_url: str, redis_administrator: str, store_prefix: str
) -> None:
    """Also those that were emptied and written again; no worker need be there to clear them away."""
    store = await a_worker(redis_url, store_prefix)
    for second in range(3):
        some = [a_remembered(str(n), handle=f"salma_{second}", seen_at=NOW + second) for n in range(100)]
        await store.remember(some, now=NOW + second)
        await store.forget([(one.account, one.seen_at) for one in some[::2]], now=NOW + second)
    longest = Bounds().retention_seconds * (1 + 2 / GENERATIONS) + 1
    with redis.Redis.from_url(redis_administrator) as client:
        names = list(client.scan_iter(match=f"{store_prefix}*}}:[gs]*", count=5_000))
        left = [client.ttl(key) for key in names if len(key.partition(b"}:")[2]) in (7, 9)]
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
    return RedisStore(endpoint, prefix="samehand:", identity=IDENTITY, sizes=Sizes(**SMALL))


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
@pytest.mark.parametrize("step", [(Shards, "swap"), (Shards, "script")], ids=["swap", "count"])
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
    growing = len(await shards.client.command("GET", shards.root(0) + "o"))
    await one.freeze(now=NOW + HOUR)
    assert len(await shards.client.command("GET", shards.root(0) + "f1")) < growing / 4


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
        sizes=Sizes(**SMALL),
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
