"""Figures of accuracy, on runs small enough to count by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from report.accuracy import (
    AccountPair,
    JudgedRun,
    ScoredPair,
    at_capacity,
    average_precision,
    calibration,
    catchable_pairs,
    false_alarms,
    figures,
    of_band,
    ratio_interval,
    time_to_detect,
)
from report.share import Share


def a_pair(name: str) -> AccountPair:
    return AccountPair(f"x:{name}", f"x:banned-{name}")


def a_judged(
    name: str, probability: float, *, true: bool = False, seconds: float | None = None
) -> ScoredPair:
    band = "likely" if probability >= 0.9 else "possible" if probability >= 0.5 else "none"
    return ScoredPair(a_pair(name), probability, probability, band, true, seconds)


def a_run(
    *judged: ScoredPair,
    sign_ups: int = 1000,
    missed: tuple[str, ...] = (),
    strategies: Mapping[str, int] | None = None,
    groups: Mapping[str, str] | None = None,
) -> JudgedRun:
    """``missed`` are true pairs that nothing brought up."""
    found = frozenset(one.pair for one in judged if one.true)
    return JudgedRun(
        judged=tuple(sorted(judged, key=lambda one: -one.log_odds)),
        sign_ups=sign_ups,
        truth=found | {a_pair(name) for name in missed},
        fetched=found,
        strategies={a_pair(name): number for name, number in (strategies or {}).items()},
        groups={f"x:{name}": group for name, group in (groups or {}).items()},
    )


def test_average_precision_is_the_mean_precision_at_each_mirror_and_0_where_one_was_missed() -> None:
    run = a_run(
        a_judged("a", 0.9, true=True), a_judged("b", 0.8), a_judged("c", 0.7, true=True), missed=("d",)
    )
    assert average_precision(run.judged, run.truth) == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_what_nobody_can_catch_is_no_debt() -> None:
    run = a_run(a_judged("a", 0.9, true=True), missed=("fresh",), strategies={"a": 1, "fresh": 8})
    assert average_precision(run.judged, catchable_pairs(run)) == 1.0
    told = figures(run)
    assert told["recall_by_strategy"]["8"]["value"] == 0.0
    assert (told["mirrors"], told["catchable"]) == (2, 1)


def test_a_band_is_told_by_itself_and_with_what_lies_above() -> None:
    run = a_run(a_judged("a", 0.95, true=True), a_judged("b", 0.6), a_judged("c", 0.55, true=True))
    possible = of_band(run, "possible")
    assert possible["precision"]["value"] == 0.5
    assert possible["precision_upwards"]["hits"] == 2
    assert possible["recall_upwards"]["value"] == 1.0


def test_a_review_capacity_takes_the_best_pairs_below_the_bands_too() -> None:
    run = a_run(
        a_judged("a", 0.95), a_judged("b", 0.3, true=True), a_judged("c", 0.2, true=True), sign_ups=400
    )
    assert at_capacity(run, 5)["recall"]["value"] == 0.5


def test_blocking_and_scoring_are_told_apart() -> None:
    run = a_run(a_judged("a", 0.95, true=True), a_judged("b", 0.1, true=True), missed=("c",))
    told = figures(run)
    assert told["blocking_recall"]["value"] == pytest.approx(2 / 3, abs=1e-3)
    assert told["scoring_recall"]["value"] == 0.5


def test_claiming_too_much_shows_as_error_and_as_a_gap() -> None:
    run = a_run(*(a_judged(f"{n}", 0.9, true=n < 5) for n in range(10)), sign_ups=100)
    told = calibration(run)
    assert told["error_unsure"] == pytest.approx(0.4)
    assert told["error"] == pytest.approx(0.04)
    assert told["gap_above_0.8"] == pytest.approx(0.4)


def test_false_alarms_are_counted_by_group_and_compared_where_each_has_a_hundred() -> None:
    wrong = [a_judged(f"{group}{n}", 0.4 - n / 1000) for group in ("ur", "en") for n in range(150)]
    groups = {f"{group}{n}": group for group in ("ur", "en") for n in range(300)}
    told = false_alarms(a_run(*wrong, sign_ups=600, groups=groups))["even_handedness"]
    assert told["fewest_in_a_group"] >= 99
    assert told["max_over_mean"] == pytest.approx(1.0, abs=0.02)
    low, high = told["per_1000"]["ur"]["interval"]
    assert low < told["per_1000"]["ur"]["value"] < high


def test_detection_waits_from_the_ban_and_not_at_all_for_what_was_prepared() -> None:
    run = a_run(*(a_judged(f"{s}", 0.9, true=True, seconds=s) for s in (-500.0, 100.0, 200.0)))
    assert time_to_detect(run)["median"] == 100


def test_a_run_without_mirrors_or_alerts_has_figures_too() -> None:
    told = figures(a_run())
    assert told["average_precision"] is None
    assert told["calibration"]["gap_above_0.8"] is None


def test_of_nothing_nothing_is_told() -> None:
    assert Share(0, 0).as_json() == {"hits": 0, "of": 0, "value": None, "interval": None}


def test_even_groups_have_a_ratio_near_one_and_an_uneven_one_is_told_apart() -> None:
    even = ratio_interval([(100, 4000)] * 5)
    uneven = ratio_interval([(100, 4000)] * 4 + [(300, 4000)])
    assert even is not None
    assert uneven is not None
    assert 1.0 <= even[0] < even[1] < 1.5 < uneven[0] < 300 / 140 < uneven[1]
    assert ratio_interval([(0, 10), (0, 10)]) is None
