"""Compact forms of text and of shared values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.encoding.interned import PLATFORMS, STRATA, Interned
from samehand.encoding.sixbit import SEPARATOR, pack_text, packable, unpack_text
from samehand.normalize.handle import RULES
from samehand.normalize.text.scripts import Script, stratum
from tests.tables import for_each

# A word that many records repeat is one byte, and any other word is itself.

LANGUAGES = ("ar", "bal", "de", "en", "es", "fa", "hi", "ja", "ko", "ps", "ru", "tr", "uk", "ur", "zh")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.binary(max_size=4))
@pytest.mark.parametrize("kind", [PLATFORMS, STRATA])
def test_any_word_comes_back_from_where_it_stands(kind: Interned, word: str, before: bytes) -> None:
    record = before + kind.pack(word) + b"what follows"
    assert kind.unpack(record, len(before)) == (word, len(record) - len(b"what follows"))


@for_each("platform", [rules.platform for rules in RULES])
def test_a_platform_with_rules_of_its_own_takes_one_byte(platform: str) -> None:
    assert len(PLATFORMS.pack(platform)) == 1


@for_each("name", [*map(str, Script), *(stratum("", language) for language in LANGUAGES)])
def test_every_stratum_takes_one_byte(name: str) -> None:
    assert len(STRATA.pack(name)) == 1


def test_the_codes_in_use_are_the_ones_that_records_hold() -> None:
    """Records in stores hold these numbers: a word that moved would be read as another one."""
    assert [PLATFORMS.pack(word)[0] for word in ("x", "telegram", "whatsapp")] == [1, 4, 5]
    assert [STRATA.pack(word)[0] for word in ("latin", "arabic", "none", "ar", "zh")] == [1, 4, 11, 12, 44]


def test_a_code_that_stands_for_nothing_is_refused() -> None:
    with pytest.raises(IndexError):
        PLATFORMS.unpack(bytes((250,)), 0)


# Folded text keeps every sign in six bits, and nothing else is taken for such a text.

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


@for_each("text", ["Umar", "umar_media", "umär", "umar\n", "умар"])
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
