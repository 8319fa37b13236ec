"""What was counted is drawn to what ships, and the more was counted, the less."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.frequency.rates import (
    STRATUM_ACCOUNTS_MIN,
    NothingCounted,
    named_rate,
    rate_of_bits,
    shared_rate,
)
from samehand.keys import KeyKind

either = pytest.mark.parametrize("rate", [named_rate, shared_rate])
Rate = Callable[[int, int, float], float]


@either
@given(st.integers(0, 10**6), st.integers(0, 10**7), st.floats(1e-9, 1.0))
def test_a_rate_is_a_share(rate: Rate, count: int, accounts: int, shipped: float) -> None:
    assert 0 < rate(count, accounts, shipped) <= 1


@either
@given(st.integers(0, 10**5), st.integers(10**5, 10**7), st.floats(1e-9, 1.0))
def test_more_bearers_never_make_a_value_rarer(rate: Rate, count: int, accounts: int, shipped: float) -> None:
    assert rate(count, accounts, shipped) <= rate(count + 1, accounts, shipped)


@either
def test_with_nothing_counted_the_shipped_rate_stands(rate: Rate) -> None:
    nothing = NothingCounted(7)
    assert nothing.bans == 7
    assert nothing.count(KeyKind.EMAIL, b"x", "") == nothing.accounts("") == 0
    assert rate(0, 0, 1e-5) == 1e-5


@either
def test_a_million_accounts_speak_louder_than_what_ships(rate: Rate) -> None:
    assert abs(rate(1000, 1_000_000, 1e-5) - 1e-3) < 6e-5


@either
@pytest.mark.parametrize("others", [1, 2])
def test_one_or_two_others_prove_nothing(rate: Rate, others: int) -> None:
    assert rate(2 + others, 2000, 3e-7) < 3e-6


@either
def test_a_crowd_behind_a_value_is_there_whatever_was_shipped(rate: Rate) -> None:
    assert rate(102, 20_000, 2e-7) > 80 / 20_000


def test_those_who_come_back_under_a_name_do_not_make_it_common() -> None:
    assert named_rate(8, 5_000, 3e-7) < 0.6 * 6 / 5_000


def test_in_a_small_file_names_are_priced_as_shipped() -> None:
    assert named_rate(90, STRATUM_ACCOUNTS_MIN - 1, 1e-6) == 1e-6


def test_bits_and_rates() -> None:
    assert rate_of_bits(10.0) == 1 / 1024
