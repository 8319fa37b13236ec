"""The lead's figures rest on blind verdicts alone, and say nothing where there are few."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import repeat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.review.reports.statistics import (
    ANSWERS,
    VERDICTS_MIN,
    Answer,
    Band,
    Foretold,
    JudgedPair,
    Waits,
    backlog,
    by_band,
    by_policy,
    by_script,
    by_signal,
    golden_accuracy,
    latest,
    overall,
    precision_change,
    readers_agree,
    seconds_to_detect,
    waits,
)

DAY = 86_400.0


def a_verdict(
    alert_id: str,
    answer: Answer = "mirror",
    *,
    band: Band = "likely",
    reader: str = "ana",
    at: float = 0.0,
    blind: bool = True,
    independent: bool = True,
) -> JudgedPair:
    """Of an alert of which 15 % are read blind, or of a pair below, of which 1 % are."""
    return JudgedPair(
        alert_id=alert_id,
        reader=reader,
        answer=answer,
        decided_at=at,
        blind=blind,
        band=band,
        drawn_with=0.01 if band == "none" else 0.15,
        independent=independent,
    )


def many(mirrors: int, others: int, band: Band = "likely", name: str = "") -> list[JudgedPair]:
    answers: list[Answer] = [*repeat(ANSWERS[0], mirrors), *repeat(ANSWERS[1], others)]
    return [a_verdict(f"{name}{band}{place}", answer, band=band) for place, answer in enumerate(answers)]


def test_precision_counts_alerts_judged_blind_and_recall_weighs_what_was_drawn_below() -> None:
    figures = overall(many(45, 15) + many(3, 297, "none"))
    assert figures.precision is not None
    assert figures.precision.value == pytest.approx(0.75)
    assert figures.recall is not None
    # 45 / .15 = 300 mirrors found, 3 / .01 = 300 below
    assert figures.recall.value == pytest.approx(0.5)
    assert 0.2 < figures.recall.low < 0.5 < figures.recall.high < 0.8
    assert (figures.alerts, figures.sampled) == (60, 300)


def test_who_saw_the_score_a_golden_item_and_who_was_unsure_count_for_nothing() -> None:
    seeing = [replace(one, blind=False) for one in many(40, 0, name="seen")]
    golden = [replace(one, golden=True) for one in many(40, 0, name="golden")]
    unsure = [a_verdict(f"unsure{n}", "unsure") for n in range(5)]
    figures = overall(latest(many(15, 15) + seeing + golden + unsure))
    assert figures.precision is not None
    assert figures.precision.value == pytest.approx(0.5)
    assert (figures.alerts, figures.unsure) == (30, 5)


def test_under_thirty_verdicts_of_a_kind_no_figure_is_told() -> None:
    few = many(VERDICTS_MIN - 1, 0) + many(0, 200, "none")
    assert overall(few).precision is None
    assert overall(few).recall is None
    enough_alerts = many(VERDICTS_MIN, 0) + many(0, VERDICTS_MIN - 1, "none")
    assert overall(enough_alerts).precision is not None
    assert overall(enough_alerts).recall is None


def test_each_band_has_its_own_precision_and_recall_from_it_upwards() -> None:
    bands = by_band(many(36, 4) + many(10, 30, "possible") + many(1, 99, "none"))
    likely, possible = bands["likely"], bands["possible"]
    assert likely.precision is not None
    assert possible.precision is not None
    assert (likely.precision.value, possible.precision.value) == pytest.approx((0.9, 0.25))
    assert likely.recall is not None
    assert possible.recall is not None
    assert likely.recall.value == pytest.approx(36 / 0.15 / (46 / 0.15 + 100))
    assert possible.recall.value == pytest.approx(46 / 0.15 / (46 / 0.15 + 100))


def test_groups_are_told_apart_by_signal_script_and_policy() -> None:
    device = [replace(one, signals=frozenset({"device", "bio"}), script="Arab") for one in many(30, 0)]
    bio = [
        replace(one, signals=frozenset({"bio"}), script="Latn", policy="spam")
        for one in many(0, 30, "possible")
    ]
    everything = device + bio
    signals = {name: it.precision.value for name, it in by_signal(everything).items() if it.precision}
    assert signals == {"bio": 0.5, "device": 1.0}
    scripts = {name: it.precision.value for name, it in by_script(everything).items() if it.precision}
    assert scripts == {"Arab": 1.0, "Latn": 0.0}
    policies = {name: it.precision.value for name, it in by_policy(everything).items() if it.precision}
    assert policies == {"": 1.0, "spam": 0.0}


def test_what_was_found_when_a_ban_came_has_no_sample_below_and_no_say_in_recall() -> None:
    figures = overall(
        [replace(one, forward=False) for one in many(500, 0, name="lookback")]
        + many(30, 0)
        + many(2, 98, "none")
    )
    assert figures.recall is not None
    assert figures.recall.value == pytest.approx(30 / 0.15 / (30 / 0.15 + 200))


def test_the_latest_blind_verdict_holds_unless_an_appeal_overturned_it() -> None:
    first = a_verdict("1", "mirror", at=1.0)
    second = a_verdict("1", "not_mirror", at=2.0, reader="bo")
    assert latest([second, first]) == latest([first, second]) == [second]
    confirmed = a_verdict("1", "not_mirror", at=3.0, reader="lead", blind=False)
    overturned = a_verdict("1", "mirror", at=3.0, reader="lead", blind=False)
    assert latest([first, second, confirmed]) == [second]
    assert latest([first, second, overturned]) == []
    assert latest([confirmed]) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from("12345"), st.sampled_from(ANSWERS), st.floats(0, 10), st.booleans(), st.booleans()
        ),
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_no_order_of_delivery_and_no_repeat_changes_what_holds(
    rows: list[tuple[str, Answer, float, bool, bool]], random: object
) -> None:
    given_ = [
        replace(a_verdict(one, answer, at=at, blind=blind, reader=f"r{place}"), golden=golden)
        for place, (one, answer, at, blind, golden) in enumerate(rows)
    ]
    shuffled = given_ + given_[: len(given_) // 2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis' own Random
    assert _by_alert(latest(shuffled)) == _by_alert(latest(given_))


def _by_alert(verdicts: Iterable[JudgedPair]) -> dict[str, JudgedPair]:
    return {one.alert_id: one for one in verdicts}


def test_readers_who_agree_half_the_time_agree_no_more_than_chance() -> None:
    random = np.random.Generator(np.random.PCG64(7))
    answers: list[list[Answer]] = [
        [("mirror", "not_mirror")[int(random.random() < 0.5)] for _ in range(2)] for _ in range(400)
    ]
    verdicts = [
        a_verdict(f"{place}", answer, reader=reader, at=float(at))
        for place, pair in enumerate(answers)
        for at, (reader, answer) in enumerate(zip(("ana", "bo"), pair, strict=True))
    ]
    agreed = readers_agree(verdicts)
    assert agreed.items == 400
    assert agreed.kappa is not None
    assert agreed.kappa.low < 0 < agreed.kappa.high


def test_a_readers_second_thought_and_one_who_saw_the_score_are_no_second_reading() -> None:
    words = [
        a_verdict("1", "mirror", reader="ana", at=1.0),
        a_verdict("1", "not_mirror", reader="ana", at=2.0),
        a_verdict("1", "not_mirror", reader="lead", at=3.0, blind=False),
    ]
    assert readers_agree(words).items == 0
    assert readers_agree([*words, a_verdict("1", "mirror", reader="bo", at=4.0)])[:2] == (1, 1)


def test_agreement_leaves_out_and_counts_pairs_of_which_one_reader_knew_the_other() -> None:
    alone = [a_verdict("1", reader="ana"), a_verdict("1", reader="bo", at=1.0)]
    told = [a_verdict("2", reader="ana"), a_verdict("2", reader="bo", at=1.0, independent=False)]
    once = [a_verdict("0", reader="ana"), a_verdict("3", reader="ana")]
    found = readers_agree([*once, *alone, *told])
    assert (found.items, found.agreed, found.left_out) == (1, 1, 1)


def test_accuracy_on_golden_items_is_told_of_all_and_of_each_who_read_enough() -> None:
    answers: dict[str, Answer] = {f"g{place}": "mirror" for place in range(40)}
    read = [
        replace(a_verdict(f"g{place}", "mirror" if place < 36 else "unsure", reader="ana"), golden=True)
        for place in range(40)
    ]
    everybody, each = golden_accuracy([*read, replace(read[0], reader="bo"), a_verdict("g1")], answers)
    assert (everybody.items, everybody.right) == (41, 37)
    assert each["ana"].share is not None
    assert each["ana"].share.value == pytest.approx(0.9)
    assert each["bo"] == (1, 1, None)


def test_the_backlog_is_told_by_age_and_a_clock_that_is_behind_makes_nothing_negative() -> None:
    ages = (-60.0, 10.0, 2 * 3_600.0, DAY - 1, DAY, 5 * DAY, 400 * DAY)
    assert list(backlog([1e9 - age for age in ages], now=1e9).values()) == [2, 1, 1, 1, 1, 1]


def test_waits_have_a_median_and_a_ninth_tenth_once_there_are_enough() -> None:
    assert waits([1.0] * 29) == Waits(29, None, None)
    assert waits([float(n) for n in range(101)]) == Waits(101, 50.0, 90.0)
    assert waits([-1.0] * 30) == Waits(30, 0.0, 0.0), "of a clock that was set back"


def test_time_to_detect_begins_at_the_ban_for_who_was_there_before() -> None:
    assert seconds_to_detect(600.0, 0.02) == pytest.approx(600.02)
    assert seconds_to_detect(-3 * DAY, 0.02) == pytest.approx(0.02)
    assert seconds_to_detect(None, 0.02) is None


def test_a_change_of_weights_says_what_it_would_lose_and_gain() -> None:
    kept = [Foretold(True, 1.0, True, True)] * 60 + [Foretold(False, 1.0, True, True)] * 20
    dropped = [Foretold(False, 1.0, True, False)] * 20 + [Foretold(True, 1.0, True, False)]
    new = [Foretold(True, 1.0, False, True)] * 2
    change = precision_change([*kept, *dropped, *new])
    assert change.before is not None
    assert change.after is not None
    assert change.difference is not None
    assert change.before.value == pytest.approx(61 / 101)
    assert change.after.value == pytest.approx(62 / 82)
    assert change.difference.value == pytest.approx(62 / 82 - 61 / 101)
    assert 0 < change.difference.low < change.difference.high < 0.3
    assert (change.mirrors_lost, change.mirrors_gained, change.others_lost, change.others_gained) == (
        1,
        2,
        20,
        0,
    )


def test_weights_that_change_nothing_change_precision_by_nothing() -> None:
    change = precision_change([Foretold(n % 2 == 0, 1.0, True, True) for n in range(40)])
    assert change.difference == (0.0, 0.0, 0.0)
    assert precision_change([]).before is None
