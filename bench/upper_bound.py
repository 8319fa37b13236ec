"""What the bound costs and what it loses, beside reading everybody who shares any key.

``python -m bench.upper_bound [--bans 100000] [--events 20000] [--every 8] [--seed 7]``. Whole bans
of ages spread over two years, then sign-ups, one in ``every`` a mirror of one of the banned. Each is looked
up twice: as a worker does, and with no bound and no cut, when everybody is compared in full. A pair that
alerts there and is not read here is an alert lost, and is told with its reason. It takes a quarter of an
hour; `make bench-bound` runs it.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from statistics import fmean
from typing import Final

import numpy as np

from agents.common.converters import ban_of, remembered_of
from bench.judging import Judge
from bench.page import in_words, machine
from bench.running.crowd import ban, is_original, people, sign_ups
from bench.store.bans import KEYERS, a_store, enrol
from bench.store.server import Server, server
from cli import output
from samehand.fingerprint.distil import enrolment_keys
from samehand.keys import kind_of
from samehand.scoring.evidence import Score
from samehand.signals import PAIRWISE, SIGNALS
from samehand.signals.handle import HANDLE
from schemas.accounts import AccountCreated
from schemas.malformed import Malformed
from schemas.wire import decode_created, encode
from simulate.population.people import Person
from simulate.sampling import seeded
from store.base import Ban, Candidate, Query, Remembered

BANS: Final = 100_000
EVENTS: Final = 20_000
EVERY: Final = 8
SEED: Final = 7
PROCESSES: Final = 2
NOW: Final = 1_800_000_000.0
LOST_MAX: Final = 0.003
READ_MEAN_MAX, READ_P99_MAX = 6.0, 40.0

_SPAN_SECONDS: Final = 2 * 365 * 86_400.0
_SOONEST_SECONDS: Final = 600.0
_KEEP: Final = 64
_EVERYBODY: Final = 100_000
_BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class Lost:
    """An alert that was not found: why, what the pair shares by kind of key, and the lines of its score."""

    reason: str
    log_odds: float
    band: str
    shared: dict[str, int]
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Report:
    """One run. ``read`` are records an event, ``candidates`` all who share a key with one."""

    bans: int
    events: int
    candidates: float
    read_mean: float
    read_p50: float
    read_p99: float
    alerts: int
    mirrors: int
    lost: list[Lost]
    machine: dict[str, str | int | float] = field(repr=False)

    @property
    def lost_share(self) -> float:
        return len(self.lost) / max(self.alerts, 1)


@dataclass(slots=True)
class _Tally:
    """What became of some of the sign-ups."""

    met: int = 0
    read: list[int] = field(default_factory=list)
    alerts: int = 0
    mirrors: int = 0
    lost: list[Lost] = field(default_factory=list)


async def measured(
    bans: int = BANS,
    events: int = EVENTS,
    every: int = EVERY,
    seed: int = SEED,
    heard: Callable[[int], None] = lambda ready: None,
) -> Report:
    """One run; ``heard`` is called with how many bans and sign-ups are ready."""
    originals: list[Person] = []

    def counted(some: Iterator[Ban]) -> Iterator[Ban]:
        for number, one in enumerate(some, 1):
            yield one
            if number % _BATCH == 0:
                heard(number)

    with server() as own:
        store = a_store(own, bans, counting=True)
        await store.open()
        await enrol(store, own, counted(_bans(bans, seed, originals)), now=NOW)
        records = sign_ups(seed, bans, originals, events, at=NOW, every=every)
        # What mirrors show is not counted: how often one evader comes is another question.
        crowd = [one for number, one in enumerate(records) if number % every != every // 2]
        for at in range(0, len(crowd), 8 * _BATCH):
            await store.remember(_accounts(crowd[at : at + 8 * _BATCH]), now=NOW)
        await store.freeze(now=NOW + 86_400.0)
        await store.close()
        ready = bans
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
            parts = [
                pool.submit(_run, own.administrator_url, bans, every, at, records[at : at + 8 * _BATCH])
                for at in range(0, events, 8 * _BATCH)
            ]
            for part in as_completed(parts):
                ready += len(part.result().read)
                heard(ready)
            tallies = [part.result() for part in parts]
    read = [one for tally in tallies for one in tally.read]
    return Report(
        bans,
        events,
        sum(tally.met for tally in tallies) / events,
        fmean(read),
        float(np.percentile(read, 50)),
        float(np.percentile(read, 99)),
        sum(tally.alerts for tally in tallies),
        sum(tally.mirrors for tally in tallies),
        [one for tally in tallies for one in tally.lost],
        machine(),
    )


def _run(url: str, bans: int, every: int, first: int, records: Sequence[AccountCreated]) -> _Tally:
    return asyncio.run(_compared(url, bans, every, first, records))


async def _compared(url: str, bans: int, every: int, first: int, records: Sequence[AccountCreated]) -> _Tally:
    """Some sign-ups, each looked up with the bound and without."""
    store = a_store(Server(url, url, None), bans, counting=True)
    await store.open()
    # Two days later, when all that the others show is counted.
    judge = await Judge.of().at(store, NOW + 2 * 86_400.0)
    tally, accounts = _Tally(), _accounts(records)
    for at in range(0, len(accounts), _BATCH):
        some = accounts[at : at + _BATCH]
        bounded = [judge.query(one) for one in some]
        near = await store.bans_like(bounded, now=NOW, keep=_KEEP)
        for number, (one, query, found) in enumerate(zip(some, bounded, near, strict=True), first + at):
            (everybody,) = await store.bans_like([judge.everybody(one)], now=NOW, keep=_EVERYBODY)
            tally.met += len(everybody)
            tally.read.append(len(found))
            refs = {candidate.ref for candidate in found}
            for candidate, told in zip(everybody, judge.scores(one, everybody), strict=True):
                if told.band == "none":
                    continue
                tally.alerts += 1
                tally.mirrors += number % every == every // 2
                if candidate.ref not in refs:
                    (uncut,) = await store.bans_like([query], now=NOW, keep=_EVERYBODY)
                    cut = candidate.ref in {other.ref for other in uncut}
                    tally.lost.append(_lost(query, candidate, told, cut=cut))
    await store.close()
    return tally


def _bans(bans: int, seed: int, originals: list[Person]) -> Iterator[Ban]:
    """Bans in the order in which they occurred; mirrors come soon after theirs more often than late."""
    rng = seeded(seed, "bench ages")
    ages = sorted((rng.random() * _SPAN_SECONDS for _ in range(bans)), reverse=True)
    everybody = list(people(seed, bans, range(bans)))
    late = [number for number in range(bans) if is_original(number, bans)]
    originals += [everybody[number] for number in late]
    soon = {number: _SOONEST_SECONDS * (_SPAN_SECONDS / _SOONEST_SECONDS) ** rng.random() for number in late}
    aged = [(soon.get(number, age), number) for number, age in enumerate(ages)]
    for age, number in sorted(aged, reverse=True):
        yield ban_of(ban(number, everybody[number], NOW - age), KEYERS)


def _accounts(records: Sequence[AccountCreated]) -> list[Remembered]:
    read = [decode_created(encode(one), now=NOW) for one in records]
    return [remembered_of(one.record, KEYERS) for one in read if not isinstance(one, Malformed)]


def _lost(query: Query, candidate: Candidate, told: Score, *, cut: bool) -> Lost:
    theirs, table = set(enrolment_keys(candidate.fingerprint)), query.table
    if table is None:
        raise ValueError("the query has no table of what its keys may add")
    shared: dict[str, int] = {}
    # As tables number them; the last is what keys of the handle add besides.
    names = [*(one.name for one in SIGNALS), *(one.name for one in PAIRWISE), HANDLE.name]
    keyed = set()
    for key in theirs.intersection(query.keys):
        shared[kind_of(key).name] = shared.get(kind_of(key).name, 0) + 1
    for facts, steps in zip(table.facts, table.steps, strict=True):
        says = zip(query.keys, facts, steps, strict=True)
        keyed |= {names[fact] for key, fact, most in says if most and key in theirs}
    unkeyed = [f"{one.signal} {one.weight:+.1f}" for one in told.lines if one.weight > 0.05]
    unkeyed = [one for one in unkeyed if one.split()[0] not in keyed]
    reason = f"{_KEEP} others may score more" if cut else "bounded too low"
    if unkeyed and not cut:
        reason += f": {', '.join(unkeyed)} without a shared key"
    lines = [f"{one.signal} {one.level} {one.weight:+.1f}" for one in told.lines if abs(one.weight) > 0.05]
    return Lost(reason, round(told.log_odds, 2), told.band, shared, lines)


def main() -> None:
    """Prints what was lost and what was read."""
    parser = argparse.ArgumentParser(prog="python -m bench.upper_bound", description=__doc__)
    parser.add_argument("--bans", type=int, default=BANS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--every", type=int, default=EVERY)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    with output.progress("bans enrolled, sign-ups compared", given.bans + given.events) as heard:
        found = asyncio.run(measured(given.bans, given.events, given.every, given.seed, heard))
    print("\n".join(lines(found)))


def lines(found: Report) -> list[str]:
    return [
        f"{found.events:,} sign-ups met {found.candidates:.1f} of {found.bans:,} bans each; records read: "
        f"{found.read_mean:.2f} in the mean, {found.read_p50:.0f} at p50, {found.read_p99:.0f} at p99 "
        f"(goals: at most {READ_MEAN_MAX:.0f} and, at p99, {READ_P99_MAX:.0f})",
        f"alerts: {found.alerts:,} ({found.mirrors:,} of mirrors), lost {len(found.lost)}: "
        f"{1000 * found.lost_share:.1f} in 1,000 (goal: at most {1000 * LOST_MAX:.0f})",
        *(
            f"  {one.band} at {one.log_odds}: {one.reason}; shares {one.shared}; {one.lines}"
            for one in found.lost
        ),
        f"on {in_words(found.machine)}",
    ]


if __name__ == "__main__":
    main()
