"""The sketch: never below the truth, and close to it."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.redis.count_min_sketch import (
    FILTER_PLACES,
    ROWS,
    Digests,
    Sketch,
    columns_of,
    home,
)

VALUES = st.tuples(st.integers(1, 40), st.binary(max_size=6), st.sampled_from(["", "latin", "arabic"]))


def counted(values: list[tuple[int, bytes, str]], columns: int) -> Sketch:
    """A sketch that counted values, each cell the plain way."""
    cells = np.zeros(ROWS * columns, ">u4")
    for value in values:
        for row, place in enumerate(columns_of(*value, columns)):
            cells[row * columns + place] += 1
    return Sketch(cells.tobytes(), columns)


def filtered(sightings: list[tuple[int, bytes, str, bytes]], bits: int) -> npt.NDArray[np.uint32]:
    """The places of values and their clusters in the filter."""
    return Digests([one[:3] for one in sightings]).filter_places([one[3] for one in sightings], bits)


@given(st.lists(VALUES, max_size=60), st.integers(1, 64))
def test_an_estimate_is_never_below_the_truth(values: list[tuple[int, bytes, str]], columns: int) -> None:
    sketch = counted(values, columns)
    for value, truth in Counter(values).items():
        assert sketch.count(*value) >= truth


@given(st.lists(VALUES, max_size=60), st.lists(VALUES, max_size=60))
def test_two_sketches_add_up(one: list[tuple[int, bytes, str]], other: list[tuple[int, bytes, str]]) -> None:
    both = counted(one + other, 32)
    total = Sketch(counted(one, 32).plus(counted(other, 32)), 32)
    assert all(total.count(*value) == both.count(*value) for value in one + other)


def test_a_full_cell_stays_full() -> None:
    full = Sketch(b"\xff" * 4 * ROWS, 1)
    assert Sketch(full.plus(full), 1).count(1, b"", "") == 0xFFFFFFFF


def test_what_was_stored_short_reads_as_zero() -> None:
    assert Sketch(b"", 8).count(1, b"value", "") == 0


@given(VALUES, st.integers(1, 16))
def test_a_value_has_one_home(value: tuple[int, bytes, str], sketches: int) -> None:
    assert 0 <= home(*value, sketches) < sketches
    assert home(*value, sketches) == home(*value, sketches)


@given(st.lists(VALUES, max_size=20), st.integers(1, 16))
def test_homes_of_many_are_those_of_each(values: list[tuple[int, bytes, str]], sketches: int) -> None:
    assert Digests(values).homes(sketches).tolist() == [home(*value, sketches) for value in values]


def test_a_value_has_no_other_home_than_the_only_one() -> None:
    assert home(1, b"value", "latin", 1) == 0


@given(st.lists(VALUES, max_size=20), st.integers(1, 1 << 20))
def test_cells_of_many_are_those_of_each(values: list[tuple[int, bytes, str]], columns: int) -> None:
    cells = Digests(values).hashes % np.uint32(columns)
    assert cells.tolist() == [list(columns_of(*value, columns)) for value in values]


@given(st.sets(VALUES, min_size=1, max_size=20), st.sets(VALUES, min_size=1, max_size=20))
def test_a_sketch_knows_what_was_counted_and_hardly_anything_else(
    met: set[tuple[int, bytes, str]], others: set[tuple[int, bytes, str]]
) -> None:
    sketch, columns = counted(sorted(met), 1 << 20), np.uint32(1 << 20)
    assert sketch.knows(Digests(sorted(met)).hashes % columns).all()
    assert not sketch.knows(Digests(sorted(others - met)).hashes % columns).any()


def test_however_full_a_sketch_is_it_knows_few_who_were_never_counted() -> None:
    columns = 256
    once = [(1, str(number).encode(), "") for number in range(4 * columns)]
    often = [(2, str(number).encode(), "") for number in range(4)] * 40
    sketch = counted(once + often, columns)
    never = [(3, str(number).encode(), "") for number in range(2_000)]
    assert sketch.knows(Digests(often).hashes % np.uint32(columns)).all()
    assert sketch.knows(Digests(never).hashes % np.uint32(columns)).mean() < 0.1


@given(st.lists(st.tuples(VALUES, st.binary(max_size=300)), max_size=20), st.integers(1, 1 << 32))
def test_places_of_the_filter_are_what_is_stored_already(
    sightings: list[tuple[tuple[int, bytes, str], bytes]], bits: int
) -> None:
    """A filter outlives the program: each place is a whole step from the one before, modulo its bits."""

    def identity(kind: int, value: bytes, stratum: str) -> int:
        own = bytes((kind,)) + len(value).to_bytes(4, "big") + value + stratum.encode()
        digest = blake2b(own, digest_size=24, person=b"samehand-count").digest()
        return int.from_bytes(digest[16:], "big")

    def mixed(word: int) -> int:
        word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % (1 << 64)
        word = (word ^ word >> 27) * 0x94D049BB133111EB % (1 << 64)
        return word ^ word >> 31

    def places(kind: int, value: bytes, stratum: str, cluster: bytes) -> list[int]:
        own, others = identity(kind, value, stratum), identity(255, cluster, "")
        start, step = mixed(own ^ others), mixed(own ^ others ^ (1 << 64) - 1) | 1
        return [(start + step * at) % (1 << 64) % bits for at in range(FILTER_PLACES)]

    found = filtered([(*value, cluster) for value, cluster in sightings], bits)
    assert found.tolist() == [places(*value, cluster) for value, cluster in sightings]


def test_a_filter_a_third_full_knows_one_new_sighting_in_27() -> None:
    """Of values that share their clusters and clusters that share their values."""
    bits, several = 1 << 16, range(90)
    pairs = [(1, f"{one}".encode(), "", f"{other}".encode()) for one in several for other in several]
    held = np.zeros(bits, np.bool_)
    held[filtered(pairs, bits)] = True
    assert held.mean() == pytest.approx(1 - np.exp(-FILTER_PLACES * len(pairs) / bits), abs=0.01)
    others = [(2, value, stratum, cluster) for _, value, stratum, cluster in pairs]
    known = held[filtered(others, bits)].all(axis=1).mean()
    assert known == pytest.approx(held.mean() ** FILTER_PLACES, abs=0.01)
