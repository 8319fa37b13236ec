"""What is kept of an account survives storage, and gives nothing personal away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account
from samehand.errors import UnreadableFingerprint
from samehand.fingerprint import distil, enrolment_keys, pack, query_keys, unpack
from tests.samehand.signals.test_contract import accounts, keyer


@given(account=accounts, at=st.none() | st.integers(1, 2**33))
def test_a_fingerprint_survives_storage(account: Account, at: int | None) -> None:
    fingerprint = distil(account, keyer, at=at, pepper_id=7)
    assert unpack(pack(fingerprint)) == fingerprint


@given(account=accounts)
def test_it_is_found_under_every_key_it_is_listed_under(account: Account) -> None:
    fingerprint = distil(account, keyer, at=None)
    assert set(enrolment_keys(fingerprint)) <= set(query_keys(fingerprint))


@given(account=accounts)
def test_keys_are_the_same_after_storage(account: Account) -> None:
    """Removal recomputes them from the stored record: one that differed would be left behind for ever."""
    fingerprint = distil(account, keyer, at=None)
    assert enrolment_keys(unpack(pack(fingerprint))) == enrolment_keys(fingerprint)


@given(st.binary(max_size=200))
def test_damage_is_told_and_never_raises_anything_else(record: bytes) -> None:
    try:
        unpack(record)
    except UnreadableFingerprint:
        pass


def test_a_record_of_another_version_is_refused() -> None:
    record = pack(distil(Account(platform="x", account_id="1", handle="umar"), keyer, at=None))
    with pytest.raises(UnreadableFingerprint, match="version"):
        unpack(bytes((99,)) + record[1:])


def test_an_account_that_shows_nothing_has_no_keys() -> None:
    assert enrolment_keys(distil(Account(platform="x", account_id="1"), keyer, at=None)) == []
