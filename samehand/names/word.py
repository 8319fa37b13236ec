"""A folded word as comparisons read it, and the similarity that a comparison of two words finds."""

from __future__ import annotations

from typing import Final

import msgspec

from samehand.frequency.name_prior import CAP_BITS, bits, decoration, segments
from samehand.names.cached_property import kept
from samehand.normalize.text.phonetic import by_letters

RUN_MIN: Final = 4
"""Letters that a run in common needs at least.

Chosen since many handles of real evaders that show a similarity at all share no more than a word of four
letters or a run of five; the false alarms that it causes by itself were not measured.
"""
# Bits (each word priced among the people who use it most) up to which a sum of words may be a person's name,
# and what each word beyond the second takes off: a third name often goes with the other two.
_NAMES_BITS_MAX: Final = 28.0
_FURTHER_NAME_BITS: Final = 4.0
# A word that decorates is priced low where it is a part. In a whole handle it is rarer: of 11,548 real ones
# no such word of four letters or more stands in more than one of 178, and `media` in one of 1,444.
_DECORATING_BITS_MIN: Final = 7.5
_DECORATING_LENGTH_MIN: Final = 4


class Word(msgspec.Struct, frozen=True, dict=True):
    """A folded word: its skeleton, the tokens that it was made of, its consonant key.

    It caches what follows from these, since a query's word is compared with up to 64 others.
    """

    base: str
    tokens: tuple[str, ...]
    consonants: str

    @kept
    def core(self) -> str:
        """The tokens joined, without decorations such as `official`."""
        return "".join(token for token in self.tokens if not decoration(token))

    @kept
    def in_order(self) -> list[str]:
        """The tokens in alphabetical order."""
        return sorted(self.tokens)

    @kept
    def by_letters(self) -> str:
        """The skeleton with one character for each letter of the script that it may have been written in."""
        return by_letters(self.base)

    @kept
    def runs(self) -> list[str]:
        """Every run of :data:`RUN_MIN` letters: words that share none of them share no longer run, either."""
        base = self.base
        return [base[at : at + RUN_MIN] for at in range(len(base) - RUN_MIN + 1)]

    @kept
    def beyond_names_bits(self) -> float:
        """The sum of its words' bits, in the more common reading; 0 where the words may be a person's names.

        Many people bear the same two or three listed names together. The limit is set so that at most one
        person in a hundred has a name of more bits, in each of fifteen languages, with people drawn by how
        common their names are.
        """
        readings = [segments(self.base)]
        if len(self.tokens) > 1:
            readings.append(tuple([piece for token in self.tokens for piece in segments(token)]))
        sums = []
        for pieces in readings:
            own = [piece.bits for piece in pieces]
            total = sum(own, 0.0) - _FURTHER_NAME_BITS * max(len(own) - 2, 0)
            known = max(own, default=0.0) < CAP_BITS
            sums.append(0.0 if known and total < _NAMES_BITS_MAX else total)
        return min(sums)

    @kept
    def decorating_bits(self) -> float:
        """Bits by which words that decorate are rarer in a whole handle, beside others, than as parts."""
        pieces = segments(self.base)
        decorating = [piece for piece in pieces if piece.decoration]
        if len(decorating) == len(pieces):
            return 0.0
        long = [piece.bits for piece in decorating if len(piece.text) >= _DECORATING_LENGTH_MIN]
        return sum([max(_DECORATING_BITS_MIN - own, 0.0) for own in long], 0.0)

    @kept
    def only_names(self) -> bool:
        """True if the words may be a person's names, and none decorates."""
        return not self.beyond_names_bits and not self.decorating_bits

    @kept
    def pieces(self) -> dict[str, float]:
        """The words that it is written in or read as, with their bits, without one that is the whole base."""
        bits_of = {piece.text: piece.bits for piece in segments(self.base)}
        bits_of |= {token: bits(token) for token in self.tokens if token not in bits_of}
        bits_of.pop(self.base, None)
        return bits_of

    def shares_a_token(self, other: Word) -> bool:
        """Returns whether both words have a token in common, however short."""
        return not set(self.tokens).isdisjoint(other.tokens)


class Similarity(msgspec.Struct, frozen=True, gc=False):
    """``kind`` is ``same``, ``decorated``, ``extended``, ``reordered``, ``one-typo``, ``two-typos``,
    ``consonants`` or ``part``; ``part`` what both have in common; ``penalty_bits`` what the kind costs.
    """

    kind: str
    part: str
    penalty_bits: float
