"""How common a value is: what turns an agreement into bits.

Counts come from a frozen snapshot that the caller loads; the mind never counts by itself. With nothing
counted yet, every rate falls back to the signal's own figure, so that it works on the first day.
"""

from __future__ import annotations

import math
from typing import Final, Protocol

from samehand.keys import KeyKind

# How many bearers the shipped rate counts for, before any is counted (the shape of a gamma prior). Of names
# the shipped rates are measured, one for each name, and true ones scatter about them by small factors; that
# the banned account bears the name is itself one observation of it.
NAMED_BEFORE: Final = 1.25
# Of addresses, devices and pictures one rate stands for all, of which most are borne by nobody else and a few
# by thousands: less than one bearer, so that having met nobody else soon says that there is hardly anybody.
SHARED_BEFORE: Final = 0.25

# Below so many counted accounts of a stratum its names are priced as shipped: in a small file the look-alikes
# that are looked for are most of those who bear the name.
STRATUM_ACCOUNTS_MIN: Final = 500

# Stands where a stratum does, for the accounts that were counted lately, within some days. Of all that ever
# were, thousands who met a carrier's new address today are few; of those who came with them they are not.
LATELY: Final = "lately"

# The two accounts of a pair are no crowd, but may have been counted themselves.
OF_THE_PAIR: Final = 2

# Standard deviations from a count to the bound that it exceeds with 95 %.
_SIGMAS: Final = 1.645


class Frequencies(Protocol):
    """A frozen snapshot of how many accounts bear a value."""

    @property
    def bans(self) -> int:
        """How many banned accounts were enrolled when the snapshot was taken."""

    def accounts(self, stratum: str) -> int:
        """How many accounts were counted in a stratum; an empty one means all, :data:`LATELY` the latest."""

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


def named_rate(count: int, accounts: int, shipped_rate: float) -> float:
    """The share (0 to 1] of a stratum's others who bear a name: those counted, drawn to the shipped rate.

    Never below what the count proves: a name that no list knows is shipped as rare, and in a language whose
    names are listed badly many such are common. One or two others prove nothing: they are as likely whoever
    comes back under that name.
    """
    if accounts < STRATUM_ACCOUNTS_MIN:
        return shipped_rate
    return _rate(count, accounts, shipped_rate, NAMED_BEFORE)


def shared_rate(count: int, accounts: int, shipped_rate: float) -> float:
    """The same of a value that one rate is shipped for, whoever bears it: an address, a device, a picture."""
    return _rate(count, accounts, shipped_rate, SHARED_BEFORE)


def proven_rate(count: int, accounts: int) -> float:
    """What a count proves (0 to 1): the lower bound, at 95 %, of the share of others who bear the value."""
    others = max(count - OF_THE_PAIR, 0)
    proven = others - _SIGMAS * math.sqrt(others)
    return min(1.0, max(proven, 0.0) / accounts) if accounts else 0.0


def _rate(count: int, accounts: int, shipped_rate: float, bearers_before: float) -> float:
    others = max(count - OF_THE_PAIR, 0)
    drawn = (others + bearers_before) / (accounts + bearers_before / shipped_rate)
    return min(1.0, max(drawn, proven_rate(count, accounts)))


def rate_of_bits(bits: float) -> float:
    """The share of accounts that bear a value of so many bits."""
    return math.pow(2.0, -bits)
