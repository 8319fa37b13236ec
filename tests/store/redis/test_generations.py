"""Generations of what is remembered, as several workers know them, each since it looked last."""

from __future__ import annotations

import pytest
import redis

from store.base import Store
from store.bounds import Bounds
from store.limits import GENERATIONS
from store.redis import RedisEndpoint, RedisStore, Sizes
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_query, a_remembered

BUDGET_BYTES = 50_000


async def a_worker(url: str, prefix: str, shards: int) -> RedisStore:
    """A store of its own, which knows what it was told."""
    store = RedisStore(
        RedisEndpoint(url=url, deadline_seconds=10.0),
        prefix=prefix,
        identity=IDENTITY,
        sizes=Sizes(shards=shards, **SMALL),
        bounds=Bounds(shards=shards, remembered_bytes=BUDGET_BYTES),
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
