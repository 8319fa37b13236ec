"""Counts of a value less the banned accounts that are known to bear it.

Each sign-up of an evader counts the evader's own phone number once more. Once those accounts are banned, they
are candidates of the next account that shows the number, and no crowd of strangers.

This holds for values that belong to somebody. Strangers copy pictures and texts, and a banned account that
came from a list was never counted: to subtract it would make a default picture look rare.
"""

from __future__ import annotations

from collections.abc import Mapping

from samehand.frequency.rates import OF_THE_PAIR, Frequencies
from samehand.keys import PERSONAL_POSTING_CAP, Key, KeyKind, is_personal, key_of


class CountsWithoutCandidates:
    """The counts for one event, without the banned accounts that share a personal value with its account."""

    def __init__(self, counted: Frequencies, bearers: Mapping[Key, int]) -> None:
        """Takes how many banned accounts are listed under each key of the event's account."""
        self._counted = counted
        self._bearers = bearers

    @property
    def bans(self) -> int:
        """How many banned accounts were enrolled when the snapshot was taken."""
        return self._counted.bans

    def accounts(self, stratum: str) -> int:
        """How many accounts were counted in a stratum; a few candidates make no difference to that."""
        return self._counted.accounts(stratum)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """How many accounts bear the value; of a personal value without the banned ones but the pair's own.

        Of names banned accounts count as well: how common a name is does not depend on who bears it.
        """
        counted = self._counted.count(kind, value, stratum)
        if not is_personal(kind) or counted <= OF_THE_PAIR:
            return counted
        bearers = min(self._bearers.get(key_of(kind, value), 0), PERSONAL_POSTING_CAP)
        return max(counted - max(bearers - 1, 0), 0)
