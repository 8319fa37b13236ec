"""Words, numbers and leet, and what else they could be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normal.words import ascii_readings, collapse, cut, exclamation_reading


@pytest.mark.parametrize(
    ("seen", "words", "digits", "readings"),
    [
        ("umar media", ["umar", "media"], [], []),
        ("umar786", ["umar"], ["786"], []),
        ("786umar", ["umar"], ["786"], ["tbgumar"]),
        ("ali786khan", ["ali", "khan"], ["786"], ["alitbgkhan"]),
        ("m3di4", ["media"], [], ["medi"]),
        ("h1l", ["hil"], [], ["hll"]),
        ("a7mad", ["atmad"], [], ["ahmad"]),
        ("c@$h", ["cash"], [], []),
        ("12 34", [], ["12", "34"], []),
        ("@ $", [], [], []),
    ],
)
def test_how_a_text_is_cut(seen: str, words: list[str], digits: list[str], readings: list[str]) -> None:
    found = cut(seen)
    assert (found.words, found.digits, found.readings) == (words, digits, readings)


@pytest.mark.parametrize(
    ("word", "collapsed"),
    [
        ("ummaarr", "umar"),
        ("vvinter", "winter"),
        ("vvv", "v"),
        ("urnar", "umar"),
        ("rrnn", "m"),
        ("1100", "1100"),
    ],
)
def test_repeats_and_look_alike_pairs_collapse(word: str, collapsed: str) -> None:
    assert collapse(word) == collapsed


@given(st.text(alphabet="rnmvwab", max_size=30))
def test_a_collapsed_word_is_collapsed(word: str) -> None:
    assert collapse(collapse(word)) == collapse(word)


@pytest.mark.parametrize(
    ("text", "seen", "others"),
    [
        ("umar", "umar", []),
        ("UmarMedia", "umar media", []),
        ("UMAR", "umar", []),
        ("kyIe", "kyie", ["kyle"]),
        ("|-|assan", "|-|assan", ["hassan"]),
        ("Ali | Khan", "ali | khan", []),
        ("[TAG] Ali", "[tag] ali", []),
    ],
)
def test_how_ascii_is_read(text: str, seen: str, others: list[str]) -> None:
    assert ascii_readings(text) == (seen, others)


@pytest.mark.parametrize(
    ("seen", "read"), [("um!r", "um1r"), ("!mran", "1mran"), ("hello!", None), ("hello", None)]
)
def test_an_exclamation_mark_that_touches_letters_is_an_i(seen: str, read: str | None) -> None:
    assert exclamation_reading(seen) == read
