"""What an account counts, and for which cluster."""

from __future__ import annotations

from dataclasses import replace

from samehand.account import Avatar
from samehand.fingerprint import distil, enrolment_keys
from samehand.keys import KeyKind
from store.counting import VALUES_MAX, Counted, counted
from tests.store.makers import PEPPERS, an_account, fingerprints

ITSELF = b"the account"


def values_of(**traits: str) -> dict[KeyKind, Counted]:
    """What an account counts, by kind."""
    (one,) = fingerprints(an_account(**traits))
    return {value.kind: value for value in counted(one, enrolment_keys(one), ITSELF)}


def test_names_are_counted_within_their_stratum_and_personal_values_among_all() -> None:
    found = values_of(handle="umar_media", display_name="Umar", email="umar@example.org")
    assert {found[kind].stratum for kind in (KeyKind.HANDLE_FULL, KeyKind.STEM, KeyKind.WORD)} == {"latin"}
    assert found[KeyKind.EMAIL].stratum == ""


def test_a_network_counts_a_name_once_and_devices_count_a_network() -> None:
    found = values_of(ip="39.40.1.2", device_id="f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11")
    assert found[KeyKind.STEM].cluster == found[KeyKind.PREFIX].value
    assert found[KeyKind.ADDRESS].cluster == found[KeyKind.DEVICE].value
    assert found[KeyKind.DEVICE].cluster == found[KeyKind.PREFIX].value


def test_where_no_network_and_no_device_is_known_the_account_counts_for_itself() -> None:
    assert values_of(handle="umar_media")[KeyKind.STEM].cluster == ITSELF


def test_a_picture_is_counted_whole() -> None:
    account = replace(an_account(), avatar=Avatar(pdq=bytes(range(32)), quality=90))
    one = distil(account, PEPPERS.current.digest, at=None, pepper_id=1)
    values = counted(one, enrolment_keys(one), ITSELF)
    assert [value.value for value in values if value.kind is KeyKind.AVATAR] == [bytes(range(32))]


def test_a_bio_full_of_links_counts_no_more_than_the_cap() -> None:
    (one,) = fingerprints(an_account(bio=" ".join(f"t.me/channel_{n}" for n in range(200))))
    assert len(counted(one, enrolment_keys(one), ITSELF)) <= VALUES_MAX
