"""Words of names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.names.handle_words import handle_sounds, handle_words
from samehand.names.word import RUN_MIN, Word
from tests.makers import a_word

# Which words a handle is read as, and how they sound.


@pytest.mark.parametrize(
    ("handle", "words"),
    [
        ("umar_media", ("umar", "media")),
        ("Umar.Media_Backup", ("umar", "media", "backup")),
        ("umarmedia", ("umar", "media")),
        ("xqzvkw", ("xqzvkw",)),
    ],
)
def test_words_are_those_that_are_written_apart_or_read_together(handle: str, words: tuple[str, ...]) -> None:
    assert handle_words(a_word(handle)) == words


def test_words_sound_by_their_consonants_and_vowels_have_no_sound() -> None:
    assert handle_sounds(a_word("umar_media")) == handle_sounds(a_word("omer_midea"))
    assert "" not in handle_sounds(a_word("a_media"))


# What follows from a word is worked out once and says what the word says.


def test_a_core_is_the_word_without_what_decorates_it() -> None:
    assert a_word("gulzar_waziri_official").core == a_word("gulzar_waziri").base


def test_words_in_another_order_are_the_same_in_order() -> None:
    assert a_word("media_umar").in_order == a_word("umar_media").in_order
    assert a_word("media_umar").tokens != a_word("umar_media").tokens


@given(st.text("aeimnrz", max_size=12), st.text("aeimnrz", max_size=12))
def test_who_shares_no_shortest_run_shares_no_longer_one(ours: str, theirs: str) -> None:
    runs = Word(ours, (), "").runs
    longer = [ours[at : at + size] for size in range(RUN_MIN, 13) for at in range(len(ours) - size + 1)]
    assert any(run in theirs for run in runs) == any(run in theirs for run in longer)


def test_what_was_worked_out_is_kept() -> None:
    word = a_word("umar_media")
    assert word.runs is word.runs
