"""Intervals, held to published values, to sense, and to how often they hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.scoring.intervals import (
    Stratum,
    agreement,
    effective_size,
    found_share,
    weighted_share,
    wilson,
)

WEIGHTS = st.lists(st.tuples(st.booleans(), st.floats(1.0, 1e6)), min_size=1, max_size=200)


def test_a_plain_share_agrees_with_newcombes_table() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3
    one = wilson(81, 263)
    assert one is not None
    assert (one.low, one.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_equal_weights_change_nothing_and_nothing_has_no_share() -> None:
    assert weighted_share([True] * 81 + [False] * 182, [7.0] * 263) == pytest.approx(wilson(81, 263))
    assert weighted_share([], []) is None
    assert wilson(0, 0) is None
    assert found_share([]) is None


@given(WEIGHTS)
def test_a_weighted_share_lies_within_its_interval_and_within_bounds(
    cases: list[tuple[bool, float]],
) -> None:
    one = weighted_share([hit for hit, _ in cases], [weight for _, weight in cases])
    assert one is not None
    assert 0 <= one.low <= one.value <= one.high <= 1
    assert 0 < effective_size([weight for _, weight in cases]) <= len(cases) + 1e-6


def test_a_share_of_unequal_weights_is_less_sure_than_as_many_equal_ones() -> None:
    even = weighted_share([True, False] * 50, [1.0] * 100)
    uneven = weighted_share([True, False] * 50, [100.0, 100.0] + [1.0] * 98)
    assert even is not None
    assert uneven is not None
    assert uneven.high - uneven.low > 2 * (even.high - even.low)


def test_that_no_mirror_was_read_below_does_not_say_that_there_is_none() -> None:
    found = Stratum(True, [True] * 90 + [False] * 10, [1.0] * 100)
    nobody = Stratum(False, [False] * 40, [2_000.0] * 40)
    one = found_share([found, nobody])
    assert one is not None
    assert one.value == 1.0
    assert one.low < 0.3  # of 80,000 pairs, forty were read


def test_a_stratum_counts_in_recall_by_the_pairs_that_it_stands_for() -> None:
    few = Stratum(True, [True] * 10, [1.0] * 10)
    many = Stratum(False, [True, False] * 5, [6.0] * 10)
    recall = found_share([few, many])
    assert recall is not None
    assert recall.value == pytest.approx(10 / (10 + 30))


def test_recall_is_told_only_where_both_sides_were_read() -> None:
    assert found_share([Stratum(True, [True] * 50, [1.0] * 50)]) is None
    assert found_share([Stratum(True, [], []), Stratum(False, [False] * 50, [1.0] * 50)]) is None
    assert (
        found_share([Stratum(True, [False] * 50, [1.0] * 50), Stratum(False, [False] * 9, [1.0] * 9)]) is None
    )


def test_the_interval_of_recall_holds_the_truth_about_19_times_in_20() -> None:
    random = np.random.Generator(np.random.PCG64(1))
    # pairs, chance that one is a mirror, share drawn: alerts, close below, far below
    plan = ((2_000, 0.8, 0.15), (4_000, 0.05, 0.1), (40_000, 0.002, 0.01))
    held = 0
    for _ in range(200):
        strata, mirrors = [], []
        for place, (pairs, chance, share) in enumerate(plan):
            all_of_them = random.random(pairs) < chance
            mirrors.append(int(all_of_them.sum()))
            read = all_of_them[random.random(pairs) < share]
            strata.append(Stratum(place == 0, [bool(one) for one in read], [1 / share] * len(read)))
        one, truth = found_share(strata), mirrors[0] / sum(mirrors)
        held += one is not None and one.low <= truth <= one.high
    assert held >= 180


def test_kappa_agrees_with_a_published_table() -> None:
    # 50 proposals, two readers: 20 both yes, 15 both no, 5 and 10 apart: agreement .7, by chance .5
    one = agreement([[20, 5], [10, 15]])
    assert one is not None
    assert one.value == pytest.approx(0.4)
    # Fleiss, Cohen and Everitt (1969), their example of three categories: 200 cases
    three = agreement([[106, 10, 4], [22, 28, 10], [2, 12, 6]])
    assert three is not None
    assert three.value == pytest.approx(0.429, abs=5e-4)


def test_the_interval_of_kappa_holds_the_truth_about_19_times_in_20() -> None:
    random = np.random.Generator(np.random.PCG64(2))
    shares = np.array([[0.45, 0.07, 0.03], [0.06, 0.2, 0.04], [0.02, 0.03, 0.1]])
    truth = agreement([[round(share * 100) for share in row] for row in shares.tolist()])
    assert truth is not None
    held = 0
    for _ in range(400):
        one = agreement(random.multinomial(120, shares.ravel()).reshape(3, 3).tolist())
        held += one is not None and one.low <= truth.value <= one.high
    assert held >= 366


def test_kappa_says_nothing_of_readers_who_gave_one_answer_only() -> None:
    assert agreement([[40, 0], [0, 0]]) is None
    assert agreement([[0, 0], [0, 0]]) is None


@given(st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3), min_size=3, max_size=3))
def test_kappa_stays_within_its_bounds_and_is_1_of_full_agreement(counts: list[list[int]]) -> None:
    one = agreement(counts)
    if one is not None:
        assert -1 <= one.low <= one.value <= one.high <= 1
    alike = agreement([[counts[row][row] if row == column else 0 for column in range(3)] for row in range(3)])
    if alike is not None:
        assert alike.value == pytest.approx(1.0)
