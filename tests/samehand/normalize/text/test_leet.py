"""Words, numbers and leet, and what else they could be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.text.leet import ascii_readings, collapse, cut, exclamation_reading


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


LONG_SIGNS = "|".join(
    map(
        re.escape,
        ("|\\/|", "\\/\\/", "|\\|", "/\\/", "/v\\", "|-|", "/-/", "|_|", "\\/", "/\\", "|)", "[)", "|>"),
    )
)
LONG_SIGNS += "|" + "|".join(map(re.escape, ("|<", "|3", "|2", "><")))
#: What is drawn, as an expression that tries every way of cutting a row of signs: right, and of use on short
#: texts only.
DRAWN = re.compile(
    rf"(?<=[a-z0-9@$])(?:{LONG_SIGNS})+|(?:{LONG_SIGNS})+(?=[a-z0-9@$])"
    r"|(?<=[a-z0-9@$])[|\[({<\]#&+](?=[a-z0-9@$])"
)


@given(st.text(alphabet="|\\/v-)>[(<32_]{#&+a@ ", max_size=12))
def test_signs_draw_letters_where_a_row_of_them_touches_one(text: str) -> None:
    _, others = ascii_readings(text)
    untouched = DRAWN.sub("", text)
    if untouched == text:
        assert others == []
    else:
        assert len(others) == 1
        # What no row touches stays as it is, in its order.
        rest = iter(others[0])
        assert all(sign in rest for sign in untouched)


def test_a_long_row_of_signs_is_read_in_one_pass() -> None:
    assert ascii_readings("|-|" * 5_000 + "a")[1] == ["h" * 5_000 + "a"]
    assert ascii_readings("/\\" * 5_000) == ("/\\" * 5_000, [])
