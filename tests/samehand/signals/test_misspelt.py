"""What a misspelling is worth: the name that was meant, whoever of the two wrote it."""

from __future__ import annotations

from samehand.account import Account
from samehand.frequency.rates import NothingCounted
from samehand.signals.context import ComparisonContext
from samehand.signals.cross_field import CROSS_FIELD, names_of
from samehand.signals.handle import HANDLE
from samehand.signals.name import NAME
from tests.samehand.signals.test_contract import keyer
from tests.tables import for_each

SIGHT = ComparisonContext(NothingCounted(1_000), ("", ""), ("x", "x"))


def rate_of_names(ours: str, theirs: str) -> float:
    """The share of accounts whose display name is as like theirs as ours is."""
    mine, other = (
        NAME.distil(Account(platform="x", account_id="1", display_name=name), keyer)
        for name in (ours, theirs)
    )
    assert mine is not None
    assert other is not None
    found = NAME.compare(mine, other, SIGHT)
    assert found is not None
    assert found.rate is not None
    return found.rate


@for_each(
    ("ours", "theirs"),
    [
        ("Muhammad Ahmed", "Muhamad Ahmeed"),
        ("Martinez", "Martnez"),
        ("Waziri Gulzar", "Wazitri Zgulzar"),
        ("Umar Waziri Khan", "Khan Wazitri"),
    ],
)
def test_whoever_bears_a_name_is_a_letter_away_from_each_of_its_misspellings(ours: str, theirs: str) -> None:
    assert rate_of_names(ours, theirs) >= rate_of_names(ours, ours)


def test_a_handle_without_a_vowel_is_no_rarer_than_the_name_in_it() -> None:
    handle = HANDLE.distil(Account(platform="x", account_id="1", handle="martinez"), keyer)
    name = NAME.distil(Account(platform="x", account_id="1", display_name="Martnez"), keyer)
    plain = NAME.distil(Account(platform="x", account_id="1", display_name="Martinez"), keyer)
    misspelt, spelt = (
        CROSS_FIELD.compare(names_of(handle, None), names_of(None, one), SIGHT) for one in (name, plain)
    )
    assert misspelt is not None
    assert spelt is not None
    assert (misspelt.rate or 0.0) >= (spelt.rate or 1.0)
