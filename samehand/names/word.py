"""A folded word as comparisons read it, and what one comparison of two found."""

from __future__ import annotations

from typing import Final

import msgspec

from samehand.frequency.name_prior import CAP_BITS, bits, decoration, segments
from samehand.names.cached_property import kept
from samehand.normalize.text.phonetic import by_letters

RUN_MIN: Final = 4
"""Letters from which a run in common says anything.

Of real evaders' handles that show a similarity at all, many share no more than a word of four letters or a
run of five (chosen from that; its false alarms alone were not measured).
"""
# Bits (sums of what each word has among those who use it most) up to which a name is still somebody's, and
# what each word beyond two takes off: who writes a third name has one that the others go with.
_NAMES_BITS_MAX: Final = 28.0
_FURTHER_NAME_BITS: Final = 4.0


class Word(msgspec.Struct, frozen=True, dict=True):
    """A folded word: its skeleton, the tokens that it was made of, its consonant key.

    What follows from it is kept with it: a query's word meets up to 64 others.
    """

    base: str
    tokens: tuple[str, ...]
    consonants: str

    @kept
    def core(self) -> str:
        """What is left once tokens like `official` are taken off."""
        return "".join(token for token in self.tokens if not decoration(token))

    @kept
    def in_order(self) -> list[str]:
        """The tokens in the order of the alphabet."""
        return sorted(self.tokens)

    @kept
    def by_letters(self) -> str:
        """The skeleton in the letters of whatever script it was written in."""
        return by_letters(self.base)

    @kept
    def runs(self) -> list[str]:
        """Every run of the fewest letters that count as one; who shares none shares no longer run, either."""
        base = self.base
        return [base[at : at + RUN_MIN] for at in range(len(base) - RUN_MIN + 1)]

    @kept
    def beyond_names_bits(self) -> float:
        """Bits of all its words side by side, in the commoner reading; 0 where they may be somebody's names.

        Two or three names that lists know are borne together by many: of people drawn by how many bear each
        name, at most one in a hundred of any of fifteen languages has a name of more bits than this takes.
        """
        readings = [segments(self.base)]
        if len(self.tokens) > 1:
            readings.append(tuple([piece for token in self.tokens for piece in segments(token)]))
        found = []
        for pieces in readings:
            own = [piece.bits for piece in pieces]
            total = sum(own, 0.0) - _FURTHER_NAME_BITS * max(len(own) - 2, 0)
            known = max(own, default=0.0) < CAP_BITS
            found.append(0.0 if known and total < _NAMES_BITS_MAX else total)
        return min(found)

    @kept
    def pieces(self) -> dict[str, float]:
        """The words that it is written in and those that it is read as, with their bits; none that is all."""
        found = {piece.text: piece.bits for piece in segments(self.base)}
        found |= {token: bits(token) for token in self.tokens if token not in found}
        found.pop(self.base, None)
        return found

    def shares_a_token(self, other: Word) -> bool:
        """Whether a token of one, however short, is one of the other, too."""
        return not set(self.tokens).isdisjoint(other.tokens)


class Similarity(msgspec.Struct, frozen=True, gc=False):
    """``kind`` is ``same``, ``decorated``, ``extended``, ``reordered``, ``one-typo``, ``two-typos``,
    ``consonants`` or ``part``; ``part`` what both have in common; ``penalty_bits`` what the kind costs.
    """

    kind: str
    part: str
    penalty_bits: float
