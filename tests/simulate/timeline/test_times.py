"""Moments come in order, as many as asked, within their span."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate.delays import DAY
from simulate.timeline.stream import ordered_times, times_before


@given(st.integers(0, 200), st.integers(0, 2**32))
def test_ordered_times_ascend_within_the_span(size: int, seed: int) -> None:
    times = list(ordered_times(Random(seed), 100.0, 200.0, size))
    assert len(times) == size
    assert times == sorted(times)
    assert all(100.0 <= at <= 200.0 for at in times)


def test_they_are_spread_evenly() -> None:
    times = list(ordered_times(Random(1), 0.0, 1.0, 10_000))
    for share in (0.1, 0.5, 0.9):
        assert times[int(share * 10_000)] == pytest.approx(share, abs=0.02)


@given(st.integers(0, 100), st.integers(0, 2**32))
def test_times_before_ascend_and_end_before_the_start(size: int, seed: int) -> None:
    start = 1000 * DAY
    times = list(times_before(Random(seed), start, size))
    assert len(times) == size
    assert times == sorted(times)
    assert all(start - 720 * DAY <= at <= start for at in times)


def test_recent_moments_are_more_frequent() -> None:
    times = list(times_before(Random(1), 0.0, 10_000))
    assert sum(at > -90 * DAY for at in times) > 4_500
