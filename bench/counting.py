"""What counting an event costs in Redis, and how far off counts are where workers share them and start anew.

``python -m bench.counting [--events 3000] [--json]``. Cost: values, bytes, commands and cells of what
``bench.running.crowd`` draws, counted and not timed. Error: names that so many accounts bear, each of a
network of its own, come within a month or within an hour to so many workers, all of which may start anew
each day. The truth is known, and what the frozen counts say after the month is held against it: how many
bearers are missing, and how many nats more the name then weighs among a million accounts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import numpy as np

from agents.common.converters import remembered_of
from bench.machine import in_words, machine
from bench.running.crowd import sign_ups
from bench.running.filled import SEED
from bench.store.bans import IDENTITY, KEYERS
from bench.store.server import Server, server
from samehand.frequency.rates import named_rate
from samehand.keys import KeyKind
from schemas.accounts import Account, AccountCreated
from store.base import Remembered
from store.common.counted_values import counted
from store.common.key_digests import Addresses
from store.redis import Endpoint, Sizes
from store.redis.client import RedisClient
from store.redis.count_min_sketch import ROWS
from store.redis.counters import Counters, Snapshot
from store.redis.layout import Layout
from store.redis.shards import Shards

EVENTS: Final = 3_000
COUNTED: Final = (100_000, 1_000_000, 10_000_000)
"""How many sightings a version holds whose bytes are told."""
BEARERS: Final = (3, 5, 10, 30, 100, 1_000)
"""How many accounts bear a name in truth."""
_NAMES: Final = 20  # names of each of these
CASES: Final = (
    (1, False, False),
    (4, False, False),
    (12, False, False),
    (1, True, False),
    (4, True, False),
    (12, True, False),
    (1, False, True),
    (4, False, True),
    (12, False, True),
)
"""Workers; whether all of them start anew each day; whether a name's bearers come within an hour."""

_VALUE_BYTES: Final = 28  # of count.lua: four columns and three places
_PREFIX: Final = "samehand:"
_ZIPF: Final = 1.3
_AT: Final = 1_790_000_000.0
_HOUR: Final = 3_600.0
_HOURS: Final = 30 * 24
_BATCH: Final = 50
_ACCOUNTS: Final = 1_000_000  # among so many a missing bearer is priced
_SHIPPED_RATE: Final = 2.0**-20
_SMALL: Final = Sizes(sketch_columns=1 << 16, filter_bits=1 << 22)  # hundreds of freezes of few values


@dataclass(frozen=True, slots=True)
class Cost:
    """What counting an event is in the mean."""

    events: int
    values: float
    sent: float
    bytes_sent: float
    commands: float
    cells_written: float


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes of one frozen version of so many counted sightings, in Redis."""

    counted: int
    version_bytes: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Of names that so many bear: bearers missing in the mean, in one of twenty, at worst; nats at worst."""

    bearers: int
    mean: float
    in_one_of_twenty: float
    most: int
    nats: float


@dataclass(frozen=True, slots=True)
class Case:
    """What so many workers made of the same sightings."""

    workers: int
    restarted_daily: bool
    within_an_hour: bool
    missing: list[Missing]


@dataclass(frozen=True, slots=True)
class Report:
    """One run."""

    cost: Cost
    kept: list[Kept]
    cases: list[Case]
    machine: dict[str, str | int | float]


def measured(
    events: int = EVENTS,
    cases: Sequence[tuple[int, bool, bool]] = CASES,
    counted_of: Sequence[int] = COUNTED,
    names: int = _NAMES,
) -> Report:
    """Counts sign-ups, then names whose bearers are known, with a server of its own each time.

    ``names``: how many names are counted for each number of bearers.
    """
    with server() as own:
        cost = asyncio.run(_cost(own, events))
    kept = []
    for several in counted_of:
        with server() as own:
            kept.append(Kept(several, asyncio.run(_version_bytes(own, several))))
    bearers, found = _bearers(names), []
    for case in cases:
        with server() as own:
            found.append(asyncio.run(_case(own, bearers, *case, names)))
    return Report(cost, kept, found, machine())


