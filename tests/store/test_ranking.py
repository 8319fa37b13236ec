"""Rarity: never negative, less for what is common, the same for every store."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from store.ranking import STEPS_A_BIT, rarity_steps


def test_one_in_a_million_is_worth_twenty_bits() -> None:
    assert rarity_steps(1 << 20, 1) == 20 * STEPS_A_BIT
    assert rarity_steps(1 << 20, 256) == 12 * STEPS_A_BIT


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_longer_posting_is_never_worth_more(total: int, one: int, other: int) -> None:
    shorter, longer = sorted((one, other))
    assert rarity_steps(total, shorter) >= rarity_steps(total, longer) >= 0
