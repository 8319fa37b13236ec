"""Probabilities, and lines of evidence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.scoring.calibrate import ISOTONIC_MIN, Bools, Floats, calibrated, log_loss, sigmoid
from samehand.scoring.evidence import Evidence, Score

# Probabilities that labels bear out: the curve rises always, and is not believed from a handful.

LABELS = st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=1, max_size=2 * ISOTONIC_MIN)


def drawn(truth: Floats, seed: int = 1) -> Bools:
    """Labels as the true log-odds have them."""
    return np.random.default_rng(seed).random(len(truth)) < sigmoid(truth)


@given(LABELS, st.lists(st.floats(-60, 60), min_size=2, max_size=20))
def test_more_is_never_less_probable(labels: list[tuple[float, bool]], asked: list[float]) -> None:
    scored, mirrors = (np.array(side) for side in zip(*labels, strict=True))
    calibration = calibrated(scored.astype(float), mirrors.astype(bool))
    answers = calibration.log_odds(np.sort(np.array(asked)))
    assert np.all(np.diff(answers) >= 0)
    assert np.all(np.isfinite(answers))


@pytest.mark.parametrize("labels", [200, 4_000])
def test_scores_that_claim_too_much_are_brought_down(labels: int) -> None:
    claimed = np.random.default_rng(2).normal(0.0, 5.0, labels)
    mirrors = drawn(claimed / 2.5 - 0.5)
    calibration = calibrated(claimed, mirrors)
    fresh = np.random.default_rng(3).normal(0.0, 5.0, 20_000)
    off = np.abs(sigmoid(calibration.log_odds(fresh)) - sigmoid(fresh / 2.5 - 0.5))
    assert float(off.mean()) < 0.04
    assert float(np.abs(sigmoid(fresh) - sigmoid(fresh / 2.5 - 0.5)).mean()) > 0.09


def test_few_labels_get_a_line_and_many_a_curve() -> None:
    scored = np.linspace(-5.0, 5.0, ISOTONIC_MIN)
    assert calibrated(scored, drawn(scored)).method == "isotonic"
    assert calibrated(scored[1:], drawn(scored[1:])).method == "platt"


def test_a_bend_that_no_line_has_is_followed() -> None:
    scored = np.random.default_rng(4).uniform(-6.0, 6.0, 6_000)
    truth = np.minimum(scored, 1.0)  # rubber-stamped: above 1 nothing more is borne out
    calibration = calibrated(scored, drawn(truth))
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
