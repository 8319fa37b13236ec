"""A profile names the mailbox or number with which another account signed up: both are found and told."""

from __future__ import annotations

import pytest
from hypothesis import given

from samehand.account import Account
from samehand.fingerprint import Fingerprint, distil, enrolment_keys, pack, query_keys, unpack
from samehand.signals.base import Example
from samehand.signals.reach import REACH, Reach, reach_of
from tests.samehand.signals.test_contract import SIGHT, accounts, keyer


def seen(account: Account) -> Fingerprint:
    return unpack(pack(distil(account, keyer, at=None)))


def reach(fingerprint: Fingerprint) -> Reach:
    return reach_of(*(fingerprint.trait(name) for name in ("contact", "email", "phone")))


@pytest.mark.parametrize("example", REACH.examples)
def test_each_example_shows_its_level(example: Example) -> None:
    ours, theirs = seen(example.ours), seen(example.theirs)
    found = REACH.compare(reach(ours), reach(theirs), SIGHT)
    assert (found.level if found else None) == example.level


@pytest.mark.parametrize("example", [one for one in REACH.examples if one.level])
def test_who_is_named_is_found_either_way(example: Example) -> None:
    for ours, theirs in ((example.ours, example.theirs), (example.theirs, example.ours)):
        assert set(query_keys(seen(ours))).intersection(enrolment_keys(seen(theirs)))


def test_a_profile_without_mailbox_or_number_grows_by_nothing() -> None:
    plain = Account(platform="x", account_id="1", handle="umar", bio="t.me/+AbCdEf123456")
    named = Account(platform="x", account_id="1", handle="umar", bio="umar@example.org")
    assert len(pack(distil(named, keyer, at=None))) > 0
    contact = distil(plain, keyer, at=None).trait("contact")
    assert contact is not None
    assert all(len(digest) == 8 for digest, _ in contact.points)  # type: ignore[attr-defined]  # a contact's


@given(accounts, accounts)
def test_it_is_the_same_from_both_sides(one: Account, other: Account) -> None:
    here, there = reach(seen(one)), reach(seen(other))
    assert REACH.meets(here, there) == REACH.meets(there, here)
    assert (REACH.compare(here, there, SIGHT) is not None) == REACH.meets(here, there)


def test_every_level_has_an_example() -> None:
    assert {example.level for example in REACH.examples} - {None} == set(REACH.levels)
