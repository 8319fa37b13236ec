"""The store rebuilt from ``accounts.banned`` beside the old one: how fast, and whether it answers the same.

``python -m bench.rebuild [--bans 100000] [--note docs/faults.md]``; ``make bench-rebuild``. The old
store is told a history (some accounts are banned twice, some reinstated) as a worker is told it. The truth is
that history as a compacted topic keeps it: the last record of each account, in another order. From it
``samehand rebuild``'s own code fills an empty Redis, is broken off half-way and goes on, while a worker
enrols new bans there, some of the old ones again, and looks up. Then both stores must hold the same
fingerprints and answer queries with the same candidates in the same order.

The old store is kept between runs.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, cast
from zlib import crc32

from prometheus_client import CollectorRegistry

import agents.common.distil
import agents.enrol
from agents.common.context import OPERATIONS, AgentContext
from agents.common.tombstones import tombstone
from agents.common.weighing import Weighing
from agents.enrol import Enrol
from bench.index.disguises import KEEP, disguised
from bench.index.population import BannedNames, population
from bench.page import in_words, machine, markdown
from bench.running.crowd import BANNED_AT, account_id
from bench.store.bans import KEYERS, a_store
from bench.store.server import CachedServer, Server, server
from cli.bookmark import Bookmark, read_bookmark
from cli.maintain.rebuild.banned_topic import ReadTally, open_anew, read_all
from samehand.account import Account
from samehand.fingerprint.distil import distil, query_keys
from samehand.scoring.weights import default_weights
from schemas.accounts import Account as WireAccount
from schemas.accounts import AccountBanned
from schemas.wire import encode
from store.base import Candidate, Query
from store.redis import RedisStore
from streams.kafka.topics import Names
from streams.outcomes import Arrival
from streams.telemetry.metrics import Metrics
from tools.reference_tables import fill_in

TOPIC = "accounts.banned"
_PARTITIONS = 4
_TWICE, _LIFTED = 20, 50  # one account in so many is banned a second time; is reinstated


NOW = BANNED_AT + 86_400.0
"""The moment at which the history ends and its bans are looked up (Unix seconds)."""

_BATCH = 500


class BrokenOff(Exception):
    """The rebuild was interrupted, as by an operator."""


@dataclass(frozen=True, slots=True)
class History:
    """What happened to banned accounts, told twice over: as it came, and as compaction leaves it."""

    held: Sequence[BannedNames]

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
            account=WireAccount(
                account_id=account_id(number), handle=then.handle, display_name=then.display_name or None
            ),
        )
        return Arrival(TOPIC, 0, 0, event.key.encode(), encode(event), timestamp=at)

    def lifted(self, number: int) -> Arrival:
        """The tombstone of a reinstated account."""
        emit = tombstone(f"{self.held[number].platform}:{account_id(number)}", BANNED_AT + 20, TOPIC)
        return Arrival(TOPIC, 0, 0, emit.key, None, emit.headers, BANNED_AT + 20)

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
    """The topic of bans as :class:`streams.kafka.client.TopicReader` shows it; ``broken_off_after`` so many
    records.
    """

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


def an_agent(store: RedisStore) -> Enrol:
    """The worker's agent, which a rebuild uses too."""
    context = AgentContext(
        store=store,
        keyers=KEYERS,
        weighing=Weighing.by(default_weights()),
        topics=Names("bench."),
        metrics=Metrics(CollectorRegistry(), operations=OPERATIONS),
        now=lambda: NOW,
    )
    return Enrol(context)


async def tell(store: RedisStore, records: Iterator[Arrival]) -> int:
    """Tells a store of all records in turn; answers how many there were."""
    enrol, told = an_agent(store), 0
    while batch := list(islice(records, _BATCH)):
        await enrol(batch)
        told += len(batch)
    return told


