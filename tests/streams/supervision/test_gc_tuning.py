"""A worker seldom looks for cycles, and finds them all the same."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from streams.supervision.gc_tuning import OBJECTS, collect_seldom


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """It is the process's own affair, of which other tests are to notice nothing."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


class Held:
    """Something that may hold itself."""

    itself: Held


def test_what_was_there_before_is_looked_at_no_more() -> None:
    known = Held()
    collect_seldom()
    assert gc.get_freeze_count() > 0
    assert not any(one is known for one in gc.get_objects())
    assert gc.get_threshold()[0] == OBJECTS


def test_a_cycle_made_afterwards_is_found_before_many_more_are_made() -> None:
    collect_seldom()
    cycle = Held()
    cycle.itself = cycle
    there = weakref.ref(cycle)
    del cycle
    kept: list[list[int]] = []
    while there() is not None and len(kept) <= 2 * OBJECTS:
        kept.append([])
    assert there() is None
