"""What is kept of an account survives storage, and gives nothing personal away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account
from samehand.errors import UnreadableFingerprint
from samehand.fingerprint.distil import distil, enrolment_keys, moment_of, pack, query_keys, unpack
from tests.samehand.signals.test_contract import accounts, keyer


@given(account=accounts, at=st.none() | st.integers(1, 2**39))
def test_a_fingerprint_survives_storage(account: Account, at: int | None) -> None:
    fingerprint = distil(account, keyer, at=at, pepper_id=7)
    assert unpack(pack(fingerprint)) == fingerprint


@given(account=accounts, at=st.none() | st.integers(1, 2**39))
def test_its_moment_is_read_alone(account: Account, at: int | None) -> None:
    assert moment_of(pack(distil(account, keyer, at=at))) == at


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


@pytest.mark.parametrize("version", [1, 2, 3, 99])
def test_a_record_of_another_version_is_refused(version: int) -> None:
    record = pack(distil(Account(platform="x", account_id="1", handle="umar"), keyer, at=None))
    with pytest.raises(UnreadableFingerprint, match="version"):
        unpack(bytes((version,)) + record[1:])


def test_a_record_of_the_first_version_is_refused() -> None:
    """As the first version wrote `umar_media`, banned on X: a store of it is rebuilt, never misread."""
    with pytest.raises(UnreadableFingerprint, match="has version 1; this program reads version 5"):
        unpack(
            bytes.fromhex("010101006ab13b800178056c6174696e") + b"\x01\x11\x1fumar media\x1f\x1f\x1f\x1fmrmd"
        )


def test_a_plain_handle_takes_little() -> None:
    """Where a banned account shows a handle alone, its record is what a million of them cost."""
    handle = "umar_media"
    record = pack(distil(Account(platform="x", account_id="1", handle=handle), keyer, at=1.79e9))
    header, own_addresses, plainly_written = 9, 19, 1
    assert len(record) <= header + 3 + len(handle) * 6 / 8 + 1 + own_addresses + plainly_written


def test_an_account_that_shows_nothing_has_no_keys() -> None:
    assert enrolment_keys(distil(Account(platform="x", account_id="1"), keyer, at=None)) == []
