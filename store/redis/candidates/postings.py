"""Turns packed postings into ranked claims, in numpy over a whole batch.

A *claim* says that an account is listed under a key: within the key's bucket, its print (a hash of 16 or 24
bits) matches. In some look-ups a claim is false: an account's record is read though it does not share that
key, and the comparison discards it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np

from samehand.keys import Key, is_personal
from store.common.hashing import Hashes, first_bytes
from store.common.ranking import Bools, Ints, Kinds, Tags, rarity_steps, read_at_all
from store.redis.layout import SLOT_BITS, Spread, places

Number = TypeVar("Number", int, Ints)
Weigh = Callable[[Ints, Ints, Ints, Ints], tuple[Ints, Bools]]
"""Takes the query and the place of each claim, and the pairs of claim and question behind it (``row``,
``question``); returns each claim's rank in steps, and whether it is kept."""
_PERSONAL: Bools = np.array([is_personal(kind) for kind in range(256)], np.bool_)

_SLOTS = (1 << SLOT_BITS) - 1
_PLACE_BITS = 40  # a source (16 bits) and a slot; above it stands the query


@dataclass(frozen=True, slots=True)
class Probes:
    """The distinct keys of a batch of queries, where each is looked up, and which query asks for which."""

    keys: list[Key]
    buckets: Ints
    prints: Ints
    spread: Spread
    kinds: Kinds
    query: Ints  # for each question (a key of a query), the number of the query
    probe: Ints  # and for each question the position of the key

    @classmethod
    def of(
        cls, queries: Sequence[Sequence[Key]], hashed: Callable[[Sequence[Key]], Hashes], spread: Spread
    ) -> Probes:
        """Lays out the questions of several queries. Keys with one hash count as one key from here on."""
        asked = [key for keys in queries for key in keys]
        hashes, first, probe = np.unique(hashed(asked), return_index=True, return_inverse=True)
        keys = [asked[at] for at in first.tolist()]
        where, prints = places(hashes, spread)
        return cls(
            keys,
            where,
            prints,
            spread,
            first_bytes(keys),
            np.repeat(np.arange(len(queries), dtype=np.int64), [len(keys) for keys in queries]),
            probe.astype(np.int64, copy=False),
        )


def matches(blobs: Sequence[bytes | None], probes: Probes, first: int) -> tuple[Ints, Ints]:
    """Which probes find which places (source and slot) in the postings of one index; a blob for each probe.

    ``first`` is the number of the source that is the index's first shard.
    """
    size, place_bytes = probes.spread.print_bytes, probes.spread.place_bytes
    width = size + place_bytes
    held = [blob or b"" for blob in blobs]
    counts = np.array([len(blob) for blob in held], np.int64) // width
    packed = b"".join(held)
    entries = len(packed) // width
    # Views of each entry's first two bytes (in stored order, since they are only compared) and its last four.
    heads = np.ndarray((entries,), np.uint16, packed, 0, (width,))
    tails = np.ndarray((entries,), ">u4", packed, width - 4 if entries else 0, (width,))
    wanted = (probes.prints >> 8 * (size - 2)).astype(">u2").view(np.uint16)
    hits = np.flatnonzero(heads == np.repeat(wanted, counts))
    probe = np.searchsorted(np.cumsum(counts), hits, "right")
    if size > 2:
        thirds = np.ndarray((entries,), np.uint8, packed, 2 if entries else 0, (width,))
        exact = thirds[hits] == probes.prints[probe] & 0xFF
        probe, hits = probe[exact], hits[exact]
    where, bits = tails[hits].astype(np.int64) & ((1 << 8 * place_bytes) - 1), probes.spread.slot_bits
    return probe, place_of(where >> bits, where & ((1 << bits) - 1)) + place_of(first, 0)


