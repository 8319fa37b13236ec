"""Looks up candidates: asks each shard for the postings of its keys, then for the records of the best."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from samehand.keys import Key
from samehand.scoring.key_table import STEPS_A_NAT
from store.base import Candidate, Query
from store.common.ranking import STEPS_A_BIT, Ints, Tables
from store.common.records import frame_heads, frame_records, frame_tag
from store.redis.candidates.moments import Moments, moments_of
from store.redis.candidates.postings import (
    Claims,
    Listings,
    Probes,
    Weigh,
    matches,
    packed_slots,
    pair_of,
    place_of,
    sources_and_slots,
)
from store.redis.client import both, together
from store.redis.layout import Spread
from store.redis.shards import Shards

# Keys per MGET, and records per script: some milliseconds of Redis, during which it serves nobody else.
_KEYS_AT_ONCE = 4_096
_RECORDS_AT_ONCE = 4_096
_MOMENTS_AT_ONCE = 1 << 18  # bytes, of 65,536 bans


@dataclass(frozen=True, slots=True)
class ShardIndex:
    """One index: its shard, and its name (``b:`` for bans, or ``g7:`` for a generation)."""

    shard: int
    name: str


@dataclass(frozen=True, slots=True)
class Heads:
    """What a look-up reads before the postings: the indexes, how many accounts they hold, the places of the
    asking accounts, and, for bans, when those of each shard took effect.
    """

    sources: list[ShardIndex]
    total: int
    own: dict[int, set[int]]  # for each query, the places of its own account
    moments: list[Moments]


async def look_up(
    shards: Shards, queries: Sequence[Query], spread: Spread, names: Sequence[str], keep: int, now: float
) -> list[list[Candidate]]:
    """The candidates of each query in the indexes of these names, at most ``keep``, best first."""
    if not queries:
        return []
    probes = Probes.of([query.keys for query in queries], shards.addresses.keys, spread)
    # Each bucket is fetched once, since its bytes are the cost: at 20,000 bans every fourth key of 64
    # accounts falls into the bucket of another key (at a million one in sixty).
    buckets, which = np.unique(probes.buckets, return_inverse=True)
    postings = [_postings(shards, name, buckets) for name in names]
    heads, blobs = await both(_heads(shards, queries, spread, names), together(postings))
    matched = [
        matches([several[at] for at in which.tolist()], probes, number * spread.shards)
        for number, several in enumerate(blobs)
    ]
    listings = Listings.of(probes, matched)
    tables = [query.table for query in queries if query.table is not None]
    if tables:
        weigh, a_unit = _within_reach(Tables.of(tables), heads.moments), STEPS_A_NAT
    else:
        weigh, a_unit = listings.rarity(probes, heads.total), STEPS_A_BIT
    claimed = listings.claims(probes, keep, weigh)
    bearers = listings.bearers(probes, len(queries))
    own_tags = [shards.addresses.account(query.account).tag for query in queries]
    choice = _Choice(shards, heads, bearers, own_tags, now, keep, a_unit)
    return await choice.of(claimed, len(queries))


def _within_reach(tables: Tables, moments: Sequence[Moments]) -> Weigh:
    """Ranks candidates by the upper bounds of their scores; keeps those that reach the table's threshold."""
    return lambda query, place, row, question: tables.sums(
        query, row, question, lambda rows: moments_of(moments, place[rows])
    )


