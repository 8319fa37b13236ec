"""When simulated events happen."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from simulate.config import Config
from simulate.delays import DAY, DELAY_SECONDS_MAX, PREPARED_SECONDS_MAX
from simulate.timeline.schedule import deck, plan
from simulate.timeline.stream import ordered_times, times_before

# The plan of who comes back: whole, within the stream, every sort in its share.


@given(
    st.dictionaries(st.integers(1, 8), st.floats(0.01, 10), min_size=1),
    st.integers(0, 300),
    st.integers(0, 2**32),
)
def test_a_deck_has_its_size_and_every_card(weights: dict[int, float], size: int, seed: int) -> None:
    cards = deck(Random(seed), weights, size)
    assert len(cards) == size
    assert size < len(weights) or set(cards) == set(weights)
    total = sum(weights.values())
    for card, count in Counter(cards).items():
        assert abs(count - size * weights[card] / total) <= len(weights)


def test_a_card_of_no_weight_is_not_in_the_deck() -> None:
    assert set(deck(Random(1), {"a": 1.0, "b": 0.0}, 50)) == {"a"}


@hypothesis_settings(deadline=None)
@given(st.integers(0, 2**32), st.floats(0.1, 60), st.integers(1, 60))
def test_everything_planned_happens_within_the_stream(seed: int, days: float, mirrors: int) -> None:
    config = Config(seed=seed, accounts=2 * mirrors, days=days, mirror_share=0.5)
    cases = plan(config)
    start, end = config.start_seconds, config.end_seconds
    assert sum(len(case.returns) for case in cases) == mirrors
    assert [case.first_at for case in cases] == sorted(case.first_at for case in cases)
    for case in cases:
        assert case.banned_at <= end
        assert case.first_at <= case.banned_at
        assert case.signed_up_at is None or start <= case.signed_up_at <= case.banned_at
        for each in case.returns:
            assert start <= each.signed_up_at <= each.at <= end
            assert case.first_at <= each.signed_up_at
            assert (each.way == "lookback") == (each.at < case.banned_at)
            assert each.at - case.banned_at >= -PREPARED_SECONDS_MAX - 1


def test_most_come_back_once_and_some_again() -> None:
    counts = Counter(len(case.returns) for case in plan(Config(accounts=20_000, mirror_share=0.2)))
    assert counts[1] / counts.total() == pytest.approx(0.8, abs=0.04)
    assert max(counts) == 5


def test_shares_of_the_ways_are_kept() -> None:
    config = Config(accounts=20_000, mirror_share=0.1)
    ways = Counter(each.way for case in plan(config) for each in case.returns)
    assert ways["update"] / ways.total() == pytest.approx(0.08, abs=0.02)
    assert ways["lookback"] / ways.total() == pytest.approx(0.07, abs=0.02)


def test_returns_are_at_most_weeks_late() -> None:
    late = [
        each.at - case.banned_at
        for case in plan(Config(accounts=10_000, mirror_share=0.2))
        for each in case.returns
        if len(case.returns) == 1
    ]
    assert max(late) <= DELAY_SECONDS_MAX


# Moments come in order, as many as asked, within their span.


@given(st.integers(0, 200), st.integers(0, 2**32))
def test_ordered_times_ascend_within_the_span(size: int, seed: int) -> None:
    times = list(ordered_times(Random(seed), 100.0, 200.0, size))
    assert len(times) == size
    assert times == sorted(times)
    assert all(100.0 <= at <= 200.0 for at in times)


def test_they_are_spread_evenly() -> None:
    times = list(ordered_times(Random(1), 0.0, 1.0, 10_000))
    for share in (0.1, 0.5, 0.9):
        assert times[int(share * 10_000)] == pytest.approx(share, abs=0.02)


@given(st.integers(0, 100), st.integers(0, 2**32))
def test_times_before_ascend_and_end_before_the_start(size: int, seed: int) -> None:
    start = 1000 * DAY
    times = list(times_before(Random(seed), start, size))
    assert len(times) == size
    assert times == sorted(times)
    assert all(start - 720 * DAY <= at <= start for at in times)


def test_recent_moments_are_more_frequent() -> None:
    times = list(times_before(Random(1), 0.0, 10_000))
    assert sum(at > -90 * DAY for at in times) > 4_500
