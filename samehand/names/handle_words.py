"""The words of a handle, as it is written or read, and their consonant keys."""

from __future__ import annotations

from samehand.frequency.name_prior import segments
from samehand.names.word import Word
from samehand.normalize.text.phonetic import word_keys


def handle_words(word: Word) -> tuple[str, ...]:
    """The words that separators part in a handle; without separators, those of its most common reading."""
    return word.tokens if len(word.tokens) > 1 else tuple(piece.text for piece in segments(word.base))


def handle_sounds(word: Word) -> list[str]:
    """The consonant key of each word of :func:`handle_words` that has one."""
    sounds = word_keys([token for token in handle_words(word) if token.isalpha()])
    return [sound for sound in sounds if sound]
