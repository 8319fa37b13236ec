"""Calls that come while others are answered are answered together, and each has its own answer."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.together import TOGETHER_MAX, Together
from store.errors import StoreUnavailable
from store.memory.store import MemoryStore
from tests.gate.conftest import Caller
from tests.makers import a_ban, a_sign_up

Batches = list[list[int]]


class Answers:
    """Answers a number with its square once it is let; notes what it is asked together."""

    def __init__(self, *faulty: int) -> None:
        self.batches: Batches = []
        self.let = asyncio.Event()
        self.faulty = faulty

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        """One answer a number."""
        self.batches.append(list(numbers))
        await self.let.wait()
        if bad := set(numbers) & set(self.faulty):
            raise ValueError(bad)
        return [number * number for number in numbers]


async def begun(*calls: Any) -> list[asyncio.Task[Any]]:
    """Calls that wait for their answers."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_the_first_begins_at_once_and_the_others_wait_for_it() -> None:
    answers = Answers()
    together = Together(answers)
    first = await begun(together(1))
    others = await begun(*(together(number) for number in (2, 3, 4)))
    assert answers.batches == [[1]]
    answers.let.set()
    assert await asyncio.gather(*first, *others) == [1, 4, 9, 16]
    assert answers.batches == [[1], [2, 3, 4]]


async def test_a_batch_has_no_more_than_are_answered_in_time() -> None:
    answers = Answers()
    together = Together(answers)
    calls = await begun(*(together(number) for number in range(2 * TOGETHER_MAX + 3)))
    answers.let.set()
    await asyncio.gather(*calls)
    assert max(map(len, answers.batches)) == TOGETHER_MAX
    assert sum(map(len, answers.batches)) == 2 * TOGETHER_MAX + 3


async def test_who_stops_waiting_is_not_asked_about() -> None:
    answers = Answers()
    together = Together(answers)
    (first,) = await begun(together(1))
    second, third = await begun(together(2), together(3))
    second.cancel()
    await asyncio.wait([second])
    answers.let.set()
    assert [await first, await third] == [1, 9]
    assert answers.batches == [[1], [3]]


async def test_a_batch_that_nobody_waits_for_gives_way() -> None:
    answers = Answers()
    together = Together(answers, 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await together(1)
    answers.let.set()
    async with asyncio.timeout(60):
        assert await together(2) == 4
    assert answers.batches == [[1], [2]]


async def test_a_question_on_which_our_logic_fails_costs_itself_alone() -> None:
    answers = Answers(3)
    together = Together(answers)
    calls = await begun(*(together(number) for number in range(6)))
    answers.let.set()
    told = await asyncio.gather(*calls, return_exceptions=True)
    assert [it if isinstance(it, int) else type(it) for it in told] == [0, 1, 4, ValueError, 16, 25]


async def test_an_outage_is_everybodys_and_is_not_tried_again() -> None:
    asked = []

    async def away(numbers: Sequence[int]) -> list[int]:
        asked.append(list(numbers))
        raise StoreUnavailable("Redis cannot be reached")

    together = Together(away)
    told = await asyncio.gather(*(together(number) for number in range(3)), return_exceptions=True)
    assert [type(it) for it in told] == [StoreUnavailable] * 3
    assert sum(map(len, asked)) == 3


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),  # turns of the loop before the call comes
            st.none() | st.integers(0, 5),  # after how many it stops waiting
            st.booleans(),  # whether our logic fails on it
        ),
        max_size=40,
    ),
    st.integers(0, 4),
    st.integers(1, 9),
)
def test_whoever_comes_and_goes_when_each_is_told_its_own(
    calls: list[tuple[int, int | None, bool]], turns_a_batch: int, together_max: int
) -> None:
    faulty = {number for number, (_, _, fails) in enumerate(calls) if fails}
    running = 0

    async def answer(numbers: Sequence[int]) -> list[int]:
        nonlocal running
        running += 1
        try:
            assert running == 1, "one batch at a time"
            assert len(numbers) <= together_max
            for _ in range(turns_a_batch):
                await asyncio.sleep(0)
            if faulty & set(numbers):
                raise KeyError
            return [number * 7 for number in numbers]
        finally:
            running -= 1

    async def story() -> list[int | BaseException]:
        together = Together(answer, together_max)

        async def call(number: int, comes: int, goes: int | None) -> int:
            for _ in range(comes):
                await asyncio.sleep(0)
            mine = asyncio.ensure_future(together(number))
            if goes is not None:
                for _ in range(goes):
                    await asyncio.sleep(0)
                mine.cancel()
            return await mine

        async with asyncio.timeout(60):
            return await asyncio.gather(
                *(call(number, comes, goes) for number, (comes, goes, _) in enumerate(calls)),
                return_exceptions=True,
            )

    for number, told in enumerate(asyncio.run(story())):
        if isinstance(told, asyncio.CancelledError):
            assert calls[number][1] is not None
        elif isinstance(told, KeyError):
            assert number in faulty
        else:
            assert told == number * 7
            assert number not in faulty


async def test_many_at_once_are_told_what_each_would_be_told_alone(caller: Caller) -> None:
    devices = [f"6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2{number}" for number in range(9)]
    for number in range(6):
        await caller.life.ban(a_ban(f"{number}", handle=f"umar_media_{number}", device_id=devices[number]))
    events = [a_sign_up(f"9{n}", handle=f"um4r_media_{n % 9}", device_id=devices[n % 9]) for n in range(40)]
    caller.key("score", "alerts")
    alone = [await caller.score(event, "score", "alerts") for event in events]
    batches = Counter[int]()
    bans_like = MemoryStore.bans_like

    async def counted(store: MemoryStore, queries: Any, **named: Any) -> Any:
        batches[len(queries)] += 1
        await asyncio.sleep(0)  # as a store that is elsewhere
        return await bans_like(store, queries, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryStore, "bans_like", counted)
        at_once = await asyncio.gather(*(caller.score(event, "score", "alerts") for event in events))
    assert {json.dumps(told["alerts"]) for told in alone} != {"[]"}
    assert [told | {"took_ms": 0} for told in at_once] == [told | {"took_ms": 0} for told in alone]
    assert max(batches) > 1, "they were asked about together"
