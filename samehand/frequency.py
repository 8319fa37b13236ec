"""How common a value is: what turns an agreement into bits.

Counts come from a frozen snapshot that the caller loads; the mind never counts by itself. With nothing
counted yet, every rate falls back to the signal's own figure, so that it works on the first day.
"""

from __future__ import annotations

from typing import Protocol

from samehand.keys import KeyKind

# The counted share is trusted as if this many accounts had been seen before with the shipped rate:
# large enough that a young counter does not swing a weight, small against a day of a platform's sign-ups.
PSEUDO_ACCOUNTS = 10_000


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
    """The share of accounts with a value: what was counted, drawn to the shipped rate (0 to 1]."""
    return min(1.0, (count + PSEUDO_ACCOUNTS * shipped_rate) / (accounts + PSEUDO_ACCOUNTS))


def rate_of_bits(bits: float) -> float:
    """The share of accounts that bear a value of so many bits."""
    return 2.0**-bits
