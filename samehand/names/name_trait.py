"""The trait of a display name: what a fingerprint keeps of it."""

from __future__ import annotations

from typing import Final

import msgspec

from samehand.frequency.name_prior import bits, decoration
from samehand.names.cached_property import kept
from samehand.names.word import Word

TYPO_LENGTH_MIN: Final = 4
"""Letters that a word needs for another, one letter apart, to be taken for it."""
SOUND_MIN: Final = 3
"""Consonants that a word needs for another of the same to be taken for it."""


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
        """Its words without a space, decorations and all."""
        return "".join(self.words) or self.base

    @kept
    def sounded(self) -> list[str]:
        """The consonants of its words that have any, in the order of the alphabet."""
        return sorted(filter(None, self.sounds))

    @kept
    def any_of_them(self) -> frozenset[str]:
        """Its words, to ask whether another name has any of them."""
        return frozenset(self.words)

    @kept
    def long_sounds(self) -> frozenset[str]:
        """Consonants of words by which another word may be told to be the same."""
        return frozenset([sound for sound in self.sounds if len(sound) >= SOUND_MIN])

    @kept
    def spelt(self) -> tuple[tuple[str, int], ...]:
        """Its words that are long enough for a letter to be another, with their lengths."""
        return tuple([(word, len(word)) for word in self.words if len(word) >= TYPO_LENGTH_MIN])

    @kept
    def telling(self) -> tuple[int, ...]:
        """The places of the words that name somebody; none where all decorate."""
        return tuple(place for place, word in enumerate(self.words) if not decoration(word))

    @kept
    def by_rarity(self) -> tuple[int, ...]:
        """The places of all words, the rarest first."""
        return tuple(sorted(range(len(self.words)), key=lambda place: -bits(self.words[place])))
