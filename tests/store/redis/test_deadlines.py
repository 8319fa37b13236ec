"""Whose fault it is that an answer is late: of Redis, or of a worker that had no processor to read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import pytest
import uvloop

from local.redis import EmbeddedRedis
from store.errors import StoreUnavailable
from store.redis import RedisEndpoint
from store.redis.client import RedisClient
from store.redis.deadline import LATE, SLICES

ANSWER_SECONDS = 0.04
COMMAND_SECONDS = 0.1
HELD_SECONDS = 0.12
"""How long a task holds the interpreter in each turn of the loop: longer than a whole command may take."""

Seen = tuple[dict[str, float], int]
"""Seconds beyond deadlines, by whose fault, and how many turns of the loop went by meanwhile."""


@pytest.fixture
def server(redis_url: str) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(settings={"appendonly": "no"}) as server:
        yield server


@asynccontextmanager
async def client_of(server: EmbeddedRedis, *, connected: bool) -> AsyncIterator[RedisClient]:
    """A client whose deadlines are those of a worker, but shorter."""
    options = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
    client = RedisClient(RedisEndpoint(url=server.url, deadline_seconds=COMMAND_SECONDS, options=options))
    while connected:
        with suppress(StoreUnavailable):  # this machine may be busy too
            await client.ask("PING")
            break
    yield client
    await client.close()


@contextmanager
def frozen(server: EmbeddedRedis) -> Iterator[None]:
    server.freeze()
    yield
    server.thaw()


async def seen_of(asking: Coroutine[Any, Any, None], *, held_seconds: float) -> Seen:
    """What happened while somebody asked, and a task held the interpreter in every turn of the loop."""
    before, turns = LATE.copy(), 0

    async def hold() -> None:
        nonlocal turns
        while True:
            turns += 1
            time.sleep(held_seconds)  # noqa: ASYNC251  # nothing else may run meanwhile
            await asyncio.sleep(0)

    holding = asyncio.create_task(hold())
    try:
        await asking
    finally:
        holding.cancel()
    return {cause: LATE[cause] - seconds for cause, seconds in before.items()}, turns


async def answered(client: RedisClient) -> None:
    assert await client.ask("PING")


async def not_answered(client: RedisClient) -> None:
    with pytest.raises(StoreUnavailable):
        await client.ask("PING")


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs it on the event loop of workers."""
    uvloop.run(test())


def test_a_worker_without_processor_waits_on_and_blames_itself(server: EmbeddedRedis) -> None:
    async def ask() -> None:
        async with client_of(server, connected=False) as client:
            for _ in ("with a new connection", "with one that is there"):
                late, _ = await seen_of(answered(client), held_seconds=HELD_SECONDS)
                assert late["worker"] > HELD_SECONDS
                assert late["store"] == 0

    run(ask)


def test_a_frozen_redis_is_blamed_after_its_deadline(server: EmbeddedRedis) -> None:
    async def ask() -> None:
        async with client_of(server, connected=True) as client:
            with frozen(server):
                late, _ = await seen_of(not_answered(client), held_seconds=0)
            assert late["store"] >= 0.9 * ANSWER_SECONDS, "a timer may come a tick early"

    run(ask)


def test_a_frozen_redis_is_found_by_a_worker_without_processor_too(server: EmbeddedRedis) -> None:
    async def ask() -> None:
        async with client_of(server, connected=True) as client:
            with frozen(server):
                late, turns = await seen_of(not_answered(client), held_seconds=HELD_SECONDS)
            assert late["store"] > 0
            assert turns <= 2 * SLICES

    run(ask)
