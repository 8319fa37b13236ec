"""The words that a handle is written in or read as, and how they sound."""

from __future__ import annotations

from samehand.frequency.name_prior import segments
from samehand.names.word import Word
from samehand.normalize.text.phonetic import word_keys


def handle_words(word: Word) -> tuple[str, ...]:
    """The words that a handle is written in; of one without separators those that it is read as."""
    return word.tokens if len(word.tokens) > 1 else tuple(piece.text for piece in segments(word.base))


def handle_sounds(word: Word) -> list[str]:
    """The consonants of each of these words that has any."""
    sounds = word_keys([token for token in handle_words(word) if token.isalpha()])
    return [sound for sound in sounds if sound]
