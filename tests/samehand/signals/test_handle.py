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
