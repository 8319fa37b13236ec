"""Events into batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from streams.delivery.batches import COMPANY, GATHER_SECONDS, IDLE_WAITS, TURN_SECONDS, Batches
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


async def test_who_has_company_does_not_wait() -> None:
    clock = FakeClock()
    batches = Batches(clock)
    pump = asyncio.create_task(batches.fill(stream(Scene().taken([b"x"] * COMPANY), then_hang=True)))
    await asyncio.sleep(0.01)
    assert len(await batches.next()) == COMPANY
    assert clock.slept == []
    pump.cancel()


async def test_what_is_on_its_way_is_waited_for_in_turns_however_short_the_wait_for_company() -> None:
    clock = Busy(Scene().taken([b"x"] * 30))
    batches = Batches(clock, linger_seconds=0.0, coming=lambda: max(0, len(clock.left) - 20))
    pump = asyncio.create_task(batches.fill(clock.source()))
    assert len(await batches.next()) > COMPANY
    assert set(clock.slept[1:]) == {TURN_SECONDS}
    pump.cancel()


class Busy(FakeClock):
    """A machine on which each wait brings one event and no more."""

    def __init__(self, events: list[FakeTaken]) -> None:
        super().__init__()
        self.left = events[1:]
        self.coming: asyncio.Queue[FakeTaken] = asyncio.Queue()
        self.coming.put_nowait(events[0])

    async def sleep(self, seconds: float) -> None:
        if self.left:
            self.coming.put_nowait(self.left.pop(0))
        await super().sleep(seconds)
        await asyncio.sleep(0)  # the pump takes a turn to be woken and one to hand on

    async def source(self) -> AsyncIterator[FakeTaken]:
        while True:
            yield await self.coming.get()


async def test_what_is_known_to_be_on_its_way_is_waited_for() -> None:
    """Without it every batch of a busy machine would hold one or two records."""
    clock = Busy(Scene().taken([b"x"] * 30))
    batches = Batches(clock, records_max=20, linger_seconds=0.005, coming=lambda: 999)
    pump = asyncio.create_task(batches.fill(clock.source()))
    assert len(await batches.next()) == 20
    pump.cancel()


async def test_once_nothing_more_is_on_its_way_the_batch_goes() -> None:
    clock = Busy(Scene().taken([b"x"] * 30))
    batches = Batches(clock, linger_seconds=0.005, coming=lambda: max(0, len(clock.left) - 20))
    pump = asyncio.create_task(batches.fill(clock.source()))
    assert 8 <= len(await batches.next()) <= 11
    pump.cancel()


async def test_what_comes_after_the_batch_began_is_left_to_the_next() -> None:
    """Or a steady stream, of which a record is always on its way, would hold every batch back."""
    clock = Busy(Scene().taken([b"x"] * 400))
    batches = Batches(clock, linger_seconds=0.005, coming=lambda: 1)
    pump = asyncio.create_task(batches.fill(clock.source()))
    assert len(await batches.next()) <= 3
    pump.cancel()


async def test_what_does_not_come_is_not_waited_for_long() -> None:
    clock = FakeClock()
    batches = Batches(clock, linger_seconds=0.005, coming=lambda: 999)
    pump = asyncio.create_task(batches.fill(stream(Scene().taken([b"x"] * 3), then_hang=True)))
    assert len(await batches.next()) == 3
    assert len(clock.slept) <= 1 + IDLE_WAITS
    pump.cancel()


async def test_a_batch_that_fills_slowly_goes_when_its_time_is_up() -> None:
    clock = Busy(Scene().taken([b"x"] * 400))
    batches = Batches(clock, linger_seconds=0.005, coming=lambda: 999)
    pump = asyncio.create_task(batches.fill(clock.source()))
    batch = await batches.next()
    pump.cancel()
    assert sum(clock.slept) == pytest.approx(GATHER_SECONDS, abs=0.006)
    assert 30 < len(batch) < 60


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
