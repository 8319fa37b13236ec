"""A store that was filled in bulk is, once compacted, the one that workers would have filled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
import redis

from samehand.keys import NAME_POSTING_CAP, PERSONAL_POSTING_CAP
from store.base import Ban
from store.errors import StoreUnavailable
from store.limits import LISTED_LATER
from store.redis import RedisEndpoint, RedisStore, Sizes, bans
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban

DEVICE = "f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11"
#: More than any posting of a device lists, and than any of a name: some wait, and some names fall silent.
CROWD = [a_ban(f"d{number}", handle=f"kuzey.{number}", device_id=DEVICE) for number in range(120)]
NAMESAKES = [a_ban(f"n{number}", handle="umar_media") for number in range(NAME_POSTING_CAP + 20)]
BANS = CROWD + NAMESAKES
assert len(CROWD) > PERSONAL_POSTING_CAP + LISTED_LATER


@pytest.fixture
def administrator(redis_administrator: str) -> Iterator[Any]:
    """A connection that may look at all keys."""
    client = cast(Any, redis.Redis.from_url(redis_administrator))
    yield client
    client.close()


@pytest.fixture(params=[3])
async def both(
    request: pytest.FixtureRequest, redis_url: str, store_prefix: str
) -> AsyncIterator[tuple[RedisStore, RedisStore]]:
    """A store of so many shards as workers open it, and one as a rebuild does."""
    made = [
        RedisStore(
            RedisEndpoint(url=redis_url, deadline_seconds=10),
            prefix=f"{store_prefix}{name}:",
            identity=IDENTITY,
            sizes=Sizes(shards=request.param, **SMALL),
            bulk=name == "bulk",
        )
        for name in ("plain", "bulk")
    ]
    for store in made:
        await store.open()
    yield made[0], made[1]
    for store in made:
        await store.close()


async def enrolled(store: RedisStore, several: list[Ban]) -> None:
    for at in range(0, len(several), 50):
        await store.enrol(several[at : at + 50], now=NOW)


def contents(administrator: Any, store: RedisStore) -> dict[bytes, tuple[object, int]]:
    """Value and bytes in memory of each posting, account map, page and crowd; nothing of the calendar."""
    prefix = store.shards.layout.prefix.encode()
    found: dict[bytes, tuple[object, int]] = {}
    for key in administrator.scan_iter(match=prefix + b"{*}:b:*", count=1_000):
        kind = administrator.type(key)
        if kind == b"string":
            value: object = administrator.get(key)
        elif key.endswith(b":b:o"):
            value = administrator.hgetall(key)
        else:
            continue
        found[key.removeprefix(prefix)] = value, administrator.memory_usage(key, samples=0)
    return found


def values(found: dict[bytes, tuple[object, int]]) -> dict[bytes, object]:
    return {key: value for key, (value, _) in found.items()}


@pytest.mark.parametrize("both", [1, 3], indirect=True)
async def test_filled_in_bulk_and_compacted_it_is_the_same(
    both: tuple[RedisStore, RedisStore], administrator: Any
) -> None:
    plain, bulk = both
    for store in both:
        await enrolled(store, BANS)
    before = contents(administrator, bulk)
    await bulk.compact()
    ours, theirs = contents(administrator, plain), contents(administrator, bulk)
    assert values(theirs) == values(ours)
    lists = [key for key in ours if b":b:p" in key or b":b:a" in key]
    assert sum(theirs[key][1] for key in lists) <= 1.03 * sum(ours[key][1] for key in lists)
    assert sum(before[key][1] for key in lists) > sum(theirs[key][1] for key in lists)


async def test_what_is_told_again_changed_or_lifted_meanwhile_is_listed_once(
    both: tuple[RedisStore, RedisStore], administrator: Any
) -> None:
    changed = [a_ban(f"d{number}", handle="nadia_shop", occurred_at=NOW) for number in range(10)]
    lifted = [(ban.account, NOW) for ban in CROWD[20:30]]
    for store in both:
        await enrolled(store, CROWD)
        await enrolled(store, CROWD[5:70])
        await enrolled(store, changed)
        await store.expunge(lifted, now=NOW)
        await enrolled(store, NAMESAKES[:40])
    await both[1].compact()
    ours, theirs = (contents(administrator, store) for store in both)
    assert values(theirs) == values(ours)


async def test_a_worker_enrols_beside_it(
    both: tuple[RedisStore, RedisStore], administrator: Any, redis_url: str
) -> None:
    plain, bulk = both
    beside = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=10),
        prefix=bulk.shards.layout.prefix,
        identity=IDENTITY,
        sizes=bulk.shards.layout.sizes,
    )
    await bulk.enrol(CROWD[:1], now=NOW)
    await beside.open()
    for number, ban in enumerate(CROWD):
        await plain.enrol([ban], now=NOW)
        await (beside if number % 2 else bulk).enrol([ban], now=NOW)
    await beside.close()
    await bulk.compact()
    ours, theirs = (contents(administrator, store) for store in both)
    assert values(theirs) == values(ours)


async def test_compacting_goes_on_where_an_outage_ended_it(
    both: tuple[RedisStore, RedisStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = both[1]
    await enrolled(bulk, CROWD[:2])
    monkeypatch.setattr(bans, "_COMPACTED_AT_ONCE", 500)
    script, asked = bulk.shards.script, list[tuple[object, ...]]()

    async def away_once(name: str, shard: int, *arguments: bytes | str | float) -> Any:
        asked.append((shard, *arguments))
        if len(asked) == 2:
            raise StoreUnavailable("Redis did not answer in time")
        return await script(name, shard, *arguments)

    monkeypatch.setattr(bulk.shards, "script", away_once)
    with pytest.raises(StoreUnavailable):
        await bulk.compact()
    await bulk.compact()
    assert asked[1] == asked[2]
    assert len(set(asked)) == len(asked) - 1
