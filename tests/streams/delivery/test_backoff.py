"""Pauses between tries."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.backoff import FIRST_SECONDS, MOST_SECONDS, Backoff


def test_the_ceiling_doubles_up_to_the_cap() -> None:
    longest = Backoff(lambda low, high: high)
    assert [longest.seconds(attempt) for attempt in (0, 1, 2)] == [FIRST_SECONDS, 0.1, 0.2]
    assert longest.seconds(50) == MOST_SECONDS


@given(st.integers(0, 10**9), st.integers())
def test_a_pause_lies_between_nothing_and_the_cap(attempt: int, seed: int) -> None:
    assert 0.0 <= Backoff(random.Random(seed).uniform).seconds(attempt) <= MOST_SECONDS


def test_the_jitter_is_full() -> None:
    drawn = [Backoff(random.Random(7).uniform).seconds(20)] + [
        Backoff(random.Random(seed).uniform).seconds(20) for seed in range(200)
    ]
    assert min(drawn) < 0.1 * MOST_SECONDS
    assert max(drawn) > 0.9 * MOST_SECONDS
