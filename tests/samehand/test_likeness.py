"""Two words are alike in the strictest way that holds, and a laxer way costs more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.likeness import Word, likeness, longest_run
from samehand.normal.fold import fold_handle

words = st.text("abcdehimnorstu", max_size=14)


def a_word(handle: str) -> Word:
    folded = fold_handle(handle, "telegram")
    assert folded is not None
    return Word(folded.base, folded.tokens, folded.consonants)


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        ("umar_media", "um4r.media", "same"),
        ("umar_media_official", "umar_media", "decorated"),
        ("media_umar", "umar_media", "reordered"),
        ("umar_nedia", "umar_media", "one-typo"),
        ("umra_nedia", "umar_media", "two-typos"),
    ],
)
def test_each_kind_is_told(ours: str, theirs: str, kind: str) -> None:
    found = likeness(a_word(ours), a_word(theirs))
    assert found is not None
    assert found.kind == kind


def test_strangers_are_not_alike() -> None:
    assert likeness(a_word("salma_khan"), a_word("umar_media")) is None


@given(words, words)
def test_the_longest_run_is_in_both(one: str, other: str) -> None:
    run = longest_run(one, other)
    assert run in one
    assert run in other


@given(words, words)
def test_any_two_words_compare(one: str, other: str) -> None:
    found = likeness(Word(one, (one,), ""), Word(other, (other,), ""))
    assert found is None or found.slack_bits >= 0
