"""The store rebuilt from ``accounts.banned`` beside the old one: how fast, and whether it answers the same.

``python -m bench.rebuild [--bans 100000] [--json] [--note docs/faults.md]``; ``make bench-rebuild``. The old
store is told a history (some accounts are banned twice, some reinstated) as a worker is told it. The truth is
that history as a compacted topic keeps it: the last record of each account, in another order. From it
``samehand rebuild``'s own code fills an empty Redis, is broken off half-way and goes on, while a worker
enrols new bans there, some of the old ones again, and looks up. Then both stores must hold the same
fingerprints, list the same accounts under the same keys, and answer queries with the same candidates in the
same order.

A posting that is full keeps who came first, so a value that more accounts were told under than it may list
overflows, and may list others in each store. Which values these are is told by counting the bans, not by what
a store lists. Every other posting must be the same, and so must the answer to every query when such values
are left out of it; where answers with them differ is counted apart.

200,000 bans took ten minutes of a busy machine (seven and a half of processor time) and 1.2 GB beside the two
servers; a million should take five times that. The old store is kept between runs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, cast
from zlib import crc32

import numpy as np
from prometheus_client import CollectorRegistry

import agents.doors
import agents.enrol
from agents.doors import ban_of
from agents.enrol import Enrol
from agents.house import OPERATIONS, House
from agents.tombstones import tombstone
from bench.index.population import Held, population
from bench.kinds import KINDS
from bench.machine import in_words, machine
from bench.recall import FIELDS, KEEP, disguised
from bench.store.bans import BANNED_AT, KEYERS, a_layout, a_store, account_id
from bench.store.kept import Kept
from bench.store.listing import Rows, differences, listed, overflowing, rows, spots_of
from bench.store.server import Server, server
from desk.cli.bookmark import Bookmark, read_bookmark
from desk.cli.rebuild import Tally, open_anew, read_all
from samehand.account import Account as Known
from samehand.fingerprint import distil, query_keys
from samehand.keys import Key
from samehand.weights import default_weights
from schemas.accounts import Account, AccountBanned, Tombstone
from schemas.malformed import Malformed
from schemas.wire import decode_banned, encode
from store.base import Candidate, Query
from store.ranking import Ints
from store.records import keys_of_fingerprints
from store.redis import RedisStore
from store.redis.layout import Layout
from streams.meters import Meters
from streams.outcomes import Arrival
from streams.topics import Names
from tools.readme_tables import filled_in

TOPIC = "accounts.banned"
QUERIES = 10_000
"""How many queries are compared."""

_NOW = BANNED_AT + 86_400.0
_PARTITIONS = 4
_TWICE, _LIFTED = 20, 50  # one account in so many is banned a second time; is reinstated
_LIVE = 50  # one ban in so many more arrives while the store is being rebuilt
_BATCH, _ASKED_AT_ONCE = 500, 32


class BrokenOff(Exception):
    """The rebuild was interrupted, as by an operator."""


@dataclass(frozen=True, slots=True)
class History:
    """What happened to banned accounts, told twice over: as it came, and as compaction leaves it."""

    held: Sequence[Held]

    def ban(self, number: int, *, at: float, called: int | None = None) -> Arrival:
        """The record of a ban; ``called``: whose handle the account had at that time, by default its own."""
        own, then = self.held[number], self.held[number if called is None else called]
        moment = datetime.fromtimestamp(at, UTC)
        event = AccountBanned(
            event_id=f"{number}-{at:.0f}",
            version=1,
            occurred_at=moment,
            banned_at=moment,
            platform=own.platform,
            policy="spam",
            queue="integrity",
            account=Account(
                account_id=account_id(number), handle=then.handle, display_name=then.display_name or None
            ),
        )
        return Arrival(TOPIC, 0, 0, event.key.encode(), encode(event), timestamp=at)

    def lifted(self, number: int) -> Arrival:
        """The tombstone of a reinstated account."""
        emit = tombstone(f"{self.held[number].platform}:{account_id(number)}", BANNED_AT + 20, TOPIC)
        return Arrival(TOPIC, 0, 0, emit.key, None, emit.headers, BANNED_AT + 20)

    def gone(self, numbers: range) -> Iterator[Arrival]:
        """The bans of which no store knows any more: those lifted, and those that another one followed."""
        for number in numbers:
            if number % _TWICE == 3:
                yield self.ban(number, at=BANNED_AT, called=number - 1)
            if number % _LIFTED == 7:
                yield self.ban(number, at=BANNED_AT + 10)

    def told(self, numbers: range) -> Iterator[Arrival]:
        """All of it, in order."""
        for number in numbers:
            if number % _TWICE == 3:
                yield self.ban(number, at=BANNED_AT, called=number - 1)
            else:
                yield self.ban(number, at=BANNED_AT + 10)
        for number in numbers[3::_TWICE]:
            yield self.ban(number, at=BANNED_AT + 10)
        for number in numbers[7::_LIFTED]:
            yield self.lifted(number)

    def last(self, number: int) -> Arrival:
        """The last record of an account."""
        return self.lifted(number) if number % _LIFTED == 7 else self.ban(number, at=BANNED_AT + 10)


@dataclass(slots=True)
class Compacted:
    """The topic of bans as :class:`streams.brokers.Reader` shows it; ``broken_off_after`` so many records."""

    history: History
    numbers: range
    broken_off_after: int | None = None
    partitions_: list[list[int]] = field(default_factory=list)
    given: int = 0

    def __post_init__(self) -> None:
        self.partitions_ = [[] for _ in range(_PARTITIONS)]
        for number in reversed(self.numbers):
            self.partitions_[crc32(account_id(number).encode()) % _PARTITIONS].append(number)

    def partitions(self, topic: str) -> list[int]:
        """Its partitions."""
        return list(range(_PARTITIONS))

    def end(self, topic: str, partition: int) -> int:
        """The offset after the last record."""
        return len(self.partitions_[partition])

    def read(self, topic: str, partition: int, since: int | None = None) -> Iterator[Arrival]:
        """The records from an offset on. Raises :class:`BrokenOff` when it is time."""
        for offset in range(since or 0, self.end(topic, partition)):
            if self.given == self.broken_off_after:
                raise BrokenOff
            self.given += 1
            last = self.history.last(self.partitions_[partition][offset])
            yield Arrival(topic, partition, offset, last.key, last.value, last.headers, last.timestamp)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One run, and the three comparisons: how many there were, and how many differ.

    ``postings_differing`` and ``queries_differing`` leave overflowing values out. Queries that read one are
    asked with them too: ``candidates`` is what the old store answers to those, and how many of it the new one
    does not.
    """

    bans: int
    seconds: float
    client_seconds: float
    redis_seconds: float
    records: int
    resumed_after: int
    lookups_meanwhile: int
    enrolled_meanwhile: int
    fingerprints: int
    fingerprints_differing: int
    postings: int
    postings_differing: int
    overflowing: int
    overflowing_differing: int
    queries: int
    queries_differing: int
    queries_overflowing: int
    queries_overflowing_differing: int
    candidates: int
    candidates_differing: int
    machine: dict[str, str | int | float]

    @property
    def bans_a_second(self) -> float:
        """Records a second of wall time."""
        return self.records / self.seconds

    @property
    def same(self) -> bool:
        """Whether the stores are logically equal."""
        return not (self.fingerprints_differing or self.postings_differing or self.queries_differing)


