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
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from random import Random
from statistics import mean, median
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz, process

from bench.index.disguises import KEEP, disguised
from bench.index.population import BannedNames, population
from bench.memory import told
from bench.page import in_words, machine, markdown
from bench.running.crowd import BANNED_AT, account_id
from bench.store.bans import KEYERS, Ingest, a_store, by_handle, enrol
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

Ask = Callable[[Sequence[BannedNames]], Awaitable[list[list[int]]]]
"""From queries to the numbers of the bans found for each."""
Clock = Callable[[], float]
"""Processor seconds of the server that a contender uses."""


@dataclass(frozen=True, slots=True)
class Row:
    """One contender: medians of its rounds. ``slower``: how many times as fast samehand is."""

    contender: str
    lookups_a_core_second: float
    client_microseconds: float
    server_microseconds: float
    slower: float
    recall: float


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
    """Fills the store, then asks both in turns; samehand `alone` where the loop would take hours."""
    held = population(bans)
    queries, targets = _asked(held)
    kept = CachedServer(f"samehand-{bans}", _Filled)
    with kept.server() as own:
        store = a_store(own, bans)
        await store.open()
        ingest, parts = await kept.filled(own, partial(_fill, store, own, held))
        ask, tell = _samehand(store, held)
        loop = Extract(held)
        asks = {OURS: ask} if alone else {OURS: ask, EXTRACT: _asking(loop.ask)}
        tells = {OURS: tell, EXTRACT: _asking(loop.matrix)}
        recalls = {
            name: await _recall(tells[name], queries[: _JUDGED[name]], targets[: _JUDGED[name]])
            for name in asks
        }
        clocks: dict[str, Clock] = {OURS: own.cpu_seconds, EXTRACT: lambda: 0.0}
        turns: dict[str, list[tuple[float, float]]] = {name: [] for name in asks}
        for turn in range(rounds):
            for name in asks:
                turns[name].append(
                    await _turn(asks[name], clocks[name], _some(queries, turn, _EACH_ROUND[name]))
                )
        took = await one_at_a_time(ask, queries[:_ALONE])
        await store.close()
        rows = [_row(name, turns[name], turns[OURS], recalls[name]) for name in asks]
        return Report(bans, rows, took, ingest, parts, own.version(), machine())


async def _turn(ask: Ask, clock: Clock, queries: Sequence[BannedNames]) -> tuple[float, float]:
    """Processor microseconds a query, of the client and of the server."""
    client, server = time.process_time(), clock()
    for at in range(0, len(queries), _BATCH):
        await ask(queries[at : at + _BATCH])
    spent = (time.process_time() - client, clock() - server)
    return spent[0] / len(queries) * 1e6, spent[1] / len(queries) * 1e6


async def _recall(tell: Ask, queries: Sequence[BannedNames], targets: Sequence[int]) -> float:
    """How often the ban that a query disguises is among what is found."""
    found: list[list[int]] = []
    for at in range(0, len(queries), _BATCH):
        found += await tell(queries[at : at + _BATCH])
    return mean(target in several for several, target in zip(found, targets, strict=True))


def _row(
    name: str, turns: Sequence[tuple[float, float]], ours: Sequence[tuple[float, float]], recall: float
) -> Row:
    """Medians of the rounds, ratios within each round."""
    clients, servers = zip(*turns, strict=True)
    slower = median(sum(its) / sum(mine) for mine, its in zip(ours, turns, strict=True))
    rate = median(1e6 / sum(turn) for turn in turns)
    return Row(name, rate, median(clients), median(servers), slower, recall)


async def one_at_a_time(ask: Ask, queries: Sequence[BannedNames]) -> tuple[float, float]:
    """Milliseconds of a single look-up by the clock on the wall: the median and the 99th percentile."""
    took = []
    for one in queries:
        started = time.perf_counter()
        await ask([one])
        took.append((time.perf_counter() - started) * 1e3)
    return float(np.percentile(took, 50)), float(np.percentile(took, 99))


class Extract:
    """``rapidfuzz.process.extract`` over all names: the loop that most scripts have."""

    def __init__(self, bans: Sequence[BannedNames]) -> None:
        self._names = [one.handle.lower() for one in bans]

    def ask(self, queries: Sequence[BannedNames]) -> list[list[int]]:
        """The numbers of the most alike names, one query after another."""
        asked = [one.handle.lower() for one in queries]
        found = [process.extract(name, self._names, scorer=fuzz.ratio, limit=KEEP) for name in asked]
        return [[number for _, _, number in several] for several in found]

    def matrix(self, queries: Sequence[BannedNames]) -> list[list[int]]:
        """The same answers by ``rapidfuzz.process.cdist``, all at once and without an object a pair."""
        asked = [one.handle.lower() for one in queries]
        scores = process.cdist(asked, self._names, scorer=fuzz.ratio, dtype=np.uint8, workers=1)
        return [np.argsort(-row.astype(np.int16), kind="stable")[:KEEP].tolist() for row in scores]


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


def _samehand(store: RedisStore, held: Sequence[BannedNames]) -> tuple[Ask, Ask]:
    """A look-up as it is timed, and one that names the bans that it finds, which costs more."""
    numbers = {account_key(one.platform, account_id(at)): at for at, one in enumerate(held)}

    async def ask(queries: Sequence[BannedNames]) -> list[list[int]]:
        found = await store.bans_like([_query(one) for one in queries], now=_NOW, keep=KEEP)
        return [[] for _ in found]

    async def tell(queries: Sequence[BannedNames]) -> list[list[int]]:
        found = await store.bans_like([_query(one) for one in queries], now=_NOW, keep=KEEP)
        facts = iter(await store.facts([one.ref for several in found for one in several]))
        named = [[next(facts) for _ in several] for several in found]
        return [[numbers[account_key(f.platform, f.account_id)] for f in one if f] for one in named]

    return ask, tell


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
        ),
        (
            (
                it.contender,
                f"{it.lookups_a_core_second:,.0f}",
                f"{it.client_microseconds:,.0f} + {it.server_microseconds:,.0f}",
                "" if it.contender == OURS else f"{it.slower:,.1f}",
                f"{it.recall:.3f}",
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
