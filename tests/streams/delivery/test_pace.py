"""How fast delivery goes, and what it publishes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.backoff import FIRST_SECONDS, MOST_SECONDS, Backoff
from streams.delivery.batches import BatchSize
from streams.delivery.circuit_breaker import Breaker, BreakerState
from streams.delivery.progress import Progress, Stage
from streams.delivery.publisher import publish
from streams.outcomes import Emit
from streams.supervision.flight_recorder import FlightRecorder
from tests.streams.fakes import FakeBroker, FakeClock
from tests.tables import for_each

# How much is delivered at once, and when again.


# Fewer records at once after a failure, and more again.


def of(records_max: int, recorder: FlightRecorder | None = None) -> BatchSize:
    return BatchSize(records_max, (recorder or FlightRecorder()).slot("screen"))


def test_it_halves_what_was_tried_down_to_one_record() -> None:
    size = of(500)
    size.failed(40)
    assert size.records == 20, "half of what was in hand, not of what might have been"
    for _ in range(10):
        size.failed(size.records)
    assert size.records == 1


def test_it_grows_by_a_constant_up_to_the_limit() -> None:
    size = of(160)
    size.failed(160)
    sizes = []
    for _ in range(9):
        size.succeeded()
        sizes.append(size.records)
    assert sizes == [90, 100, 110, 120, 130, 140, 150, 160, 160]


def test_a_small_limit_grows_too() -> None:
    size = of(4)
    size.failed(4)
    size.succeeded()
    assert size.records == 3


def test_what_was_too_many_is_remembered_by_who_starts_again() -> None:
    recorder = FlightRecorder()
    of(500, recorder).failed(500)
    again = of(500, recorder)
    assert again.records == 250
    while again.records < 500:
        again.succeeded()
    assert of(500, recorder).records == 500
    assert of(800, recorder).records == 800, "what got through at its limit says nothing of a higher one"


def test_a_lower_limit_holds_whatever_is_remembered() -> None:
    recorder = FlightRecorder()
    of(500, recorder).failed(500)
    assert of(100, recorder).records == 100


# Pauses between tries.


def test_the_ceiling_doubles_up_to_the_cap() -> None:
    longest = Backoff(lambda low, high: high)
    assert [longest.seconds(attempt) for attempt in (0, 1, 2)] == [FIRST_SECONDS, 0.1, 0.2]
    assert longest.seconds(50) == MOST_SECONDS


@given(st.integers(0, 10**9), st.integers())
def test_a_pause_lies_between_nothing_and_the_cap(attempt: int, seed: int) -> None:
    assert 0.0 <= Backoff(random.Random(seed).uniform).seconds(attempt) <= MOST_SECONDS


def test_the_jitter_is_full() -> None:
    drawn = [Backoff(random.Random(7).uniform).seconds(20)] + [
        Backoff(random.Random(seed).uniform).seconds(20) for seed in range(200)
    ]
    assert min(drawn) < 0.1 * MOST_SECONDS
    assert max(drawn) > 0.9 * MOST_SECONDS


# The circuit breaker, by its diagram.


def a_breaker(clock: FakeClock, turns: list[BreakerState] | None = None) -> Breaker:
    told = [] if turns is None else turns
    return Breaker(clock.ticks, failures_in_a_row=3, rest_seconds=1.0, on_change=told.append)


def opened(clock: FakeClock, turns: list[BreakerState] | None = None) -> Breaker:
    breaker = a_breaker(clock, turns)
    for _ in range(3):
        breaker.failed()
    return breaker


def test_failures_apart_from_each_other_open_nothing() -> None:
    breaker = a_breaker(FakeClock())
    for _ in range(10):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.allows()


def test_three_in_a_row_open_it() -> None:
    breaker = opened(FakeClock())
    assert breaker.state is BreakerState.OPEN
    assert not breaker.allows()


def test_after_a_rest_one_probe_may_pass() -> None:
    clock = FakeClock()
    breaker = opened(clock)
    clock.at += 1.0
    assert breaker.allows()
    assert breaker.state is BreakerState.HALF_OPEN
    assert not breaker.allows(), "the second caller waits for the first one's outcome"


def test_a_probe_decides() -> None:
    clock, turns = FakeClock(), list[BreakerState]()
    breaker = opened(clock, turns)
    clock.at += 1.0
    breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    clock.at += 1.0
    breaker.allows()
    breaker.succeeded()
    assert breaker.allows()
    assert turns == [
        BreakerState.OPEN,
        BreakerState.HALF_OPEN,
        BreakerState.OPEN,
        BreakerState.HALF_OPEN,
        BreakerState.CLOSED,
    ]


def test_a_probe_that_never_reports_does_not_close_the_door_for_ever() -> None:
    clock = FakeClock()
    breaker = opened(clock)
    clock.at += 1.0
    assert breaker.allows()
    clock.at += 1.0
    assert breaker.allows()


# What is published and counted as progress.


# Sending a batch: what was not confirmed comes back, in order.


def emits(count: int) -> list[Emit]:
    return [Emit("alerts", b"k", b"v", marker=str(number)) for number in range(count)]


async def test_nothing_comes_back_when_all_is_confirmed() -> None:
    broker = FakeBroker([])
    assert await publish(broker, emits(3)) == []
    assert len(broker.confirmed) == 3


async def test_what_was_not_confirmed_comes_back() -> None:
    broker = FakeBroker([])
    broker.outages = 2
    assert [emit.marker for emit in await publish(broker, emits(4))] == ["0", "1"]


async def test_what_was_not_buffered_comes_back_behind_what_was_not_confirmed() -> None:
    class Full(FakeBroker):
        async def send(self, emit: Emit) -> object:  # type: ignore[override]  # a fake
            self.unbuffered = emit.marker == "2"
            return await super().send(emit)

    broker = Full([])
    broker.outages = 1
    back = await publish(broker, emits(4))  # type: ignore[arg-type]  # a fake
    assert [emit.marker for emit in back] == ["0", "2", "3"]
    assert [emit.marker for emit in broker.confirmed] == ["1"]


async def test_a_refusal_is_raised_once_the_others_are_settled() -> None:
    broker = FakeBroker([])
    broker.refusal = PermissionError()
    with pytest.raises(PermissionError):
        await publish(broker, emits(2))


async def test_last_records_are_sent_once_the_others_are_confirmed() -> None:
    broker = FakeBroker([])
    broker.outages = 1
    state, alert = (
        Emit("state", b"k", b"v", marker="state", last=True),
        Emit("alerts", b"k", b"v", marker="0"),
    )
    left = await publish(broker, [state, alert])
    assert (left, broker.confirmed) == ([alert, state], [])
    assert await publish(broker, left) == []
    assert [emit.marker for emit in broker.confirmed] == ["0", "state"]


# What a delivery shows of itself.


def test_reaching_a_stage_is_a_sign_of_life() -> None:
    progress = Progress("screen", "t")
    progress.move(Stage.PUBLISHING, 7.0)
    assert (progress.stage, progress.moved_at) == (Stage.PUBLISHING, 7.0)


@for_each("stage", list(Stage))
def test_only_an_outage_and_an_operator_are_waited_for_on_purpose(stage: Stage) -> None:
    waits = Progress("screen", "t", stage=stage).waits_on_purpose
    assert waits == (stage in {Stage.HOLDING, Stage.STOPPED})
