"""What decorates a handle is known in many languages; a name is never a decoration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.frequency.name_prior import decoration
from samehand.normalize.text.fold import fold_name


@pytest.mark.parametrize(
    "word",
    [
        *("official", "real", "the", "tv", "media", "backup", "new", "oficial", "noticias", "resmi", "haber"),
        *(
            "رسمي",
            "الرسمي",
            "قناة",
            "آفیشل",
            "سرکاری",
            "رسمی",
            "официальный",
            "новости",
            "आधिकारिक",
            "官方",
            "공식",
        ),
    ],
)
def test_affixes_of_many_languages_are_decorations_once_folded(word: str) -> None:
    folded = fold_name(word)
    assert folded is not None
    assert decoration(folded.base), folded.base


@pytest.mark.parametrize("token", ["2", "02", "2024", "official2", "backup03"])
def test_counters_and_years_are_decorations(token: str) -> None:
    assert decoration(token)


@pytest.mark.parametrize(
    "token",
    [
        "umar",
        "john",
        "maria",
        "ben",
        "ana",
        "wali",
        "alam",
        "fatima",
        "wei",
        "",
        "923001234567",
        "official12345",
    ],
)
def test_names_and_long_numbers_are_not(token: str) -> None:
    assert not decoration(token)


@given(st.text(max_size=30))
def test_any_text_is_judged(text: str) -> None:
    assert decoration(text) in (True, False)
