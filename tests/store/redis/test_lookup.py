"""What lies between the steps of a look-up, and of a write, on several shards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from samehand.keys import Key, KeyKind, kind_of
from store.base import Query
from store.bounds import Bounds
from store.limits import SLOT_RESTS_SECONDS
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.redis.client import RedisClient
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_query, a_remembered

DEVICE = "f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11"


@pytest.fixture
async def store(redis_url: str, store_prefix: str) -> AsyncIterator[RedisStore]:
    """A store of five shards."""
    store = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=10.0),
        prefix=store_prefix,
        identity=IDENTITY,
        sizes=Sizes(shards=5, **SMALL),
        bounds=Bounds(shards=5),
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
    for (
        first,
        *_,
    ) in (
        await store.remembered_like([asked], now=NOW),
        await store.bans_like([asked], now=NOW),
    ):
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
