"""The trait of a display name: what a fingerprint keeps of it."""

from __future__ import annotations

from typing import Final

import msgspec

from samehand.frequency.name_prior import bits, decoration
from samehand.names.cached_property import kept
from samehand.names.word import Word

TYPO_LENGTH_MIN: Final = 4
"""Letters that two words need at least to count as alike where one letter differs."""
SOUND_MIN: Final = 3
"""Consonants that two words need at least to count as alike by their consonants alone."""


class NameTrait(msgspec.Struct, frozen=True, dict=True):
    """A folded name: its words and their consonant keys, and the whole skeleton as one word."""

    words: tuple[str, ...]
    sounds: tuple[str, ...]
    base: str

    @kept
    def word(self) -> Word:
        """The whole name as one word."""
        return Word(self.base, self.words, "".join(self.sounds))

    @kept
    def joined(self) -> str:
        """Its words, decorations included, joined without spaces."""
        return "".join(self.words) or self.base

    @kept
    def sounded(self) -> list[str]:
        """The consonant keys of its words, in alphabetical order, without empty ones."""
        return sorted(filter(None, self.sounds))

    @kept
    def any_of_them(self) -> frozenset[str]:
        """Its words as a set, to test whether another name has any of them."""
        return frozenset(self.words)

    @kept
    def long_sounds(self) -> frozenset[str]:
        """The consonant keys that are long enough for two words to count as alike by them."""
        return frozenset([sound for sound in self.sounds if len(sound) >= SOUND_MIN])

    @kept
    def spelt(self) -> tuple[tuple[str, int], ...]:
        """The words that may count as alike where one letter differs, each with its length."""
        return tuple([(word, len(word)) for word in self.words if len(word) >= TYPO_LENGTH_MIN])

    @kept
    def telling(self) -> tuple[int, ...]:
        """The places of the words that name somebody; empty where all words decorate."""
        return tuple(place for place, word in enumerate(self.words) if not decoration(word))

    @kept
    def by_rarity(self) -> tuple[int, ...]:
        """The places of all words, the rarest first."""
        return tuple(sorted(range(len(self.words)), key=lambda place: -bits(self.words[place])))
