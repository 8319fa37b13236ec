"""Wilson's interval, held to published values and to sense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.commands.backtest.intervals import Share, ratio_interval


def test_it_agrees_with_newcombes_table() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    assert Share(81, 263).interval == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert Share(0, 20).interval == pytest.approx((0.0, 0.1611), abs=1e-4)


@given(of=st.integers(1, 5000), part=st.floats(0, 1))
def test_it_holds_the_share_and_stays_within_0_and_1(of: int, part: float) -> None:
    share = Share(int(part * of), of)
    assert share.interval is not None
    assert share.value is not None
    low, high = share.interval
    assert 0 <= low <= share.value + 1e-12
    assert share.value - 1e-12 <= high <= 1


def test_of_nothing_nothing_is_told() -> None:
    assert Share(0, 0).as_json() == {"hits": 0, "of": 0, "value": None, "interval": None}


def test_even_groups_have_a_ratio_near_one_and_an_uneven_one_is_told_apart() -> None:
    even = ratio_interval([(100, 4000)] * 5)
    uneven = ratio_interval([(100, 4000)] * 4 + [(300, 4000)])
    assert even is not None
    assert uneven is not None
    assert 1.0 <= even[0] < even[1] < 1.5 < uneven[0] < 300 / 140 < uneven[1]
    assert ratio_interval([(0, 10), (0, 10)]) is None
