"""Counts of a value less the banned accounts that are known to bear it.

An evader who signs up again and again counts their own number each time. Once those accounts are banned they
are candidates of the next one that shows it, and no crowd of strangers.

So much is known of values that belong to somebody. Pictures and texts are copied by strangers, and a banned
account that came from a list was never counted: taken off, it would make a default picture look rare.
"""

from __future__ import annotations

from collections.abc import Mapping

from samehand.frequency.rates import OF_THE_PAIR, Frequencies
from samehand.keys import PERSONAL_POSTING_CAP, Key, KeyKind, is_personal, key_of


class Unbanned:
    """A snapshot as one event sees it: without the banned accounts that bear what its account bears."""

    def __init__(self, counted: Frequencies, bearers: Mapping[Key, int]) -> None:
        """Takes how many banned accounts are listed under each key of the event's account."""
        self._counted = counted
        self._bearers = bearers

    @property
    def bans(self) -> int:
        """How many banned accounts were enrolled when the snapshot was taken."""
        return self._counted.bans

    def accounts(self, stratum: str) -> int:
        """How many accounts were counted in a stratum; of these a few candidates make no difference."""
        return self._counted.accounts(stratum)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """How many bear the value, of what belongs to somebody without the banned but for the pair's own.

        Of names the banned are counted: how common a name is does not depend on who bears it.
        """
        counted = self._counted.count(kind, value, stratum)
        if not is_personal(kind) or counted <= OF_THE_PAIR:
            return counted
        bearers = min(self._bearers.get(key_of(kind, value), 0), PERSONAL_POSTING_CAP)
        return max(counted - max(bearers - 1, 0), 0)
