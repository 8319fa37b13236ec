"""From verdicts: a weight that is wrong is put right, one that is right is left, and nothing turns round."""

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
from samehand.scoring.adjust import FACTOR_MAX, adjusted, adjustment_of
from samehand.scoring.calibrate import sigmoid
from samehand.scoring.learn import (
    ALL_CHANCE,
    LABELS_A_KIND_MIN,
    READER_LABELS,
    Label,
    learn,
    moved_by_rates,
    reader_counts,
)
from samehand.scoring.rivals import RATED, RIVALS
from samehand.scoring.weights import Weights, check, default_weights, read_weights
from tests.tables import for_each

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


def of_levels(many: int, told: dict[str, float], seed: int = 1) -> list[Label]:
    """Judged pairs that show one level of a network each, and some a device."""
    random = np.random.default_rng(seed)
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
        assert adjusted(SHIPPED, adjustment_of(table, SHIPPED)) == table
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
        summed = label.prior + sum(w * multipliers.get(name, 1.0) for name, w in label.weights.items())
        at = weights.calibrated(summed)
        total += np.logaddexp(0.0, -at if label.mirror else at)
    return total / len(labels)


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


def test_of_a_named_pair_it_is_told_what_a_fit_foretold_that_had_not_seen_it() -> None:
    labels = [
        replaced(it, pair=f"pair-{number}") for number, it in enumerate(verdicts(300, {"device.same": 0.4}))
    ]
    learned = learn(labels, SHIPPED)
    assert learned.foretold.keys() == {it.pair for it in labels}
    signed = [learned.foretold[it.pair] * (1 if it.mirror else -1) for it in labels]
    assert np.logaddexp(0.0, -np.array(signed)).mean() == pytest.approx(learned.loss_after, abs=2e-3), (
        "readers count alike"
    )
    turned = replaced(labels[0], mirror=not labels[0].mirror)
    again = learn([turned, *labels[1:]], SHIPPED)
    assert again.foretold["pair-0"] == pytest.approx(learned.foretold["pair-0"], abs=0.5), "by the others"


def test_a_name_changes_nothing_of_what_is_learnt() -> None:
    labels = verdicts(300, {"device.same": 0.4})
    named = [replaced(it, pair=f"pair-{number}") for number, it in enumerate(labels)]
    assert learn(named, SHIPPED).weights == learn(labels, SHIPPED).weights


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


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.builds(
            Label,
            st.floats(-20, 0),
            st.dictionaries(st.sampled_from([*SHOWN, "rule"]), st.floats(-22, 22)),
            st.booleans(),
        ),
        min_size=40,
        max_size=120,
    )
)
def test_whatever_is_judged_the_table_stays_usable(labels: list[Label]) -> None:
    more = [Label(PRIOR, {"handle.decorated": 1.0}, mirror) for mirror in (True, False) for _ in range(15)]
    learned = learn([*labels, *more], SHIPPED)
    assert read_weights(json.encode(learned.weights)) == learned.weights
    assert all(np.isfinite(value) and value >= 0 for value in learned.multipliers.values())


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


NAMED = {"household": 2.0, "namesake": 0.5}


def dismissals(many: int, seed: int = 3, reader: str = "") -> list[Label]:
    """Dismissed pairs that two explanations could be of, on a platform where one is commoner than it is said
    to be by four times what the other is."""
    random = np.random.default_rng(seed)
    labels = []
    for number in range(many):
        share = float(random.uniform(0.1, 0.9))
        shares = tuple({"household": share, "namesake": 1 - share}.get(one.name, 0.0) for one in RIVALS)
        odds = share * NAMED["household"] / ((1 - share) * NAMED["namesake"])
        rival = "household" if random.random() < odds / (1 + odds) else "namesake"
        who = reader or f"reader-{number % 6}"
        labels.append(
            Label(PRIOR, {"handle.decorated": 1.0}, mirror=False, reader=who, shares=shares, rival=rival)
        )
    return labels


def test_five_thousand_dismissals_tell_which_explanation_is_how_much_commoner() -> None:
    learned = learn([*verdicts(600, {}), *dismissals(5_000)], SHIPPED)
    assert learned.rates["household"] / learned.rates["namesake"] == pytest.approx(4.0, rel=0.12)
    assert learned.rates.keys() == NAMED.keys(), "of the others nobody said anything"
    table = adjusted(SHIPPED, adjustment_of(learned.weights, SHIPPED))
    assert table.rivals["household"].rate == pytest.approx(
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
    assert learn([*verdicts(60, {}), *silent, *mirrors], SHIPPED).rates == {}


def test_a_pair_that_a_commoner_explanation_explains_is_weighed_again_by_its_share() -> None:
    household = replace(SHIPPED.rivals["household"], rate=2 * SHIPPED.rivals["household"].rate)
    other = replace(SHIPPED, rivals={**SHIPPED.rivals, "household": household})
    assert moved_by_rates((0.5, 0.5, 0.0, 0.0, 0.0, 0.0), SHIPPED, other) == pytest.approx(-math.log(1.5))
    assert moved_by_rates(ALL_CHANCE, SHIPPED, other) == 0.0
