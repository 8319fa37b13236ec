"""A step of a long command is tried again while waiting may cure it, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from cli import outages
from cli.outages import TRIES_MAX, through_outages
from store.errors import StoreEmptied, StoreMismatch, StoreRefused, StoreUnavailable
from streams.errors import BrokerRefused, BrokerUnavailable, Transient

SLOW = StoreUnavailable("Redis did not answer in time (2000 ms)")


def wrapped(cause: Exception) -> Transient:
    """As an agent raises what its store raised."""
    try:
        raise Transient(str(cause)) from cause
    except Transient as fault:
        return fault


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(outages, "uniform", max)
    return waited


def failing(faults: Iterator[Exception]) -> Callable[[], Awaitable[str]]:
    async def step() -> str:
        for fault in faults:
            raise fault
        return "done"

    return step


@pytest.mark.parametrize("fault", [SLOW, wrapped(SLOW), BrokerUnavailable("Kafka: it is away")])
async def test_what_waiting_cures_is_tried_again(
    fault: Exception, waits: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await through_outages(failing(iter([fault] * 12))) == "done"
    assert waits == sorted(waits)
    assert waits[-1] == 5.0, "capped"
    assert capsys.readouterr().err.count("trying again") == 1, "said once"


@pytest.mark.parametrize(
    "fault",
    [
        StoreRefused("NOPERM"),
        wrapped(StoreRefused("NOPERM")),
        wrapped(StoreEmptied("emptied")),
        StoreMismatch("another layout"),
        BrokerRefused("Kafka: no right"),
    ],
)
async def test_what_no_waiting_cures_is_raised_at_once(fault: Exception, waits: list[float]) -> None:
    with pytest.raises(type(fault)):
        await through_outages(failing(iter([fault])))
    assert waits == []


async def test_without_progress_it_gives_up(waits: list[float]) -> None:
    with pytest.raises(StoreUnavailable):
        await through_outages(failing(iter([SLOW] * TRIES_MAX)))
    assert len(waits) == TRIES_MAX - 1


async def test_with_progress_it_does_not(waits: list[float]) -> None:
    done = 0

    async def step() -> None:
        nonlocal done
        done += 1
        if done < 5 * TRIES_MAX:
            raise SLOW

    await through_outages(step, lambda: done)
    assert len(waits) == 5 * TRIES_MAX - 1
