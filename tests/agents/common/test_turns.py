"""Others run while a batch is worked on, and not more often than they need."""

from __future__ import annotations

import asyncio

from agents.common.turns import HELD_SECONDS, Turns


async def turns_given(seconds_each: float, count: int) -> int:
    now, turns_taken = 0.0, 0

    async def somebody_else() -> None:
        nonlocal turns_taken
        while True:
            turns_taken += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(somebody_else())
    turns = Turns(lambda: now)
    for _ in range(count):
        now += seconds_each
        await turns.give()
    other.cancel()
    return turns_taken


async def test_who_holds_the_loop_for_long_gives_a_turn_each_time() -> None:
    assert await turns_given(1.5 * HELD_SECONDS, 10) == 10


async def test_short_work_gives_none() -> None:
    assert await turns_given(HELD_SECONDS / 100, 50) == 0
