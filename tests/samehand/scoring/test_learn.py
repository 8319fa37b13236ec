"""From verdicts to a table: samples, intervals and calibration, and what is learnt by them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace as replaced

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import replace

from samehand.errors import TooFewLabels
from samehand.scoring import learn as learning
from samehand.scoring.calibrate import ISOTONIC_MIN, Bools, Floats, calibrated, sigmoid
from samehand.scoring.evidence import Evidence, Score
from samehand.scoring.intervals import Stratum, effective_size, found_share, weighted_share, wilson
from samehand.scoring.learn import (
    FACTOR_MAX,
    LABELS_A_KIND_MIN,
    MIRRORS_MIN,
    READER_LABELS,
    Label,
    learn,
    reader_counts,
)
from samehand.scoring.rivals import RATED, RIVALS
from samehand.scoring.sampling import DRAWN_AN_EVENT_MAX, STRATA, DrawnPair, drawn, stratum, stratum_share
from samehand.scoring.weights import Weights, check, default_weights, read_weights
from tests.samehand.scoring.makers import tables
from tests.tables import for_each

# From verdicts: a weight that is wrong is put right, one that is right is left, and nothing turns round.


SHIPPED = replace(default_weights(), slope=1.0, intercept=0.0)
PRIOR = -6.0
SHOWN = {
    "handle.decorated": (0.8, 5.0),
    "device.same": (0.4, 7.0),
    "email.same-address": (0.3, 6.0),
    "agent.same": (0.7, 1.0),
    "bio.mostly-same": (0.5, 4.0),
}


def verdicts(many: int, distorted: dict[str, float], seed: int = 1) -> list[Label]:
    """Judged pairs of a platform where some rows tell so many times what the table says."""
    random = np.random.default_rng(seed)
    labels = []
    for number in range(many):
        weights = {
            name: float(random.normal(weight, 1.0))
            if random.random() < share
            else float(-random.uniform(0.0, 2.0))
            for name, (share, weight) in SHOWN.items()
        }
        truth = PRIOR + sum(weight * distorted.get(name, 1.0) for name, weight in weights.items())
        mirror = bool(random.random() < sigmoid(np.array(truth)))
        labels.append(Label(PRIOR, weights, mirror, reader=f"reader-{number % 6}"))
    return labels


def test_a_weight_that_tells_half_of_what_is_claimed_is_found_out() -> None:
    learned = learn(verdicts(2_000, {"device.same": 0.4}), SHIPPED)
    assert learned.multipliers["device.same"] == pytest.approx(0.4, abs=0.12)
    others = [value for name, value in learned.multipliers.items() if not name.startswith("device.")]
    assert all(0.75 < value < 1.25 for value in others)
    assert learned.better
    assert learned.weights.multipliers["device.same"] == pytest.approx(learned.multipliers["device.same"])


def of_levels(many: int, told: dict[str, float]) -> list[Label]:
    """Judged pairs that show one level of a network each, and some a device."""
    random = np.random.default_rng(1)
    labels = []
    for number in range(many):
        row = ("network.same-address", "network.same-prefix")[number % 2]
        weights = {row: float(random.normal(6.0, 1.0)), "device.same": float(random.uniform(-1.0, 2.0))}
        truth = PRIOR + sum(weight * told.get(one, 1.0) for one, weight in weights.items())
        mirror = bool(random.random() < sigmoid(np.array(truth)))
        labels.append(Label(PRIOR, weights, mirror, reader=f"reader-{number % 6}"))
    return labels


def test_of_a_signal_the_level_that_errs_is_found_out_and_one_that_nobody_shows_follows() -> None:
    found = learn(of_levels(5_000, {"network.same-prefix": 0.6}), SHIPPED).multipliers
    assert found["network.same-address"] == pytest.approx(1.0, abs=0.1)
    assert found["network.same-prefix"] == pytest.approx(0.6, abs=0.1)
    assert found["network.same-site"] <= found["network.same-prefix"], "which is closer"
    assert found["network.same-site"] < found["network.different"] < 1.0


def test_a_laxer_level_never_gains_on_a_closer_one_whatever_labels_say() -> None:
    found = learn(of_levels(5_000, {"network.same-prefix": 1.4, "network.same-address": 0.8}), SHIPPED)
    at = found.weights.multipliers
    assert at["network.same-address"] == at["network.same-prefix"] != 1.0


ROWS = sorted(SHIPPED.multipliers)
HOSTILE = ("all contrary", "one reader", "mirrors alone are contrary", "any")


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(HOSTILE), st.floats(0.0, 32.0))
def test_no_hostile_labels_break_the_order_the_signs_or_the_bounds(
    seed: int, how: str, heaviest: float
) -> None:
    """Two hundred extreme labels, on an honest table and on what they made of it."""
    random = np.random.default_rng(seed)
    table = SHIPPED
    for _ in range(2):
        labels = []
        for number in range(200):
            shown = random.choice(len(ROWS), 6, replace=False)
            weights = {ROWS[row]: float(random.uniform(-0.1, 1.0) * heaviest) for row in shown}
            honest = PRIOR + sum(weights.values()) > 0.0
            says = {"any": random.random() < 0.5, "mirrors alone are contrary": False}.get(how, not honest)
            reader = "eve" if how == "one reader" else f"reader-{number % 4}"
            labels.append(Label(PRIOR, weights, bool(says), reader=reader))
        sure = [Label(PRIOR, {"handle.part": 1.0}, bool(at % 2), reader=f"{at}") for at in range(40)]
        table = learn([*labels, *sure], table).weights
        check(table)
        assert all(1 / FACTOR_MAX <= one <= FACTOR_MAX for one in table.multipliers.values())
        for name, signal in table.signals.items():
            base = SHIPPED.signals[name].limits
            for level, row in signal.levels.items():
                for limit, assumed in zip(signal.limits[level], base[level], strict=True):
                    assert limit >= 0.0 if row.agrees else limit <= 0.0
                    assert (limit == assumed) or math.isclose(limit, assumed * row.multiplier)


def test_where_nothing_is_wrong_nothing_is_changed_by_much() -> None:
    learned = learn(verdicts(1_000, {}), SHIPPED)
    assert all(0.75 < value < 1.25 for value in learned.multipliers.values())
    assert abs(learned.weights.calibrated(0.0)) < 0.6


def test_a_hundred_verdicts_move_the_right_weight_and_do_no_harm() -> None:
    few = learn(verdicts(100, {"device.same": 0.4}), SHIPPED)
    assert few.calibration == "platt"
    assert min(few.multipliers, key=lambda name: few.multipliers[name]) == "device.same"
    fresh = verdicts(5_000, {"device.same": 0.4}, seed=9)
    assert loss(few.weights, few.multipliers, fresh) < loss(SHIPPED, {}, fresh)


def loss(weights: Weights, multipliers: dict[str, float], labels: Sequence[Label]) -> float:
    """The mean logarithmic loss of a table on labels that it has not seen."""
    total = 0.0
    for label in labels:
        at = weights.calibrated(summed(label, weights, multipliers))
        total += np.logaddexp(0.0, -at if label.mirror else at)
    return total / len(labels)


def summed(label: Label, weights: Weights, multipliers: dict[str, float]) -> float:
    """The log-odds of a pair by a table that was learnt."""
    prior = label.prior + math.log(weights.mirrors_a_ban / SHIPPED.mirrors_a_ban)
    return prior + sum(w * multipliers.get(name, 1.0) for name, w in label.weights.items())


@for_each("times", [0.1, 1.0, 10.0])
def test_after_five_hundred_verdicts_likely_is_right_however_many_mirrors_a_ban_has(times: float) -> None:
    random, right = np.random.default_rng(5), list[bool]()
    for seed in range(6):
        odds = [(it, summed(it, SHIPPED, {}) + math.log(times)) for it in verdicts(1_000, {}, seed)]
        judged = [replaced(it, mirror=bool(random.random() < sigmoid(np.array(at)))) for it, at in odds]
        learned = learn(judged[:500], SHIPPED)
        table, fresh = learned.weights, judged[500:]
        at = [table.probability(summed(it, table, learned.multipliers)) for it in fresh]
        right += [it.mirror for it, p in zip(fresh, at, strict=True) if p >= table.bands.likely]
        assert table.mirrors_a_ban == pytest.approx(SHIPPED.mirrors_a_ban * learned.rates["mirrors"])
        assert learned.rates["mirrors"] >= MIRRORS_MIN - 1e-9
        assert times == 1.0 or (learned.rates["mirrors"] > 1.0) == (times > 1.0)
    assert len(right) > 800
    assert sum(right) / len(right) >= 0.95


def test_a_signal_that_tells_the_contrary_keeps_a_quarter_and_is_not_turned_round() -> None:
    learned = learn(verdicts(3_000, {"bio.mostly-same": -1.0}), SHIPPED)
    assert learned.multipliers["bio.mostly-same"] == pytest.approx(1 / FACTOR_MAX)
    again = learn(verdicts(3_000, {"bio.mostly-same": -1.0}, seed=2), learned.weights)
    assert again.multipliers["bio.mostly-same"] >= 1.0, "four is the most that all learning together changes"


def test_what_is_proposed_can_be_written_and_read_and_is_another_version() -> None:
    learned = learn(verdicts(800, {"device.same": 0.5}), SHIPPED)
    assert learned.calibration == "isotonic"
    again = read_weights(json.encode(learned.weights))
    assert again == learned.weights
    assert again.version != SHIPPED.version
    for probability in (0.01, 0.5, 0.9, 0.999):
        assert again.probability(again.log_odds_at(probability)) == pytest.approx(probability, rel=1e-9)


def test_learning_again_from_the_same_labels_goes_no_further() -> None:
    labels = verdicts(2_000, {"device.same": 0.4})
    first = learn(labels, SHIPPED)
    moved = [
        Label(it.prior, {name: w * first.multipliers[name] for name, w in it.weights.items()}, it.mirror)
        for it in labels
    ]
    second = learn(moved, first.weights)
    assert all(0.8 < value < 1.25 for value in second.multipliers.values())


def test_the_order_of_the_labels_says_nothing() -> None:
    labels = verdicts(300, {"device.same": 0.4})
    shuffled = random.Random(5).sample(labels, len(labels))
    assert learn(shuffled, SHIPPED) == learn(labels, SHIPPED)


def test_a_table_is_called_by_what_it_was_learnt_from_and_not_by_the_last_digit_of_its_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another processor adds up in another order; whoever is shown a table on one may adopt it on another."""
    labels = verdicts(300, {"device.same": 0.4})
    here = learn(labels, SHIPPED)
    fit = learning._fit
    monkeypatch.setattr(learning, "_fit", lambda sums: fit(sums) * (1 + 2**-50))
    there = learn(labels, SHIPPED)
    assert here.multipliers != there.multipliers
    assert here.weights.version == there.weights.version
    named = {learn(some, SHIPPED).weights.version for some in (labels, labels[1:], verdicts(300, {}, seed=2))}
    assert len(named) == 3
    assert learn(labels, replace(SHIPPED, version="other")).weights.version != here.weights.version


