"""What comes once passes, what comes again is let in, and nothing is held for ever."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from store.common import doorkeeper
from store.common.doorkeeper import Doorkeeper
from store.limits import DOOR_VALUES, OPENERS
from store.redis.count_min_sketch import FILTER_PLACES, ROWS

RNG = np.random.default_rng(7)
Hashes = npt.NDArray[np.uint32]


def some(many: int) -> Hashes:
    """So many values that nobody has met."""
    return RNG.integers(0, 1 << 32, (many, ROWS), np.uint32)


def shown(many: int) -> Hashes:
    """Sightings that open no door by themselves."""
    return np.full((many, FILTER_PLACES), OPENERS, np.uint32) + np.array([1, 0, 0], np.uint32)


def test_what_is_met_first_passes_and_what_comes_again_is_let_in() -> None:
    door, values = Doorkeeper(), some(1_000)
    for _ in range(2):  # a repeat of what failed lets nothing in
        assert not door.lets_in(values, shown(1_000)).any()
    door.note(values)
    assert door.lets_in(values, shown(1_000)).all()


def test_of_one_batch_the_second_is_let_in() -> None:
    door, (value,) = Doorkeeper(), some(1)
    assert door.lets_in(np.array([value] * 3), shown(3)).tolist() == [False, True, True]


def test_one_first_sighting_in_so_many_is_let_in() -> None:
    sightings = RNG.integers(0, 1 << 26, (20_000, FILTER_PLACES), np.uint32)
    share = Doorkeeper().lets_in(some(20_000), sightings).mean()
    assert share == pytest.approx(1 / OPENERS, rel=0.05)


def test_a_batch_of_nothing_lets_nobody_in() -> None:
    assert Doorkeeper().lets_in(some(0), shown(0)).size == 0


def test_what_was_not_met_for_two_generations_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorkeeper, "DOOR_VALUES", 100)
    door, values, regular = Doorkeeper(), some(20), some(20)
    door.note(values)
    for _ in range(2):
        others = some(101)
        assert not door.lets_in(others, shown(101)).any()
        door.note(others)
        door.note(regular)
    assert not door.lets_in(values, shown(20)).any()
    assert door.lets_in(regular, shown(20)).all()


def test_as_full_as_it_gets_few_are_taken_for_known() -> None:
    door, at_once = Doorkeeper(), 100_000
    for _ in range(DOOR_VALUES // at_once):
        door.note(some(at_once))
    assert door.lets_in(some(at_once), shown(at_once)).mean() < 1 / 25
