"""A handle and a display name of two accounts, told to be one name."""

from __future__ import annotations

from hypothesis import given

from samehand.account import Account
from samehand.fingerprint.distil import Fingerprint, distil
from samehand.frequency.rates import NothingCounted
from samehand.scoring.evidence import Score
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights
from samehand.signals.base import Quoted
from samehand.signals.cross_field import CROSS_FIELD, CrossedNames
from samehand.signals.handle import HANDLE
from samehand.signals.name import NAME
from tests.samehand.signals.test_contract import SIGHT, accounts, keyer


def names(account: Account) -> CrossedNames:
    return CrossedNames(HANDLE.distil(account, keyer), NAME.distil(account, keyer))


def an_account(handle: str | None = None, display_name: str | None = None) -> Fingerprint:
    account = Account(platform="x", account_id="1", handle=handle, display_name=display_name)
    return distil(account, keyer, at=None)


def scored(ours: Fingerprint, theirs: Fingerprint) -> Score:
    return score(ours, theirs, default_weights(), NothingCounted())


def signals(result: Score) -> set[str]:
    return {line.signal for line in result.evidence}


def test_a_banned_display_name_come_back_as_a_handle_is_evidence() -> None:
    result = scored(an_account(handle="gulz4r_w4ziri_2"), an_account(display_name="Gulzar Waziri"))
    assert "crossing" in signals(result)


def test_a_banned_handle_come_back_as_a_display_name_is_evidence() -> None:
    result = scored(an_account(display_name="Gulzar Waziri"), an_account(handle="gulzar.waziri99"))
    assert "crossing" in signals(result)


def test_it_says_nothing_new_beside_a_field_that_says_as_much() -> None:
    banned = an_account("gulzar_waziri", "Gulzar Waziri")
    result = scored(an_account("gulzar_waziri", "Gulzar Waziri"), banned)
    assert signals(result) == {"handle", "name"}


def test_the_same_sounds_are_not_passed_over_for_a_piece_in_common() -> None:
    ours, theirs = Account(platform="x", account_id="1", handle="toryalai_nangyal"), "توریالی ننګیال"
    named = Account(platform="x", account_id="1", display_name=theirs)
    found = CROSS_FIELD.compare(names(ours), names(named), SIGHT)
    assert found is not None
    assert found.level == "nearly"


def test_a_common_name_across_fields_never_alerts_alone() -> None:
    result = scored(an_account(handle="ahmedraza"), an_account(display_name="Ahmed Raza"))
    assert result.band == "none"


def test_words_in_another_order_say_less_than_in_their_own() -> None:
    def rate(handle: str) -> float:
        named = Account(platform="x", account_id="1", display_name="Gulzar Waziri")
        found = CROSS_FIELD.compare(
            names(Account(platform="x", account_id="1", handle=handle)), names(named), SIGHT
        )
        assert found is not None
        assert found.level == "spells-it"
        return found.rate or 0.0

    assert rate("wazirigulzar") > rate("gulzarwaziri")


def test_both_names_of_a_side_are_shown() -> None:
    assert CROSS_FIELD.show(Quoted(handle="gulzar", display_name="Gulzar Waziri")) == "gulzar / Gulzar Waziri"


@given(ours=accounts, theirs=accounts)
def test_any_two_accounts_compare_in_bounds(ours: Account, theirs: Account) -> None:
    found = CROSS_FIELD.compare(names(ours), names(theirs), SIGHT)
    if found is not None:
        assert found.level in CROSS_FIELD.levels
        assert found.rate is not None
        assert 0 < found.rate <= 1
        assert found.because.endswith(".")
