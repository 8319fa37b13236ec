"""The shipped table is the one that FOLD_VERSION names, and it answers for every character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.text.fold_table import (
    EITHER_L,
    FOLD_VERSION,
    PHONETIC,
    TABLE_SHA256,
    VISUAL,
    packed_table,
    table_digest,
)

# The digest of the table of each version that was ever released: a changed table needs a new version.
RELEASED = {
    1: "6b938675a3269397e382d07deab7b13e49ebb770883e5f60e6ba9d68c4ce73e8",
    2: "b9a7d0fd74626b193839b2fef789dfb2f96b784b4b6fb51bdd1f9f3c17874ee2",
    3: "b9a7d0fd74626b193839b2fef789dfb2f96b784b4b6fb51bdd1f9f3c17874ee2",  # other rules, the same table
}


def test_the_shipped_table_is_the_one_its_version_names() -> None:
    assert table_digest(packed_table()) == TABLE_SHA256 == RELEASED[FOLD_VERSION]


@given(st.characters())
def test_every_character_reads_as_lower_case_ascii(char: str) -> None:
    for table in (VISUAL, PHONETIC):
        read = char.translate(table)
        assert read.isascii()
        assert read == read.lower()


@pytest.mark.parametrize(
    ("char", "looks", "sound"),
    [("р", "p", "r"), ("с", "c", "s"), ("Ω", "o", "o"), ("𝓊", "u", "u"), ("ع", "e", "a"), ("文", "x", "wen")],
)
def test_looks_and_sound_are_told_apart(char: str, looks: str, sound: str) -> None:
    assert char.translate(PHONETIC) == sound
    if char != "文":
        assert char.translate(VISUAL) == looks


def test_an_unlisted_letter_stays_itself() -> None:
    rare, other = "\U0002a6b2", "\U0002a6b3"
    assert rare.translate(PHONETIC) != other.translate(PHONETIC)
    assert rare.translate(PHONETIC).isalpha()


def test_pictures_and_brackets_divide_words_and_are_no_letters() -> None:
    for decoration in "★☾✓🔥😀『』꧁™":
        assert decoration.translate(VISUAL).strip() == ""


def test_a_bar_is_an_i_or_an_l() -> None:
    assert "Ӏ".translate(EITHER_L) == "l"
    assert all(VISUAL[code] == "i" for code in EITHER_L)
