"""The store rebuilt from ``accounts.banned`` beside the old one: how fast, and whether it answers the same.

``python -m bench.rebuild [--bans 100000] [--note docs/faults.md]``; ``make bench-rebuild``. The old
store is told a history (some accounts are banned twice, some reinstated) as a worker is told it. The truth is
that history as a compacted topic keeps it: the last record of each account, in another order. From it
``samehand rebuild``'s own code fills an empty Redis, is broken off half-way and goes on, while a worker
enrols new bans there, some of the old ones again, and looks up. Then both stores must hold the same
fingerprints, list the same accounts under the same keys, and answer queries with the same candidates in the
same order. Of a name that too many bear it is the same that nobody reads it.

The old store is kept between runs.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import agents.common.converters
import agents.enrol
from bench.index.population import BannedNames, population
from bench.kinds import KINDS
from bench.machine import in_words, machine
from bench.page import markdown
from bench.rebuild import history
from bench.rebuild.comparison import Compared, Filled, compared
from bench.rebuild.history import NOW, Compacted, History, tell
from bench.rebuild.rebuilding import OtherWorker, Took, rebuild
from bench.recall import FIELDS, KEEP, disguised
from bench.running.crowd import BANNED_AT
from bench.store.bans import KEYERS, a_layout, a_store
from bench.store.kept import CachedServer
from bench.store.server import server
from samehand.account import Account
from samehand.fingerprint.distil import distil, query_keys
from store.base import Query
from tools.reference_tables import filled_in

QUERIES = 10_000
"""How many queries are compared."""

_LIVE = 50  # one ban in so many more arrives while the store is being rebuilt
_FILLED_BY = (history, agents.common.converters, agents.enrol)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One run: of how many bans, how the rebuild went, what was compared, on which machine."""

    bans: int
    took: Took
    found: Compared
    machine: dict[str, str | int | float]


async def rebuilt(bans: int, queries: int = QUERIES) -> Rebuilt:
    live = range(bans, bans + max(1, bans // _LIVE))
    story = History(population("diverse", live.stop))
    asked = _queries(story.held[:bans], queries)
    kept = CachedServer(f"rebuild-{bans}", int, also=[str(one.__file__) for one in _FILLED_BY])
    with kept.server() as ours, server() as theirs:
        old, new, worker = a_store(ours, bans), a_store(theirs, bans, bulk=True), a_store(theirs, bans)
        await old.open()
        await kept.filled(ours, lambda: tell(old, story.told(range(bans))))
        beside = OtherWorker(worker, story, live, asked)
        took = await rebuild(new, theirs, Compacted(story, range(bans)), beside)
        await tell(old, (story.ban(number, at=BANNED_AT + 30) for number in live))
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


def table(one: Rebuilt) -> str:
    """As Markdown: what is compared, of how many, and how many differ."""
    took, found = one.took, one.found
    rows = (
        ("fingerprints", found.fingerprints, found.fingerprints_differing, "all, with all their facts"),
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
        page = chosen.note.read_text("utf-8")
        chosen.note.write_text(filled_in(page, "rebuild", table(one)), "utf-8")


if __name__ == "__main__":
    main()
