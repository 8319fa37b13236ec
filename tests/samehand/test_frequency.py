"""What was counted is drawn to what ships, and the more was counted, the less."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samehand.frequency import NothingCounted, rate_of_bits, smoothed_rate
from samehand.keys import KeyKind


@given(st.integers(0, 10**6), st.integers(0, 10**7), st.floats(1e-9, 1.0))
def test_a_rate_is_a_share(count: int, accounts: int, shipped: float) -> None:
    assert 0 < smoothed_rate(count, accounts, shipped) <= 1


def test_with_nothing_counted_the_shipped_rate_stands() -> None:
    nothing = NothingCounted(7)
    assert nothing.bans == 7
    assert nothing.count(KeyKind.EMAIL, b"x", "") == nothing.accounts("") == 0
    assert smoothed_rate(0, 0, 1e-5) == 1e-5


def test_a_million_accounts_speak_louder_than_what_ships() -> None:
    assert abs(smoothed_rate(1000, 1_000_000, 1e-5) - 1e-3) < 5e-5


def test_bits_and_rates() -> None:
    assert rate_of_bits(10.0) == 1 / 1024
