"""Where things lie in Redis: the names of keys, and the sizes that the `meta` key of a store keeps.

A store has 256 tags, whatever it holds. A tag stands in braces in each key, so all keys of a tag are in one
slot of a Redis Cluster. An account lies under the tag of its digest, a bucket of postings under that of its
number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from samehand.fingerprint.distil import Fingerprint
from samehand.keys import Key, KeyKind
from store.common.crowd import CLUSTER_BYTES, kept_at_most
from store.common.hashing import Hashes, first_bytes
from store.common.key_digests import ID_BYTES, Addresses
from store.common.ranking import Ints, Kinds
from store.errors import StoreMismatch
from store.limits import GENERATIONS

# Raised with every change of the data in Redis: a store with another layout is refused, never misread.
LAYOUT = 27
TAGS: Final = 256
"""A thousand masters have 16 slots each on average; a process asks each tag for what it owes each second."""

# Accounts per posting bucket. A look-up fetches whole buckets, so their length is most of what it reads: with
# four whole bans each an event brought 110 KB from Redis, with one a quarter of that (docs/performance).
_BANS_A_BUCKET = 1
_REMEMBERED_A_BUCKET = 60 / 52
_MOMENT_BYTES: Final = 4
BUCKET_BYTES: Final = 4

_KEPT: Ints = np.zeros(256, np.int64)
_KEPT[list(KeyKind)] = [kept_at_most(kind) for kind in KeyKind]
_SIZES = frozenset({"bans", "remembered"})  # given by settings; the other facts by this program
_PRINT_BITS = 24  # room for a print of either length


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What a store is laid out for. It may hold more, less efficiently; other sizes need a rebuild.

    ``sketch_columns``: cells per row (four bytes each, four rows) for counted values; with a million columns,
    ten million counted values add at worst two or three to a count.
    ``filter_bits``: size of the filter by which a cluster counts a value once (one bit in 7 is set after 3
    million values).
    """

    bans: int = 1_000_000
    remembered: int = 1_000_000
    sketch_columns: int = 1 << 20
    filter_bits: int = 1 << 26


class Spread(NamedTuple):
    """An index: how many buckets it has, and what an entry of a bucket holds.

    A print (short hash) identifies a key within its bucket. With two bytes one entry in 65,536 matches a
    wrong key; that costs reading one record more in one look-up of fourteen (69 keys of handles alone,
    measured). Remembered accounts have nine generations, each with as many false matches: a third byte costs
    less. After the print stand the account's id and a ban's moment, or a remembered account's cluster.
    """

    buckets: int
    print_bytes: int
    beside_bytes: int

    @property
    def width(self) -> int:
        """Bytes of one entry of a posting: print, id and moment."""
        return self.print_bytes + ID_BYTES + self.beside_bytes

    def named(self, accounts: Sequence[bytes], rows: Rows) -> list[bytes]:
        """Packs where each account is listed, as postings.lua reads it.

        ``accounts``: what follows the print in the entries of each.
        """
        size, lengths = self.print_bytes, np.diff(rows.ends, prepend=0)
        own = np.frombuffer(b"".join(accounts), np.uint8).reshape(len(accounts), self.width - size)
        table = np.hstack(
            (
                rows.buckets.astype(">u4").view(np.uint8).reshape(-1, BUCKET_BYTES),
                rows.kept.astype(">u2").view(np.uint8).reshape(-1, 2),
                rows.kinds.reshape(-1, 1),
                rows.prints.astype(">u4").view(np.uint8).reshape(-1, 4)[:, -size:],
                np.repeat(own, lengths, axis=0),
            )
        )
        packed, ends = table.tobytes(), (rows.ends * table.shape[1]).tolist()
        return [packed[here:there] for here, there in pairwise([0, *ends])]


class Rows(NamedTuple):
    """The places where some accounts are listed: ``ends`` says where those of each account end."""

    buckets: Ints
    prints: Ints
    kinds: Kinds
    kept: Ints  # how many entries the key keeps
    ends: Ints


@dataclass(frozen=True, slots=True)
class Layout:
    """What follows from a store's sizes for its indexes, and the names of its keys."""

    sizes: Sizes
    addresses: Addresses
    prefix: str

    @property
    def bans(self) -> Spread:
        """The ban index."""
        return Spread(max(1, int(self.sizes.bans / _BANS_A_BUCKET)), 2, _MOMENT_BYTES)

    @property
    def remembered(self) -> Spread:
        """One generation of remembered accounts."""
        accounts = self.sizes.remembered // GENERATIONS
        return Spread(max(1, int(accounts / _REMEMBERED_A_BUCKET)), 3, CLUSTER_BYTES)

    def root(self, tag: int) -> str:
        """The prefix of a tag's keys."""
        return f"{self.prefix}{{{tag:02x}}}:"

    @property
    def meta(self) -> str:
        """The key that describes the store."""
        return f"{self.prefix}meta"

    def facts(self) -> dict[str, str]:
        """The facts that the `meta` key keeps, and that must agree."""
        return {
            "layout": str(LAYOUT),
            "bans": str(self.sizes.bans),
            "remembered": str(self.sizes.remembered),
            "sketch_columns": str(self.sizes.sketch_columns),
            "filter_bits": str(self.sizes.filter_bits),
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

    def rows(self, accounts: Sequence[Sequence[Key]], spread: Spread) -> Rows:
        """The places of the keys of some accounts. Keys with the same bucket and print are listed once."""
        keys = [key for several in accounts for key in several]
        owner = np.repeat(np.arange(len(accounts)), [len(several) for several in accounts])
        buckets, prints = places(self.addresses.keys(keys), spread)
        spot = buckets << _PRINT_BITS | prints
        order = np.lexsort((spot, owner))
        spot, owner, kinds = spot[order], owner[order], first_bytes(keys)[order]
        first = np.ones(len(spot), np.bool_)
        first[1:] = (spot[1:] != spot[:-1]) | (owner[1:] != owner[:-1])
        spot, owner, kinds = spot[first], owner[first], kinds[first]
        ends = np.searchsorted(owner, np.arange(1, len(accounts) + 1))
        return Rows(spot >> _PRINT_BITS, spot & ((1 << _PRINT_BITS) - 1), kinds, _KEPT[kinds], ends)


def places(numbers: Hashes, spread: Spread) -> tuple[Ints, Ints]:
    """The buckets and the prints of hashed keys, from different bits of the hashes."""
    return (
        ((numbers >> np.uint64(24)) % np.uint64(spread.buckets)).astype(np.int64),
        (numbers & np.uint64((1 << 8 * spread.print_bytes) - 1)).astype(np.int64),
    )


def fold_versions(fingerprints: tuple[Fingerprint, ...]) -> set[int]:
    """The fold versions that fingerprints were made with."""
    return {fingerprint.fold_version for fingerprint in fingerprints}
