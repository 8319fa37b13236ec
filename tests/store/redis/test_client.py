"""Commands that are sent at the same time share a trip to Redis, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from store.errors import StoreUnavailable
from store.redis import RedisEndpoint
from store.redis.client import RedisClient, together
from tests.trips import trips

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
