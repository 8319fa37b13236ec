"""Numbers in one form, their neighbours in one block, nobody's numbers nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.phone import fold_phone, region_of


@pytest.mark.parametrize(
    ("typed", "locale"),
    [
        ("+92 301 2345678", None),
        ("0092-301-2345678", None),
        ("0301 2345678", "ur-PK"),
        ("(0301) 2345678", "en_PK.UTF-8"),
        ("+٩٢٣٠١٢٣٤٥٦٧٨", None),
        ("+92 (0)301 2345678", None),
        ("+92 0301 2345678", None),
    ],
)
def test_one_number_in_many_spellings(typed: str, locale: str | None) -> None:
    folded = fold_phone(typed, locale)
    assert folded is not None
    assert (folded.e164, folded.country_code) == ("+923012345678", 92)


def test_numbers_bought_together_share_a_block() -> None:
    blocks = {
        folded.block for tail in ("78", "99") if (folded := fold_phone(f"+9230123456{tail}")) is not None
    }
    assert blocks == {"+9230123456"}


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "12345",
        "+00000000",
        "123456789",
        "+1 555 555 5555",
        "+441234567890",
        "+1 2121212121",
        "0301 2345678",
        "+",
        "9" * 60,
    ],
)
def test_what_is_nobodys_number_is_nothing(junk: str) -> None:
    assert fold_phone(junk) is None


def test_a_region_is_read_from_a_locale() -> None:
    assert [region_of(locale) for locale in ("ur-PK", "ur_pk.UTF-8", "zh-Hant-TW", "ur", None)] == [
        "PK",
        "PK",
        "TW",
        None,
        None,
    ]


@given(
    st.text(max_size=60),
    st.one_of(st.none(), st.text(max_size=8), st.sampled_from(["ur-PK", "en-US", "xx-ZZ"])),
)
def test_any_text_is_a_number_or_nothing(text: str, locale: str | None) -> None:
    folded = fold_phone(text, locale)
    if folded is not None:
        assert fold_phone(folded.e164) == folded


@given(st.integers(10**6, 10**14))
def test_a_number_folds_to_itself(number: int) -> None:
    folded = fold_phone(f"+{number}")
    if folded is not None:
        assert folded.e164.startswith(folded.block)
        assert fold_phone(folded.e164) == folded
