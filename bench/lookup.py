"""Look-ups at scale, beside what people would use instead, on the same bans and queries in one run.

``python -m bench.lookup [--bans 100000] [--rounds 5] [--without minhash] [--json]``. A query is a disguised
handle (:mod:`bench.recall`, held-out operators), and the answer the best 64 banned accounts. Everything from
the handle as it was typed to the candidates is timed, folding and keys included. Speed is look-ups a second
of processor time, the client's and the server's together. Contenders take turns, and a ratio is the median
of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from functools import partial
from random import Random
from typing import NamedTuple

from bench.index.population import BannedNames, population
from bench.memory import told
from bench.page import in_words, machine, markdown
from bench.recall import FIELDS, KEEP, KINDS, disguised
from bench.running.crowd import BANNED_AT, account_id
from bench.store.bans import KEYERS, Ingest, a_store, by_handle, enrol
from bench.store.peers import Ask, Contender, Extract, MinHashOnRedis, Row, Trigrams, one_at_a_time, row
from bench.store.server import CachedServer, Server
from local.postgres import EmbeddedPostgres
from samehand.account import Account, account_key
from samehand.fingerprint.distil import distil
from store.base import Query
from store.redis import RedisStore

OURS, EXTRACT, MINHASH, TRIGRAMS = (
    "samehand",
    "rapidfuzz process.extract",
    "datasketch MinHashLSH on Redis",
    "PostgreSQL pg_trgm (GIN)",
)
SHORT = {
    "extract": EXTRACT,
    "minhash": MINHASH,
    "trigrams": TRIGRAMS,
}
SHORT_OF = {name: short for short, name in SHORT.items()}
_BATCH = 32
_NOW = BANNED_AT + 86_400.0
# Queries a round, and queries by which recall is judged: the slow ones get few, lest they take all the time.
# `process.extract` has the scores and the order of `cdist`, by which it is judged.
_EACH_ROUND = {OURS: 1_024, EXTRACT: 8, MINHASH: 256, TRIGRAMS: 128}
_JUDGED = {OURS: 4_200, EXTRACT: 420, MINHASH: 2_100, TRIGRAMS: 2_100}
_ALONE = 2_000
_CHURNED = 10  # one ban in so many is taken out and enrolled again,
_CHURNED_MAX = 20_000  # so many at most: more say nothing else, and take minutes of a million


@dataclass(frozen=True, slots=True)
class Report:
    """One run. ``churned``: bytes of the index after every tenth ban (20,000 at most) was taken out and
    enrolled again, over those before; above 1 there would be something to compact."""

    bans: int
    rows: list[Row]
    one_at_a_time_ms: tuple[float, float]
    ingest: Ingest
    bytes_a_ban: dict[str, float]
    churned: float
    server: str
    machine: dict[str, str | int | float]


async def report(bans: int, rounds: int, without: frozenset[str] = frozenset()) -> Report:
    """Fills every contender, then asks them in turns."""
    held = population("diverse", bans)
    queries, targets = _asked(held)
    with ExitStack() as servers:
        kept = CachedServer(f"samehand-{bans}", _Filled)
        own = servers.enter_context(kept.server())
        store = a_store(own, bans)
        await store.open()
        ingest, parts = await kept.filled(own, partial(_fill, store, own, held))
        contenders = {OURS: _samehand(store, own, held, sum(parts.values()))}
        contenders |= await _peers(servers, held, without)
        for name, one in contenders.items():
            judged = _JUDGED.get(name, 0)
            await one.judge(queries[:judged], targets[:judged], _BATCH) if judged else None
        for turn in range(rounds):
            for name, one in contenders.items():
                await one.turn(_some(queries, turn, _EACH_ROUND[name]), _BATCH)
        alone = await one_at_a_time(contenders[OURS].ask, queries[:_ALONE])
        churned = await _churned(store, own, held, sum(parts.values()))
        await store.close()
        rows = [row(name, one, contenders[OURS]) for name, one in contenders.items()]
        return Report(bans, rows, alone, ingest, parts, churned, own.version(), machine())


class _Filled(NamedTuple):
    """What was measured as our store was filled: how it went, and bytes a ban by part."""

    ingest: Ingest
    bytes_a_ban: dict[str, float]


async def _fill(store: RedisStore, own: Server, held: Sequence[BannedNames]) -> _Filled:
    ingest = await enrol(store, own, map(by_handle, range(len(held)), held))
    return _Filled(ingest, _parts(own, len(held)))


def _asked(held: list[BannedNames]) -> tuple[list[BannedNames], list[int]]:
    """Disguised handles of all kinds in an order drawn at random, and the number of the ban behind each."""
    kinds = dict(KINDS["held_out"])
    asked = disguised(held, kinds, max(_JUDGED.values()) // len(kinds), FIELDS["handle"])
    Random(3).shuffle(asked)
    return [BannedNames(one.platform, one.text, "") for one in asked], [one.target for one in asked]


def _some(queries: Sequence[BannedNames], turn: int, size: int) -> list[BannedNames]:
    """So many queries, other ones every turn."""
    return [queries[at % len(queries)] for at in range(turn * size, (turn + 1) * size)]


def _samehand(store: RedisStore, own: Server, held: Sequence[BannedNames], size: float) -> Contender:
    numbers = {account_key(one.platform, account_id(at)): at for at, one in enumerate(held)}

    async def ask(queries: Sequence[BannedNames]) -> list[list[int]]:
        found = await store.bans_like([_query(one) for one in queries], now=_NOW, keep=KEEP)
        return [[] for _ in found]

    async def tell(queries: Sequence[BannedNames]) -> list[list[int]]:
        found = await store.bans_like([_query(one) for one in queries], now=_NOW, keep=KEEP)
        facts = iter(await store.facts([one.ref for several in found for one in several]))
        named = [[next(facts) for _ in several] for several in found]
        return [[numbers[account_key(f.platform, f.account_id)] for f in one if f] for one in named]

    return Contender(ask, tell, own, size)


def _query(one: BannedNames) -> Query:
    account = Account(platform=one.platform, account_id="asks", handle=one.handle)
    pepper_id, keyer = KEYERS[0]
    return Query.of(account.key, (distil(account, keyer, at=_NOW, pepper_id=pepper_id),))


async def _peers(
    servers: ExitStack, held: Sequence[BannedNames], without: frozenset[str]
) -> dict[str, Contender]:
    found: dict[str, Contender] = {}
    if EXTRACT not in without:
        loop = Extract()
        loop.fill(held)
        found[EXTRACT] = Contender(_asking(loop.ask), _asking(loop.matrix), None)
    if MINHASH not in without:
        kept = CachedServer(f"{SHORT_OF[MINHASH]}-{len(held)}", float)
        theirs = servers.enter_context(kept.server())
        peer = MinHashOnRedis(theirs)
        size = await kept.filled(theirs, partial(_fill_peer, peer, theirs, held))
        found[MINHASH] = Contender(_asking(peer.ask), _asking(peer.ask), theirs, size)
    if TRIGRAMS not in without:
        found[TRIGRAMS] = _trigrams(servers, held)
    return found


def _trigrams(servers: ExitStack, held: Sequence[BannedNames]) -> Contender:
    """A PostgreSQL of its own. Raises `NotAvailable`."""
    running = servers.enter_context(EmbeddedPostgres())
    peer = servers.enter_context(closing(Trigrams(running.make("trigrams"))))
    peer.fill(held)
    ask = _asking(peer.ask)
    return Contender(ask, ask, peer, peer.bytes_used() / len(held))


async def _fill_peer(peer: MinHashOnRedis, theirs: Server, held: Sequence[BannedNames]) -> float:
    """Bytes a ban that the server's data grew by."""
    before = theirs.bytes_used()
    peer.fill(held)
    return (theirs.bytes_used() - before) / len(held)


