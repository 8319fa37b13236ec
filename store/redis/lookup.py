"""A look-up: postings of the whole batch in one command a shard, then the records of the best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from store.base import Candidate, Query
from store.listed import listed
from store.ranking import STEPS_A_BIT
from store.records import Frame, read_frame
from store.redis.hits import Claims, Probes, claims, matches, shortlist, source_and_slot
from store.redis.layout import Spread
from store.redis.link import together
from store.redis.shards import Shards

# Keys of one MGET, and records of one script: some milliseconds of Redis, during which nobody else is served.
_KEYS_AT_ONCE = 4_096
_RECORDS_AT_ONCE = 4_096


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
    own: dict[int, set[tuple[int, int]]]  # for each query, the places (source, slot) of its own account


async def look_up(
    shards: Shards, queries: Sequence[Query], spread: Spread, lives: float | None, now: float, keep: int
) -> list[list[Candidate]]:
    """Candidates of each query; ``lives`` is how long a generation lives, ``None`` for bans."""
    if not queries:
        return []
    hashes = {key: shards.addresses.key(key) for query in queries for key in query.keys}
    probes = Probes.of([query.keys for query in queries], hashes, spread.postings)
    heads = await _heads(shards, queries, spread, lives, now)
    blobs = await together([_postings(shards, source, probes.buckets) for source in heads.sources])
    found = [matches(several, probes, source) for source, several in enumerate(blobs)]
    return await _Choice(shards, heads, probes, claims(probes, found, heads.total), now, keep).all(
        len(queries)
    )


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
    own: dict[int, set[tuple[int, int]]] = {}
    for shard, answer in zip(shards.all, answers, strict=True):
        shards.adopt(answer[0].decode())
        names = answer[1]
        first = len(sources)
        sources += [Source(shard, one.decode()) for one in answer[2 : 2 + 2 * names : 2]]
        total += sum(answer[3 : 2 + 2 * names : 2])
        slots = iter(answer[2 + 2 * names :])
        for at in by_shard[shard]:
            own[at] = {(first + place, slot) for place, slot in enumerate(islice(slots, names)) if slot >= 0}
    return Heads(sources, total, own)


async def _postings(shards: Shards, source: Source, buckets: Sequence[int]) -> list[bytes | None]:
    start = f"{shards.root(source.shard)}{source.name}p".encode()
    distinct = list(dict.fromkeys(buckets))
    names = [start + bucket.to_bytes(4, "big") for bucket in distinct]
    answers = await together(
        [
            shards.link.command("MGET", *names[at : at + _KEYS_AT_ONCE])
            for at in range(0, len(names), _KEYS_AT_ONCE)
        ]
    )
    blobs = dict(zip(distinct, (blob for answer in answers for blob in answer), strict=True))
    return [blobs[bucket] for bucket in buckets]


class _Choice:
    """From claims to candidates: reads the best records, checks them, reads on where some fell away."""

    def __init__(
        self, shards: Shards, heads: Heads, probes: Probes, claims_: Claims, now: float, keep: int
    ) -> None:
        self._shards = shards
        self._heads = heads
        self._probes = probes
        self._claims = claims_
        self._now = now
        self._keep = keep
        self._frames: dict[int, Frame | None] = {}

    async def all(self, queries: int) -> list[list[Candidate]]:
        """The candidates of each query."""
        chosen = [self._shortlist(query) for query in range(queries)]
        await self._read(place for places, _ in chosen for place in self._claims.place[places].tolist())
        answers = []
        for query, (places, more) in enumerate(chosen):
            candidates, certain = self._checked(query, places)
            if more and not certain:
                # A claim fell away (false, expired, gone): what was cut may be better than what is left.
                first, last = self._claims.of_query(query)
                await self._read(self._claims.place[first:last].tolist())
                candidates, _ = self._checked(query, list(range(first, last)))
            answers.append(candidates)
        return answers

    def _shortlist(self, query: int) -> tuple[list[int], bool]:
        first, last = self._claims.of_query(query)
        # One more than is kept: the account itself may be among them.
        best = shortlist(self._claims.steps[first:last], self._keep + 1) + first
        return best.tolist(), len(best) < last - first

    async def _read(self, places: Iterable[int]) -> None:
        wanted = [place for place in dict.fromkeys(places) if place not in self._frames]
        by_shard: dict[int, dict[str, list[int]]] = {}
        for place in wanted:
            source = self._heads.sources[source_and_slot(place)[0]]
            by_shard.setdefault(source.shard, {}).setdefault(source.name, []).append(place)
        jobs = [
            self._read_some(shard, name, places[at : at + _RECORDS_AT_ONCE])
            for shard, names in by_shard.items()
            for name, places in names.items()
            for at in range(0, len(places), _RECORDS_AT_ONCE)
        ]
        if jobs:
            await together(jobs)

    async def _read_some(self, shard: int, name: str, places: list[int]) -> None:
        slots = b"".join(source_and_slot(place)[1].to_bytes(3, "big") for place in places)
        frames = await self._shards.script("frames", shard, name, slots)
        for place, raw in zip(places, frames, strict=True):
            self._frames[place] = read_frame(raw) if raw else None

    def _checked(self, query: int, chosen: Sequence[int]) -> tuple[list[Candidate], bool]:
        """The candidates among claims, best first, and whether every claim but the own held."""
        ranked = []
        certain = True
        own = self._heads.own.get(query, set())
        for claim in chosen:
            place = int(self._claims.place[claim])
            if source_and_slot(place) in own:
                continue
            frame = self._frames[place]
            steps = int(self._claims.steps[claim])
            true = None if frame is None or frame.expired(self._now) else self._true_steps(claim, frame)
            certain = certain and true == steps
            if frame is not None and true is not None:
                ranked.append((-true, frame.tag, place, frame))
        ranked.sort(key=lambda one: one[:2])
        return [self._candidate(one) for one in ranked[: self._keep]], certain

    def _true_steps(self, claim: int, frame: Frame) -> int | None:
        """The rarity of those keys under which the account is listed in truth, ``None`` if there are none."""
        keys, records = self._probes.keys, frame.records
        claimed = self._claims.probes(claim)
        true = [probe for probe in claimed if any(listed(record, keys[probe]) for record in records)]
        if len(true) == len(claimed):
            return int(self._claims.steps[claim])
        return int(sum(self._claims.rarity[true])) if true else None

    def _candidate(self, ranked: tuple[int, bytes, int, Frame]) -> Candidate:
        steps, tag, place, frame = ranked
        source, slot = source_and_slot(place)
        where = self._heads.sources[source]
        return Candidate(f"{where.shard}.{where.name}{slot}.{tag.hex()}", frame.records, -steps / STEPS_A_BIT)
