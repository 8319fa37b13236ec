"""Handles: which likeness explains a pair, and which may alert with nothing else."""

from __future__ import annotations

import pytest

from samehand.account import Account
from samehand.signals.finding import Finding
from samehand.signals.handle import HANDLE
from tests.samehand.signals.test_contract import SIGHT, keyer


def compared(ours: str, theirs: str) -> Finding:
    mine, other = (
        HANDLE.distil(Account(platform="x", account_id="1", handle=one), keyer) for one in (ours, theirs)
    )
    assert mine is not None
    assert other is not None
    found = HANDLE.compare(mine, other, SIGHT)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("7amza_alfaris", "hamza_alfaris"), ("abu_3antar", "abu_antar_"), ("sa3eed_", "saeed")],
)
def test_another_reading_of_a_sign_is_not_passed_over_for_a_piece_in_common(ours: str, theirs: str) -> None:
    assert compared(ours, theirs).level == "same"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("bilal.afridi7", "bilal_afridi"), ("elifcelik", "elif_celik"), ("dark_knight", "darkknight99")],
)
def test_two_common_words_do_not_alert_alone_for_standing_in_a_handle(ours: str, theirs: str) -> None:
    """Each is borne by hundreds, and so are both together: two names of one language, a phrase."""
    assert compared(ours, theirs).never_alone


@pytest.mark.parametrize("handle", ["zarghunwaziristani", "zmarai_ghorzang_press", "xqzvktbr"])
def test_a_rare_handle_may_alert_alone(handle: str) -> None:
    assert not compared(handle + "_2", handle).never_alone
