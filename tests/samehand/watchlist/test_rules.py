"""What a name on an official list may and may not do to a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account
from samehand.fingerprint.distil import distil, pack, unpack
from samehand.frequency.rates import NothingCounted
from samehand.scoring.evidence import Score
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights
from samehand.watchlist.platforms import ORGANISATIONS, PERSONS
from tests.samehand.signals.test_contract import accounts, keyer

FRONT = "Tehrik-e Northern Valley Front"


def listed(name: str, platform: str = ORGANISATIONS) -> Account:
    return Account(platform=platform, account_id="XX:1:1", handle=name.replace(" ", "_"), display_name=name)


def scored(ours: Account, theirs: Account) -> Score:
    stored = unpack(pack(distil(theirs, keyer, at=None)))
    return score(distil(ours, keyer, at=1.0), stored, default_weights(), NothingCounted(1_000))


def test_a_name_alone_never_alerts() -> None:
    result = scored(Account(platform="x", account_id="1", display_name=FRONT), listed(FRONT))
    assert result.band == "none"
    assert result.rivals[0].name == "namesake"


def test_a_handle_made_of_the_same_name_is_no_second_reason() -> None:
    account = Account(
        platform="x", account_id="1", handle="tehrik_e_northern_valley_front", display_name=FRONT
    )
    assert scored(account, listed(FRONT)).band == "none"


def test_a_bio_that_names_it_too_is_one() -> None:
    bio = "Official voice of Tehreek-e-Northern Valley Front. Statements daily."
    account = Account(platform="x", account_id="1", display_name=FRONT, bio=bio)
    result = scored(account, listed(FRONT))
    assert result.band != "none"
    assert {line.signal for line in result.evidence} >= {"name", "mention"}


def test_who_only_writes_about_it_is_left_alone() -> None:
    account = Account(
        platform="x", account_id="1", display_name="Salma Khan", bio=f"I report on {FRONT} for a daily."
    )
    assert scored(account, listed(FRONT)).band == "none"


@pytest.mark.parametrize("name", ["Zarghun Shinwari Tsapari", FRONT])
def test_a_listed_person_never_alerts_by_name_handle_and_bio_together(name: str) -> None:
    account = Account(
        platform="x", account_id="1", handle=name.replace(" ", "_"), display_name=name, bio=f"I am {name}!"
    )
    assert scored(account, listed(name, PERSONS)).band == "none"


def test_being_on_no_platform_is_not_being_on_another() -> None:
    lines = scored(Account(platform="x", account_id="1", display_name=FRONT), listed(FRONT)).lines
    assert "platform" not in {line.signal for line in lines}


def test_two_accounts_are_judged_as_before() -> None:
    same = Account(platform="x", account_id="1", handle="tehrik_northern_valley", display_name=FRONT)
    assert scored(same, same).band == "possible"


@given(
    ours=accounts, name=st.text(min_size=1, max_size=60), platform=st.sampled_from([ORGANISATIONS, PERSONS])
)
def test_without_a_bio_nobody_is_alerted_whatever_the_names(ours: Account, name: str, platform: str) -> None:
    account = Account(platform="x", account_id="1", handle=ours.handle, display_name=name)
    assert scored(account, listed(name, platform)).band == "none"
