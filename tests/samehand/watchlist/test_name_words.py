"""A name is found in a text across spellings and scripts, and only as a whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.watchlist.name_words import WORDS_MAX, any_in, contains, naming_words, telling_words


def names(text: str, name: str) -> bool:
    return contains(hashed(text), hashed(name))


def hashed(text: str) -> tuple[bytes, ...]:
    return naming_words(telling_words(text))


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
    assert telling_words("umar.farooqi@example.org +92 300 1234567") == []


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_has_bounded_words_and_holds_each_of_its_parts(text: str, other: str) -> None:
    words = hashed(text)
    assert len(words) <= WORDS_MAX
    assert contains(words, words) or not words
    assert not contains(hashed(other), ())


@pytest.mark.parametrize(
    ("names", "bio", "expected"),
    [
        ("tehrik_news Ali", "Voice of the Tehreek-e Valley", True),
        ("tehrikvalley99", "Statements of the tehrik", True),
        ("northernvoice", "The north, its voice", True),
        ("is_ali", "this is me", True),
        ("isabel_k", "this is me", False),
        ("salma_khan", "I report on the Tehrik-e Valley Front", False),
    ],
)
def test_whether_the_names_have_a_word_of_the_text(names: str, bio: str, expected: bool) -> None:
    assert any_in(telling_words(bio), names) is expected
