"""The circuit breaker, by its diagram."""

from __future__ import annotations

from streams.delivery.circuit_breaker import Breaker, BreakerState
from tests.streams.fakes import FakeClock


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