def test_a_line_that_no_signal_made_is_kept_as_it_is() -> None:
    labels = [Label(it.prior, {**it.weights, "rule": -1.0}, it.mirror) for it in verdicts(200, {})]
    assert "rule" not in learn(labels, SHIPPED).multipliers


def test_too_few_of_a_kind_are_refused_with_their_number() -> None:
    several = [Label(PRIOR, {"handle.decorated": 9.0}, mirror=True)] * 50
    none = [Label(PRIOR, {"handle.decorated": 1.0}, mirror=False)] * (LABELS_A_KIND_MIN - 1)
    with pytest.raises(TooFewLabels, match="50 mirrors and 14 other pairs"):
        learn(several + none, SHIPPED)
    with pytest.raises(TooFewLabels):
        learn([], SHIPPED)


def test_no_reader_counts_for_more_than_half_of_what_the_others_do() -> None:
    counts = reader_counts(["eve"] * 400 + ["ana"] * 100 + ["omar"] * 60 + ["zoe"] * 60)
    assert sum(counts[:400]) == pytest.approx(110, abs=0.1), "of 330 a third"
    assert counts[400:] == [1.0] * 220
    assert sum(reader_counts(["eve"] * 400)) == pytest.approx(READER_LABELS)
    assert sum(reader_counts(["eve"] * 400 + ["ana"] * 10)) == pytest.approx(READER_LABELS + 10)
    assert reader_counts(["a", "b", "c"] * 500) == [1.0] * 1_500
    assert reader_counts([]) == []


