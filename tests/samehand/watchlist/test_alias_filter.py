"""Names that too many innocent people bear are passed over, with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.watchlist.alias_filter import Passed, passed_over
from samehand.watchlist.entry import Alias


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ISIS", Passed.SHORT),
        ("AQI", Passed.SHORT),
        ("I.S.I.", Passed.SHORT),
        ("Taliban", Passed.COMMON),
        ("The Group", Passed.COMMON),
        ("Ali Khan", Passed.COMMON),
        ("—", Passed.UNREADABLE),
        ("", Passed.UNREADABLE),
        ("word " * 50, Passed.LONG),
        ("Tehrik-e Taliban Pakistan", None),
        ("تحریک طالبان پاکستان", None),
        ("Balochistan Liberation Army", None),
    ],
)
def test_what_is_passed_over_and_what_is_not(name: str, reason: Passed | None) -> None:
    assert passed_over(Alias(name)) is reason


def test_what_the_authority_calls_weak_is_not_searched_by() -> None:
    assert passed_over(Alias("Balochistan Liberation Army", weak=True)) is Passed.WEAK


@given(st.text())
def test_any_text_is_judged(name: str) -> None:
    assert passed_over(Alias(name)) in {None, *Passed}
