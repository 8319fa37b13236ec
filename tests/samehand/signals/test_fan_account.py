"""An account that calls itself an admirer's says so, and names and picture are then one ground, not two."""

from __future__ import annotations

from dataclasses import replace

from samehand.account import Account, Avatar
from samehand.fingerprint.distil import distil
from samehand.frequency.rates import NothingCounted
from samehand.scoring.evidence import Score
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights
from samehand.signals.context import ComparisonContext
from samehand.signals.fan_account import FAN_ACCOUNT

PICTURE = Avatar(pdq=bytes(range(0, 256, 8)), quality=90)
BANNED = Account(
    platform="x",
    account_id="1",
    handle="zarghun_kakar",
    display_name="Zarghun Kakar",
    avatar=PICTURE,
    device_id="6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b",
)


def no_keyer(domain: str, value: bytes) -> bytes:
    return value[:10].ljust(10, b"\0")


def compared(ours: Account, theirs: Account) -> str | None:
    mine, other = (distil(one, no_keyer, at=None) for one in (ours, theirs))
    found = FAN_ACCOUNT.between(
        mine.trait, other.trait, ComparisonContext(NothingCounted(), ("", ""), ("x", "x"))
    )
    return found.level if found else None


def scored(ours: Account) -> Score:
    return score(
        distil(replace(ours, account_id="2"), no_keyer, at=None),
        distil(BANNED, no_keyer, at=None),
        default_weights(),
        NothingCounted(100),
    )


def test_an_admirer_who_shows_the_picture_is_not_called_likely() -> None:
    fan = replace(
        BANNED, handle="zarghun_kakar_fans", display_name="Zarghun Kakar quotes", device_id="another"
    )
    other = replace(BANNED, handle="zarghun_kakar_two", display_name="Zarghun Kakar", device_id="another")
    assert scored(fan).band == "none"
    assert scored(other).band == "likely"


def test_calling_oneself_an_admirer_does_not_hide_the_same_device() -> None:
    fan = replace(BANNED, handle="zarghun_kakar_fans", display_name="Zarghun Kakar quotes")
    assert scored(fan).band == "likely"


def test_a_word_of_admirers_in_both_names_says_nothing() -> None:
    both = Account(platform="x", account_id="1", handle="kakar_fans")
    assert compared(both, both) is None