async def _cost(own: Server, events: int) -> Cost:
    accounts = [remembered_of(one, KEYERS) for one in sign_ups(SEED, 20_000, [], events, at=_AT)]
    client = RedisClient(Endpoint(url=own.administrator_url, deadline_seconds=60))
    shards = _Told(client, Layout(Sizes(), Addresses(IDENTITY), _PREFIX), "")
    counters = Counters(shards, _HOUR, 0.0)
    before = _commands(own)
    for first in range(0, events, _BATCH):
        await counters.count(accounts[first : first + _BATCH], _AT)
    commands = _commands(own) - before
    await client.close()
    cells = np.frombuffer(own.client.get(f"{shards.root(0)}o"), ">u4").astype(np.int64)
    return Cost(
        events,
        sum(len(counted(one.fingerprints[0], b"\0").values) for one in accounts) / events,
        shards.values / events,
        shards.bytes_sent / events,
        commands / events,
        float(cells.sum()) / events,
    )


def _commands(own: Server) -> int:
    """Commands that a server has done, those of scripts too."""
    return sum(int(one["calls"]) for one in own.client.info("commandstats").values())


async def _version_bytes(own: Server, several: int) -> int:
    """Of values that are as common as words are: few come often, most once."""
    rng, sizes = np.random.default_rng(SEED), Sizes()
    _, counts = np.unique(rng.zipf(_ZIPF, several), return_counts=True)
    rows = [
        np.bincount(rng.integers(0, sizes.sketch_columns, len(counts)), counts, sizes.sketch_columns)
        for _ in range(ROWS)
    ]
    client = RedisClient(Endpoint(url=own.administrator_url, deadline_seconds=60))
    counters = Counters(Shards(client, Layout(sizes, Addresses(IDENTITY), _PREFIX), ""), _HOUR, 0.0)
    (one, *_) = sign_ups(SEED, 20_000, [], 1, at=_AT)
    own.client.set(f"{_PREFIX}{{0}}:o", np.concatenate(rows).astype(">u4").tobytes())
    await counters.count([remembered_of(one, KEYERS)], _AT)
    await counters.freeze(_AT + _HOUR, 0)
    await client.close()
    return int(own.client.strlen(f"{_PREFIX}{{0}}:f1"))


class _Told(Shards):
    """Shards that note what the script which counts is told."""

    values = bytes_sent = 0

    async def script(self, name: str, shard: int, *arguments: bytes | str | float) -> Any:
        packed = arguments[3]
        assert isinstance(packed, bytes), "values are the fourth argument of count.lua"
        self.values += len(packed) // _VALUE_BYTES
        self.bytes_sent += sum(len(it) if isinstance(it, bytes) else len(str(it)) for it in arguments)
        return await super().script(name, shard, *arguments)


async def _case(
    own: Server,
    bearers: Sequence[Sequence[Remembered]],
    workers: int,
    restarted: bool,
    within_an_hour: bool,
    names: int,
) -> Case:
    rng = np.random.default_rng(SEED)
    sightings = sorted(_sightings(rng, bearers, within_an_hour), key=lambda it: it[0])
    client, several = _counters(own, workers)
    at, nobody = 0, partial(_no_bans)
    for hour in range(_HOURS + 1):
        now = _AT + hour * _HOUR
        waiting: list[list[Remembered]] = [[] for _ in several]
        while at < len(sightings) and sightings[at][0] <= now:
            waiting[int(rng.integers(workers))].append(sightings[at][1])
            at += 1
        for counters, some in zip(several, waiting, strict=True):
            for first in range(0, len(some), _BATCH):
                await counters.snapshot(now, now, nobody)
                await counters.count(some[first : first + _BATCH], now)
        await several[0].freeze(now, 0)
        if restarted and hour % 24 == 23:
            await client.close()
            client, several = _counters(own, workers)
    told = await several[0].snapshot(_AT + _HOURS * _HOUR, now, nobody)
    await client.close()
    return Case(workers, restarted, within_an_hour, [_missing(told, bearers, names) for bearers in BEARERS])


