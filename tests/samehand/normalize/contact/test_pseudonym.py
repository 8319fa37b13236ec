"""Parts that redaction masks become digits under a key: equal or different, and nothing else is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.contact.pseudonym import pseudonymous
from samehand.normalize.contact.redact import MASK, redacted
from tests.samehand.signals.test_contract import keyer


def of(text: str) -> str:
    return pseudonymous(text, keyer)


@pytest.mark.parametrize("text", ["", "umar_media_2", "khan.1990", "Umar • Media", "on 2024-12-25"])
def test_what_is_not_masked_stays(text: str) -> None:
    assert of(text) == text


def test_what_stands_around_stays() -> None:
    begin, number, end = of("umar_03012345678_x").split("_")
    assert (begin, end) == ("umar", "x")
    assert number.isdecimal()
    assert len(number) == 11
    assert number != "03012345678"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("03012345678", "0301-2345678"),
        ("03012345678", "٠٣٠١ ٢٣٤ ٥٦٧٨"),
        ("umar.farooq@gmail.com", "umar.farooq.gmail.com"),
        ("umar.farooq@gmail.com", "U M A R F A R O O Q @ G M A I L . C O M"),
        ("39.40.12.7", "39[.]40[.]12[.]7"),
    ],
)
def test_the_same_in_other_signs_is_the_same(one: str, other: str) -> None:
    assert of(one) == of(other)


@given(st.integers(10**6, 10**15 - 1), st.integers(10**6, 10**15 - 1))
def test_two_numbers_are_the_same_or_different_as_they_were(one: int, other: int) -> None:
    assert (of(f"umar{one}") == of(f"umar{other}")) == (one == other)


def test_numbers_of_a_block_have_a_start_in_common_and_differ() -> None:
    block = [of(f"umar482137{last:02}") for last in range(100)]
    assert len(set(block)) == 100
    assert len({each[:-2] for each in block}) == 1


@pytest.mark.parametrize("common", ["1234567", "98765432", "0000000", "1111111111"])
def test_a_number_that_many_choose_is_worth_little(common: str) -> None:
    assert len(of(f"ali{common}")) == len("ali") + 4


@given(st.one_of(st.text(), st.from_regex(r"[a-z]{2,5}[0-9@.# ]{7,20}[a-z.]{0,6}", fullmatch=True)))
def test_any_text_is_taken_and_keeps_what_redaction_keeps(text: str) -> None:
    made = of(text)
    for kept in redacted(text).split(MASK):
        assert kept in made
