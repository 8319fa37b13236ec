"""A name is found in a text across spellings and scripts, and only as a whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.watchlist.words import WORDS_MAX, contains, naming_words


def names(text: str, name: str) -> bool:
    return contains(naming_words(text), naming_words(name))


@pytest.mark.parametrize(
    "text",
    [
        "News of Tehrik-e-Taliban Pakistan",
        "TEHREEK I TALIBAN PAKISTAN — statements",
        "the Tehrik Taliban of Pakistan",
        "تحریک طالبان پاکستان",
    ],
)
def test_spellings_of_one_name(text: str) -> None:
    assert names(text, "Tehrik-e Taliban Pakistan")


@pytest.mark.parametrize("text", ["Pakistan, Taliban, tehrik", "Tehrik-e-Insaf Pakistan", "Taliban", ""])
def test_other_orders_and_parts_are_other_names(text: str) -> None:
    assert not names(text, "Tehrik-e Taliban Pakistan")


def test_addresses_are_not_read() -> None:
    assert naming_words("umar.farooqi@example.org +92 300 1234567") == ()


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_has_bounded_words_and_holds_each_of_its_parts(text: str, other: str) -> None:
    words = naming_words(text)
    assert len(words) <= WORDS_MAX
    assert contains(words, words) or not words
    assert not contains(naming_words(other), ())
