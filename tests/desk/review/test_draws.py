"""Who reads what is drawn evenly, stays drawn, and nobody reads an alert twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.review import draws

KEY = b"k" * 32
READERS = ("ana", "bo", "cy", "di")
IDS = st.text(max_size=40)


def test_about_the_share_that_was_asked_for_is_blind_and_another_key_draws_others() -> None:
    ids = [f"{number:032x}" for number in range(4_000)]
    ours = {one for one in ids if draws.is_blind(KEY, one)}
    assert 0.13 < len(ours) / len(ids) < 0.17
    others = {one for one in ids if draws.is_blind(b"j" * 32, one)}
    assert 0.01 < len(ours & others) / len(ids) < 0.04  # .15 squared


def test_being_blind_says_nothing_of_being_read_twice() -> None:
    ids = [f"{number:032x}" for number in range(8_000)]
    blind = [one for one in ids if draws.is_blind(KEY, one)]
    assert 0.16 < sum(draws.needs_second_reader(KEY, one) for one in blind) / len(blind) < 0.24


@given(IDS, st.sampled_from(READERS), st.sets(st.sampled_from(READERS)))
def test_the_second_reader_is_never_the_first(alert_id: str, first: str, readers: set[str]) -> None:
    second = draws.second_reader(KEY, alert_id, first, readers)
    assert second != first
    assert (second is None) == (not readers - {first})


@given(IDS, st.sets(st.sampled_from(READERS)))
def test_an_appeal_never_lands_with_anybody_who_decided_before(alert_id: str, before: set[str]) -> None:
    reader = draws.appeal_reader(KEY, alert_id, before, READERS)
    assert reader not in before
    assert (reader is None) == (before == set(READERS))


@given(IDS, st.sampled_from(READERS))
def test_who_joins_takes_only_their_own_share_from_the_others(alert_id: str, first: str) -> None:
    before = draws.second_reader(KEY, alert_id, first, READERS)
    after = draws.second_reader(KEY, alert_id, first, (*READERS, "eva"))
    assert after in {before, "eva"}


def test_work_is_spread_evenly_among_readers() -> None:
    counts = dict.fromkeys(READERS, 0)
    for number in range(3_000):
        second = draws.second_reader(KEY, f"{number:032x}", "ana", READERS)
        assert second is not None
        counts[second] += 1
    assert counts["ana"] == 0
    assert all(850 < counts[reader] < 1_150 for reader in READERS[1:])


def test_a_reader_sees_each_golden_item_once_before_any_comes_again() -> None:
    items = [f"item-{number}" for number in range(7)]
    shown = [draws.golden_item(KEY, "ana", turn, items) for turn in range(14)]
    assert sorted(map(str, shown[:7])) == items == sorted(map(str, shown[7:]))
    assert shown[:7] != [draws.golden_item(KEY, "bo", turn, items) for turn in range(7)]
    assert draws.golden_item(KEY, "ana", 0, []) is None
    assert 20 < sum(draws.is_golden(KEY, "ana", number) for number in range(2_000)) < 60


def test_the_order_of_blind_items_follows_nothing_that_they_came_with() -> None:
    ids = [f"{number:032x}" for number in range(50)]
    assert draws.blind_order(KEY, ids) == draws.blind_order(KEY, reversed(ids))
    assert draws.blind_order(KEY, ids) != ids


def test_ids_that_read_alike_side_by_side_are_drawn_apart() -> None:
    assert draws.uniform(KEY, "x", "ab", "c") != draws.uniform(KEY, "x", "a", "bc")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="3 bytes; it takes 16"):
        draws.is_blind(b"abc", "1")
