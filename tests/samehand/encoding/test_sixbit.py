"""Folded text keeps every sign in six bits, and nothing else is taken for such a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.encoding.sixbit import SEPARATOR, pack_text, packable, unpack_text

FOLDED = st.text(f"abcdefghijklmnopqrstuvwxyz0123456789 {SEPARATOR}", max_size=80)


@given(FOLDED)
def test_a_folded_text_comes_back(text: str) -> None:
    assert packable(text)
    assert unpack_text(pack_text(text)) == text


@given(FOLDED)
def test_it_takes_six_bits_a_letter(text: str) -> None:
    assert len(pack_text(text)) == -(-6 * len(text) // 8)


@given(st.text(max_size=20))
def test_a_text_is_packable_if_every_letter_of_it_is(text: str) -> None:
    assert packable(text) == all(packable(letter) for letter in text)


@pytest.mark.parametrize("text", ["Umar", "umar_media", "umär", "umar\n", "умар"])
def test_what_no_fold_leaves_is_not_packable(text: str) -> None:
    assert not packable(text)


@given(st.binary(max_size=20))
def test_bytes_are_refused_unless_they_are_what_a_text_packs_to(packed: bytes) -> None:
    try:
        text = unpack_text(packed)
    except ValueError:
        return
    assert packable(text)
    assert len(pack_text(text)) == len(packed)
