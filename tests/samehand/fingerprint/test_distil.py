"""What is kept of an account survives storage, and gives nothing personal away."""

from __future__ import annotations

from typing import Any

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
    with pytest.raises(UnreadableFingerprint, match="has version 1; this program reads version 6"):
        unpack(
            bytes.fromhex("010101006ab13b800178056c6174696e") + b"\x01\x11\x1fumar media\x1f\x1f\x1f\x1fmrmd"
        )


@pytest.mark.parametrize(
    "written",
    [
        "03012345678",
        "+92 301 2345678",
        "umar_٠٣٠١٢٣٤٥٦٧٨",
        "0301,234,5678",
        "umar.farooq@gmail.com",
        "umar.farooq.gmail.com",
        "u m a r . f a r o o q @ g m a i l . c o m",
        "umar#farooq.gmail.com",
        "39[.]40[.]12[.]7",
        "wa.me/923012345678",
    ],
)
@pytest.mark.parametrize("field", ["handle", "display_name"])
def test_what_redaction_masks_is_kept_as_a_digest_under_the_pepper(field: str, written: str) -> None:
    def other(domain: str, value: bytes) -> bytes:
        return keyer(domain, b"another pepper" + value)

    words: dict[str, Any] = {field: written}
    account = Account(platform="x", account_id="1", **words)
    ours, theirs = (unpack(pack(distil(account, each, at=None))) for each in (keyer, other))
    assert ours == distil(account, keyer, at=None), "the same under the same pepper"
    kept = f"{ours.trait('handle')}{ours.trait('name')}"  # of these the keys are made
    for raw in ("2345678", "345678", "farooq", "faroq", "gmail", "394012"):
        assert raw not in kept
    if field == "handle":
        assert ours.trait("handle") != theirs.trait("handle"), "another under another"


def test_a_plain_handle_takes_little() -> None:
    """Where a banned account shows a handle alone, its record is what a million of them cost."""
    handle = "umar_media"
    record = pack(distil(Account(platform="x", account_id="1", handle=handle), keyer, at=1.79e9))
    header, own_addresses, plainly_written = 9, 19, 1
    assert len(record) <= header + 3 + len(handle) * 6 / 8 + 1 + own_addresses + plainly_written


def test_an_account_that_shows_nothing_has_no_keys() -> None:
    assert enrolment_keys(distil(Account(platform="x", account_id="1"), keyer, at=None)) == []
