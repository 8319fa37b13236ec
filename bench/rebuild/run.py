"""One run: fills a store, rebuilds another from what compaction leaves, compares them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import agents.common.converters
import agents.enrol
from bench.index.population import BannedNames, population
from bench.kinds import KINDS
from bench.machine import in_words, machine
from bench.rebuild import history as story
from bench.rebuild import teller
from bench.rebuild.comparison import Compared, Filled, compared
from bench.rebuild.history import Compacted, History
from bench.rebuild.rebuilding import OtherWorker, Took, rebuild
from bench.rebuild.teller import NOW, tell
from bench.recall import FIELDS, KEEP, disguised
from bench.store.bans import BANNED_AT, KEYERS, a_layout, a_store
from bench.store.kept import CachedServer
from bench.store.server import server
from samehand.account import Account
from samehand.fingerprint.distil import distil, query_keys
from store.base import Query

QUERIES = 10_000
"""How many queries are compared."""

_LIVE = 50  # one ban in so many more arrives while the store is being rebuilt
_FILLED_BY = (story, teller, agents.common.converters, agents.enrol)


async def rebuilt(bans: int, queries: int = QUERIES) -> Rebuilt:
    live = range(bans, bans + max(1, bans // _LIVE))
    history = History(population("diverse", live.stop))
    asked = _queries(history.held[:bans], queries)
    kept = CachedServer(f"rebuild-{bans}", int, also=[str(one.__file__) for one in _FILLED_BY])
    with kept.server() as ours, server() as theirs:
        old, new, worker = a_store(ours, bans), a_store(theirs, bans, bulk=True), a_store(theirs, bans)
        await old.open()
        await kept.filled(ours, lambda: tell(old, history.told(range(bans))))
        beside = OtherWorker(worker, history, live, asked)
        took = await rebuild(new, theirs, Compacted(history, range(bans)), beside)
        await tell(old, (history.ban(number, at=BANNED_AT + 30) for number in live))
        found = await compared(Filled(old, ours), Filled(new, theirs), a_layout(bans), asked)
        for store in (old, new, worker):
            await store.close()
    return Rebuilt(bans=bans, took=took, found=found, machine=machine())


def _queries(held: Sequence[BannedNames], count: int) -> list[Query]:
    edits = dict(KINDS["held_out"])
    each = max(1, count // len(edits))
    pepper_id, keyer = KEYERS[0]
    queries = []
    for one in disguised(list(held), edits, each, FIELDS["handle"]):
        account = Account(platform=one.platform, account_id="asks", handle=one.text)
        keys = query_keys(distil(account, keyer, at=NOW, pepper_id=pepper_id))
        queries.append(Query(account.key, tuple(keys)))
    return queries[:count]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One run: of how many bans, how the rebuild went, what was compared, on which machine."""

    bans: int
    took: Took
    found: Compared
    machine: dict[str, str | int | float]

    @property
    def bans_a_second(self) -> float:
        """Records a second of wall time."""
        return self.took.records / self.took.seconds


def summary(one: Rebuilt) -> str:
    took, found = one.took, one.found
    return "\n".join(
        (
            f"{took.records:,} records in {took.seconds:.1f} s: {one.bans_a_second:,.0f} a second "
            f"(client {took.client_seconds:.1f} s, Redis {took.redis_seconds:.1f} s of processor time), "
            f"broken off and resumed after {took.resumed_after:,}; "
            f"meanwhile {took.lookups_meanwhile:,} look-ups and {took.enrolled_meanwhile:,} enrolments",
            f"fingerprints: {found.fingerprints:,}, {found.fingerprints_differing:,} differ",
            f"postings: {found.postings:,}, {found.postings_differing:,} differ; {found.silent:,} more are "
            f"too long to be read in either store, of them {found.silent_differing:,} list others",
            f"queries: {found.queries:,}, {found.queries_differing:,} differ",
            f"on {in_words(one.machine)}",
        )
    )


def table(one: Rebuilt) -> str:
    """As Markdown: what is compared, of how many, and how many differ."""
    took, found = one.took, one.found
    rows = (
        (
            "fingerprints",
            found.fingerprints,
            found.fingerprints_differing,
            "all, with all their facts",
        ),
        (
            "postings, as sets",
            found.postings,
            found.postings_differing,
            f"all that are read; {found.silent:,} more are too long to be read in either store, of which "
            f"{found.silent_differing:,} list others",
        ),
        (
            f"the first {KEEP} candidates, in their order and with their rarity",
            found.queries,
            found.queries_differing,
            "disguised handles, with all their keys",
        ),
    )
    client, server = (1e6 * it / took.records for it in (took.client_seconds, took.redis_seconds))
    return "\n".join(
        (
            f"| {one.bans:,} bans, {took.records:,} records | compared | differ | |",
            "|---|---|---|---|",
            *(f"| {what} | {of:,} | {differ:,} | {note} |" for what, of, differ, note in rows),
            "",
            f"Broken off after {took.resumed_after:,} records and resumed; meanwhile a worker made "
            f"{took.lookups_meanwhile:,} look-ups and {took.enrolled_meanwhile:,} enrolments.",
            f"{took.seconds:,.0f} s; {client:,.0f} + {server:,.0f} µs of processor time a record, client + Redis",
            f"with that worker's share. {in_words(one.machine)}.",
        )
    )
