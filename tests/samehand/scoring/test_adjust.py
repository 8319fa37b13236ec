"""What learning changed travels alone: it makes the same table elsewhere, and can change nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from samehand.errors import UnusableWeights
from samehand.scoring.adjust import Adjustment, adjusted, adjustment_of, table_digest
from samehand.scoring.learn import learn
from samehand.scoring.weights import Bands, Weights, default_weights
from tests.samehand.scoring.test_learn import verdicts
from tests.samehand.scoring.test_upper_bound import tables

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


@pytest.mark.parametrize(
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
