"""The bound on dead letters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.deadletters.limit import DeadLetterBound


def test_a_few_bad_records_stop_nothing_however_large_their_share() -> None:
    assert DeadLetterBound(0.2, 1000, 100).admit([True] * 100) == 100


def test_the_first_record_beyond_both_limits_is_held() -> None:
    bound = DeadLetterBound(0.2, 1000, 100)
    assert bound.admit([True] * 150) == 100
    assert (bound.dead, bound.seen) == (100, 100)


def test_a_wave_of_a_third_stops_a_topic_with_a_clean_past() -> None:
    bound = DeadLetterBound(0.2, 1000, 100)
    bound.admit([False] * 10_000)
    wave = [number % 3 == 0 for number in range(2000)]
    assert 590 <= bound.admit(wave) <= 610, "200 bad ones among the last 1,000 come with 600 records"


def test_a_share_within_the_bound_may_go_on_for_ever() -> None:
    bound = DeadLetterBound(0.2, 1000, 100)
    trickle = [number % 6 == 0 for number in range(20_000)]
    assert bound.admit(trickle) == len(trickle)


def test_a_share_of_one_never_stops() -> None:
    assert DeadLetterBound(1.0, 1000, 100).admit([True] * 5000) == 5000


def test_forgetting_starts_afresh() -> None:
    bound = DeadLetterBound(0.2, 1000, 100)
    bound.admit([True] * 150)
    bound.forget()
    assert bound.admit([True] * 150) == 100


@given(
    st.lists(st.booleans(), max_size=300),
    st.floats(0.01, 1.0),
    st.integers(1, 50),
    st.integers(0, 20),
)
def test_it_counts_like_a_plain_list(fates: list[bool], share: float, window: int, at_least: int) -> None:
    bound = DeadLetterBound(share, window, at_least)
    admitted = bound.admit(fates)
    recent = fates[:admitted][-window:]
    assert (bound.dead, bound.seen) == (sum(recent), len(recent))
    if admitted < len(fates):
        assert fates[admitted], "only a dead letter can be held"
    assert all(
        sum(fates[:end][-window:]) <= max(at_least, share * window) for end in range(1, admitted + 1)
    ), "no prefix that was let through is over the bound"