def _asking(answers: Callable[[Sequence[BannedNames]], list[list[int]]]) -> Ask:
    async def ask(queries: Sequence[BannedNames]) -> list[list[int]]:
        return answers(queries)

    return ask


def _parts(own: Server, bans: int) -> dict[str, float]:
    return told("handle alone", own, bans, 0).parts


async def _churned(store: RedisStore, own: Server, held: Sequence[BannedNames], before: float) -> float:
    """Markers of reinstatement, which expire by themselves, are no part of the index."""
    numbers = range(0, len(held), _CHURNED)[:_CHURNED_MAX]
    for at in range(0, len(numbers), 512):
        some = [by_handle(number, held[number]) for number in numbers[at : at + 512]]
        await store.expunge([(ban.account, BANNED_AT) for ban in some], now=_NOW)
    await enrol(store, own, (by_handle(number, held[number], at=_NOW) for number in numbers))
    parts = _parts(own, len(held))
    parts.pop("everything else", None)
    return sum(parts.values()) / before


def table(one: Report) -> str:
    """What docs/performance shows of it."""
    return markdown(
        (
            f"{one.bans:,} bans",
            "look-ups a second of a core",
            "client + Redis µs",
            "samehand is faster by",
            "recall",
            "bytes a ban",
            "times ours",
        ),
        (
            (
                it.contender,
                f"{it.lookups_a_core_second:,.0f}",
                f"{it.client_microseconds:,.0f} + {it.server_microseconds:,.0f}",
                "" if it.contender == OURS else f"{it.slower:,.1f}",
                f"{it.recall:.3f}",
                "" if it.bytes_a_ban is None else f"{it.bytes_a_ban:,.0f}",
                "" if it.larger is None else f"{it.larger:.1f}",
            )
            for it in one.rows
        ),
    )


def summary(one: Report) -> str:
    """What the table has no column for."""
    parts = ", ".join(f"{name} {size:.0f}" for name, size in one.bytes_a_ban.items())
    ingest = one.ingest
    return "\n".join(
        f"* {line}"
        for line in (
            f"bytes a ban: {parts}",
            "one look-up at a time: p50 {:.2f} ms, p99 {:.2f} ms".format(*one.one_at_a_time_ms),
            f"ingest: {ingest.rate:,.0f} bans a second of a core "
            f"(client {ingest.client_microseconds:.0f} µs, Redis {ingest.server_microseconds:.0f} µs a ban)",
            f"index after every tenth was taken out and enrolled again: {one.churned:.3f} of what it was",
            f"on {in_words(one.machine)}; {one.server}",
        )
    )


def main() -> None:
    """Prints a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without", default="", help=f"comma-separated: {', '.join(SHORT)}")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    without = frozenset(SHORT[name] for name in chosen.without.split(",") if name)
    found = asyncio.run(report(chosen.bans, chosen.rounds, without))
    print(json.dumps(asdict(found), indent=1) if chosen.json else f"{table(found)}\n\n{summary(found)}")


if __name__ == "__main__":
    main()
