"""When accounts arrive around a ban: the densities of mirrors and of those who copy it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.elapsed import DAY_SECONDS, HOUR_SECONDS
from samehand.scoring.arrivals import COPIERS, LIFE_SECONDS, MIRRORS, Arrivals
from tests.tables import for_each

CURVES = (MIRRORS, COPIERS)
curves = st.sampled_from(CURVES)
ages = st.floats(-2 * LIFE_SECONDS, 2 * LIFE_SECONDS)


def arrived(curve: Arrivals, first: float, last: float, *, to_the_day: bool = False) -> float:
    """The part that arrives between two moments: the density summed in steps that are finer near the ban."""
    fine = np.geomspace(1.0, 2 * LIFE_SECONDS, 20_000)
    ends = np.concatenate(([first, 0.0, last], fine, -fine, -30 * DAY_SECONDS + fine, DAY_SECONDS - fine))
    at = np.unique(ends[(ends >= first) & (ends <= last)])
    middles = (at[1:] + at[:-1]) / 2
    return math.fsum(
        width * curve.density(middle, to_the_day=to_the_day)
        for width, middle in zip(np.diff(at).tolist(), middles.tolist(), strict=True)
    )


@for_each(
    ("first", "last", "low", "high"),
    [
        (0.0, 600.0, 0.03, 0.07),
        (0.0, HOUR_SECONDS, 0.07, 0.13),
        (0.0, DAY_SECONDS, 0.2, 0.3),
        (0.0, 7 * DAY_SECONDS, 0.4, 0.55),
        (-30 * DAY_SECONDS, 0.0, 0.13, 0.131),
    ],
)
def test_of_mirrors_such_parts_arrive_as_the_module_says(
    first: float, last: float, low: float, high: float
) -> None:
    assert low <= arrived(MIRRORS, first, last) <= high


@for_each("curve", CURVES)
def test_all_that_arrives_is_one_in_three_years_before_a_ban_and_ever_after(curve: Arrivals) -> None:
    last = 2 * LIFE_SECONDS
    beyond = curve.density(last) * last  # it falls with the square of the time
    assert arrived(curve, -LIFE_SECONDS, last) + beyond == pytest.approx(1.0, abs=2e-3)


def test_copiers_hear_of_a_ban_later_than_mirrors() -> None:
    spans = [(0.0, HOUR_SECONDS), (0.0, DAY_SECONDS), (0.0, 7 * DAY_SECONDS)]
    assert all(arrived(COPIERS, *span) < arrived(MIRRORS, *span) for span in spans)


@given(curves, st.floats(0, 2 * LIFE_SECONDS), st.floats(0, 2 * LIFE_SECONDS))
def test_density_never_rises_with_the_time_after_a_ban(curve: Arrivals, one: float, other: float) -> None:
    sooner, later = sorted((one, other))
    assert curve.density(sooner) >= curve.density(later) * (1 - 1e-12) > 0.0
    if sooner >= DAY_SECONDS:
        exact, by_day = (curve.density(sooner, to_the_day=known) for known in (False, True))
        assert by_day >= curve.density(later, to_the_day=True) * (1 - 1e-9)
        assert by_day <= curve.density(sooner - DAY_SECONDS) * (1 + 1e-9)
        assert exact > 0.0


@for_each("curve", CURVES)
@for_each("since_days", [-400.0, -30.5, -1.0, -0.3, 0.0, 0.4, 1.0, 3.0, 29.9, 400.0, 1_200.0])
def test_by_the_day_density_is_the_average_of_the_two_days_around(curve: Arrivals, since_days: float) -> None:
    since = since_days * DAY_SECONDS
    average = arrived(curve, since - DAY_SECONDS, since + DAY_SECONDS) / (2 * DAY_SECONDS)
    assert curve.density(since, to_the_day=True) == pytest.approx(average, rel=5e-3)


@given(curves, st.booleans())
def test_a_moment_that_is_not_known_is_any_of_a_life(curve: Arrivals, to_the_day: bool) -> None:
    assert curve.density(None, to_the_day=to_the_day) == 1.0 / LIFE_SECONDS


@given(st.tuples(ages, ages).map(sorted), st.floats(0, 1), st.booleans())
def test_the_most_of_a_span_is_no_less_than_the_density_in_it(
    span: list[float], part: float, to_the_day: bool
) -> None:
    first, last = span
    within = min(max(first + part * (last - first), first), last)
    assert MIRRORS.most(first, last) >= MIRRORS.density(within, to_the_day=to_the_day) * (1 - 1e-9)
