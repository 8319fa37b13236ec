"""What Redis answered comes again, to the same questions and to no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.connection import Connection
from redis.exceptions import RedisError

from bench.instructions.tape import NotOnTape, Tape


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """A tape is put in for a whole process, which here goes on."""
    made = Connection._connect
    yield
    Connection._connect = made  # type: ignore[method-assign]  # what the tape put in its place


async def spoken(client: Redis, prefix: str) -> list[object]:
    """Some commands, one of them with a large answer."""
    async with client:
        name = f"{prefix}:{{0}}:tape"
        await client.set(name, b"x" * 300_000)
        answers: list[object] = [await client.get(name), await client.append(name, b"y")]
        answers.append(await client.get(name))
        await client.delete(name)
    return answers


async def test_the_same_questions_get_the_same_answers_without_a_server(
    redis_administrator: str, tmp_path: Path
) -> None:
    tape = Tape()
    tape.record()
    told = await spoken(Redis.from_url(redis_administrator), "samehand")
    assert told == [b"x" * 300_000, 300_001, b"x" * 300_000 + b"y"]
    tape.save(tmp_path / "tape")
    Tape.load(tmp_path / "tape").replay()
    assert await spoken(Redis.from_url(redis_administrator), "samehand") == told


async def test_what_nobody_asked_has_no_answer(redis_administrator: str, tmp_path: Path) -> None:
    tape = Tape()
    tape.record()
    await spoken(Redis.from_url(redis_administrator), "samehand")
    tape.save(tmp_path / "tape")
    Tape.load(tmp_path / "tape").replay()
    with pytest.raises((NotOnTape, RedisError), match="nobody asked"):
        await spoken(Redis.from_url(redis_administrator), "another")
