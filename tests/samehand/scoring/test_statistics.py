"""Intervals, samples and calibration, and the tables that are learnt by them."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from samehand.errors import UnusableWeights
from samehand.scoring.adjust import Adjustment, adjusted, adjustment_of, multiplier_range, table_digest
from samehand.scoring.calibrate import ISOTONIC_MIN, Bools, Floats, calibrated, log_loss, sigmoid
from samehand.scoring.evidence import Evidence, Score
from samehand.scoring.intervals import (
    Stratum,
    agreement,
    effective_size,
    found_share,
    weighted_share,
    wilson,
)
from samehand.scoring.learn import learn
from samehand.scoring.sampling import DRAWN_AN_EVENT_MAX, STRATA, DrawnPair, drawn, stratum, stratum_share
from samehand.scoring.weights import Bands, Weights, default_weights
from tests.samehand.scoring.test_learn import verdicts
from tests.samehand.scoring.test_upper_bound import tables
from tests.tables import for_each

# What is drawn below the bands stands for what is there.


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
    assert drawn([0], [0.999], 0.01) == [DrawnPair(0, 0.01)]
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


# Probabilities, and lines of evidence.


# Probabilities that labels bear out: the curve rises always, and is not believed from a handful.

LABELS = st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=1, max_size=2 * ISOTONIC_MIN)


def calibrate_drawn(truth: Floats, seed: int = 1) -> Bools:
    """Labels as the true log-odds have them."""
    return np.random.default_rng(seed).random(len(truth)) < sigmoid(truth)


@given(LABELS, st.lists(st.floats(-60, 60), min_size=2, max_size=20))
def test_more_is_never_less_probable(labels: list[tuple[float, bool]], asked: list[float]) -> None:
    scored, mirrors = (np.array(side) for side in zip(*labels, strict=True))
    calibration = calibrated(scored.astype(float), mirrors.astype(bool))
    answers = calibration.log_odds(np.sort(np.array(asked)))
    assert np.all(np.diff(answers) >= 0)
    assert np.all(np.isfinite(answers))


@for_each("labels", [200, 4_000])
def test_scores_that_claim_too_much_are_brought_down(labels: int) -> None:
    claimed = np.random.default_rng(2).normal(0.0, 5.0, labels)
    mirrors = calibrate_drawn(claimed / 2.5 - 0.5)
    calibration = calibrated(claimed, mirrors)
    fresh = np.random.default_rng(3).normal(0.0, 5.0, 20_000)
    off = np.abs(sigmoid(calibration.log_odds(fresh)) - sigmoid(fresh / 2.5 - 0.5))
    assert float(off.mean()) < 0.04
    assert float(np.abs(sigmoid(fresh) - sigmoid(fresh / 2.5 - 0.5)).mean()) > 0.09


def test_few_labels_get_a_line_and_many_a_curve() -> None:
    scored = np.linspace(-5.0, 5.0, ISOTONIC_MIN)
    assert calibrated(scored, calibrate_drawn(scored)).method == "isotonic"
    assert calibrated(scored[1:], calibrate_drawn(scored[1:])).method == "platt"


def test_a_bend_that_no_line_has_is_followed() -> None:
    scored = np.random.default_rng(4).uniform(-6.0, 6.0, 6_000)
    truth = np.minimum(scored, 1.0)  # rubber-stamped: above 1 nothing more is borne out
    calibration = calibrated(scored, calibrate_drawn(truth))
    off = np.abs(sigmoid(calibration.log_odds(scored)) - sigmoid(truth))
    assert calibration.method == "isotonic"
    assert float(off.mean()) < 0.04


def test_labels_without_a_fault_are_not_taken_for_certainty() -> None:
    scored = np.array([-2.0] * 10 + [2.0] * 10)
    calibration = calibrated(scored, scored > 0)
    assert 0.9 < sigmoid(calibration.log_odds(np.array([2.0])))[0] < 0.999


def test_the_loss_is_of_the_probability_given_to_what_was_true() -> None:
    assert log_loss(np.array([np.log(3.0)]), np.array([True])) == pytest.approx(-np.log(0.75))
    assert log_loss(np.array([np.log(3.0)]), np.array([False])) == pytest.approx(-np.log(0.25))


# A score shows every line once, on the side it speaks for, the strongest first.

lines = st.lists(
    st.builds(
        Evidence,
        signal=st.sampled_from(("handle", "name", "device")),
        weight=st.floats(-14.0, 22.0),
        level=st.just("same"),
        because=st.just("They are the same."),
    ),
    max_size=12,
).map(tuple)


def a_score(shown: tuple[Evidence, ...]) -> Score:
    return Score(prior=-9.0, lines=shown, log_odds=0.0, probability=0.5, band="possible")


@given(lines)
def test_every_line_speaks_either_for_or_against(shown: tuple[Evidence, ...]) -> None:
    one = a_score(shown)
    assert all(line.weight > 0 for line in one.evidence)
    assert all(line.weight <= 0 for line in one.counter_evidence)
    assert sorted(map(id, (*one.evidence, *one.counter_evidence))) == sorted(map(id, shown))


@given(lines)
def test_the_strongest_stand_first(shown: tuple[Evidence, ...]) -> None:
    one = a_score(shown)
    for side in (one.evidence, one.counter_evidence):
        strengths = [abs(line.weight) for line in side]
        assert strengths == sorted(strengths, reverse=True)


# What learning changed travels alone: it makes the same table elsewhere, and can change nothing else.


SHIPPED = default_weights()


def an_adjustment(**changed: Any) -> Adjustment:
    given = Adjustment(
        SHIPPED.version, table_digest(SHIPPED), "learned", {"handle.part": 0.9}, slope=0.9, intercept=-0.1
    )
    return replace(given, **changed)


def test_what_was_learnt_here_weighs_the_same_there() -> None:
    learned = learn(verdicts(400, {"device.same": 0.4}), SHIPPED).weights
    travelled = msgspec.json.decode(msgspec.json.encode(adjustment_of(learned, SHIPPED)), type=Adjustment)
    assert adjusted(SHIPPED, travelled) == learned


def test_what_is_learnt_upon_what_was_learnt_leads_from_the_base_in_one_step() -> None:
    once = learn(verdicts(400, {"device.same": 0.4}), SHIPPED).weights
    twice = learn(verdicts(400, {"bio.mostly-same": 0.5}, seed=2), once).weights
    assert adjusted(SHIPPED, adjustment_of(twice, SHIPPED)) == twice


def test_the_base_itself_is_an_adjustment_that_changes_nothing() -> None:
    nothing = adjustment_of(SHIPPED, SHIPPED)
    assert nothing.multipliers == {}
    assert adjusted(SHIPPED, nothing) == SHIPPED


def test_thresholds_rows_and_rivals_stay_those_of_whoever_weighs() -> None:
    ours = replace(SHIPPED, bands=Bands(0.97, 0.8), policy_bands={"spam": Bands(0.99, 0.9)})
    made = adjusted(ours, an_adjustment())
    assert (made.bands, made.policy_bands, made.rivals) == (ours.bands, ours.policy_bands, ours.rivals)
    assert made.multipliers == {**ours.multipliers, "handle.part": 0.9}
    assert made.multiplied(ours.multipliers) == ours.signals


@for_each(
    ("changed", "said"),
    [
        ({"base": "another"}, "it was learnt on the table another"),
        ({"base_digest": ""}, "it is of a former release"),
        ({"base_digest": "0" * 32}, f"another table that is called {SHIPPED.version} too"),
        ({"multipliers": {"horoscope.same": 1.0}}, "has no row horoscope.same"),
        (
            {"multipliers": {"handle.part": -0.1}},
            "multipliers.handle.part must lie between 0.25 and 4; it is -0.1",
        ),
        (
            {"multipliers": {"handle.part": 4.1}},
            "multipliers.handle.part must lie between 0.25 and 4; it is 4.1",
        ),
        ({"rates": {"horoscope": 1.0}}, "has no rival horoscope"),
        ({"rates": {"household": 4.1}}, "rates.household must lie between 0.25 and 4; it is 4.1"),
        ({"rates": {"household": 0.2}}, "rates.household must lie between 0.25 and 4; it is 0.2"),
        ({"rates": {"household": float("nan")}}, "rates.household must lie"),
        ({"multipliers": {"handle.part": float("nan")}}, "multipliers.handle.part must lie"),
        ({"multipliers": {"handle.part": 1.1}}, "multiplier of same-number is below that of part"),
        ({"slope": 0.0}, "slope must be above 0"),
        ({"knots": ((0.0, 0.0), (1.0, 0.0))}, "knots must rise"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(UnusableWeights, match=said):
        adjusted(SHIPPED, an_adjustment(**changed))


def test_the_ends_of_a_range_can_be_used() -> None:
    """Learning holds at an end what would leave the range."""
    every = {row: multiplier_range(now)[0] for row, now in SHIPPED.multipliers.items()}
    least = adjusted(SHIPPED, an_adjustment(multipliers=every, rates={"household": 0.25}))
    assert least.multipliers == every
    most = {row: multiplier_range(now)[1] for row, now in SHIPPED.multipliers.items()}
    assert adjusted(SHIPPED, an_adjustment(multipliers=most, rates={"household": 4.0})).multipliers == most


def test_a_number_that_was_edited_makes_another_base_and_a_threshold_does_not() -> None:
    device = SHIPPED.signals["device"]
    same = replace(device.levels["same"], m=0.41)
    levels = {**device.levels, "same": same}
    edited = replace(SHIPPED, signals={**SHIPPED.signals, "device": replace(device, levels=levels)})
    with pytest.raises(UnusableWeights, match="another table that is called"):
        adjusted(edited, an_adjustment())
    assert table_digest(replace(SHIPPED, bands=Bands(0.97, 0.8))) == table_digest(SHIPPED)


@given(tables, st.floats(0.01, 10.0), st.floats(-20.0, 20.0))
def test_whatever_is_adopted_more_evidence_never_makes_a_pair_less_probable(
    table: Weights, slope: float, intercept: float
) -> None:
    told = an_adjustment(multipliers=table.multipliers, slope=slope, intercept=intercept)
    made = adjusted(SHIPPED, told)
    probabilities = [made.probability(log_odds / 4) for log_odds in range(-80, 80)]
    assert probabilities == sorted(probabilities)


# Intervals, held to published values, to sense, and to how often they hold the truth.


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
    assert found_share([Stratum(True, [], []), few, many]) == recall, (
        "of one that nobody read nothing is known"
    )


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