async def _heads(shards: Shards, queries: Sequence[Query], spread: Spread, names: Sequence[str]) -> Heads:
    of_bans = list(names) == ["b:"]
    digests = [shards.addresses.account(query.account) for query in queries]
    by_shard = {
        shard: [at for at, digest in enumerate(digests) if shards.of(digest) == shard] for shard in shards.all
    }
    known = list(shards.moments)
    enrolled = [moments.enrolled for moments in known]
    answers = await together(
        [
            shards.script(
                "heads",
                shard,
                spread.maps,
                ",".join(names),
                enrolled[shard] if of_bans else -1,
                known[shard].last,
                *(digests[at].raw for at in by_shard[shard]),
            )
            for shard in shards.all
        ]
    )
    sources = [ShardIndex(shard, name) for name in names for shard in shards.all]
    total = 0
    own: dict[int, set[int]] = {}
    for shard, answer in zip(shards.all, answers, strict=True):
        shards.adopt(answer[0].decode())
        stands, so_many, entries, *counts_and_postings = answer[1:]
        if not stands:
            known[shard] = await _moments(shards, shard, known[shard], so_many, entries)
        elif of_bans:
            known[shard].learn(enrolled[shard], entries)
        total += sum(counts_and_postings[: len(names)])
        slots = iter(counts_and_postings[len(names) :])
        for at in by_shard[shard]:
            own[at] = {
                place_of(number * spread.shards + shard, slot)
                for number, slot in enumerate(islice(slots, len(names)))
                if slot >= 0
            }
    return Heads(sources, total, own, known if of_bans else [])


async def _moments(shards: Shards, shard: int, known: Moments, enrolled: int, last: bytes) -> Moments:
    """Reads the moments of all bans of one shard, ``enrolled`` or more; keeps them for later look-ups."""
    key = f"{shards.root(shard)}b:m"
    parts: list[bytes] = []
    while not parts or len(parts[-1]) == _MOMENTS_AT_ONCE:
        at = len(parts) * _MOMENTS_AT_ONCE
        parts.append(await shards.client.command("GETRANGE", key, at, at + _MOMENTS_AT_ONCE - 1))
    fresh = Moments(b"".join(parts), enrolled, last)
    if shards.moments[shard] is known:  # else another look-up was faster, and read no fewer
        shards.moments[shard] = fresh
    return fresh


async def _postings(shards: Shards, name: str, buckets: Ints) -> list[bytes | None]:
    """The contents of posting buckets of one index, each read from its own shard."""
    # Not by a script: it would save the client the packing of keys, but cost Redis twice as much.
    contents = np.full(len(buckets), None, object)

    async def read(shard: int, own: Ints) -> None:
        start = f"{shards.root(shard)}{name}p".encode()
        contents[own] = await shards.client.values(start, buckets[own])

    of = buckets % len(shards.all)
    several = [(shard, np.flatnonzero(of == shard)) for shard in shards.all]
    await together(
        [
            read(shard, own[at : at + _KEYS_AT_ONCE])
            for shard, own in several
            for at in range(0, len(own), _KEYS_AT_ONCE)
        ]
    )
    answer: list[bytes | None] = contents.tolist()
    return answer


class ReadCandidate(Candidate):
    """A candidate as read from Redis: parses its frame, and formats its ``ref``, on first use."""

    __slots__ = ("_frame", "_name", "_slot")

    def __init__(self, name: str, slot: int, frame: bytes, rank: float, bearers: Mapping[Key, int]) -> None:
        """Takes the name of the index, the slot, and the frame read there."""
        self.rank = rank
        self.bearers = bearers
        self._fingerprints = None
        self._name = name
        self._slot = slot
        self._frame = frame

    @property
    def ref(self) -> str:
        """Index, slot, and the tag that reveals whether the slot belongs to another account by now."""
        return f"{self._name}{self._slot}.{frame_tag(self._frame).hex()}"

    @property
    def records(self) -> tuple[bytes, ...]:
        """Packed fingerprints, one for each pepper."""
        return frame_records(self._frame)


