"""Look-ups at scale, beside the loop that most scripts have, on the same bans and queries in one run.

``python -m bench.lookup [--bans 100000] [--rounds 5] [--alone] [--json]``. A query is a disguised handle by
held-out edits, and the answer the best 64 banned accounts. Everything from the handle as it was typed to the
candidates is timed, folding and keys included. Speed is look-ups a second of processor time, the client's and
the server's together. Contenders take turns, and a ratio is the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from random import Random
from typing import NamedTuple

from bench.index.disguises import KEEP, disguised
from bench.index.population import BannedNames, population
from bench.memory import told
from bench.page import in_words, machine, markdown
from bench.running.crowd import BANNED_AT, account_id
from bench.store.bans import KEYERS, Ingest, a_store, by_handle, enrol
from bench.store.peers import Ask, Contender, Extract, Row, one_at_a_time, row
from bench.store.server import CachedServer, Server
from samehand.account import Account, account_key
from samehand.fingerprint.distil import distil
from store.base import Query
from store.redis import RedisStore

OURS, EXTRACT = "samehand", "rapidfuzz process.extract"
_BATCH = 32
_NOW = BANNED_AT + 86_400.0
# Queries a round, and queries by which recall is judged: the slow one gets few, lest it take all the time.
# `process.extract` has the scores and the order of `cdist`, by which it is judged.
_EACH_ROUND = {OURS: 1_024, EXTRACT: 8}
_JUDGED = {OURS: 4_200, EXTRACT: 420}
_ALONE = 2_000


@dataclass(frozen=True, slots=True)
class Report:
    bans: int
    rows: list[Row]
    one_at_a_time_ms: tuple[float, float]
    ingest: Ingest
    bytes_a_ban: dict[str, float]
    server: str
    machine: dict[str, str | int | float]


async def report(bans: int, rounds: int, *, alone: bool = False) -> Report:
    """Fills every contender, then asks them in turns; samehand `alone` where the loop would take hours."""
    held = population("diverse", bans)
    queries, targets = _asked(held)
    with ExitStack() as servers:
        kept = CachedServer(f"samehand-{bans}", _Filled)
        own = servers.enter_context(kept.server())
        store = a_store(own, bans)
        await store.open()
        ingest, parts = await kept.filled(own, partial(_fill, store, own, held))
        contenders = {OURS: _samehand(store, own, held, sum(parts.values()))}
        if not alone:
            loop = Extract(held)
            contenders[EXTRACT] = Contender(_asking(loop.ask), _asking(loop.matrix), None)
        for name, one in contenders.items():
            judged = _JUDGED[name]
            await one.judge(queries[:judged], targets[:judged], _BATCH)
        for turn in range(rounds):
            for name, one in contenders.items():
                await one.turn(_some(queries, turn, _EACH_ROUND[name]), _BATCH)
        took = await one_at_a_time(contenders[OURS].ask, queries[:_ALONE])
        await store.close()
        rows = [row(name, one, contenders[OURS]) for name, one in contenders.items()]
        return Report(bans, rows, took, ingest, parts, own.version(), machine())


class _Filled(NamedTuple):
    """What was measured as our store was filled: how it went, and bytes a ban by part."""

    ingest: Ingest
    bytes_a_ban: dict[str, float]


async def _fill(store: RedisStore, own: Server, held: Sequence[BannedNames]) -> _Filled:
    ingest = await enrol(store, own, map(by_handle, range(len(held)), held))
    return _Filled(ingest, _parts(own, len(held)))


def _asked(held: list[BannedNames]) -> tuple[list[BannedNames], list[int]]:
    """Disguised handles of all kinds in an order drawn at random, and the number of the ban behind each."""
    asked = disguised(held, max(_JUDGED.values()))
    Random(3).shuffle(asked)
    return [BannedNames(one.platform, one.handle, "") for one in asked], [one.target for one in asked]


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


def _asking(answers: Callable[[Sequence[BannedNames]], list[list[int]]]) -> Ask:
    async def ask(queries: Sequence[BannedNames]) -> list[list[int]]:
        return answers(queries)

    return ask


def _parts(own: Server, bans: int) -> dict[str, float]:
    return told("handle alone", own, bans, 0).parts


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
            f"on {in_words(one.machine)}; {one.server}",
        )
    )


def main() -> None:
    """Prints a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--alone", action="store_true", help="samehand alone: the other takes hours of millions"
    )
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    found = asyncio.run(report(chosen.bans, chosen.rounds, alone=chosen.alone))
    print(json.dumps(asdict(found), indent=1) if chosen.json else f"{table(found)}\n\n{summary(found)}")


if __name__ == "__main__":
    main()
