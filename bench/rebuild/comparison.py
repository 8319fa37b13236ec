"""Whether two stores are logically equal: fingerprints, postings, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bench.rebuild.history import NOW
from bench.recall import KEEP
from bench.store.server import Server
from samehand.keys import Key
from store.base import Candidate, Query
from store.common.hashing import first_bytes
from store.common.ranking import SILENT_ABOVE, Ints, Tags
from store.common.records import frame_tag, keys_of_fingerprints
from store.redis import RedisStore
from store.redis.layout import PAGE_SLOTS, SLOT_BYTES, Layout, places

_AT_ONCE = 4_096
_END_BYTES = 3  # a page begins with the end of each of its records
_PRINT_BITS = 16
_TAG_BITS = 32


class Listed(NamedTuple):
    """Entries in no order: the spot (bucket and print) where each stands, and the tag of whom it lists."""

    spots: Ints
    tags: Tags


class ReadSpots(NamedTuple):
    """Of keys: the spot where each is listed, and how many may stand there for a look-up to read it."""

    spots: Ints
    most: Ints

    @classmethod
    def of(cls, layout: Layout, keys: Sequence[Key]) -> ReadSpots:
        return cls(spots_of(layout, keys), SILENT_ABOVE[first_bytes(keys)])


class Differences(NamedTuple):
    """Of the postings of two stores: those that look-ups read in either, those that none reads in both.

    Of each how many there are, and how many do not list the same accounts.
    """

    postings: int
    differing: int
    silent: int
    silent_differing: int


def listed(server: Server, layout: Layout) -> Listed:
    """Every entry of a store."""
    tags = _tags_of_slots(server, f"{layout.root(0)}b:".encode())
    return _some(server, layout, np.arange(layout.bans.postings), tags)


def _some(server: Server, layout: Layout, buckets: Ints, tags_of_slots: Tags) -> Listed:
    """The entries of some buckets."""
    root, size = f"{layout.root(0)}b:".encode(), layout.bans.print_bytes
    names = [root + b"p" + int(bucket).to_bytes(4, "big") for bucket in buckets]
    held = [blob or b"" for blob in server.client.mget(names)]
    width = size + SLOT_BYTES
    entries = np.frombuffer(b"".join(held), np.uint8).reshape(-1, width)
    bucket = np.repeat(buckets, [len(blob) // width for blob in held])
    spots = bucket << _PRINT_BITS | _number(entries[:, :size])
    return Listed(spots, tags_of_slots[_number(entries[:, size:])])


def _tags_of_slots(server: Server, root: bytes) -> Tags:
    """The tag of the account in each slot, 0 where none is."""
    slots = int(server.client.hget(root + b"c", "next") or 0)
    tags = np.zeros(slots, np.uint32)
    names = [root + b"r%d" % page for page in range(-(-slots // PAGE_SLOTS))]
    for start in range(0, len(names), _AT_ONCE):
        for number, page in enumerate(server.client.mget(names[start : start + _AT_ONCE]), start):
            if page is None:
                continue
            head = np.frombuffer(page[: PAGE_SLOTS * _END_BYTES], np.uint8).reshape(-1, _END_BYTES)
            ends = [0, *_number(head).tolist()]
            for slot, (here, there) in enumerate(pairwise(ends), number * PAGE_SLOTS):
                if there > here:
                    frame = page[len(head) * _END_BYTES + here : len(head) * _END_BYTES + there]
                    tags[slot] = int.from_bytes(frame_tag(frame), "big")
    return tags


def _number(columns: npt.NDArray[np.uint8]) -> Ints:
    """Numbers of so many bytes, the first the greatest."""
    sums = np.zeros(len(columns), np.int64)
    for column in columns.T:
        sums = sums << 8 | column
    return sums


def read_up_to(several: Sequence[ReadSpots]) -> ReadSpots:
    """Each spot once, and how many accounts may stand there for whichever of its keys reads most."""
    spots, most = (np.concatenate(column) for column in zip(*several, strict=True))
    order = np.argsort(spots, kind="stable")
    spots = spots[order]
    first = np.flatnonzero(np.diff(spots, prepend=-1))
    return ReadSpots(spots[first], np.maximum.reduceat(most[order], first))


def spots_of(layout: Layout, keys: Sequence[Key]) -> Ints:
    """Where each key is looked up."""
    buckets, prints = places(layout.addresses.keys(keys), layout.bans)
    return buckets << _PRINT_BITS | prints


def differences(one: Server, other: Server, layout: Layout, read: ReadSpots) -> Differences:
    """Compares all postings of two stores as sets of accounts, some buckets at a time."""
    root = f"{layout.root(0)}b:".encode()
    tags = [_tags_of_slots(server, root) for server in (one, other)]
    found = np.zeros(len(Differences._fields), np.int64)
    for start in range(0, layout.bans.postings, _AT_ONCE):
        buckets = np.arange(start, min(start + _AT_ONCE, layout.bans.postings))
        here, there = (
            _some(server, layout, buckets, own) for server, own in zip((one, other), tags, strict=True)
        )
        found += _differences(here, there, read)
    return Differences(*found.tolist())


def _differences(one: Listed, other: Listed, read: ReadSpots) -> Differences:
    spots, at = np.unique(np.concatenate([one.spots, other.spots]), return_inverse=True)
    here, there = at[: len(one.spots)], at[len(one.spots) :]
    where = np.minimum(np.searchsorted(read.spots, spots), len(read.spots) - 1)
    # A spot under which no ban is told is garbage, and is never left out.
    most = np.where(read.spots[where] == spots, read.most[where], np.iinfo(np.int64).max)
    lengths = np.array([np.bincount(places, minlength=len(spots)) for places in (here, there)])
    silent = (lengths > most).all(axis=0)
    odd = np.setxor1d(here << _TAG_BITS | one.tags, there << _TAG_BITS | other.tags)
    differ = np.zeros(len(spots), np.bool_)
    differ[odd >> _TAG_BITS] = True
    return Differences(
        int((~silent).sum()), int((differ & ~silent).sum()), int(silent.sum()), int((differ & silent).sum())
    )


_ASKED_AT_ONCE = 32


class Filled(NamedTuple):
    """A store and the server that it lies in."""

    store: RedisStore
    server: Server


@dataclass(frozen=True, slots=True)
class Compared:
    """How many fingerprints, postings and queries there are, and how many differ.

    ``silent`` postings list more accounts in both stores than any look-up reads, so that which these are
    changes no answer: of those, ``silent_differing`` list others. All other postings must be the same.
    """

    fingerprints: int
    fingerprints_differing: int
    postings: int
    postings_differing: int
    silent: int
    silent_differing: int
    queries: int
    queries_differing: int

    @property
    def same(self) -> bool:
        """Whether the stores are logically equal."""
        return not (self.fingerprints_differing or self.postings_differing or self.queries_differing)


async def compared(old: Filled, new: Filled, layout: Layout, asked: Sequence[Query]) -> Compared:
    """Compares two stores of one shard and one layout."""
    before, reads = await _walked(old.store, layout)
    after, _ = await _walked(new.store, None)
    found = differences(old.server, new.server, layout, read_up_to(reads))
    answers = await _both(old.store, new.store, asked)
    return Compared(
        fingerprints=len(before),
        fingerprints_differing=len(before ^ after),
        postings=found.postings,
        postings_differing=found.differing,
        silent=found.silent,
        silent_differing=found.silent_differing,
        queries=len(answers),
        queries_differing=sum(ours != theirs for ours, theirs in answers),
    )


async def _walked(store: RedisStore, layout: Layout | None) -> tuple[set[bytes], list[ReadSpots]]:
    """A digest of each ban with all its facts; and how its keys are read, if a layout is given."""
    digests: set[bytes] = set()
    found: list[ReadSpots] = []
    async for batch in store.walk():
        digests |= {blake2b(repr(ban).encode(), digest_size=16).digest() for ban in batch}
        if layout and batch:
            keys = [key for ban in batch for key in keys_of_fingerprints(ban.fingerprints)]
            found.append(ReadSpots.of(layout, keys))
    return digests, found


Answer = tuple[tuple[str, float], ...]


async def _both(old: RedisStore, new: RedisStore, queries: Sequence[Query]) -> list[tuple[Answer, Answer]]:
    """What each store answers to each query, by the accounts' tags: slots are a store's own."""
    answers: list[tuple[Answer, Answer]] = []
    for at in range(0, len(queries), _ASKED_AT_ONCE):
        some = queries[at : at + _ASKED_AT_ONCE]
        ours = await old.bans_like(some, now=NOW, keep=KEEP)
        theirs = await new.bans_like(some, now=NOW, keep=KEEP)
        answers += [(tuple(map(_told, a)), tuple(map(_told, b))) for a, b in zip(ours, theirs, strict=True)]
    return answers


def _told(candidate: Candidate) -> tuple[str, float]:
    return candidate.ref.rpartition(".")[2], candidate.rank
