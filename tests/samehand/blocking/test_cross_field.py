"""A handle finds the banned display name that it spells, and a display name the banned handle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account
from samehand.fingerprint.distil import distil, enrolment_keys, query_keys
from tests.samehand.signals.test_contract import keyer


def meet(ours: Account, theirs: Account) -> bool:
    asked = query_keys(distil(ours, keyer, at=None))
    return not set(asked).isdisjoint(enrolment_keys(distil(theirs, keyer, at=None)))


def called(handle: str) -> Account:
    return Account(platform="telegram", account_id="1", handle=handle)


def named(display_name: str) -> Account:
    return Account(platform="telegram", account_id="2", display_name=display_name)


@pytest.mark.parametrize(
    ("handle", "display_name"),
    [
        ("gulz4r_waziri_2", "Gulzar Waziri"),
        ("waziri.gulzar", "Gulzar Waziri"),
        ("gulzarwazri", "Gulzar Waziri"),
        ("gulzarwaziri_official", "Gulzar Waziri"),
        ("gulzarwaziri_dxb", "Gulzar Waziri"),
        ("gulzar_farooqi", "Gulzar Farooqi Waziri"),
        ("karim_wardak", "کریم وردک"),
        ("dmitri_vorontsov", "Дмитрий Воронцов"),
    ],
)
def test_a_handle_and_a_display_name_find_each_other(handle: str, display_name: str) -> None:
    assert meet(called(handle), named(display_name))


@pytest.mark.parametrize(
    ("display_name", "handle"),
    [
        ("Gulzar Waziri", "gulz4r_waziri_2"),
        ("Waziri Gulzar", "gulzarwaziri"),
        ("Gulzar Wazri", "gulzarwaziri"),
        ("Gulzar Waziri", "waziri"),
        ("Karim Wardak", "karimwardak77"),
        ("Дмитрий Воронцов", "dmitriy_vorontsov"),
    ],
)
def test_a_display_name_and_a_handle_find_each_other(display_name: str, handle: str) -> None:
    assert meet(named(display_name), called(handle))


def test_strangers_do_not_meet() -> None:
    assert not meet(called("salma_khan"), named("Gulzar Waziri"))


@given(handle=st.text(max_size=256), display_name=st.text(max_size=256))
def test_a_query_is_bounded(handle: str, display_name: str) -> None:
    """Each letter of a handle or a name adds a few keys, and only so many letters are keyed."""
    ours = Account(platform="x", account_id="1", handle=handle, display_name=display_name)
    assert len(query_keys(distil(ours, keyer, at=None))) < 1_500