async def _no_bans() -> int:
    return 0


def _missing(told: Snapshot, bearers: int, names: int) -> Missing:
    counts = [told.count(KeyKind.HANDLE_FULL, _name(bearers, it).encode(), "latin") for it in range(names)]
    away = sorted(max(bearers - count, 0) for count in counts)
    true, least = (named_rate(it, _ACCOUNTS, _SHIPPED_RATE) for it in (bearers, min(counts)))
    return Missing(
        bearers,
        sum(away) / len(away),
        away[math.ceil(0.95 * len(away)) - 1],
        away[-1],
        math.log(true / min(true, least)),
    )


def _sightings(
    rng: np.random.Generator, bearers: Sequence[Sequence[Remembered]], within_an_hour: bool
) -> Iterator[tuple[float, Remembered]]:
    span = _HOUR if within_an_hour else _HOURS * _HOUR
    for several in bearers:
        began = _AT + float(rng.uniform(0, _HOURS * _HOUR - span))
        for one in several:
            yield began + float(rng.uniform(0, span)), one


def _bearers(names: int) -> list[list[Remembered]]:
    """The accounts of each name."""
    found: list[list[Remembered]] = []
    number = 0
    for bearers in BEARERS:
        for name in range(names):
            found.append([])
            for _ in range(bearers):
                number += 1
                ip = f"{20 + number // 65_536}.{number // 256 % 256}.{number % 256}.9"
                account = Account(account_id=str(number), handle=_name(bearers, name), ip=ip)
                event = AccountCreated(
                    event_id=str(number),
                    version=1,
                    occurred_at=datetime.fromtimestamp(_AT, UTC),
                    platform="x",
                    account=account,
                )
                found[-1].append(remembered_of(event, KEYERS))
    return found


def _name(bearers: int, number: int) -> str:
    """Letters alone, so that nothing is folded away."""
    return "borneby" + "".join(chr(ord("a") + int(digit)) for digit in f"{bearers:04}{number:03}")


def _counters(own: Server, workers: int) -> tuple[RedisClient, list[Counters]]:
    client = RedisClient(Endpoint(url=own.administrator_url, deadline_seconds=60))
    layout = Layout(_SMALL, Addresses(IDENTITY), _PREFIX)
    return client, [Counters(Shards(client, layout, ""), _HOUR, 0.0) for _ in range(workers)]


def table(one: Report) -> str:
    """For people: bearers that are missing, in the mean / in one of twenty / at worst, and nats at worst."""
    lines = [
        "| workers | started anew | a name's bearers come within | "
        + " | ".join(f"of {it.bearers:,}" for it in one.cases[0].missing)
        + " |",
        "|---" * (3 + len(one.cases[0].missing)) + "|",
    ]
    for case in one.cases:
        anew, within = (
            ("daily" if case.restarted_daily else "never"),
            "an hour" if case.within_an_hour else "a month",
        )
        cells = [
            f"{it.mean:.1f} / {it.in_one_of_twenty:.0f} / {it.most} ({it.nats:.1f})" for it in case.missing
        ]
        lines.append(f"| {case.workers} | {anew} | {within} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def summary(one: Report) -> str:
    """What an event costs, and on which machine."""
    cost = one.cost
    return "\n".join(
        (
            f"* {cost.events:,} sign-ups, each of {cost.values:.1f} values: {cost.sent:.1f} are counted in "
            f"Redis, {cost.bytes_sent:.0f} bytes and {cost.commands:.2f} commands to it, "
            f"{cost.cells_written:.1f} cells of the sketch grow",
            "* a frozen version holds "
            + "; ".join(f"{it.counted:,} sightings in {it.version_bytes / 2**20:.1f} MiB" for it in one.kept),
            f"* on {in_words(one.machine)}",
        )
    )


def main() -> None:
    """Prints a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    found = measured(chosen.events)
    print(json.dumps(asdict(found), indent=1) if chosen.json else f"{table(found)}\n\n{summary(found)}")


if __name__ == "__main__":
    main()
