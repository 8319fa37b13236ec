"""Counts of a value less the banned accounts that are known to bear it.

An evader who signs up again and again counts their own number each time. Once those accounts are banned they
are candidates of the next one that shows it, and no crowd of strangers.

So much is known of values that belong to somebody. Pictures and texts are copied by strangers, and a banned
account that came from a list was never counted: taken off, it would make a default picture look rare.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from samehand.frequency import OF_THE_PAIR, Frequencies
from samehand.keys import KeyKind

_OWNED: Final = frozenset(
    (
        KeyKind.EMAIL,
        KeyKind.EMAIL_LOCAL,
        KeyKind.PHONE,
        KeyKind.PHONE_BLOCK,
        KeyKind.DEVICE,
        KeyKind.PAYMENT,
        KeyKind.ADDRESS,
        KeyKind.PREFIX,
        KeyKind.CONTACT,
    )
)


class Unbanned:
    """A snapshot as one event sees it: without the banned accounts among the event's candidates."""

    def __init__(self, counted: Frequencies, records: Iterable[bytes]) -> None:
        """Takes the candidates' packed records, looked at only when a value is met that others bear as well.

        Whoever bears a value shows its digest there; digests are keyed apart by kind and by pepper, so that
        the bytes of one are nothing else.
        """
        self._counted = counted
        self._records = records
        self._read: tuple[bytes, ...] | None = None
        # One event's candidates share few values, and ask for each of them again.
        self._known: dict[tuple[KeyKind, bytes, str], int] = {}

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
        known = self._known.get((kind, value, stratum))
        if known is None:
            known = self._known[kind, value, stratum] = self._count(kind, value, stratum)
        return known

    def _count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        counted = self._counted.count(kind, value, stratum)
        if kind not in _OWNED or counted <= OF_THE_PAIR:
            return counted
        if self._read is None:
            self._read = tuple(self._records)
        bearers = sum(value in record for record in self._read)
        return max(counted - max(bearers - 1, 0), 0)
