"""A word of any script as ASCII: its first reading, and the second where it could be another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.text.transliterate import read_any


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("Умар_media", "umar media", "ymap media"),
        ("umаr", "umar", None),
        ("umarعمر", "umar amr ", None),
        ("eعd", "eed", None),
        ("kyӏe", "kyie", "kyle"),
        ("卄卂卂", "nianxunxun", "haa"),
        ("習近平", "xijinping", None),
        ("الرحمن", "al rhmn", None),
        ("سهيل", "sahyl", None),
        ("سـهـيـل", "sahyl", None),  # stretched
        ("حَمْزَة", "hmzah", None),  # with its vowel signs
        ("حمزة", "hmzah", None),
        ("c✓c ✓", "cvc  ", None),
        ("🇵🇰é", "e", None),
    ],
)
def test_how_a_text_is_read(text: str, first: str, second: str | None) -> None:
    assert read_any(text) == (first, second)


@given(st.text(max_size=300))
def test_any_text_is_read_as_ascii(text: str) -> None:
    first, second = read_any(text)
    assert first.isascii()
    assert second is None or (second.isascii() and second != first)
