"""What is drawn below the bands stands for what is there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.scoring.sampling import DRAWN_AN_EVENT_MAX, STRATA, Drawn, drawn, stratum, stratum_share

PAIRS = st.lists(
    st.tuples(st.integers(0, STRATA - 1), st.floats(0, 1, exclude_max=True)), min_size=0, max_size=64
)


def test_strata_begin_at_the_threshold_and_the_last_has_no_end() -> None:
    assert [stratum(log_odds, 0.0) for log_odds in (0.5, -0.1, -1.9, -2.1, -9.9, -30.0, -math.inf)] == [
        0, 0, 0, 1, 4, 5, 5,
    ]  # fmt: skip
    assert stratum(-1.0, threshold=4.0) == 2


@given(PAIRS, st.floats(0.001, 1))
def test_what_is_drawn_is_bounded_and_has_a_probability(pairs: list[tuple[int, float]], share: float) -> None:
    found = drawn([level for level, _ in pairs], [number for _, number in pairs], share)
    assert len(found) <= DRAWN_AN_EVENT_MAX
    assert [one.place for one in found] == sorted({one.place for one in found})
    assert all(0 < one.probability <= share * stratum_share(pairs[one.place][0]) for one in found)


def test_one_pair_close_below_is_drawn_whenever_its_event_is() -> None:
    assert drawn([0], [0.999], 0.01) == [Drawn(0, 0.01)]
    assert drawn([1], [0.999], 0.01) == []


def test_weights_add_up_to_the_pairs_that_there_were_also_where_the_most_are_cut() -> None:
    random = np.random.Generator(np.random.PCG64(3))
    levels = [0, 0, 0, 0, 0, 1, 1, 2, 2, 3]
    counted, share = np.zeros(STRATA), 0.8
    rounds = 40_000
    for _ in range(rounds):
        if random.random() < share:
            for one in drawn(levels, [float(number) for number in random.random(len(levels))], share):
                counted[levels[one.place]] += 1 / one.probability
    assert counted[:4] / rounds == pytest.approx([5, 2, 2, 1], rel=0.2)
