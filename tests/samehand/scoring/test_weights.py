"""The table of weights is checked number by number, and its probabilities behave."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from samehand.errors import UnusableWeights
from samehand.scoring.rivals import RATED
from samehand.scoring.weights import Bands, default_weights, lacking, read_weights

SHIPPED = default_weights()


def a_table(**changes: Any) -> bytes:
    table: dict[str, Any] = {
        "version": "t",
        "mirror_rate": 0.005,
        "bans_min": 100,
        "group_shares": {"name": 0.25},
        "rivals": {one.name: {"rate": 0.01} for one in RATED},
        "signals": {"handle": {"levels": {"same": {"m": 0.1, "u": 1e-6}}}},
    }
    return json.dumps(table | changes).encode()


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_more_evidence_is_never_less_probable(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= SHIPPED.probability(low) <= SHIPPED.probability(high) <= 1.0


@given(st.floats(1e-6, 1 - 1e-6))
def test_log_odds_and_probability_are_each_others_inverse(probability: float) -> None:
    assert SHIPPED.probability(SHIPPED.log_odds_at(probability)) == pytest.approx(probability, rel=1e-9)


def test_the_prior_falls_with_the_bans_but_not_below_the_least_number() -> None:
    assert SHIPPED.prior(1) == SHIPPED.prior(SHIPPED.bans_min) > SHIPPED.prior(10 * SHIPPED.bans_min)


def test_a_policy_may_have_thresholds_of_its_own() -> None:
    weights = replace(SHIPPED, policy_bands={"spam": Bands(0.99, 0.8)})
    assert [weights.band(0.85, policy) for policy in (None, "spam", "other")] == [
        "possible",
        "possible",
        "possible",
    ]
    assert (weights.band(0.95), weights.band(0.95, "spam")) == ("likely", "possible")
    assert (weights.band(0.6), weights.band(0.6, "spam")) == ("possible", "none")
    assert weights.alerting_min == 0.5


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mirror_rate": 0}, r"> 0\.0 - at `\$\.mirror_rate`"),
        ({"slope": 0}, "slope must be above 0"),
        ({"group_shares": {"name": 2}}, r"<= 1\.0 - at `\$\.group_shares\[\.\.\.\]`"),
        ({"bands": {"likely": 0.4, "possible": 0.5}}, "bands must have .* possible is 0.5 and likely is 0.4"),
        (
            {"policy_bands": {"spam": {"likely": 0.4, "possible": 0.5}}},
            "policy_bands.spam must have .* possible is 0.5",
        ),
        (
            {"signals": {"handle": {"levels": {"same": {"m": 0, "u": 1e-6}}}}},
            r"> 0\.0 - at `\$\.signals.*\.levels.*\.m`",
        ),
        (
            {"signals": {"handle": {"levels": {"same": {"m": 0.1, "u": 1e-6, "ceiling": 99}}}}},
            r"<= 32\.0 - at `\$\.signals.*\.ceiling`",
        ),
        (
            {"signals": {"handle": {"levels": {"same": {"m": 0.1, "u": 1e-6, "ceiling": -0.5}}}}},
            r">= 0\.0 - at `\$\.signals.*\.ceiling`",
        ),
        (
            {"signals": {"handle": {"levels": {"same": {"m": 0.1, "u": 0.1, "u_of_bans": 0.1}}}}},
            "signals.handle.levels.same has both u and u_of_bans",
        ),
        (
            {"signals": {"handle": {"levels": {"different": {"m": 0.5, "u": 0.1}}}}},
            "signals.handle.levels.different is a difference",
        ),
        (
            {"signals": {"handle": {"levels": {}, "explained": {"twin": 1.0}}}},
            "household.neighbour",
        ),
        (
            {"signals": {"handle": {"levels": {}, "explained": {"copier": 0.0}}}},
            r"> 0\.0 - at `\$\.signals.*\.explained",
        ),
        ({"rivals": {}}, "rivals.household is missing"),
        ({"rivals": {one.name: {"rate": 1.0} for one in RATED}, "bans_min": 1}, "in all, above bans_min"),
        ({"caps": {"rows": []}}, "delete caps"),
        (
            {"signals": {"handle": {"levels": {"same": {"m": 0.1, "multiplier": -1}}}}},
            r">= 0\.0 - at `\$\.signals.*\.multiplier`",
        ),
        (
            {"signals": {"handle": {"levels": {"same": {"m": 0.1, "multiplier": 11}}}}},
            r"<= 10\.0 - at `\$\.signals.*\.multiplier`",
        ),
        ({"unheard_of": 1}, "unheard_of"),
    ],
)
def test_a_number_out_of_its_range_is_named_with_the_range(changes: dict[str, Any], reason: str) -> None:
    read_weights(a_table())
    with pytest.raises(UnusableWeights, match=reason):
        read_weights(a_table(**changes))


@given(st.binary(max_size=60))
def test_anything_else_is_refused_with_a_reason(raw: bytes) -> None:
    with pytest.raises(UnusableWeights):
        read_weights(raw)


def test_every_shipped_figure_says_where_it_comes_from() -> None:
    assert not [name for name, signal in default_weights().signals.items() if not signal.source]


KNOTS = st.lists(st.tuples(st.floats(0.01, 5), st.floats(0.01, 5)), min_size=2, max_size=8).map(
    lambda steps: tuple(
        (sum(a for a, _ in steps[: n + 1]) - 9, sum(b for _, b in steps[: n + 1]) - 9)
        for n in range(len(steps))
    )
)


@given(KNOTS, st.floats(-40, 40), st.floats(-40, 40))
def test_a_bent_calibration_still_rises_and_can_be_undone(
    knots: tuple[tuple[float, float], ...], one: float, other: float
) -> None:
    bent = replace(SHIPPED, knots=knots)
    low, high = sorted((one, other))
    assert bent.calibrated(low) <= bent.calibrated(high)
    for probability in (0.001, 0.3, 0.9):
        assert bent.probability(bent.log_odds_at(probability)) == pytest.approx(probability, rel=1e-6)


def test_knots_that_fall_are_refused() -> None:
    with pytest.raises(UnusableWeights, match="knots must rise"):
        read_weights(a_table(knots=[[0.0, 1.0], [1.0, 0.5]]))


def test_a_table_that_lacks_a_row_is_told_from_a_whole_one() -> None:
    assert lacking(SHIPPED) is None
    assert lacking(read_weights(a_table())) is not None


@pytest.mark.parametrize(
    ("signal", "level", "row", "lacks"),
    [
        ("handle", "same", {"m": 0.1, "u": 1e-6}, "handle.same without u"),
        ("device", "same", {"m": 0.1}, "device.same.u"),
        ("timing", "within-a-day", {"m": 0.1}, "timing.within-a-day.u"),
    ],
)
def test_a_rate_that_nothing_reads_or_that_is_missing_is_named(
    signal: str, level: str, row: dict[str, float], lacks: str
) -> None:
    table = json.loads(msgspec.json.encode(SHIPPED))
    table["signals"][signal]["levels"][level] = row
    if signal == "handle":
        row["explained"] = table["signals"]["handle"]["levels"]["same-handle"]["explained"]
    told = lacking(read_weights(json.dumps(table).encode()))
    assert told is not None
    assert told.startswith(lacks)
