"""Counts of a value less the banned accounts that are known to bear it.

An evader who signs up again and again counts their own number each time. Once those accounts are banned they
are candidates of the next one that shows it, and no crowd of strangers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from samehand.fingerprint import Fingerprint
from samehand.frequency import OF_THE_PAIR, Frequencies
from samehand.keys import Key, KeyKind, key_of
from samehand.signals import SIGNALS


class Unbanned:
    """A snapshot as one event sees it: without the banned accounts among the event's candidates."""

    def __init__(self, counted: Frequencies, banned: Iterable[Fingerprint]) -> None:
        """Takes the candidates, which are read only when a value is met that others bear as well."""
        self._counted = counted
        self._banned = banned

    @property
    def bans(self) -> int:
        """How many banned accounts were enrolled when the snapshot was taken."""
        return self._counted.bans

    def accounts(self, stratum: str) -> int:
        """How many accounts were counted in a stratum; of these a few candidates make no difference."""
        return self._counted.accounts(stratum)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """How many bear the value, of addresses and devices without the banned but for the pair's own.

        Of names the banned are counted: how common a name is does not depend on who bears it.
        """
        counted = self._counted.count(kind, value, stratum)
        if stratum or counted <= OF_THE_PAIR:
            return counted
        return max(counted - max(self._bearers[key_of(kind, value)] - 1, 0), 0)

    @cached_property
    def _bearers(self) -> Counter[Key]:
        bearers: Counter[Key] = Counter()
        for fingerprint in self._banned:
            bearers.update(_values(fingerprint))
        return bearers


def _values(fingerprint: Fingerprint) -> set[Key]:
    return {
        key
        for signal, trait in zip(SIGNALS, fingerprint.traits, strict=True)
        if trait is not None
        for key in signal.counts(trait)
    }
