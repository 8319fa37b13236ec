"""Events into batches."""

from __future__ import annotations

import asyncio

import pytest

from streams.batches import Batches
from tests.streams.fakes import FakeClock, FakeTaken, Scene, stream


async def drained(batches: Batches) -> list[list[int]]:
    found = []
    while batch := await batches.next():
        found.append([taken.arrival.offset for taken in batch])
    return found


async def test_every_event_comes_once_in_order_in_full_batches() -> None:
    batches = Batches(FakeClock(), records_max=4, linger_seconds=0.005)
    pump = asyncio.create_task(batches.fill(stream(Scene().taken([b"x"] * 10))))
    found = await drained(batches)
    await pump
    assert sum(map(len, found)) == 10
    assert [offset for batch in found for offset in batch] == list(range(10))
    assert all(len(batch) <= 4 for batch in found)


async def test_a_lone_event_waits_for_company_once() -> None:
    clock = FakeClock()
    batches = Batches(clock, linger_seconds=0.005)
    pump = asyncio.create_task(batches.fill(stream(Scene().taken([b"x"]), then_hang=True)))
    assert len(await batches.next()) == 1
    assert clock.slept == [0.005]
    pump.cancel()


async def test_a_full_batch_does_not_wait() -> None:
    clock = FakeClock()
    batches = Batches(clock, records_max=2)
    pump = asyncio.create_task(batches.fill(stream(Scene().taken([b"x"] * 2), then_hang=True)))
    await asyncio.sleep(0.01)
    assert len(await batches.next()) == 2
    assert clock.slept == []
    pump.cancel()


async def test_the_queue_holds_one_batch_and_no_more() -> None:
    events = Scene().taken([b"x"] * 100)
    pulled = []

    async def source() -> object:
        for event in events:
            pulled.append(event)
            yield event

    batches = Batches(FakeClock(), records_max=5)
    pump = asyncio.create_task(batches.fill(source()))  # type: ignore[arg-type]  # a generator is an iterator
    await asyncio.sleep(0.01)
    assert len(pulled) == 6, "five wait, and one is in the pump's hand"
    pump.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pump
    assert pulled[5].fate == "given up"
    batches.release()
    assert {event.fate for event in pulled} == {"given up"}


async def test_cancelled_while_waiting_for_company_it_gives_the_batch_up() -> None:
    class Forever(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    events: list[FakeTaken] = Scene().taken([b"x"])
    batches = Batches(Forever())
    pump = asyncio.create_task(batches.fill(stream(events, then_hang=True)))
    waiting = asyncio.create_task(batches.next())
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert events[0].fate == "given up"
    pump.cancel()
