"""Where things are put: keyed hashes of accounts, alerts and blocking keys.

Keyed by the store's identity secret, so that nobody can aim values at one bucket, and so that a dump of
the store does not tell which accounts it has markers of.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from samehand.keys import SHORT_KINDS, Key
from store.hashing import Hasher, Hashes, first_bytes

DIGEST_BYTES = 16
TAG_BYTES = 4
_LAST_BIT = np.uint64(1)
_LIST_FEW: Hashes = np.array([kind in SHORT_KINDS for kind in range(256)], np.uint64)


class Digest(NamedTuple):
    """Sixteen bytes that stand for an account or an alert."""

    raw: bytes

    @property
    def tag(self) -> bytes:
        """Four bytes that a record carries: orders candidates of equal rarity, tells a reused slot."""
        return self.raw[:TAG_BYTES]

    def shard(self, shards: int) -> int:
        """In which of so many shards it lies (by other bits than those that choose its place within)."""
        return int.from_bytes(self.raw[8:12], "big") % shards


class Addresses:
    """Makes digests and key hashes under one identity secret (any bytes; cut to 64 after hashing)."""

    def __init__(self, identity: bytes) -> None:
        """Takes the secret of the pepper file's ``identity`` line."""
        key = blake2b(identity, digest_size=32, person=b"samehand-store").digest()
        self._accounts = blake2b(key=key, digest_size=DIGEST_BYTES, person=b"account")
        self._alerts = blake2b(key=key, digest_size=DIGEST_BYTES, person=b"alert")
        self._claims = blake2b(key=key, digest_size=8, person=b"claim")
        self._keys = Hasher(blake2b(key=key, digest_size=32, person=b"keys").digest())
        self.check = blake2b(key=key, digest_size=8, person=b"check").hexdigest()
        """Sixteen hex digits by which a store recognises the secret that it was made with."""

    def account(self, account: str) -> Digest:
        """The digest of an account key (`platform:account_id`)."""
        state = self._accounts.copy()
        state.update(account.encode("utf-8", "surrogatepass"))
        return Digest(state.digest())

    def alert(self, alert_id: str) -> Digest:
        """The digest of an alert id."""
        state = self._alerts.copy()
        state.update(alert_id.encode("utf-8", "surrogatepass"))
        return Digest(state.digest())

    def claim(self, claimant: str) -> bytes:
        """Eight bytes of the event that proposed an alert."""
        state = self._claims.copy()
        state.update(claimant.encode("utf-8", "surrogatepass"))
        return state.digest()

    def keys(self, keys: Sequence[Key]) -> Hashes:
        """Sixty-four bits of each blocking key, the last of which says whether its kind lists few accounts.

        It is part of every print, so that a value which lists few never shares a posting with one that may
        list many: how many stand there would hang on which of the two came first.
        """
        few = _LIST_FEW[first_bytes(keys)]
        return self._keys(keys) & ~_LAST_BIT | few
