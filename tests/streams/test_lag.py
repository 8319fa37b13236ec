"""Lag from what was settled, not from what was fetched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.lag import Lag, lag, lags


def test_lag_counts_what_was_fetched_and_not_settled() -> None:
    assert lag(high_water=1050, next_offset=0, last_timestamp=None, now=10.0) == Lag(1050, 0.0)


def test_without_lag_there_is_no_age() -> None:
    assert lag(10, 10, last_timestamp=1.0, now=100.0) == Lag(0, 0.0)


def test_the_age_is_that_of_the_last_settled_record() -> None:
    assert lag(10, 7, last_timestamp=60.0, now=100.0) == Lag(3, 40.0)


@given(st.integers(0), st.integers(0), st.none() | st.floats(0, 1e10), st.floats(0, 1e10))
def test_it_is_never_negative(high_water: int, following: int, stamp: float | None, now: float) -> None:
    found = lag(high_water, following, stamp, now)
    assert found.records >= 0
    assert found.seconds >= 0.0


def test_only_partitions_known_on_both_sides_show() -> None:
    assert lags({("a", 0): 5, ("a", 1): 5}, {("a", 0): 3, ("b", 0): 1}, {}, 0.0) == {("a", 0): Lag(2, 0.0)}
