"""How many shards, buckets and columns a store has: fixed when it is made, and kept in its `meta` key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from samehand.fingerprint.distil import Fingerprint
from samehand.keys import Key, KeyKind
from store.common.crowd import CLUSTER_BYTES, cluster_tag
from store.common.hashing import Hashes, first_bytes
from store.common.key_digests import Addresses, Digest
from store.common.ranking import Ints
from store.errors import StoreMismatch
from store.limits import GENERATIONS, listed_at_most

# Raised with every change of the data in Redis: a store with another layout is refused, never misread.
LAYOUT = 27
PAGE_SLOTS = 32
SLOT_BYTES = 3  # so that a shard has room for 16.7 million accounts
SLOT_BITS = 8 * SLOT_BYTES

# Accounts per posting bucket. A look-up fetches whole buckets, so their length is most of what it reads: with
# four whole bans each (164 entries) an event brought 110 KB from Redis, with one a quarter of that. A bucket
# is a key of Redis, and four times as many of them cost 4 % more memory a whole ban, 6 % where only its
# handle is known (docs/performance). Remembered accounts are whole ones. Of a million of those, buckets four
# times as long save 15 EXPIRE an event while a generation is young (4,000 accounts of 125,000), but cost 27
# GET once it is full, since a bucket longer than a key's cap is read: 454 instead of 343 µs of Redis.
_BANS_A_BUCKET = 1
_REMEMBERED_A_BUCKET = 60 / 52
_ACCOUNTS_A_MAP = 96
# Some bits of a place's three bytes name the shard, if the rest has slots for four times as many bans as the
# store is laid out for. A look-up in twelve shards then fetches as many bytes as in one.
_ROOM = 4

# Bytes of a print: a short hash that identifies a key within its bucket. With two bytes one entry in 65,536
# matches a wrong key; that costs reading one record more in one look-up of fourteen (69 keys of handles
# alone, measured). Remembered accounts have nine generations, each with as many false matches: a third byte
# costs less.
_SHORT_PRINT, _LONG_PRINT = 2, 3
# The most accounts that a posting lists, by the number of its kind of key.
_CAPS: Ints = np.zeros(256, np.int64)
_CAPS[list(KeyKind)] = [listed_at_most(kind) for kind in KeyKind]
_SIZES = frozenset({"shards", "bans", "remembered"})  # given by settings; the other facts by this program
_PRINT_BITS = 24  # room for a print of either length
_BUCKET_BYTES = 4
_HEAD_BYTES = 1 + CLUSTER_BYTES  # before an account's rows: how long a print is, and the account's cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What a store is laid out for. It may hold more, less efficiently; other sizes need a rebuild.

    ``shards``: 1 if one Redis holds all; at least the number of masters of a cluster, at most 256.
    ``sketch_columns``: cells per row (four bytes each, four rows) for counted values; with a million columns,
    ten million counted values add at worst two or three to a count.
    ``filter_bits``: size of the filter by which a cluster counts a value once (one bit in 7 is set after 3
    million values).
    """

    shards: int = 1
    bans: int = 1_000_000
    remembered: int = 1_000_000
    sketch_columns: int = 1 << 20
    filter_bits: int = 1 << 26


class Spread(NamedTuple):
    """The buckets of an index: ``postings`` in all shards together, ``maps`` (of the account map) in each.

    A posting entry is a print and the record's place: its shard, and its slot there in ``slot_bits`` bits.
    """

    postings: int
    maps: int
    print_bytes: int
    shards: int = 1
    slot_bits: int = SLOT_BITS

    @property
    def place_bytes(self) -> int:
        """Bytes of a place: three, or four where the shard's number does not fit into three."""
        return SLOT_BYTES + (self.shards > 1 << SLOT_BITS - self.slot_bits)

    def place(self, shard: int, slot: int) -> bytes:
        """The place of a record, packed as in posting entries."""
        return (shard << self.slot_bits | slot).to_bytes(self.place_bytes, "big")


class Rows(NamedTuple):
    """Where an account is listed, packed for the scripts: in its own shard, and in each other one.

    ``all``: in all shards together; empty if there is only one.
    """

    own: bytes = b""
    all: bytes = b""
    others: Mapping[int, bytes] = MappingProxyType({})

    @classmethod
    def of(cls, rows: bytes, spread: Spread, own: int) -> Rows:
        """Divides packed rows among the shards of their buckets; ``own`` is the record's shard."""
        if spread.shards == 1:
            return cls(rows)
        table = np.frombuffer(rows, np.uint8, offset=_HEAD_BYTES).reshape(
            -1, _BUCKET_BYTES + spread.print_bytes + 3
        )
        shards = table[:, :_BUCKET_BYTES].copy().view(">u4").ravel() % spread.shards
        by_shard = {
            shard: rows[:_HEAD_BYTES] + table[shards == shard].tobytes()
            for shard in np.unique(shards).tolist()
        }
        return cls(by_shard.pop(own, rows[:_HEAD_BYTES]), rows, by_shard)


NOWHERE = Rows()


