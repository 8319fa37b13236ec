"""The script of a text, mixtures within a word, and the stratum in which a name is judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.text.scripts import Script, dominant_script, has_mixed_script, is_pooled, stratum


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Umar", Script.LATIN),
        ("𝓤𝓶𝓪𝓻", Script.LATIN),
        ("Умар", Script.CYRILLIC),
        ("Νίκος", Script.GREEK),
        ("عمر", Script.ARABIC),
        ("ﻋﻤﺮ", Script.ARABIC),
        ("עמר", Script.HEBREW),
        ("राहुल", Script.DEVANAGARI),
        ("習近平", Script.HAN),
        ("安倍しんぞう", Script.KANA),
        ("한글", Script.HANGUL),
        ("გიორგი", Script.OTHER),
        ("12 🔥", Script.NONE),
        ("", Script.NONE),
        ("عمر خان Umar", Script.ARABIC),
        ("Umar عمر", Script.LATIN),
    ],
)
def test_the_script_of_most_letters(text: str, script: Script) -> None:
    assert dominant_script(text) is script


@pytest.mark.parametrize("text", ["аdmin", "umаr", "paypaӏ", "Ωmar", "umarع"])
def test_two_scripts_in_one_word_are_a_mixture(text: str) -> None:
    assert has_mixed_script(text)


@pytest.mark.parametrize(
    "text", ["Umar عمر", "安倍しんぞう", "漢字한글", "日本語テスト", "Умар Umar", "iPhoneを買う", "umar_عمر"]
)
def test_two_scripts_side_by_side_are_none(text: str) -> None:
    assert not has_mixed_script(text)


@pytest.mark.parametrize(
    ("text", "locale", "expected"),
    [
        ("عمر", "ur-PK", "ur"),
        ("عمر", "ur_PK.UTF-8", "ur"),
        ("عمر", None, "arabic"),
        ("عمر", "xx", "arabic"),
        ("Umar", "UR", "ur"),
        ("Мюллер", "de", "de"),
        ("🔥", "eo", "none"),
    ],
)
def test_a_stratum_is_a_language_or_else_a_script(text: str, locale: str | None, expected: str) -> None:
    assert stratum(text, locale) == expected


@pytest.mark.parametrize(("locale", "pooled"), [("ps-AF", False), (None, True), ("xx", True)])
def test_a_script_is_a_pool_of_languages_and_a_language_is_none(locale: str | None, pooled: bool) -> None:
    assert is_pooled(stratum("عمر", locale)) is pooled


@given(st.sets(st.tuples(st.text(max_size=3), st.text(max_size=6)), max_size=200))
def test_there_are_only_so_many_strata(asked: set[tuple[str, str]]) -> None:
    assert len({stratum(text, locale) for text, locale in asked}) <= 64


@given(st.text())
def test_any_text_has_a_script(text: str) -> None:
    assert dominant_script(text) in Script
    has_mixed_script(text)
