"""A suspect is decided alone, and what ended its worker three times is not tried a fourth time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from streams.errors import Transient
from streams.outcomes import NOTHING, Arrival, Dead, Outcome
from streams.supervision.flight_recorder import FlightRecorder, InHand
from streams.supervision.poison_guard import REASON, PoisonGuard, ReadersWriterLock, unguarded, waiting
from streams.supervision.suspects import ENDS_MAX, Suspect, Suspects
from tests.tables import for_each


class NotOfARecord(Exception):
    """Say, a store that was replaced."""


def arrivals(count: int) -> list[Arrival]:
    return [Arrival("t", 0, offset, None, b"", timestamp=7.0) for offset in range(count)]


async def cautious(*known: Suspect) -> tuple[PoisonGuard, FlightRecorder]:
    async def read() -> Sequence[Suspect]:
        return known

    recorder = FlightRecorder()
    poison_guard = PoisonGuard(recorder, Suspects(read), elsewhere=(NotOfARecord,))
    await poison_guard.suspects.refresh()
    return poison_guard, recorder


def suspect(first: int, last: int, ends: int = 0) -> Suspect:
    return Suspect(topic="t", partition=0, first=first, last=last, at=7.0, ends=ends, how="it hung")


async def sizes(poison_guard: PoisonGuard, count: int) -> list[int]:
    """How many records were decided at once, in turn."""
    seen: list[int] = []

    async def handle(some: Sequence[Arrival]) -> list[Outcome]:
        seen.append(len(some))
        return [NOTHING] * len(some)

    await poison_guard.decide_all(poison_guard.slot("screen"), handle, arrivals(count))
    return seen


async def test_without_suspects_a_batch_is_decided_at_once() -> None:
    assert await sizes(unguarded(), 500) == [500]


async def test_suspects_are_decided_one_by_one_and_the_rest_at_once() -> None:
    poison_guard, _ = await cautious(suspect(3, 5))
    assert await sizes(poison_guard, 20) == [3, 1, 1, 1, 14]


async def test_what_ended_its_worker_three_times_is_a_dead_letter_that_says_so() -> None:
    poison_guard, _ = await cautious(suspect(0, 9), suspect(1, 1, ends=ENDS_MAX))
    tried: list[int] = []

    async def handle(some: Sequence[Arrival]) -> list[Outcome]:
        tried.extend(it.offset for it in some)
        return [NOTHING] * len(some)

    outcomes = await poison_guard.decide_all(poison_guard.slot("screen"), handle, arrivals(3))
    assert tried == [0, 2]
    assert outcomes[1] == Dead(REASON, detail="ended its worker 3 times, the last: it hung")


async def test_while_a_suspect_is_decided_nothing_else_is() -> None:
    poison_guard, recorder = await cautious(suspect(0, 0))
    inside: list[str] = []
    go_on = asyncio.Event()

    async def other(some: Sequence[Arrival]) -> list[Outcome]:
        inside.append("other")
        await go_on.wait()
        inside.remove("other")
        return [NOTHING] * len(some)

    async def alone(some: Sequence[Arrival]) -> list[Outcome]:
        assert inside == []
        await asyncio.sleep(0)
        assert [(it.name, it.records) for it in recorder.unfinished()] == [("screen", 1)]
        return [NOTHING]

    innocent = [Arrival("u", 0, 0, None, b"")]
    screen, enrol = poison_guard.slot("screen"), poison_guard.slot("enrol")
    before = asyncio.create_task(poison_guard.decide_all(enrol, other, innocent))
    await asyncio.sleep(0)
    tried = asyncio.create_task(poison_guard.decide_all(screen, alone, arrivals(1)))
    await asyncio.sleep(0)
    after = asyncio.create_task(poison_guard.decide_all(enrol, other, innocent))
    for _ in range(10):
        await asyncio.sleep(0)
    assert inside == ["other"], "who comes later waits"
    go_on.set()
    await asyncio.gather(before, tried, after)


@for_each(
    ("fault", "left"), [(Transient(), 0), (NotOfARecord(), 0), (asyncio.CancelledError(), 0), (KeyError(), 1)]
)
async def test_only_what_nobody_expects_stays_noted(fault: BaseException, left: int) -> None:
    poison_guard, recorder = await cautious()

    async def handle(some: Sequence[Arrival]) -> list[Outcome]:
        raise fault

    with pytest.raises(type(fault)):
        await poison_guard.decide_all(poison_guard.slot("screen"), handle, arrivals(2))
    assert len(recorder.unfinished()) == left


async def test_who_ends_in_order_tells_the_group_before_and_its_successor_nothing() -> None:
    told: list[tuple[Sequence[InHand], str]] = []
    recorder = FlightRecorder()
    poison_guard = PoisonGuard(
        recorder, (await cautious())[0].suspects, mark=lambda hands, how: told.append((hands, how))
    )
    slot = poison_guard.slot("screen")
    slot.note(arrivals(1))
    await poison_guard.blame(slot, "KeyError")
    assert [([it.name for it in hands], how) for hands, how in told] == [(["screen"], "KeyError")]
    assert recorder.unfinished() == []


async def test_what_cannot_be_told_now_is_left_to_the_successor() -> None:
    def unreachable(hands: Sequence[InHand], how: str) -> None:
        raise Transient("no broker")

    recorder = FlightRecorder()
    poison_guard = PoisonGuard(recorder, (await cautious())[0].suspects, mark=unreachable)
    slot = poison_guard.slot("screen")
    slot.note(arrivals(1))
    await poison_guard.blame(slot, "KeyError")
    assert len(recorder.unfinished()) == 1


async def test_the_room_is_free_again_after_a_fault() -> None:
    room = ReadersWriterLock()
    with pytest.raises(KeyError):
        async with room.exclusive():
            raise KeyError
    with pytest.raises(KeyError):
        async with room.shared():
            raise KeyError
    async with asyncio.timeout(1), room.exclusive():
        pass


async def test_waiting_for_a_server_is_noted_while_it_lasts() -> None:
    poison_guard, recorder = await cautious()
    seen: list[bool] = []

    async def handle(some: Sequence[Arrival]) -> list[Outcome]:
        seen.append(recorder.unfinished()[0].waiting)
        with waiting():
            seen.append(recorder.unfinished()[0].waiting)
        seen.append(recorder.unfinished()[0].waiting)
        return [NOTHING]

    await poison_guard.decide_all(poison_guard.slot("screen"), handle, arrivals(1))
    assert seen == [False, True, False]
    with waiting():  # outside of a delivery it is nobody's
        assert recorder.unfinished() == []
