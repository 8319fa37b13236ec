"""Mirrors come minutes to weeks after a ban; some were there before it."""

from random import Random
from statistics import median

import pytest

from simulate.delays import (
    DAY,
    DELAY_SECONDS_MAX,
    HOUR,
    MINUTE,
    PREPARED_SECONDS_MAX,
    heavy_tailed,
    prepared,
    within_minutes,
)


def test_half_return_within_eight_hours_and_some_take_weeks() -> None:
    rng = Random(1)
    delays = sorted(heavy_tailed(rng) for _ in range(10_000))
    assert median(delays) == pytest.approx(8 * HOUR, rel=0.1)
    assert delays[0] >= MINUTE
    assert delays[500] < 30 * MINUTE
    assert delays[9_500] > 7 * DAY
    assert delays[-1] <= DELAY_SECONDS_MAX


def test_the_angry_return_within_the_hour() -> None:
    rng = Random(1)
    delays = [within_minutes(rng) for _ in range(5_000)]
    assert min(delays) >= 2 * MINUTE
    assert max(delays) <= 60 * MINUTE


def test_spare_accounts_are_hours_to_weeks_old() -> None:
    rng = Random(1)
    ages = [prepared(rng) for _ in range(5_000)]
    assert median(ages) == pytest.approx(3 * DAY, rel=0.1)
    assert HOUR <= min(ages) <= max(ages) <= PREPARED_SECONDS_MAX
