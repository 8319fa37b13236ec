"""What a store of one shard lists, every posting of it, as it lies in Redis: to compare two stores whole."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bench.store.server import Server
from samehand.keys import Key
from store.ranking import Ints, Tags
from store.records import frame_tag
from store.redis.layout import PAGE_SLOTS, SLOT_BYTES, Layout, places

_AT_ONCE = 4_096
_END_BYTES = 3  # a page begins with the end of each of its records
_CAP_BITS = 16  # a row of `Layout.rows` with a short print: bucket (32 bits), print (16), cap (16)
_PRINT_BITS = 16
_TAG_BITS = 32


class Listed(NamedTuple):
    """Entries in no order: the spot (bucket and print) where each stands, and the tag of whom it lists."""

    spots: Ints
    tags: Tags


class Rows(NamedTuple):
    """Where keys are listed: the spot of each, and how many accounts it may list."""

    spots: Ints
    caps: npt.NDArray[np.uint16]


class Differences(NamedTuple):
    """Of the postings of two stores: how many there are in either, and which list others."""

    postings: int
    spots: Ints


def listed(server: Server, layout: Layout) -> Listed:
    """Every entry of a store."""
    root, spread = f"{layout.root(0)}b:".encode(), layout.bans
    width = spread.print_bytes + SLOT_BYTES
    tags_of_slots = _tags_of_slots(server, root)
    spots, tags = [np.zeros(0, np.int64)], [np.zeros(0, np.uint32)]
    for start in range(0, spread.postings, _AT_ONCE):
        buckets = np.arange(start, min(start + _AT_ONCE, spread.postings))
        names = [root + b"p" + int(bucket).to_bytes(4, "big") for bucket in buckets]
        held = [blob or b"" for blob in server.client.mget(names)]
        entries = np.frombuffer(b"".join(held), np.uint8).reshape(-1, width)
        bucket = np.repeat(buckets, [len(blob) // width for blob in held])
        spots.append(bucket << _PRINT_BITS | _number(entries[:, : spread.print_bytes]))
        tags.append(tags_of_slots[_number(entries[:, spread.print_bytes :])])
    return Listed(np.concatenate(spots), np.concatenate(tags))


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


def rows(layout: Layout, accounts: Sequence[Sequence[Key]]) -> Rows:
    """Where the keys of accounts are listed."""
    packed = b"".join(several[1:] for several in layout.rows(accounts, layout.bans))
    numbers = np.frombuffer(packed, ">u8")
    spots = (numbers >> np.uint64(_CAP_BITS)).astype(np.int64)
    return Rows(spots, (numbers & np.uint64((1 << _CAP_BITS) - 1)).astype(np.uint16))


def overflowing(told: Rows) -> Ints:
    """The spots under which more accounts were told than may be listed: whom they list came first."""
    order = np.argsort(told.spots, kind="stable")
    spots, caps = told.spots[order], told.caps[order]
    first = np.flatnonzero(np.diff(spots, prepend=-1))
    counts = np.diff(first, append=len(spots))
    fewest = np.minimum.reduceat(caps, first) if len(first) else caps
    return spots[first[counts > fewest]]


def spots_of(layout: Layout, keys: Sequence[Key]) -> Ints:
    """Where each key is looked up."""
    buckets, prints = places(layout.addresses.keys(keys), layout.bans)
    return buckets << _PRINT_BITS | prints


def differences(one: Listed, other: Listed) -> Differences:
    """Compares postings as sets of accounts."""
    spots, at = np.unique(np.concatenate([one.spots, other.spots]), return_inverse=True)
    pairs = at.astype(np.int64) << _TAG_BITS | np.concatenate([one.tags, other.tags])
    here, there = pairs[: len(one.spots)], pairs[len(one.spots) :]
    return Differences(len(spots), spots[np.unique(np.setxor1d(here, there) >> _TAG_BITS)])
