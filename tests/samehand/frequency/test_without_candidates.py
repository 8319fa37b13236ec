"""What one evader's banned accounts share is no crowd; what strangers share stays one."""

from __future__ import annotations

import pytest

from samehand.account import Account, Avatar
from samehand.frequency.without_candidates import Unbanned
from samehand.keys import PERSONAL_POSTING_CAP, KeyKind, key_of
from samehand.signals.phone import PHONE, PhoneTrait
from tests.samehand.signals.test_contract import keyer

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
    sight = Unbanned(Counted(counted), {key_of(KeyKind.PHONE, number()): candidates})
    assert sight.count(KeyKind.PHONE, number(), "") == left


def test_a_picture_that_strangers_show_stays_common_though_many_of_the_banned_show_it() -> None:
    sight = Unbanned(Counted(40), {key_of(KeyKind.AVATAR, SILHOUETTE.pdq): 60})
    assert sight.count(KeyKind.AVATAR, SILHOUETTE.pdq, "") == 40


def test_how_common_a_name_is_does_not_depend_on_who_bears_it() -> None:
    sight = Unbanned(Counted(10), {key_of(KeyKind.STEM, b"umar"): 9})
    assert sight.count(KeyKind.STEM, b"umar", "latin") == 10


def test_totals_are_those_of_the_snapshot() -> None:
    sight = Unbanned(Counted(10), {})
    assert (sight.bans, sight.accounts("")) == (7, 100_000)


def test_no_more_are_taken_off_than_a_value_proposes() -> None:
    """In many shards a value may list more; beyond its cap it is a farm's or a carrier's."""
    sight = Unbanned(Counted(1_000), {key_of(KeyKind.PHONE, number()): 3 * PERSONAL_POSTING_CAP})
    assert sight.count(KeyKind.PHONE, number(), "") == 1_001 - PERSONAL_POSTING_CAP