class _Choice:
    """Turns claims into candidates: reads the best records, and more if some had expired or gone."""

    def __init__(
        self,
        shards: Shards,
        heads: Heads,
        bearers: Sequence[Mapping[Key, int]],
        tags: Sequence[bytes],
        now: float,
        keep: int,
        a_unit: int,
    ) -> None:
        self._shards = shards
        self._heads = heads
        self._names = [f"{source.shard}.{source.name}" for source in heads.sources]
        self._bearers = bearers
        self._now = now
        self._keep = keep
        self._a_unit = a_unit
        self._places = np.zeros(0, np.int64)  # of the records read, sorted; the next three are parallel
        self._tags = np.zeros(0, np.uint32)
        self._in_force = np.zeros(0, np.bool_)
        self._frames: list[bytes] = []
        pairs = [pair_of(query, place) for query, own in heads.own.items() for place in own]
        self._own = np.array(pairs, np.int64)
        self._own_tags = np.frombuffer(b"".join(tags), ">u4").astype(np.uint32)

    async def of(self, claimed: Claims, queries: int) -> list[list[Candidate]]:
        answers: list[list[Candidate]] = [[] for _ in range(queries)]
        left, reach = claimed, self._keep + 1  # the account itself may be among them
        while len(left.query):
            best = left.best(reach)
            await self._read(best.place)
            where = np.searchsorted(self._places, best.place)
            # Recognises the asking account by its place and by its tag, since it may have been written to
            # another place after its own was read. One in four billion other accounts has the same tag and is
            # missed.
            own = np.isin(pair_of(best.query, best.place), self._own)
            own |= self._tags[where] == self._own_tags[best.query]
            in_force = self._in_force[where]
            fell = np.zeros(queries, np.bool_)
            fell[best.query[~in_force & ~own]] = True
            ranked = self._ranked(best.at(in_force & ~own), queries)
            asked = left.counts(queries)
            for number in np.flatnonzero(asked).tolist():
                answers[number] = ranked[number]
            # Where claims fell away (expired, gone), claims that were cut take their places. Reading twice as
            # many is nearly always enough, while reading all would mean hundreds.
            few = np.array([len(answer) < self._keep for answer in answers], np.bool_)
            short = few & fell & (best.counts(queries) < asked)
            left, reach = left.at(short[left.query]), 2 * reach
        return answers

    async def _read(self, held: Ints) -> None:
        """Reads the frames of places not read yet; "" where there is none (any more)."""
        places = np.setdiff1d(held, self._places)
        sources, slots = sources_and_slots(places)
        raws = np.empty(len(places), object)

        async def read(source: ShardIndex, some: Ints) -> None:
            raws[some] = await self._shards.script(
                "frames", source.shard, source.name, packed_slots(slots[some])
            )

        jobs: list[Coroutine[Any, Any, None]] = []
        for number, source in enumerate(self._heads.sources):
            own = np.flatnonzero(sources == number)
            jobs += [
                read(source, own[at : at + _RECORDS_AT_ONCE]) for at in range(0, len(own), _RECORDS_AT_ONCE)
            ]
        await together(jobs)
        frames = raws.tolist()
        tags, in_force = frame_heads(frames, self._now)
        order = np.argsort(np.concatenate([self._places, places]), kind="stable")
        frames = self._frames + frames
        self._places = np.concatenate([self._places, places])[order]
        self._tags = np.concatenate([self._tags, tags])[order]
        self._in_force = np.concatenate([self._in_force, in_force])[order]
        self._frames = [frames[at] for at in order.tolist()]

    def _ranked(self, left: Claims, queries: int) -> list[list[Candidate]]:
        """Returns claims of each query as candidates, by rank, ties by the account's tag, cut."""
        where = np.searchsorted(self._places, left.place)
        left, where = left.cut(self._tags[where], self._keep, where)
        sources, slots = sources_and_slots(left.place)
        names, frames = self._names, self._frames
        columns = (sources, slots, where, left.steps / self._a_unit, left.query)
        candidates: list[Candidate] = [
            ReadCandidate(names[source], slot, frames[at], rank, self._bearers[query])
            for source, slot, at, rank, query in zip(*(column.tolist() for column in columns), strict=True)
        ]
        return [candidates[own] for own in left.each(queries)]
