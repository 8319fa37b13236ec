"""From packed postings to ranked claims, in numpy over a whole batch.

A *claim* says that an account is listed under a key: a print of 24 bits agrees within a bucket. Once in
some thousand look-ups a claim is false, so whoever takes a candidate checks it against the full keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samehand.keys import Key
from store.ranking import rarity_steps
from store.redis.layout import ENTRY_BYTES, place

Ints = npt.NDArray[np.int64]

_SLOT_BITS = 24
_PLACE_BITS = 40  # a source (16 bits) and a slot; above it stands the query


@dataclass(frozen=True, slots=True)
class Probes:
    """The distinct keys of a batch of queries: where each is looked up, and which query asks for which."""

    keys: list[Key]
    buckets: list[int]
    prints: Ints
    query: Ints  # for each question (a query's key), the query
    probe: Ints  # and the key

    @classmethod
    def of(cls, queries: Sequence[Sequence[Key]], hashes: dict[Key, int], buckets: int) -> Probes:
        """Lays out the questions of several queries."""
        number = {key: at for at, key in enumerate(hashes)}
        places = [place(hashed, buckets) for hashed in hashes.values()]
        asked = [list(dict.fromkeys(number[key] for key in keys)) for keys in queries]
        return cls(
            list(hashes),
            [bucket for bucket, _ in places],
            np.array([print_ for _, print_ in places], np.int64),
            np.repeat(np.arange(len(asked), dtype=np.int64), [len(one) for one in asked]),
            np.array([probe for one in asked for probe in one], np.int64),
        )


def matches(blobs: Sequence[bytes | None], probes: Probes, source: int) -> tuple[Ints, Ints]:
    """Which probes find which places (source and slot) in the postings of one index, one blob a probe."""
    packed = np.frombuffer(b"".join(blob or b"" for blob in blobs), np.uint8).reshape(-1, ENTRY_BYTES)
    counts = np.array([len(blob or b"") // ENTRY_BYTES for blob in blobs], np.int64)
    entries = packed.astype(np.int64)
    prints = entries[:, 0] << 16 | entries[:, 1] << 8 | entries[:, 2]
    found = np.flatnonzero(prints == np.repeat(probes.prints, counts))
    probe = np.repeat(np.arange(len(blobs), dtype=np.int64), counts)[found]
    slots = entries[found, 3] << 16 | entries[found, 4] << 8 | entries[found, 5]
    return probe, slots | source << _SLOT_BITS


@dataclass(frozen=True, slots=True)
class Claims:
    """For each pair of query and place: the sum of rarities, and the probes that found it."""

    query: Ints
    place: Ints
    steps: Ints
    _bounds: Ints
    _probes: Ints
    rarity: Ints

    def of_query(self, query: int) -> tuple[int, int]:
        """The range of a query's claims."""
        first, last = np.searchsorted(self.query, (query, query + 1))
        return int(first), int(last)

    def probes(self, claim: int) -> list[int]:
        """The probes that found a claim's place."""
        found: list[int] = self._probes[self._bounds[claim] : self._bounds[claim + 1]].tolist()
        return found


def claims(probes: Probes, found: Sequence[tuple[Ints, Ints]], total: int) -> Claims:
    """Sums what every probe found, for each query."""
    probe = np.concatenate([one for one, _ in found]) if found else np.zeros(0, np.int64)
    places = np.concatenate([one for _, one in found]) if found else np.zeros(0, np.int64)
    order = np.argsort(probe, kind="stable")
    places = places[order]
    lengths = np.bincount(probe, minlength=len(probes.keys))
    starts = np.cumsum(lengths) - lengths
    rarity = _rarity(lengths, total)
    counts = lengths[probes.probe]
    ends = np.cumsum(counts)
    within = np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(ends - counts, counts)
    asked = np.repeat(probes.probe, counts)
    pairs = (
        np.repeat(probes.query, counts) << _PLACE_BITS
        | places[np.repeat(starts[probes.probe], counts) + within]
    )
    by_pair = np.argsort(pairs, kind="stable")
    pairs, asked = pairs[by_pair], asked[by_pair]
    first = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1]))) if len(pairs) else pairs
    steps = np.add.reduceat(rarity[asked], first) if len(pairs) else pairs
    distinct = pairs[first]
    return Claims(
        distinct >> _PLACE_BITS,
        distinct & ((1 << _PLACE_BITS) - 1),
        steps,
        np.append(first, len(pairs)),
        asked,
        rarity,
    )


def _rarity(lengths: Ints, total: int) -> Ints:
    distinct, which = np.unique(lengths, return_inverse=True)
    table = np.array([rarity_steps(total, length) if length else 0 for length in distinct.tolist()], np.int64)
    return table[which]


def shortlist(steps: Ints, keep: int) -> Ints:
    """Positions of the best ``keep`` and of all that equal the last of them."""
    if len(steps) <= keep:
        return np.arange(len(steps), dtype=np.int64)
    least = np.partition(steps, len(steps) - keep)[len(steps) - keep]
    return np.flatnonzero(steps >= least)


def source_and_slot(place_: int) -> tuple[int, int]:
    """The parts of a place."""
    return place_ >> _SLOT_BITS, place_ & ((1 << _SLOT_BITS) - 1)
