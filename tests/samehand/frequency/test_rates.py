"""How common a value is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account, Avatar
from samehand.frequency.counts_without_candidates import CountsWithoutCandidates
from samehand.frequency.rates import (
    STRATUM_ACCOUNTS_MIN,
    NothingCounted,
    named_rate,
    rate_of_bits,
    shared_rate,
)
from samehand.keys import PERSONAL_POSTING_CAP, KeyKind, key_of
from samehand.signals.phone import PHONE, PhoneTrait
from tests.samehand.signals.test_contract import keyer

# What was counted is drawn to what ships, and the more was counted, the less.

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


# What one evader's banned accounts share is no crowd; what strangers share stays one.

NUMBER = "+923012345678"
SILHOUETTE = Avatar(pdq=bytes(range(32)), quality=90)


class Counted:
    """A hundred thousand accounts, so many of them with any value."""

    bans = 7

    def __init__(self, bearers: int) -> None:
        self._bearers = bearers

    def accounts(self, stratum: str) -> int:
        return 100_000

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return self._bearers


def number(phone: str = NUMBER) -> bytes:
    trait = PHONE.distil(Account(platform="x", account_id="1", phone=phone), keyer)
    assert isinstance(trait, PhoneTrait)
    return trait.number


@pytest.mark.parametrize(
    ("counted", "candidates", "left"),
    [
        (10, 9, 2),  # eight others of theirs go, the pair's own two stay
        (10, 1, 10),  # the banned account of the pair is no other
        (10, 0, 10),
        (1_000, 9, 992),  # a carrier's crowd stays a crowd
        (4, 9, 0),  # several were of one network, and counted once
    ],
)
def test_banned_bearers_are_taken_off_but_for_the_pairs_own(counted: int, candidates: int, left: int) -> None:
    context = CountsWithoutCandidates(Counted(counted), {key_of(KeyKind.PHONE, number()): candidates})
    assert context.count(KeyKind.PHONE, number(), "") == left


def test_a_picture_that_strangers_show_stays_common_though_many_of_the_banned_show_it() -> None:
    context = CountsWithoutCandidates(Counted(40), {key_of(KeyKind.AVATAR, SILHOUETTE.pdq): 60})
    assert context.count(KeyKind.AVATAR, SILHOUETTE.pdq, "") == 40


def test_how_common_a_name_is_does_not_depend_on_who_bears_it() -> None:
    context = CountsWithoutCandidates(Counted(10), {key_of(KeyKind.STEM, b"umar"): 9})
    assert context.count(KeyKind.STEM, b"umar", "latin") == 10


def test_totals_are_those_of_the_snapshot() -> None:
    context = CountsWithoutCandidates(Counted(10), {})
    assert (context.bans, context.accounts("")) == (7, 100_000)


def test_no_more_are_taken_off_than_a_value_proposes() -> None:
    """In many shards a value may list more; beyond its cap it is a farm's or a carrier's."""
    context = CountsWithoutCandidates(
        Counted(1_000), {key_of(KeyKind.PHONE, number()): 3 * PERSONAL_POSTING_CAP}
    )
    assert context.count(KeyKind.PHONE, number(), "") == 1_001 - PERSONAL_POSTING_CAP
