"""Keyed hashes of accounts, alerts and blocking keys, which say where each is stored.

They are keyed with the store's identity secret, so that nobody can aim values at one bucket, and a dump of
the store does not show which accounts have markers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import numpy as np

from samehand.keys import SHORT_KINDS, Key, KeyKind
from store.common.hashing import Hasher, Hashes, first_bytes

DIGEST_BYTES = 16
TAG_BYTES = 4
ID_BYTES = 8
"""Of ten million accounts two have one id once in 370,000 stores."""

_CACHED: Final = 4_096


def _ends(kind: int) -> tuple[int, int]:
    """The class of a key's posting length, as the last bits of its hash: how many bits, and their value.

    Most keys are names; these use one bit only, which leaves as many as possible for the print (short hash).
    """
    if kind in SHORT_KINDS:
        return 2, 0b11
    return (2, 0b01) if kind >= KeyKind.EMAIL else (1, 0b0)


_GIVEN, _SAID = (np.array(column, np.uint64) for column in zip(*map(_ends, range(256)), strict=True))
_FREE: Hashes = ~((np.uint64(1) << _GIVEN) - np.uint64(1))


class Digest(NamedTuple):
    """Sixteen bytes that identify an account or an alert."""

    raw: bytes

    @property
    def id(self) -> bytes:
        """Eight bytes that name the account's record, and stand in each entry of a posting."""
        return self.raw[:ID_BYTES]

    @property
    def tag(self) -> bytes:
        """Four bytes kept in each record: they order candidates of equal rank."""
        return self.raw[:TAG_BYTES]

    @property
    def home(self) -> int:
        """The number of the tag under which its keys lie in Redis, below 256."""
        return self.raw[0]


class Addresses:
    """Makes digests and key hashes under one identity secret (any bytes)."""

    def __init__(self, identity: bytes) -> None:
        """Takes the secret of the pepper file's ``identity`` line."""
        key = blake2b(identity, digest_size=32, person=b"samehand-store").digest()
        self._accounts = blake2b(key=key, digest_size=DIGEST_BYTES, person=b"account")
        self._alerts = blake2b(key=key, digest_size=DIGEST_BYTES, person=b"alert")
        self._claims = blake2b(key=key, digest_size=8, person=b"claim")
        self._keys = Hasher(blake2b(key=key, digest_size=32, person=b"keys").digest())
        self.check = blake2b(key=key, digest_size=8, person=b"check").hexdigest()
        """Sixteen hex digits by which a store recognises the secret it was made with."""
        # A batch asks for each of its accounts and alerts some ten times.
        self.account: Callable[[str], Digest] = lru_cache(_CACHED)(self._account)
        """The digest of an account key (`platform:account_id`)."""
        self.alert: Callable[[str], Digest] = lru_cache(_CACHED)(self._alert)

    def _account(self, account: str) -> Digest:
        return Digest(_digest(self._accounts, account))

    def _alert(self, alert_id: str) -> Digest:
        return Digest(_digest(self._alerts, alert_id))

    def claim(self, claimant: str) -> bytes:
        """The digest, of eight bytes, of the event that proposed an alert."""
        return _digest(self._claims, claimant)

    def keys(self, keys: Sequence[Key]) -> Hashes:
        """The 64-bit hash of each blocking key; its last bits give the class of its posting length.

        These bits are part of every print (short hash), so that a value which may list few accounts never
        shares a posting with one that may list many: the number listed would depend on which came first.
        """
        kinds = first_bytes(keys)
        return self._keys(keys) & _FREE[kinds] | _SAID[kinds]


def _digest(key: Any, text: str) -> bytes:
    state = key.copy()
    state.update(text.encode("utf-8", "surrogatepass"))
    digest: bytes = state.digest()
    return digest
