"""A process keeps the moments that it read, and learns of later enrolments in whatever order look-ups end."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from store.redis.moments import Moments, moments_of
from store.redis.postings import place_of

ENROLLED = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2**32 - 1)), max_size=40)


def entries(enrolled: list[tuple[int, int]]) -> bytes:
    """Slot and moment of each, as they are noted."""
    return b"".join(moment.to_bytes(4, "big") + slot.to_bytes(3, "big") for slot, moment in enrolled)


def told(moments: Moments, slots: int = 60) -> list[float | None]:
    """The moments of the first slots."""
    return [None if math.isnan(one) else one for one in moments.of(np.arange(slots)).tolist()]


def so_far(enrolled: list[tuple[int, int]], slots: int = 60) -> list[float | None]:
    """The same from the last ban of each slot."""
    last = dict(enrolled)
    return [float(last[slot]) if last.get(slot) else None for slot in range(slots)]


@given(ENROLLED, st.data())
def test_look_ups_that_end_in_any_order_know_all_that_they_were_told(
    enrolled: list[tuple[int, int]], data: st.DataObject
) -> None:
    known = Moments()
    for _ in range(4):
        before = data.draw(st.integers(0, known.enrolled))
        upto = data.draw(st.integers(before, len(enrolled)))
        known.learn(before, entries(enrolled[before:upto]))
        assert known.enrolled >= upto
        assert told(known) == so_far(enrolled[: known.enrolled])
        assert known.last == entries(enrolled[known.enrolled - 1 : known.enrolled])


@given(ENROLLED, st.integers(0, 40), st.integers(0, 40))
def test_what_was_read_may_be_newer_than_it_is_said_to_be(
    enrolled: list[tuple[int, int]], said: int, read: int
) -> None:
    said, read = sorted((min(said, len(enrolled)), min(read, len(enrolled))))
    packed = b"".join(int(one or 0).to_bytes(4, "big") for one in so_far(enrolled[:read]))
    known = Moments(packed, said, entries(enrolled[:said])[-7:])
    known.learn(said, entries(enrolled[said:]))
    assert told(known) == so_far(enrolled)


def test_places_of_several_indexes_are_told_apart() -> None:
    several = [Moments((5).to_bytes(4, "big"), 1), Moments((7).to_bytes(4, "big"), 1)]
    places = np.array([place_of(1, 0), place_of(0, 0), place_of(0, 9)])
    assert moments_of(several, places).tolist()[:2] == [7.0, 5.0]
    assert np.isnan(moments_of(several, places)[2])
    assert np.isnan(moments_of([], places)).all()
