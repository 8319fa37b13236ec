"""The trait of a handle: what a fingerprint keeps of it."""

from __future__ import annotations

import msgspec

from samehand.names.cached_property import kept
from samehand.names.handle_words import handle_sounds
from samehand.names.word import Word
from samehand.normalize.text.leet import collapse


class HandleTrait(msgspec.Struct, frozen=True, dict=True):
    """A folded handle. ``literal`` keeps its digits, ``word`` is its skeleton, ``automatic`` marks the
    handles that platforms make up (`Elizabe39542212`), ``alternates`` are other readings of the skeleton.
    """

    literal: str
    word: Word
    digits: str
    alternates: tuple[str, ...]
    automatic: bool

    @kept
    def joined(self) -> str:
        """The tokens joined, including doubled letters where two of them meet (`rania alrubaie`)."""
        return "".join(self.word.tokens) or self.word.base

    @kept
    def words(self) -> tuple[Word, ...]:
        """The word folded, and with its doubled letters: `jamessmith` is more common than `jamesmith`."""
        letters = "".join(filter(str.isalpha, self.literal))
        doubled = collapse(letters) == self.word.base != letters
        return (self.word, Word(letters, self.word.tokens, "")) if doubled else (self.word,)

    @kept
    def written(self) -> tuple[str, ...]:
        """The handle as one run of letters, in each of its readings."""
        return (self.word.base, "".join(self.word.tokens), *self.alternates)

    @kept
    def sounds(self) -> list[str]:
        """The consonant keys of its words, in alphabetical order."""
        return sorted(handle_sounds(self.word))