async def rebuilt(bans: int, queries: int = QUERIES) -> Rebuilt:
    """Fills, rebuilds, compares."""
    live = range(bans, bans + max(1, bans // _LIVE))
    history = History(population("diverse", live.stop))
    asked = _queries(history.held[:bans], queries)
    kept = Kept(f"rebuild-{bans}", int, also=(__file__, agents.doors.__file__, agents.enrol.__file__))
    with kept.server() as ours, server() as theirs:
        old, new, worker = a_store(ours, bans), a_store(theirs, bans), a_store(theirs, bans)
        await old.open()
        await kept.filled(ours, lambda: _tell(old, history.told(range(bans))))
        beside = _Beside(worker, history, live, asked)
        took = await _rebuild(new, theirs, Compacted(history, range(bans)), beside)
        await _tell(old, (history.ban(number, at=BANNED_AT + 30) for number in live))
        gone = history.gone(range(bans))
        found = await compared(Filled(old, ours), Filled(new, theirs), a_layout(bans), gone, asked)
        for store in (old, new, worker):
            await store.close()
    return Rebuilt(bans=bans, **took, **found, machine=machine())


def _queries(held: Sequence[Held], count: int) -> list[Query]:
    edits = dict(KINDS["held_out"])
    each = max(1, count // len(edits))
    pepper_id, keyer = KEYERS[0]
    queries = []
    for one in disguised(list(held), edits, each, FIELDS["handle"]):
        account = Known(platform=one.platform, account_id="asks", handle=one.text)
        keys = query_keys(distil(account, keyer, at=_NOW, pepper_id=pepper_id))
        queries.append(Query(account.key, tuple(keys)))
    return queries[:count]


def _enrol(store: RedisStore) -> Enrol:
    """The worker's agent, which a rebuild uses too."""
    house = House(
        store=store,
        keyers=KEYERS,
        weights=default_weights(),
        topics=Names("bench."),
        meters=Meters(CollectorRegistry(), operations=OPERATIONS),
        now=lambda: _NOW,
    )
    return Enrol(house)


async def _tell(store: RedisStore, records: Iterator[Arrival]) -> int:
    enrol, told = _enrol(store), 0
    while batch := list(islice(records, _BATCH)):
        await enrol(batch)
        told += len(batch)
    return told


@dataclass(slots=True)
class _Beside:
    """A worker of the same store, on a connection of its own, while it is being rebuilt."""

    store: RedisStore
    history: History
    live: range
    asked: Sequence[Query]
    done: bool = False
    lookups: int = 0
    enrolled: int = 0

    async def run(self) -> None:
        """Enrols each new ban and an old one again, and looks up, until the rebuild is done."""
        await self.store.open()
        enrol = _enrol(self.store)
        coming = iter(self.live)
        while (some := list(islice(coming, 5))) or not self.done:
            again = [
                self.history.last(number)
                for number in range(self.enrolled % self.live.start, self.live.start)[:5]
            ]
            news = [self.history.ban(number, at=BANNED_AT + 30) for number in some]
            await enrol(news + again)
            self.enrolled += len(news) + len(again)
            first = self.lookups % max(1, len(self.asked) - _ASKED_AT_ONCE)
            several = self.asked[first : first + _ASKED_AT_ONCE]
            await self.store.bans_like(several, now=_NOW, keep=KEEP)
            self.lookups += len(several)
            await asyncio.sleep(0.02)


async def _rebuild(new: RedisStore, theirs: Server, truth: Compacted, beside: _Beside) -> dict[str, Any]:
    """Rebuilds, broken off once. The truth stands in for a broker's reader."""
    tally, opened, enrol = Tally(), cast(Any, truth), _enrol(new)
    began, own, server_began = time.monotonic(), time.process_time(), theirs.cpu_seconds()
    with tempfile.TemporaryDirectory() as folder:
        bookmark = Bookmark(Path(folder) / "rebuild.json", TOPIC, "bench", await open_anew(new))
        worker = asyncio.create_task(beside.run())
        truth.broken_off_after = len(truth.numbers) // 2
        try:
            await read_all(opened, TOPIC, enrol, bookmark, {}, tally)
        except BrokenOff:
            truth.broken_off_after = None
        done = read_bookmark(bookmark)
        tally.resumed_after = sum(done.values())
        await read_all(opened, TOPIC, enrol, bookmark, done, tally)
    seconds = time.monotonic() - began
    beside.done = True
    await worker
    return {
        "seconds": seconds,
        "client_seconds": time.process_time() - own,
        "redis_seconds": theirs.cpu_seconds() - server_began,
        "records": tally.read,
        "resumed_after": tally.resumed_after,
        "lookups_meanwhile": beside.lookups,
        "enrolled_meanwhile": beside.enrolled,
    }


class Filled(NamedTuple):
    """A store and the server that it lies in."""

    store: RedisStore
    server: Server


async def compared(
    old: Filled, new: Filled, layout: Layout, gone: Iterator[Arrival], asked: Sequence[Query]
) -> dict[str, int]:
    """How much there is to compare, and how much of it differs."""
    before, told = await _walked(old.store, layout)
    after, _ = await _walked(new.store, None)
    told += [rows(layout, [_keys(arrival) for arrival in several]) for several in _batches(gone)]
    crowded = overflowing(Rows(*map(np.concatenate, zip(*told, strict=True))))
    found = differences(listed(old.server, layout), listed(new.server, layout))
    elsewhere = np.setdiff1d(found.spots, crowded)
    bare = [_without(query, layout, crowded) for query in asked]
    with_them = [query for query, less in zip(asked, bare, strict=True) if less != query]
    exact = await _both(old.store, new.store, bare)
    ranked = await _both(old.store, new.store, with_them)
    return {
        "fingerprints": len(before),
        "fingerprints_differing": len(before ^ after),
        "postings": found.postings,
        "postings_differing": len(elsewhere),
        "overflowing": len(crowded),
        "overflowing_differing": len(found.spots) - len(elsewhere),
        "queries": len(exact),
        "queries_differing": sum(ours != theirs for ours, theirs in exact),
        "queries_overflowing": len(ranked),
        "queries_overflowing_differing": sum(ours != theirs for ours, theirs in ranked),
        "candidates": sum(len(ours) for ours, _ in ranked),
        "candidates_differing": sum(len(_tags(ours) - _tags(theirs)) for ours, theirs in ranked),
    }


def _keys(arrival: Arrival) -> list[Key]:
    """The keys of a ban as it is told."""
    read = decode_banned(arrival.value, now=_NOW)
    if isinstance(read, Malformed | Tombstone):
        raise TypeError(f"{arrival.key!r} is no ban")
    return keys_of_fingerprints(ban_of(read.record, KEYERS).fingerprints)


def _batches(records: Iterator[Arrival]) -> Iterator[list[Arrival]]:
    while batch := list(islice(records, _BATCH)):
        yield batch


def _without(query: Query, layout: Layout, crowded: Ints) -> Query:
    """The query without its overflowing values."""
    keys = np.isin(spots_of(layout, query.keys), crowded)
    return replace(
        query, keys=tuple(key for key, left_out in zip(query.keys, keys, strict=True) if not left_out)
    )


async def _walked(store: RedisStore, layout: Layout | None) -> tuple[set[bytes], list[Rows]]:
    """A digest of each ban with all its facts; and where its keys are listed, if a layout is given."""
    digests: set[bytes] = set()
    found: list[Rows] = []
    async for batch in store.walk():
        digests |= {blake2b(repr(ban).encode(), digest_size=16).digest() for ban in batch}
        if layout and batch:
            found.append(rows(layout, [keys_of_fingerprints(ban.fingerprints) for ban in batch]))
    return digests, found


Answer = tuple[tuple[str, float], ...]


async def _both(old: RedisStore, new: RedisStore, queries: Sequence[Query]) -> list[tuple[Answer, Answer]]:
    """What each store answers to each query, by the accounts' tags: slots are a store's own."""
    answers: list[tuple[Answer, Answer]] = []
    for at in range(0, len(queries), _ASKED_AT_ONCE):
        some = queries[at : at + _ASKED_AT_ONCE]
        ours = await old.bans_like(some, now=_NOW, keep=KEEP)
        theirs = await new.bans_like(some, now=_NOW, keep=KEEP)
        answers += [(tuple(map(_told, a)), tuple(map(_told, b))) for a, b in zip(ours, theirs, strict=True)]
    return answers


def _tags(answer: Answer) -> set[str]:
    return {tag for tag, _ in answer}


def _told(candidate: Candidate) -> tuple[str, float]:
    return candidate.ref.rpartition(".")[2], candidate.rarity_bits


def summary(one: Rebuilt) -> str:
    """In a few lines."""
    return "\n".join(
        (
            f"{one.records:,} records in {one.seconds:.1f} s: {one.bans_a_second:,.0f} a second "
            f"(client {one.client_seconds:.1f} s, Redis {one.redis_seconds:.1f} s of processor time), "
            f"broken off and resumed after {one.resumed_after:,}; "
            f"meanwhile {one.lookups_meanwhile:,} look-ups and {one.enrolled_meanwhile:,} enrolments",
            f"fingerprints: {one.fingerprints:,}, {one.fingerprints_differing:,} differ",
            f"postings: {one.postings:,}, {one.postings_differing:,} differ; "
            f"{one.overflowing:,} overflow, of them {one.overflowing_differing:,} differ",
            f"queries without overflowing values: {one.queries:,}, {one.queries_differing:,} differ",
            f"queries that read one: {one.queries_overflowing:,}, "
            f"{one.queries_overflowing_differing:,} differ, "
            f"in {one.candidates_differing:,} of {one.candidates:,} candidates",
            f"on {in_words(one.machine)}",
        )
    )


def table(one: Rebuilt) -> str:
    """As Markdown: what is compared, of how many, and how many differ."""
    rows = (
        ("fingerprints", one.fingerprints, one.fingerprints_differing, "all of them"),
        (
            "postings, as sets",
            one.postings - one.overflowing,
            one.postings_differing,
            f"all but {one.overflowing:,} that overflow, of which {one.overflowing_differing:,} differ",
        ),
        (
            f"the first {KEEP} candidates in their order",
            one.queries,
            one.queries_differing,
            "disguised handles, asked without values that overflow",
        ),
        (
            "the same with them, where there are any",
            one.queries_overflowing,
            one.queries_overflowing_differing,
            f"in {one.candidates_differing:,} of {one.candidates:,} candidates",
        ),
    )
    per_record = 1e6 * (one.client_seconds + one.redis_seconds) / one.records
    return "\n".join(
        (
            f"| {one.bans:,} bans, {one.records:,} records | compared | differ | |",
            "|---|---|---|---|",
            *(f"| {what} | {of:,} | {differ:,} | {note} |" for what, of, differ, note in rows),
            "",
            f"Broken off after {one.resumed_after:,} records and resumed; meanwhile a worker made "
            f"{one.lookups_meanwhile:,} look-ups and {one.enrolled_meanwhile:,} enrolments.",
            f"{one.seconds:.0f} s; {per_record:,.0f} µs of processor time a record, client and Redis",
            f"together, with that worker's share. {in_words(one.machine)}.",
        )
    )


def main() -> None:
    """Prints a summary, or JSON; fails where the stores differ, else writes a note if it is asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=QUERIES)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--note", type=Path, help="a page with a place for the table, which is written anew")
    chosen = parser.parse_args()
    found = asyncio.run(rebuilt(chosen.bans, chosen.queries))
    told = asdict(found) | {"bans_a_second": found.bans_a_second, "same": found.same}
    print(json.dumps(told, indent=1) if chosen.json else summary(found))
    if not found.same:
        raise SystemExit(1)
    if chosen.note:
        page = chosen.note.read_text("utf-8")
        chosen.note.write_text(filled_in(page, "rebuild", table(found)), "utf-8")


if __name__ == "__main__":
    main()
