"""The values that leads put in quarantine, by their keyed digests, and the digests that alerts carry.

A digest is made of a blocking key, which is a keyed digest itself, under the same pepper and in a domain of
its own: who reads alerts or the topic cannot look anything up in the store by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from samehand.fingerprint.distil import Fingerprint, Keyer
from samehand.keys import Key, key_of, kind_of, value_of
from samehand.scoring.score import InQuarantine
from samehand.signals import SIGNALS
from schemas.internal.quarantine import ValueQuarantined

DIGESTS_MAX: Final = 10_000
"""Digests that a process holds, 300 bytes each: more than leads decide on in years, one by one."""

_DOMAIN: Final = "quarantine"


def value_digest(keyer: Keyer, value: Key) -> str:
    return keyer(_DOMAIN, value).hex()


def digests_of(
    values: Sequence[Key], mine: Fingerprint, known_as: Sequence[Fingerprint], keyers: Mapping[int, Keyer]
) -> tuple[tuple[str, ...], ...]:
    """Returns the digests of each value: under the current pepper first, then under the others in force.

    ``values`` are of the pepper of ``mine``. ``known_as``: the fingerprints of one of the two accounts under
    each pepper; where that is one alone, so is the digest.
    """
    if not values:
        return ()
    shown: dict[int, list[bytes]] = {}  # the values under each pepper, in the same order
    for fingerprint in (*known_as, mine):
        traits = zip(SIGNALS, fingerprint.traits, strict=True)
        shown[fingerprint.pepper_id] = [
            value_of(key) for signal, trait in traits if trait is not None for key in signal.counts(trait)
        ]
    own = shown[mine.pepper_id]
    value_digests: list[tuple[str, ...]] = []
    for value in values:
        digest = value_of(value)
        digests = []
        for pepper_id, keyer in keyers.items():
            there = shown.get(pepper_id, ())
            if pepper_id == mine.pepper_id:
                digests.append(value_digest(keyer, value))
            elif len(there) == len(own) and digest in own:
                digests.append(value_digest(keyer, key_of(kind_of(value), there[own.index(digest)])))
        if digests:  # none where the pepper was dropped meanwhile
            value_digests.append(tuple(digests))
    return tuple(value_digests)


@dataclass(slots=True)
class QuarantineInForce:
    """What the topic `quarantine` says, as far as it was read."""

    _records: dict[str, ValueQuarantined] = field(default_factory=dict)

    def hear(self, record: ValueQuarantined) -> bool:
        """Takes a decision into force; returns whether it was new. Raises `OverflowError` beyond the cap."""
        known = self._records.get(record.digest)
        if known is not None and known.revision >= record.revision:
            return False
        if known is None and len(self._records) >= DIGESTS_MAX:
            raise OverflowError(f"{DIGESTS_MAX:,} digests are held, the most that a process takes")
        self._records[record.digest] = record
        return True

    def begin_again(self) -> None:
        """Forgets every decision."""
        self._records.clear()

    def at(self, now: float) -> frozenset[str]:
        """The digests in quarantine at a moment (Unix seconds)."""
        if not self._records:
            return frozenset()
        return frozenset(
            digest
            for digest, record in self._records.items()
            if record.until is not None and record.until.timestamp() > now
        )


def quarantined_keys(
    digests: frozenset[str], fingerprints: Sequence[Fingerprint], keyer_of: Callable[[int], Keyer | None]
) -> set[Key]:
    """Returns the keys of an account's values that are among the digests. ``keyer_of``: by pepper."""
    return {
        key
        for fingerprint in fingerprints
        if (held := in_quarantine(digests, keyer_of(fingerprint.pepper_id))) is not None
        for signal, trait in zip(SIGNALS, fingerprint.traits, strict=True)
        if trait is not None
        for key in signal.counts(trait)
        if held(key)
    }


def in_quarantine(digests: frozenset[str], keyer: Keyer | None) -> InQuarantine | None:
    """Returns whether a value of the keyer's pepper is among the digests; ``None`` if there are none."""
    if not digests or keyer is None:
        return None
    return lambda value: value_digest(keyer, value) in digests
