"""Turns packed postings into ranked claims, in numpy over a whole batch.

A *claim* says that an account is listed under a key: within the key's bucket, its print (a hash of 16 or 24
bits) matches. In some look-ups a claim is false: an account's record is read though it does not share that
key, and the comparison discards it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from samehand.keys import Key, KeyKind, is_personal, kind_of, posting_cap
from store.common.crowd import considered
from store.common.hashing import Hashes, first_bytes
from store.common.key_digests import ID_BYTES
from store.common.ranking import Bools, Floats, Ints, Kinds, rarity_steps, read_at_all
from store.redis.layout import Spread, places

Weigh = Callable[[Ints, Ints, Ints, Ints], tuple[Ints, Bools]]
"""Takes the query and the account of each claim, and the pairs of claim and question behind it (``row``,
``question``); returns each claim's rank in steps, and whether it is kept."""

_PERSONAL: Bools = np.array([is_personal(kind) for kind in range(256)], np.bool_)
_ACCOUNT_BITS = 32  # above these stands the query
_LOST_MAX = np.uint64((1 << 32) - 1)
_ALL: Ints = np.zeros(256, np.int64)
_ALL[list(KeyKind)] = [posting_cap(kind) for kind in KeyKind]
"""By the number of a kind: of up to so many accounts a look-up considers all."""


@dataclass(frozen=True, slots=True)
class Probes:
    """The distinct keys of a batch of queries, where each is looked up, and which query asks for which."""

    keys: list[Key]
    buckets: Ints
    prints: Ints
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
        buckets, prints = places(hashes, spread)
        query = np.repeat(np.arange(len(queries), dtype=np.int64), [len(keys) for keys in queries])
        return cls(keys, buckets, prints, first_bytes(keys), query, probe.astype(np.int64, copy=False))


@dataclass(frozen=True, slots=True)
class Matches:
    """The entries whose prints match, by key and in order of arrival: key, account and what is beside.

    ``lost``: for each key, how many entries were removed from the middle of its crowd (postings.lua).
    """

    probe: Ints
    ids: npt.NDArray[np.uint64]
    beside: Ints  # the moment of a ban (Unix seconds, 0 if unknown), or the cluster of a remembered account
    lost: Ints

    @classmethod
    def of(cls, blobs: Sequence[bytes], probes: Probes, spread: Spread) -> Matches:
        """Finds the entries of each key in the contents of its bucket."""
        size, width = spread.print_bytes, spread.width
        counts = np.fromiter(map(len, blobs), np.int64, len(blobs)) // width
        packed = b"".join(blobs) or bytes(width)
        entries = len(packed) // width
        # Prints are compared by their first two bytes, in stored order.
        heads = np.ndarray((entries,), np.uint16, packed, 0, (width,))
        wanted = (probes.prints >> 8 * (size - 2)).astype(">u2").view(np.uint16)
        hits = np.flatnonzero(heads[: int(counts.sum())] == np.repeat(wanted, counts))
        probe = np.searchsorted(np.cumsum(counts), hits, "right")
        if size > 2:
            thirds = np.ndarray((entries,), np.uint8, packed, 2, (width,))
            exact = thirds[hits] == probes.prints[probe] & 0xFF
            probe, hits = probe[exact], hits[exact]
        ids = np.ndarray((entries,), ">u8", packed, size, (width,))
        beside = np.ndarray((entries,), f">u{spread.beside_bytes}", packed, size + ID_BYTES, (width,))
        found = ids[hits].astype(np.uint64)
        there = found > _LOST_MAX
        lost = np.bincount(probe[~there], found[~there], len(probes.keys)).astype(np.int64)
        return cls(probe[there], found[there], beside[hits[there]].astype(np.int64), lost)

    def considered(self, probes: Probes, *, of_bans: bool) -> Matches:
        """Leaves of each key those that a look-up considers."""
        lengths = np.bincount(self.probe, minlength=len(probes.keys))
        left = np.ones(len(self.probe), np.bool_)
        ends = np.cumsum(lengths)
        for at in np.flatnonzero(lengths > _ALL[probes.kinds]).tolist():
            here, there = int(ends[at] - lengths[at]), int(ends[at])
            clusters = None if of_bans else self.beside[here:there].tolist()
            left[here:there] = False
            left[here + considered(kind_of(probes.keys[at]), there - here, clusters)] = True
        return Matches(self.probe[left], self.ids[left], self.beside[left], self.lost)


