"""How common a value is: what turns an agreement into bits.

Counts come from a frozen snapshot that the caller loads; the mind never counts by itself. With nothing
counted yet, every rate falls back to the signal's own figure, so that it works on the first day.
"""

from __future__ import annotations

import math
from typing import Protocol

from samehand.keys import KeyKind

# The shipped rate counts as so many bearers seen before (the shape of a gamma prior). Less than one, because
# true rates scatter about it by factors (docs/adr/0006-commonness.md: .1 to 3): a crowd soon overrules it,
# and one or two bearers of a rare value do not. A fixed number of accounts did the opposite: with 10,000, one
# bearer among 30,000 made a phone number a hundred times commoner than any is.
BEARERS_BEFORE = 0.25

# The two accounts of a pair are no crowd, but may have been counted themselves.
OF_THE_PAIR = 2


class Frequencies(Protocol):
    """A frozen snapshot of how many accounts bear a value."""

    @property
    def bans(self) -> int:
        """How many banned accounts were enrolled when the snapshot was taken."""

    def accounts(self, stratum: str) -> int:
        """How many accounts were counted in a stratum; an empty stratum means all of them."""

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """How many of them bear the value, never less than the truth's lower bound of zero."""


class NothingCounted:
    """The snapshot of the first day: no counts, and as many bans as the caller says."""

    def __init__(self, bans: int = 0) -> None:
        """Takes the number of banned accounts, from which the prior follows."""
        self._bans = bans

    @property
    def bans(self) -> int:
        """How many banned accounts were enrolled when the snapshot was taken."""
        return self._bans

    def accounts(self, stratum: str) -> int:
        """None."""
        return 0

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """None."""
        return 0


def smoothed_rate(count: int, accounts: int, shipped_rate: float) -> float:
    """The share (0 to 1] of others with a value: those counted beside the pair, drawn to the shipped rate."""
    others = max(count - OF_THE_PAIR, 0)
    return min(1.0, (others + BEARERS_BEFORE) / (accounts + BEARERS_BEFORE / shipped_rate))


def rate_of_bits(bits: float) -> float:
    """The share of accounts that bear a value of so many bits."""
    return math.pow(2.0, -bits)
