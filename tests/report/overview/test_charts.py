"""Line charts: within their frame, no peak lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from report.overview.overview import HEIGHT, POINTS_MAX, WIDTH, Spark, thinned

VALUES = st.lists(st.floats(0, 1e9), min_size=2, max_size=1000)


@given(VALUES)
def test_a_line_stays_within_its_frame(values: list[float]) -> None:
    points = [tuple(map(float, pair.split(","))) for pair in Spark(values, "lag").points.split()]
    assert all(0 <= x <= WIDTH + 0.1 and 0 <= y <= HEIGHT for x, y in points)
    assert 2 <= len(points) <= POINTS_MAX


@given(VALUES)
def test_thinning_keeps_the_peak(values: list[float]) -> None:
    assert max(thinned(values)) == max(values)


def test_one_value_is_no_line() -> None:
    assert Spark([], "lag").points == Spark([1.0], "lag").points == ""
