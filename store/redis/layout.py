"""How many shards, buckets and columns there are: settled when a store is made, kept in its `meta` key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from samehand.fingerprint import Fingerprint
from samehand.keys import Key
from store.addresses import Addresses
from store.limits import GENERATIONS, shard_posting_cap
from store.ranking import Ints

LAYOUT = 2  # raised with every change of what lies in Redis: a store of another one is refused, never misread
PAGE_SLOTS = 32
ENTRY_BYTES = 6
SKETCH_ROWS = 4

# Sixty entries a bucket: 360 bytes, at which a key's own cost (some 60 bytes) is a sixth, and reading a
# bucket for the one entry that is wanted is still cheap (measured against 30 and 120).
_ENTRIES_A_BUCKET = 60
# Blocking keys of a banned account with a handle and a name; one with everything has twice as many.
_ENTRIES_A_BAN = 28
_ENTRIES_A_REMEMBERED = 52
_ACCOUNTS_A_MAP = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """For how much a store is laid out. More fits in, only less snugly; another size needs a rebuild.

    ``shards``: 1 where one Redis holds all; at least the number of masters of a cluster, better four
    times as many. ``sketch_columns``: cells a row (four bytes each, four rows) for counted values; with a
    million columns, ten million counted values add two or three to a count at worst.
    ``filter_bits``: the filter that lets a cluster count a value once (one bit in 7 set after 3 million).
    """

    shards: int = 1
    bans: int = 1_000_000
    remembered: int = 1_000_000
    sketch_columns: int = 1 << 20
    filter_bits: int = 1 << 26


class Spread(NamedTuple):
    """Buckets of one shard's index: of postings, and of the account map."""

    postings: int
    maps: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A store's sizes as they follow for one shard."""

    sizes: Sizes
    addresses: Addresses
    prefix: str

    @property
    def bans(self) -> Spread:
        """Buckets of the ban index."""
        return _spread(self.sizes.bans // self.sizes.shards, _ENTRIES_A_BAN)

    @property
    def remembered(self) -> Spread:
        """Buckets of one generation of what is remembered."""
        return _spread(self.sizes.remembered // self.sizes.shards // GENERATIONS, _ENTRIES_A_REMEMBERED)

    def root(self, shard: int) -> str:
        """What a shard's keys begin with; the braces keep them in one cluster slot."""
        return f"{self.prefix}{{{shard}}}:"

    @property
    def meta(self) -> str:
        """The key that says what the store is."""
        return f"{self.prefix}meta"

    def facts(self) -> dict[str, str]:
        """What the `meta` key keeps of it, and what must agree."""
        return {
            "layout": str(LAYOUT),
            "shards": str(self.sizes.shards),
            "bans": str(self.sizes.bans),
            "remembered": str(self.sizes.remembered),
            "sketch_columns": str(self.sizes.sketch_columns),
            "filter_bits": str(self.sizes.filter_bits),
            "identity": self.addresses.check,
        }

    def differences(self, found: Mapping[bytes, bytes]) -> list[str]:
        """In which facts a store that was found is another one."""
        return [
            f"{name} is {found[name.encode()].decode()}, not {value}"
            for name, value in self.facts().items()
            if found.get(name.encode(), value.encode()) != value.encode()
        ]

    def rows(self, keys: list[Key], spread: Spread) -> bytes:
        """Where keys are listed: bucket, print and cap of each, as the scripts read them."""
        rows = {}
        for key in keys:
            bucket, fingerprint = place(self.addresses.key(key), spread.postings)
            rows[bucket, fingerprint] = shard_posting_cap(key.kind, self.sizes.shards)
        return b"".join(
            bucket.to_bytes(4, "big") + fingerprint.to_bytes(3, "big") + cap.to_bytes(2, "big")
            for (bucket, fingerprint), cap in rows.items()
        )


def place(number: int, buckets: int) -> tuple[int, int]:
    """The bucket and the 24-bit print of a hashed key, from different bits of it."""
    return (number >> 24) % buckets, number & 0xFFFFFF


def places(numbers: npt.NDArray[np.uint64], buckets: int) -> tuple[Ints, Ints]:
    """:func:`place` of many."""
    return (
        ((numbers >> np.uint64(24)) % np.uint64(buckets)).astype(np.int64),
        (numbers & np.uint64(0xFFFFFF)).astype(np.int64),
    )


def _spread(accounts: int, entries: int) -> Spread:
    return Spread(max(1, accounts * entries // _ENTRIES_A_BUCKET), max(1, accounts // _ACCOUNTS_A_MAP))


def fold_versions(fingerprints: tuple[Fingerprint, ...]) -> set[int]:
    """The fold versions under which fingerprints were made."""
    return {fingerprint.fold_version for fingerprint in fingerprints}
