"""An alias keeps its number however often its list is published."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samehand.watchlist.entry import Alias, Entry


def test_the_number_of_an_alias_does_not_depend_on_its_place() -> None:
    front, army = Alias("Northern Front"), Alias("Northern Army")
    one = Entry(authority="UN", reference="QDe.1", aliases=(front, army))
    other = Entry(authority="UN", reference="QDe.1", aliases=(army, front))
    assert one.account_id(army) == other.account_id(army) != one.account_id(front)
    assert one.name == "Northern Front"


@given(st.text())
def test_any_text_has_a_number_of_ten_hex_digits(text: str) -> None:
    assert len(Alias(text).number) == 10
