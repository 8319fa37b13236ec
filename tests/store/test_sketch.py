"""The sketch: never below the truth, and close to it."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from store.sketch import ROWS, Sketch, columns_of, home

VALUES = st.tuples(st.integers(1, 40), st.binary(max_size=6), st.sampled_from(["", "latin", "arabic"]))


def counted(values: list[tuple[int, bytes, str]], columns: int) -> Sketch:
    """A sketch that counted values, each cell the plain way."""
    cells = np.zeros(ROWS * columns, ">u4")
    for value in values:
        for row, place in enumerate(columns_of(*value, columns)):
            cells[row * columns + place] += 1
    return Sketch(cells.tobytes(), columns)


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