def test_four_hundred_contrary_labels_of_one_reader_move_little() -> None:
    """They took the device to nothing while they counted one each."""
    honest = verdicts(600, {})
    turned = [replaced(it, mirror=not it.mirror, reader="eve") for it in verdicts(400, {}, seed=7)]
    fair, bent = learn(honest, SHIPPED), learn([*honest, *turned], SHIPPED)
    for row, (_, nats) in SHOWN.items():
        assert abs(bent.multipliers[row] - fair.multipliers[row]) * nats < 0.8, "nats"
    alone = learn(turned, SHIPPED)
    assert all(0.95 < one < 1.05 for one in alone.multipliers.values())
    fresh = verdicts(4_000, {}, seed=11)
    assert loss(bent.weights, bent.multipliers, fresh) < loss(fair.weights, fair.multipliers, fresh) + 0.02


def test_fifty_labels_move_no_multiplier_by_more_than_a_twentieth() -> None:
    for seed, distorted in enumerate(
        ({}, {"device.same": 0.4}, {"bio.mostly-same": -1.0}, {"email.same-address": 2.0})
    ):
        labels = verdicts(50, distorted, seed=seed)
        learned = learn(labels, SHIPPED)
        assert all(abs(one - 1.0) <= 0.05 + 1e-9 for one in learned.multipliers.values())


