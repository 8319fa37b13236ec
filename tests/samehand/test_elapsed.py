"""Spans of time in words, the same wherever one is shown."""

from __future__ import annotations

import pytest

from samehand.elapsed import DAY_SECONDS, HOUR_SECONDS, distance, placed, told_since


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (0.0, "within a second of"),
        (0.9, "within a second of"),
        (1.0, "1 second after"),
        (119.0, "119 seconds after"),
        (-9 * 60.0, "9 minutes before"),
        (36 * HOUR_SECONDS, "36 hours after"),
        (DAY_SECONDS, "1 day after"),
        (-3 * DAY_SECONDS - 1, "3 days before"),
    ],
)
def test_span_is_placed_in_its_largest_unit_of_which_two_are_full(since: float, expected: str) -> None:
    assert placed(since) == expected


def test_distance_has_no_sign() -> None:
    assert distance(-600.0) == distance(600.0) == (10, "minute")


def test_where_only_the_day_is_known_whole_days_are_told() -> None:
    noon = 20_000 * DAY_SECONDS + 12 * HOUR_SECONDS
    assert told_since(noon, 50 * 60.0, to_the_day=False) == 50 * 60.0
    assert told_since(noon, 50 * 60.0, to_the_day=True) == 0.0
    assert told_since(noon, 13 * HOUR_SECONDS, to_the_day=True) == DAY_SECONDS
