"""Which words a handle is read as, and how they sound."""

from __future__ import annotations

import pytest

from samehand.names.handle_words import handle_sounds, handle_words
from tests.makers import a_word


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