@dataclass(frozen=True, slots=True)
class Layout:
    """What follows from a store's sizes for its shards and indexes, and the names of its keys."""

    sizes: Sizes
    addresses: Addresses
    prefix: str

    @property
    def bans(self) -> Spread:
        """Buckets of the ban index."""
        spread = self._spread(self.sizes.bans, _BANS_A_BUCKET, _SHORT_PRINT)
        slot_bits = SLOT_BITS - (self.sizes.shards - 1).bit_length()
        if self.sizes.bans * _ROOM > self.sizes.shards << slot_bits:
            return spread
        return spread._replace(slot_bits=slot_bits)

    @property
    def remembered(self) -> Spread:
        """Buckets of one generation of remembered accounts."""
        return self._spread(self.sizes.remembered // GENERATIONS, _REMEMBERED_A_BUCKET, _LONG_PRINT)

    def _spread(self, accounts: int, a_bucket: float, print_bytes: int) -> Spread:
        shards = self.sizes.shards
        maps = accounts // shards // _ACCOUNTS_A_MAP
        return Spread(max(1, int(accounts / a_bucket)), max(1, maps), print_bytes, shards)

    def root(self, shard: int) -> str:
        """The prefix of a shard's keys; the braces keep them in one cluster slot."""
        return f"{self.prefix}{{{shard}}}:"

    @property
    def meta(self) -> str:
        """The key that describes the store."""
        return f"{self.prefix}meta"

    def facts(self) -> dict[str, str]:
        """The facts that the `meta` key keeps, and that must agree."""
        return {
            "layout": str(LAYOUT),
            "shards": str(self.sizes.shards),
            "bans": str(self.sizes.bans),
            "remembered": str(self.sizes.remembered),
            "sketch_columns": str(self.sizes.sketch_columns),
            "filter_bits": str(self.sizes.filter_bits),
            "print_bytes": str(self.bans.print_bytes),
            "identity": self.addresses.check,
        }

    def differences(self, stored: Mapping[bytes, bytes]) -> list[str]:
        """In which facts a store found in Redis differs from this layout, in words."""
        return [
            f"{name} is {stored[name.encode()].decode()} in Redis and {self.facts()[name]} here"
            for name in self._differing(stored)
        ]

    def check(self, stored: Mapping[bytes, bytes]) -> None:
        """Raises ``StoreMismatch``, with what differs, if a store found in Redis has another layout."""
        names = self._differing(stored)
        if "identity" in names:
            raise StoreMismatch(
                "the store was made with another pepper file: the line `identity` differs", "pepper"
            )
        if names:
            sizes = "layout" not in names and not _SIZES.isdisjoint(names)
            words = "; ".join(self.differences(stored))
            raise StoreMismatch(
                f"the store in Redis has another layout: {words}", "sizes" if sizes else "layout"
            )

    def _differing(self, stored: Mapping[bytes, bytes]) -> list[str]:
        return [
            name
            for name, value in self.facts().items()
            if stored.get(name.encode(), value.encode()) != value.encode()
        ]

    def rows(
        self, accounts: Sequence[Sequence[Key]], digests: Sequence[Digest], spread: Spread
    ) -> list[bytes]:
        """For each account its packed rows, which tell the scripts where its keys are listed.

        The length of a print, the account's cluster, then bucket, print, cap and kind of each key. Keys with
        the same bucket and print are listed once.
        """
        keys = [key for several in accounts for key in several]
        owner = np.repeat(np.arange(len(accounts)), [len(several) for several in accounts])
        buckets, prints = places(self.addresses.keys(keys), spread)
        kinds = first_bytes(keys)
        caps = _CAPS[kinds]
        spot = buckets << _PRINT_BITS | prints
        order = np.lexsort((spot, owner))
        spot, owner, caps, kinds = spot[order], owner[order], caps[order], kinds[order]
        first = np.ones(len(spot), np.bool_)
        first[1:] = (spot[1:] != spot[:-1]) | (owner[1:] != owner[:-1])
        spot, owner, caps, kinds = spot[first], owner[first], caps[first], kinds[first]
        size = spread.print_bytes
        rows = np.empty((len(spot), 4 + size + 3), np.uint8)
        rows[:, :4] = (spot >> _PRINT_BITS).astype(">u4").view(np.uint8).reshape(-1, 4)
        rows[:, 4:-3] = spot.astype(">u4").view(np.uint8).reshape(-1, 4)[:, -size:]
        rows[:, -3:-1] = caps.astype(">u2").view(np.uint8).reshape(-1, 2)
        rows[:, -1] = kinds
        packed, width = rows.tobytes(), rows.shape[1]
        ends = np.searchsorted(owner, np.arange(1, len(accounts) + 1)) * width
        heads = [
            bytes((size,)) + cluster_tag(several, digest.tag)
            for several, digest in zip(accounts, digests, strict=True)
        ]
        return [
            head + packed[here:there]
            for head, (here, there) in zip(heads, pairwise([0, *ends.tolist()]), strict=True)
        ]


def spots(numbers: Hashes, spread: Spread) -> list[tuple[int, bytes]]:
    """For each hashed key its shard, and bucket and print packed as in rows."""
    buckets, prints = places(numbers, spread)
    return [
        (
            bucket % spread.shards,
            bucket.to_bytes(_BUCKET_BYTES, "big") + print_.to_bytes(spread.print_bytes, "big"),
        )
        for bucket, print_ in zip(buckets.tolist(), prints.tolist(), strict=True)
    ]


def places(numbers: Hashes, spread: Spread) -> tuple[Ints, Ints]:
    """The buckets and the prints of hashed keys, from different bits of the hashes."""
    return (
        ((numbers >> np.uint64(24)) % np.uint64(spread.postings)).astype(np.int64),
        (numbers & np.uint64((1 << 8 * spread.print_bytes) - 1)).astype(np.int64),
    )


def fold_versions(fingerprints: tuple[Fingerprint, ...]) -> set[int]:
    """The fold versions that fingerprints were made with."""
    return {fingerprint.fold_version for fingerprint in fingerprints}