_OLD_AND_NEW = 5  # bans of each that the worker enrols between two look-ups
_ASKED_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Took:
    """One rebuild. ``seconds`` is wall time; client and Redis seconds are of their processors."""

    seconds: float
    client_seconds: float
    redis_seconds: float
    records: int
    resumed_after: int
    lookups_meanwhile: int
    enrolled_meanwhile: int


@dataclass(slots=True)
class OtherWorker:
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
        enrol = an_agent(self.store)
        coming = iter(self.live)
        while (some := list(islice(coming, _OLD_AND_NEW))) or not self.done:
            again = [
                self.history.last(number)
                for number in range(self.enrolled % self.live.start, self.live.start)[:_OLD_AND_NEW]
            ]
            news = [self.history.ban(number, at=BANNED_AT + 30) for number in some]
            await enrol(news + again)
            self.enrolled += len(news) + len(again)
            first = self.lookups % max(1, len(self.asked) - _ASKED_AT_ONCE)
            several = self.asked[first : first + _ASKED_AT_ONCE]
            await self.store.bans_like(several, now=NOW, keep=KEEP)
            self.lookups += len(several)
            await asyncio.sleep(0.02)


async def rebuild(new: RedisStore, theirs: Server, truth: Compacted, beside: OtherWorker) -> Took:
    """Rebuilds, broken off once. The truth stands in for a broker's reader."""
    tally, opened, enrol = ReadTally(), cast(Any, truth), an_agent(new)
    began, own, server_began = time.monotonic(), time.process_time(), theirs.cpu_seconds()
    with tempfile.TemporaryDirectory() as folder:
        bookmark = Bookmark(Path(folder) / "rebuild.json", TOPIC, "bench", await open_anew(new, dict))
        worker = asyncio.create_task(beside.run())
        truth.broken_off_after = len(truth.numbers) // 2
        try:
            await read_all(opened, TOPIC, enrol, bookmark, {}, tally)
        except BrokenOff:
            truth.broken_off_after = None
        done = read_bookmark(bookmark)
        tally.resumed_after = sum(done.values())
        await read_all(opened, TOPIC, enrol, bookmark, done, tally)
        await new.compact()
    seconds = time.monotonic() - began
    beside.done = True
    await worker
    return Took(
        seconds=seconds,
        client_seconds=time.process_time() - own,
        redis_seconds=theirs.cpu_seconds() - server_began,
        records=tally.read,
        resumed_after=tally.resumed_after,
        lookups_meanwhile=beside.lookups,
        enrolled_meanwhile=beside.enrolled,
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """How many fingerprints and queries there are, and how many differ."""

    fingerprints: int
    fingerprints_differing: int
    queries: int
    queries_differing: int

    @property
    def same(self) -> bool:
        """True if the stores are logically equal."""
        return not (self.fingerprints_differing or self.queries_differing)


async def compared(old: RedisStore, new: RedisStore, asked: Sequence[Query]) -> Compared:
    """Compares two stores of one shard and one layout."""
    before, after = await _digests(old), await _digests(new)
    answers = await _both(old, new, asked)
    return Compared(
        fingerprints=len(before),
        fingerprints_differing=len(before ^ after),
        queries=len(answers),
        queries_differing=sum(ours != theirs for ours, theirs in answers),
    )


async def _digests(store: RedisStore) -> set[bytes]:
    """A digest of each ban with all its facts."""
    return {
        blake2b(repr(ban).encode(), digest_size=16).digest() async for batch in store.walk() for ban in batch
    }


Answer = tuple[tuple[str, float], ...]


async def _both(old: RedisStore, new: RedisStore, queries: Sequence[Query]) -> list[tuple[Answer, Answer]]:
    """What each store answers to each query, by the accounts' tags: slots are a store's own."""
    answers: list[tuple[Answer, Answer]] = []
    for at in range(0, len(queries), _ASKED_AT_ONCE):
        some = queries[at : at + _ASKED_AT_ONCE]
        ours = await old.bans_like(some, now=NOW, keep=KEEP)
        theirs = await new.bans_like(some, now=NOW, keep=KEEP)
        answers += [
            (tuple(map(_answer, a)), tuple(map(_answer, b))) for a, b in zip(ours, theirs, strict=True)
        ]
    return answers


def _answer(candidate: Candidate) -> tuple[str, float]:
    return candidate.ref.rpartition(".")[2], candidate.rank


QUERIES = 10_000
"""How many queries are compared."""

_LIVE_SHARE = 50  # one ban in so many more arrives while the store is being rebuilt
_FILLED_BY = (__file__, agents.common.distil.__file__, agents.enrol.__file__)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One run: of how many bans, how the rebuild went, what was compared, on which machine."""

    bans: int
    took: Took
    found: Compared
    machine: dict[str, str | int | float]


async def rebuilt(bans: int, queries: int = QUERIES) -> Rebuilt:
    live = range(bans, bans + max(1, bans // _LIVE_SHARE))
    story = History(population(live.stop))
    asked = _queries(story.held[:bans], queries)
    kept = CachedServer(f"rebuild-{bans}", int, also=list(map(str, _FILLED_BY)))
    with kept.server() as ours, server() as theirs:
        old, new, worker = a_store(ours, bans), a_store(theirs, bans), a_store(theirs, bans)
        await old.open()
        await kept.filled(ours, lambda: tell(old, story.told(range(bans))))
        beside = OtherWorker(worker, story, live, asked)
        took = await rebuild(new, theirs, Compacted(story, range(bans)), beside)
        await tell(old, (story.ban(number, at=BANNED_AT + 30) for number in live))
        found = await compared(old, new, asked)
        for store in (old, new, worker):
            await store.close()
    return Rebuilt(bans=bans, took=took, found=found, machine=machine())


def _queries(held: Sequence[BannedNames], count: int) -> list[Query]:
    pepper_id, keyer = KEYERS[0]
    queries = []
    for one in disguised(list(held), count):
        account = Account(platform=one.platform, account_id="asks", handle=one.handle)
        keys = query_keys(distil(account, keyer, at=NOW, pepper_id=pepper_id))
        queries.append(Query(account.key, tuple(keys)))
    return queries[:count]


def table(one: Rebuilt) -> str:
    """As Markdown: what is compared, of how many, and how many differ."""
    took, found = one.took, one.found
    rows = (
        ("fingerprints", found.fingerprints, found.fingerprints_differing, "all, with all their facts"),
        (
            f"the first {KEEP} candidates, in their order and with their rarity",
            found.queries,
            found.queries_differing,
            "disguised handles, with all their keys",
        ),
    )
    client, server = (1e6 * spent / took.records for spent in (took.client_seconds, took.redis_seconds))
    return "\n".join(
        (
            markdown(
                (f"{one.bans:,} bans, {took.records:,} records", "compared", "differ", ""),
                ((what, f"{of:,}", f"{differ:,}", note) for what, of, differ, note in rows),
            ),
            "",
            f"Broken off after {took.resumed_after:,} records and resumed; meanwhile a worker made "
            f"{took.lookups_meanwhile:,} look-ups and {took.enrolled_meanwhile:,} enrolments.",
            f"{took.seconds:,.0f} s; a record took {client:,.0f} + {server:,.0f} µs of processor time,",
            f"client and Redis, with that worker's share. {in_words(one.machine)}.",
        )
    )


def main() -> None:
    """Prints what was compared; fails where the stores differ, else writes a note if it is asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=QUERIES)
    parser.add_argument("--note", type=Path, help="a page with a place for the table, which is written anew")
    chosen = parser.parse_args()
    one = asyncio.run(rebuilt(chosen.bans, chosen.queries))
    print(table(one))
    if not one.found.same:
        raise SystemExit(1)
    if chosen.note:
        fill_in(chosen.note, {"rebuild": table(one)})


if __name__ == "__main__":
    main()
