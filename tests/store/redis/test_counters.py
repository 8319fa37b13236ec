"""Counts in Redis, as several workers count, freeze and read them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from samehand.keys import KeyKind
from store.memory import Bounds
from store.redis import Endpoint, RedisStore, Sizes
from store.redis.counters import Counters
from store.sketch import Sketch
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_remembered

HOUR = 3_600.0
AT_ONCE = Bounds(lag_seconds=0.0)


@pytest.fixture
async def workers(redis_url: str, store_prefix: str) -> AsyncIterator[tuple[RedisStore, RedisStore]]:
    """Two that share one store."""
    one, other = (
        RedisStore(
            Endpoint(url=redis_url, deadline_seconds=10),
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


async def named(store: RedisStore, handle: str) -> int:
    counted = await store.frequencies(at=NOW + HOUR)
    return counted.count(KeyKind.HANDLE_FULL, handle.encode(), "latin")


async def test_what_one_worker_froze_the_other_reads(workers: tuple[RedisStore, RedisStore]) -> None:
    one, other = workers
    await one.remember([a_remembered("1", handle="umar_media")], now=NOW)
    await other.remember([a_remembered("2", handle="umar_media")], now=NOW)
    assert await one.freeze(now=NOW + HOUR)
    assert not await other.freeze(now=NOW + HOUR)
    assert await named(one, "umarmedia") == await named(other, "umarmedia") == 2


async def test_a_version_that_goes_while_it_is_read_is_read_anew(
    workers: tuple[RedisStore, RedisStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = workers
    await one.remember([a_remembered("1", handle="umar_media")], now=NOW)
    await one.freeze(now=NOW + HOUR)
    cells_of = Counters._cells

    async def frozen_meanwhile(counters: Counters, key: str) -> Sketch:
        monkeypatch.undo()
        assert await other.freeze(now=NOW + 2 * HOUR)
        return await cells_of(counters, key)

    monkeypatch.setattr(Counters, "_cells", frozen_meanwhile)
    assert await named(one, "umarmedia") == 1


async def test_what_a_freeze_left_that_died_goes_with_the_next(
    workers: tuple[RedisStore, RedisStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = workers
    for turn in range(3):
        await one.remember([a_remembered(str(turn), handle="umar_media")], now=NOW)
        if turn == 1:
            monkeypatch.setattr(Counters, "_tidy", died)
        try:
            await one.freeze(now=NOW + (turn + 1) * HOUR)
        except Died:
            monkeypatch.undo()
            assert await left(other) == ["f1", "f2", "h1", "h2", "y2", "z2"]
    assert await left(other) == ["f3", "h3"]
    assert await named(other, "umarmedia") == 3


class Died(Exception):
    """In place of a process's end."""


async def died(*_: object) -> None:
    raise Died


async def left(store: RedisStore) -> list[str]:
    """The keys of versions that there are."""
    names = [f"{kind}{version}" for kind in "fhyz" for version in range(6)]
    shards = store._counters._shards
    return [name for name in names if await shards.link.command("EXISTS", shards.root(0) + name)]
