"""Addresses and numbers are taken out of words before they are quoted; the words stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normal.redact import redacted


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("Umar Media", "Umar Media"),
        ("umar_media_2", "umar_media_2"),
        ("write u.media@valley.example now", "write ••• now"),
        ("call +92 301 2345678", "call •••"),
        ("0301-2345678", "•••"),
        ("from 39.40.12.7", "from •••"),
        ("2001:db8:1:2::7 it is", "••• it is"),
        ("since 2019", "since 2019"),
    ],
)
def test_what_is_personal_is_masked(given_text: str, shown: str) -> None:
    assert redacted(given_text) == shown


@given(st.text())
def test_any_text_is_taken_and_what_is_masked_once_stays_so(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


@given(st.integers(10**6, 10**15 - 1))
def test_no_long_number_survives(number: int) -> None:
    assert str(number) not in redacted(f"me {number} you")
