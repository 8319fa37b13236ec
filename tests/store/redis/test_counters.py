"""Counts in Redis, as several workers count, freeze and read them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest

from samehand.keys import KeyKind
from store.base import Remembered
from store.bounds import Bounds
from store.common.counted_values import counted
from store.limits import OPENERS, SNAPSHOT_SECONDS
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.redis.counting.count_min_sketch import Sketch
from store.redis.counting.counters import Counters
from store.redis.shards import Shards
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_remembered

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


async def test_of_a_name_that_comes_again_everybody_is_counted(
    workers: tuple[RedisStore, RedisStore],
) -> None:
    one, _ = workers
    for place in range(20):
        await one.remember([named(str(place), place)], now=NOW)
    await one.freeze(now=NOW + HOUR)
    assert await bearers(one, KeyKind.HANDLE_FULL) in (20, 21)


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