@dataclass(frozen=True, slots=True)
class Claims:
    """Pairs of query and place, sorted by query, and the rank of each in steps."""

    query: Ints
    place: Ints
    steps: Ints

    def at(self, positions: Ints | Bools | slice) -> Claims:
        """The claims at these positions."""
        return Claims(self.query[positions], self.place[positions], self.steps[positions])

    def best(self, keep: int) -> Claims:
        """The best ``keep`` of each query, best first, and all that equal the last of them."""
        ordered = self.at(np.lexsort((-self.steps, self.query)))
        first = np.searchsorted(ordered.query, ordered.query)
        ends = np.searchsorted(ordered.query, ordered.query, "right")
        last = np.minimum(first + keep, ends) - 1
        return ordered.at(ordered.steps >= ordered.steps[last])

    def cut(self, tags: Tags, keep: int, beside: Ints) -> tuple[Claims, Ints]:
        """The best ``keep`` of each query, best first, ties by tag; and the column ``beside`` cut alike."""
        order = np.lexsort((tags, -self.steps, self.query))
        query = self.query[order]
        order = order[np.arange(len(query)) - np.searchsorted(query, query) < keep]
        return self.at(order), beside[order]

    def counts(self, queries: int) -> Ints:
        """How many claims each query has."""
        return np.bincount(self.query, minlength=queries)

    def each(self, queries: int) -> list[slice]:
        """The slice of each query's claims."""
        bounds = np.searchsorted(self.query, np.arange(queries + 1)).tolist()
        return [slice(here, there) for here, there in pairwise(bounds)]


@dataclass(frozen=True, slots=True)
class Listings:
    """The postings of all indexes: each probe has ``lengths`` places of ``held``, from ``starts`` on."""

    held: Ints
    starts: Ints
    lengths: Ints

    @classmethod
    def of(cls, probes: Probes, matched: Sequence[tuple[Ints, Ints]]) -> Listings:
        """Merges the matches in each index."""
        probe = np.concatenate([which for which, _ in matched]) if matched else np.zeros(0, np.int64)
        places_found = np.concatenate([where for _, where in matched]) if matched else probe
        lengths = np.bincount(probe, minlength=len(probes.keys))
        held = places_found[np.argsort(probe, kind="stable")]
        return cls(held, np.cumsum(lengths) - lengths, lengths)

    def claims(self, probes: Probes, keep: int, weigh: Weigh) -> Claims:
        """The accounts listed under a key whose posting is read, as far as ``weigh`` keeps them."""
        lengths = self.lengths
        questions = np.flatnonzero(
            read_at_all(probes.query, probes.kinds[probes.probe], lengths[probes.probe], keep)
        )
        asked = probes.probe[questions]
        counts = lengths[asked]
        within = np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
        held = self.held[np.repeat(self.starts[asked], counts) + within]
        pairs = pair_of(np.repeat(probes.query[questions], counts), held)
        order = np.argsort(pairs, kind="stable")
        pairs, question = pairs[order], np.repeat(questions, counts)[order]
        first = np.flatnonzero(np.diff(pairs, prepend=-1))
        times = np.diff(first, append=len(pairs))
        distinct = pairs[first]
        query, place = distinct >> _PLACE_BITS, distinct & ((1 << _PLACE_BITS) - 1)
        row = np.repeat(np.arange(len(first), dtype=np.int64), times)
        steps, left = weigh(query, place, row, question)
        return Claims(query, place, steps).at(left)

    def rarity(self, probes: Probes, total: int) -> Weigh:
        """Keeps all claims, and ranks each by the sum of its keys' rarities."""
        distinct, which = np.unique(self.lengths, return_inverse=True)
        table = np.array(
            [rarity_steps(total, length) if length else 0 for length in distinct.tolist()], np.int64
        )
        rarity = table[which][probes.probe]

        def weigh(query: Ints, place: Ints, row: Ints, question: Ints) -> tuple[Ints, Bools]:
            steps = np.zeros(len(query), np.int64)
            np.add.at(steps, row, rarity[question])
            return steps, np.ones(len(query), np.bool_)

        return weigh

    def bearers(self, probes: Probes, queries: int) -> list[dict[Key, int]]:
        """For each query how many accounts are listed under each of its personal values."""
        bearers: list[dict[Key, int]] = [{} for _ in range(queries)]
        personal = _PERSONAL[probes.kinds] & (self.lengths > 0)
        some = np.flatnonzero(personal[probes.probe])
        asked = probes.probe[some]
        columns = (probes.query[some], asked, self.lengths[asked])
        for query, probe, length in zip(*(column.tolist() for column in columns), strict=True):
            bearers[query][probes.keys[probe]] = length
        return bearers


def place_of(source: Number, slot: Number) -> Number:
    """One number for a source and a slot."""
    return source << SLOT_BITS | slot


def pair_of(query: Number, place: Number) -> Number:
    """One number for a query and a place."""
    return query << _PLACE_BITS | place


def sources_and_slots(held: Ints) -> tuple[Ints, Ints]:
    """The sources and slots of many places: undoes :func:`place_of`."""
    return held >> SLOT_BITS, held & _SLOTS


def packed_slots(slots: Ints) -> bytes:
    """Slots in three bytes each, as the scripts read them."""
    return slots.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
