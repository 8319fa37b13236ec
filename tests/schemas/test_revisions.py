"""Revisions grow, whatever the clock says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.examples import ALERT, WITHDRAWN
from schemas.revisions import BY_TIME_MAX, COUNTED_FROM, by_time, next_revision

CLOCKS = st.floats(min_value=-1e18, max_value=1e18, allow_nan=False)


@given(st.integers(0, BY_TIME_MAX), CLOCKS)
def test_next_revision_is_above_the_known_one_and_fits_a_record(known: int, now: float) -> None:
    assert known < next_revision(known, now) < 2**31 - 1


@given(st.integers(0, 2**31), CLOCKS)
def test_next_revision_is_not_below_its_moment(known: int, now: float) -> None:
    assert next_revision(known, now) >= by_time(now) >= 1


def test_revision_by_time_counts_seconds_since_2020() -> None:
    assert [by_time(COUNTED_FROM + it) for it in (-1.0, 0.5, 1.9, 86_400.0)] == [1, 1, 1, 86_400]
    assert by_time(float("inf")) == BY_TIME_MAX


def test_examples_have_revisions_of_their_moments() -> None:
    assert by_time(ALERT.detected_at.timestamp()) - 1 <= ALERT.revision < WITHDRAWN.revision
