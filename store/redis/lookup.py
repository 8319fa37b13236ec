"""A look-up: postings of the whole batch in one command a shard, then the records of the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter

import numpy as np

from samehand.keys import Key
from store.base import Candidate, Query
from store.listed import another_picture, listed
from store.ranking import STEPS_A_BIT, Ints
from store.records import Frame, read_frame
from store.redis.hits import (
    Claims,
    Probes,
    claims,
    matches,
    packed_slots,
    place_of,
    source_and_slot,
    sources_and_slots,
)
from store.redis.layout import Spread
from store.redis.link import together
from store.redis.shards import Shards

# Keys of one MGET, and records of one script: some milliseconds of Redis, during which nobody else is served.
_KEYS_AT_ONCE = 4_096
_RECORDS_AT_ONCE = 4_096
_RANK = itemgetter(0, 1)  # by rarity, then by the account's tag


@dataclass(frozen=True, slots=True)
class Source:
    """One index: in which shard, by which name (``b:``, or ``g7:`` for a generation)."""

    shard: int
    name: str


@dataclass(frozen=True, slots=True)
class Heads:
    """What was found before the postings: the indexes, how many accounts they hold, who asks."""

    sources: list[Source]
    total: int
    own: dict[int, set[int]]  # for each query, the places of its own account


async def look_up(
    shards: Shards, queries: Sequence[Query], spread: Spread, lives: float | None, now: float, keep: int
) -> list[list[Candidate]]:
    """Candidates of each query; ``lives`` is how long a generation lives, ``None`` for bans."""
    if not queries:
        return []
    probes = Probes.of([query.keys for query in queries], shards.addresses.key, spread)
    heads = await _heads(shards, queries, spread, lives, now)
    names = [bucket.to_bytes(4, "big") for bucket in probes.buckets.tolist()]
    blobs = await together([_postings(shards, source, names) for source in heads.sources])
    found = [matches(several, probes, source) for source, several in enumerate(blobs)]
    claimed = claims(probes, found, heads.total, keep)
    return await _Choice(shards, heads, probes.keys, now, keep).of(claimed, queries)


async def _heads(
    shards: Shards, queries: Sequence[Query], spread: Spread, lives: float | None, now: float
) -> Heads:
    name = "b:" if lives is None else ""
    digests = [shards.addresses.account(query.account) for query in queries]
    by_shard = {
        shard: [at for at, digest in enumerate(digests) if shards.of(digest) == shard] for shard in shards.all
    }
    answers = await together(
        [
            shards.script(
                "heads",
                shard,
                spread.maps,
                name,
                now,
                lives or 0,
                *(digests[at].raw for at in by_shard[shard]),
            )
            for shard in shards.all
        ]
    )
    sources: list[Source] = []
    total = 0
    own: dict[int, set[int]] = {}
    for shard, answer in zip(shards.all, answers, strict=True):
        shards.adopt(answer[0].decode())
        names = answer[1]
        first = len(sources)
        sources += [Source(shard, one.decode()) for one in answer[2 : 2 + 2 * names : 2]]
        total += sum(answer[3 : 2 + 2 * names : 2])
        slots = iter(answer[2 + 2 * names :])
        for at in by_shard[shard]:
            own[at] = {place_of(first + n, slot) for n, slot in enumerate(islice(slots, names)) if slot >= 0}
    return Heads(sources, total, own)


async def _postings(shards: Shards, source: Source, buckets: Sequence[bytes]) -> list[bytes | None]:
    # Not by a script, which would spare the client its packing: that costs Redis twice what it spares.
    start = f"{shards.root(source.shard)}{source.name}p".encode()
    answers = await together(
        [
            shards.link.command("MGET", *[start + bucket for bucket in buckets[at : at + _KEYS_AT_ONCE]])
            for at in range(0, len(buckets), _KEYS_AT_ONCE)
        ]
    )
    return [blob for answer in answers for blob in answer]


class _Choice:
    """From claims to candidates: reads the best records, checks them, reads on where some fell away."""

    def __init__(self, shards: Shards, heads: Heads, keys: list[Key], now: float, keep: int) -> None:
        self._shards = shards
        self._heads = heads
        self._names = [f"{source.shard}.{source.name}" for source in heads.sources]
        self._keys = keys
        self._now = now
        self._keep = keep
        self._frames: dict[int, Frame | None] = {}

    async def of(self, claimed: Claims, queries: Sequence[Query]) -> list[list[Candidate]]:
        """The candidates of each query."""
        best = claimed.best(self._keep + 1)  # the account itself may be among them
        await self._read(best.place)
        answers: list[list[Candidate]] = []
        short: list[tuple[int, slice]] = []
        each = zip(claimed.each(len(queries)), best.each(len(queries)), strict=True)
        for number, (all_, few) in enumerate(each):
            candidates, fell = self._checked(number, queries[number], best.at(few))
            answers.append(candidates)
            if fell and len(candidates) < self._keep and few.stop - few.start < all_.stop - all_.start:
                short.append((number, all_))
        if short:
            # Claims fell away (false, chance, expired, gone): what was cut may be better than what is left.
            await self._read(np.concatenate([claimed.place[all_] for _, all_ in short]))
            for number, all_ in short:
                answers[number], _ = self._checked(number, queries[number], claimed.at(all_))
        return answers

    async def _read(self, held: Ints) -> None:
        distinct = np.unique(held)
        wanted = distinct[[place not in self._frames for place in distinct.tolist()]]
        sources, slots = sources_and_slots(wanted)
        jobs = []
        for number, source in enumerate(self._heads.sources):
            own = np.flatnonzero(sources == number)
            for at in range(0, len(own), _RECORDS_AT_ONCE):
                some = own[at : at + _RECORDS_AT_ONCE]
                jobs.append(self._read_some(source, wanted[some].tolist(), packed_slots(slots[some])))
        await together(jobs)

    async def _read_some(self, source: Source, held: list[int], slots: bytes) -> None:
        frames = await self._shards.script("frames", source.shard, source.name, slots)
        for place, raw in zip(held, frames, strict=True):
            self._frames[place] = read_frame(raw) if raw else None

    def _checked(self, number: int, query: Query, some: Claims) -> tuple[list[Candidate], bool]:
        """The candidates among a query's claims, best first, and whether a claim beside its own fell away."""
        ranked = []
        fell = False
        own = self._heads.own.get(number, ())
        for place, steps, times, probe in zip(
            some.place.tolist(), some.steps.tolist(), some.times.tolist(), some.probe.tolist(), strict=True
        ):
            frame = self._frames[place]
            if place in own:
                continue
            # Prints of several keys do not agree by chance.
            if (
                frame is None
                or (frame.expires_at is not None and frame.expires_at <= self._now)
                or (times == 1 and not self._truly(frame, self._keys[probe], query))
            ):
                fell = True
            else:
                ranked.append((-steps, frame.tag, place, frame))
        ranked.sort(key=_RANK)
        return [self._candidate(one) for one in ranked[: self._keep]], fell

    def _truly(self, frame: Frame, key: Key, query: Query) -> bool:
        return listed(frame.records, key) and not another_picture(frame.records, key, query.pictures)

    def _candidate(self, ranked: tuple[int, bytes, int, Frame]) -> Candidate:
        steps, tag, place, frame = ranked
        source, slot = source_and_slot(place)
        ref = f"{self._names[source]}{slot}.{tag.hex()}"
        return Candidate(ref, frame.records, -steps / STEPS_A_BIT)