def merged(several: Sequence[Matches]) -> Matches:
    """The matches in several indexes, by key."""
    probe = np.concatenate([one.probe for one in several])
    order = np.argsort(probe, kind="stable")
    ids, beside = (
        np.concatenate(columns) for columns in zip(*((m.ids, m.beside) for m in several), strict=True)
    )
    return Matches(probe[order], ids[order], beside[order], np.sum([one.lost for one in several], 0))


@dataclass(frozen=True, slots=True)
class Claims:
    """Pairs of query and account, sorted by query and account, and the rank of each in steps."""

    query: Ints
    account: Ints
    steps: Ints

    def at(self, positions: Ints | Bools | slice) -> Claims:
        """The claims at these positions."""
        return Claims(self.query[positions], self.account[positions], self.steps[positions])

    def best(self, keep: Ints) -> Claims:
        """The best of each query, best first, ties by account; ``keep`` says how many of each query."""
        order = np.lexsort((self.account, -self.steps, self.query))
        query = self.query[order]
        return self.at(order[np.arange(len(query)) - np.searchsorted(query, query) < keep[query]])

    def counts(self, queries: int) -> Ints:
        """How many claims each query has."""
        return np.bincount(self.query, minlength=queries)

    def each(self, queries: int) -> list[slice]:
        """The slice of each query's claims."""
        bounds = np.searchsorted(self.query, np.arange(queries + 1)).tolist()
        return [slice(here, there) for here, there in pairwise(bounds)]


@dataclass(frozen=True, slots=True)
class Listings:
    """Who is listed under each key: ``lengths`` of them from ``starts`` on, as positions in ``ids``."""

    ids: npt.NDArray[np.uint64]  # distinct, sorted
    beside: Ints
    held: Ints
    starts: Ints
    lengths: Ints

    @classmethod
    def of(cls, probes: Probes, matches: Matches) -> Listings:
        """Numbers the accounts in the order of their ids; one with two moments counts as two."""
        order = np.lexsort((matches.beside, matches.ids)) if len(matches.ids) else np.zeros(0, np.int64)
        ids, beside = matches.ids[order], matches.beside[order]
        fresh = np.ones(len(order), np.bool_)
        fresh[1:] = (ids[1:] != ids[:-1]) | (beside[1:] != beside[:-1])
        held = np.empty(len(order), np.int64)
        held[order] = np.cumsum(fresh) - 1
        lengths = np.bincount(matches.probe, minlength=len(probes.keys))
        return cls(ids[fresh], beside[fresh], held, np.cumsum(lengths) - lengths, lengths)

    @property
    def moments(self) -> Floats:
        """When each ban took effect (Unix seconds), NaN where unknown."""
        return np.where(self.beside, self.beside, np.nan)

    def claims(self, probes: Probes, keep: int, own: npt.NDArray[np.uint64], weigh: Weigh) -> Claims:
        """The accounts listed under a key whose posting is read, as far as ``weigh`` keeps them.

        ``own``: the id of each query's own account, which claims nothing.
        """
        lengths = self.lengths
        questions = np.flatnonzero(
            read_at_all(probes.query, probes.kinds[probes.probe], lengths[probes.probe], keep)
        )
        asked = probes.probe[questions]
        counts = lengths[asked]
        within = np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
        held = self.held[np.repeat(self.starts[asked], counts) + within]
        query = np.repeat(probes.query[questions], counts)
        others = self.ids[held] != own[query]
        pairs = (query << _ACCOUNT_BITS | held)[others]
        order = np.argsort(pairs, kind="stable")
        pairs, question = pairs[order], np.repeat(questions, counts)[others][order]
        first = np.flatnonzero(np.diff(pairs, prepend=-1))
        times = np.diff(first, append=len(pairs))
        query, account = pairs[first] >> _ACCOUNT_BITS, pairs[first] & ((1 << _ACCOUNT_BITS) - 1)
        row = np.repeat(np.arange(len(first), dtype=np.int64), times)
        steps, left = weigh(query, account, row, question)
        return Claims(query, account, steps).at(left)

    def rarity(self, probes: Probes, total: int) -> Weigh:
        """Keeps all claims, and ranks each by the sum of its keys' rarities."""
        distinct, which = np.unique(self.lengths, return_inverse=True)
        table = np.array(
            [rarity_steps(total, length) if length else 0 for length in distinct.tolist()], np.int64
        )
        rarity = table[which][probes.probe]

        def weigh(query: Ints, account: Ints, row: Ints, question: Ints) -> tuple[Ints, Bools]:
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
