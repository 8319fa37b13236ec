"""The table that folds text, and what it notes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.text.compose import composed
from samehand.normalize.text.fold_flags import FLAGS, FoldFlags, flags_of
from samehand.normalize.text.fold_table import (
    EITHER_L,
    FOLD_VERSION,
    PHONETIC,
    TABLE_SHA256,
    VISUAL,
    packed_table,
    table_digest,
)

# Normal forms are the library's, however long the text.


@given(st.text(), st.integers(1, 60))
def test_words_and_lines_of_any_length_are_composed_as_the_library_does(text: str, times: int) -> None:
    long = f"{text} " * times
    if max(map(len, long.split(" "))) < 100:
        assert composed("NFKC", long) == unicodedata.normalize("NFKC", long)
        assert composed("NFC", long) == unicodedata.normalize("NFC", long)


def test_no_more_is_made_than_somebody_reads() -> None:
    made = composed("NFKC", "\ufdfa" * 10_000, 2_000)
    assert 2_000 < len(made) < 5_000
    assert unicodedata.normalize("NFKC", "\ufdfa" * 10_000).startswith(made)


def test_piles_of_marks_in_the_wrong_order_stay_on_their_letters() -> None:
    text = "cafe\u0301\u0316 " * 500
    assert composed("NFKC", text) == unicodedata.normalize("NFKC", text)


# What hides is told, what a language needs is not.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("u\u200bm\u202ear", FoldFlags.INVISIBLE | FoldFlags.BIDI),
        ("\u3164", FoldFlags.INVISIBLE),
        ("umаr ⓤ", FoldFlags.MIXED_SCRIPT),
        ("می\u200cخواهم\u200f", FoldFlags.NONE),
        ("Umar\u200f", FoldFlags.BIDI),
        ("Nguye\u0302\u0303n", FoldFlags.NONE),
    ],
)
def test_the_flags_of_a_text(text: str, expected: FoldFlags) -> None:
    assert flags_of(text) == expected


def test_every_combination_is_at_hand() -> None:
    assert len(FLAGS) == 2 ** (len(FoldFlags.__members__) - 1)
    assert all(int(flags) == bits for bits, flags in enumerate(FLAGS))


@given(st.text())
def test_any_text_has_flags(text: str) -> None:
    assert flags_of(text) in FLAGS


# The shipped table is the one that FOLD_VERSION names, and it answers for every character.

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