NAMED = {"household": 2.0, "former-holder": 0.5}


def dismissals(many: int) -> list[Label]:
    """Dismissed pairs that two explanations could be of, on a platform where one is commoner than it is said
    to be by four times what the other is."""
    random = np.random.default_rng(3)
    labels = []
    for number in range(many):
        share = float(random.uniform(0.1, 0.9))
        shares = tuple({"household": share, "former-holder": 1 - share}.get(one.name, 0.0) for one in RIVALS)
        odds = share * NAMED["household"] / ((1 - share) * NAMED["former-holder"])
        rival = "household" if random.random() < odds / (1 + odds) else "former-holder"
        who = f"reader-{number % 6}"
        labels.append(
            Label(PRIOR, {"handle.decorated": 1.0}, mirror=False, reader=who, shares=shares, rival=rival)
        )
    return labels


def test_five_thousand_dismissals_tell_which_explanation_is_how_much_commoner() -> None:
    learned = learn([*verdicts(600, {}), *dismissals(5_000)], SHIPPED)
    assert learned.rates["household"] / learned.rates["former-holder"] == pytest.approx(4.0, rel=0.12)
    assert learned.rates.keys() - NAMED.keys() == {"mirrors"}, "of the others nobody said anything"
    assert learned.weights.rivals["household"].rate == pytest.approx(
        SHIPPED.rivals["household"].rate * learned.rates["household"]
    )


@for_each("rival", [one.name for one in RATED])
def test_fifty_dismissals_move_no_rate_by_more_than_half_a_nat(rival: str) -> None:
    even = tuple(0.0 if one.name == "stranger" else 0.2 for one in RIVALS)
    said = [Label(PRIOR, {}, mirror=False, reader=f"{at}", shares=even, rival=rival) for at in range(50)]
    rates = learn([*verdicts(60, {}), *said], SHIPPED).rates
    assert max(abs(math.log(one)) for one in rates.values()) < 0.52


def test_one_reader_who_names_one_explanation_always_moves_a_rate_as_little_as_fifty_labels() -> None:
    even = tuple(0.0 if one.name == "stranger" else 0.2 for one in RIVALS)
    said = [Label(PRIOR, {}, mirror=False, reader="eve", shares=even, rival="copier")] * 2_000
    rates = learn([*verdicts(90, {}), *said], SHIPPED).rates
    assert max(abs(math.log(one)) for one in rates.values()) < 0.52


def test_a_mirror_and_a_dismissal_that_names_no_explanation_teach_no_rate() -> None:
    silent = [replaced(it, rival="") for it in dismissals(50)]
    mirrors = [replaced(it, mirror=True) for it in dismissals(50)]
    assert learn([*verdicts(60, {}), *silent, *mirrors], SHIPPED).rates.keys() == {"mirrors"}


# Intervals, samples and calibration, and the tables that are learnt by them.


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


def calibrate_drawn(truth: Floats) -> Bools:
    """Labels as the true log-odds have them."""
    return np.random.default_rng(1).random(len(truth)) < sigmoid(truth)


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


# A score shows every line once, on the side it speaks for, the strongest first.

drawn_lines = st.lists(
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


@given(drawn_lines)
def test_every_line_speaks_either_for_or_against(shown: tuple[Evidence, ...]) -> None:
    one = a_score(shown)
    assert all(line.weight > 0 for line in one.evidence)
    assert all(line.weight <= 0 for line in one.counter_evidence)
    assert sorted(map(id, (*one.evidence, *one.counter_evidence))) == sorted(map(id, shown))


@given(drawn_lines)
def test_the_strongest_stand_first(shown: tuple[Evidence, ...]) -> None:
    one = a_score(shown)
    for side in (one.evidence, one.counter_evidence):
        strengths = [abs(line.weight) for line in side]
        assert strengths == sorted(strengths, reverse=True)


@given(tables, st.floats(0.01, 10.0), st.floats(-20.0, 20.0))
def test_whatever_is_learnt_more_evidence_never_makes_a_pair_less_probable(
    table: Weights, slope: float, intercept: float
) -> None:
    made = replace(table, slope=slope, intercept=intercept)
    probabilities = [made.probability(log_odds / 4) for log_odds in range(-80, 80)]
    assert probabilities == sorted(probabilities)


# Intervals, held to published values, to sense, and to how often they hold the truth.


CASES = st.lists(st.tuples(st.booleans(), st.floats(1.0, 1e6)), min_size=1, max_size=200)


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


@given(CASES)
def test_a_weighted_share_lies_within_its_interval_and_within_bounds(cases: list[tuple[bool, float]]) -> None:
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
