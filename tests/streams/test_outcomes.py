"""Arrivals and outcomes hold personal data and never show it."""

from __future__ import annotations

import pytest

from streams.outcomes import NOTHING, Arrival, Dead, Emit, Outcome, contained, nothing_after


def test_an_arrival_shows_its_address_alone() -> None:
    arrival = Arrival("t", 1, 2, b"umar", b"umar@example.org", (("trace", b"umar"),))
    assert arrival.address == "t:1:2"
    assert "umar" not in repr(arrival)
    assert "umar" not in repr(Emit("alerts", b"umar", b"umar"))


def test_pure_code_that_raises_makes_a_dead_letter() -> None:
    def decide(arrival: Arrival) -> Outcome:
        raise ValueError("umar")

    assert contained(decide, Arrival("t", 0, 0, None, None)) == Dead("logic-fault", detail="ValueError")
    assert contained(lambda arrival: NOTHING, Arrival("t", 0, 0, None, None)) == NOTHING


def test_being_told_to_end_is_not_contained() -> None:
    def decide(arrival: Arrival) -> Outcome:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        contained(decide, Arrival("t", 0, 0, None, None))


async def test_a_handler_may_have_nothing_to_remember() -> None:
    await nothing_after([Emit("alerts", None, None)])
