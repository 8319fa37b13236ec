"""What the bound costs and what it loses, beside reading everybody who shares any key.

``python -m bench.upper_bound [--bans 100000] [--events 20000] [--every 8] [--seed 7] [--json]``. Whole bans
of ages spread over two years, then sign-ups, one in ``every`` a mirror of one of the banned. Each is looked
up twice: as a worker does, and with no bound and no cut, when everybody is compared in full. A pair that
alerts there and is not read here is an alert lost, and is told with what it shares and what speaks for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Final

import numpy as np

from agents.doors import ban_of, remembered_of
from bench.machine import in_words, machine
from bench.running.crowd import ban, is_original, people, sign_ups
from bench.store.bans import KEYERS, a_store, enrol
from bench.store.server import server
from samehand.evidence import Score
from samehand.fingerprint import enrolment_keys
from samehand.keys import kind_of
from samehand.score import score
from samehand.scoring.upper_bound import UpperBound
from samehand.unbanned import Unbanned
from samehand.weights import default_weights
from schemas.accounts import AccountCreated
from schemas.malformed import Malformed
from schemas.wire import decode_created, encode
from simulate.draws import seeded
from simulate.people import Person
from store.base import Ban, Candidate, Query, Remembered

BANS: Final = 100_000
EVENTS: Final = 20_000
EVERY: Final = 8
SEED: Final = 7
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
    """An alert that the bound kept from being found: what the pair shares, and its lines."""

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
    read_p99: float
    alerts: int
    mirrors: int
    lost: list[Lost]
    machine: dict[str, str | int | float] = field(repr=False)

    @property
    def lost_share(self) -> float:
        """Of all alerts."""
        return len(self.lost) / max(self.alerts, 1)


async def measured(bans: int = BANS, events: int = EVENTS, every: int = EVERY, seed: int = SEED) -> Report:
    """One run."""
    weights = default_weights()
    bound = UpperBound(weights)
    originals: list[Person] = []
    with server() as own:
        store = a_store(own, bans)
        await store.open()
        await enrol(store, own, _bans(bans, seed, originals))
        accounts = _accounts(sign_ups(seed, bans, originals, events, at=NOW, every=every))
        for at in range(0, events, 8 * _BATCH):
            await store.remember(accounts[at : at + 8 * _BATCH], now=NOW)
        await store.freeze(now=NOW + 86_400.0)
        counted = await store.frequencies(at=NOW + 2 * 86_400.0)
        met, read, alerts, mirrors = 0, [], 0, 0
        lost: list[Lost] = []
        for at in range(0, events, _BATCH):
            some = accounts[at : at + _BATCH]
            bounded = [Query.by(one.account, bound.table(one.fingerprints, counted)) for one in some]
            near = await store.bans_like(bounded, now=NOW, keep=_KEEP)
            for number, (one, found) in enumerate(zip(some, near, strict=True), at):
                ((everybody),) = await store.bans_like(
                    [Query.of(one.account, one.fingerprints)], now=NOW, keep=_EVERYBODY
                )
                met += len(everybody)
                read.append(len(found))
                refs = {candidate.ref for candidate in found}
                sight = Unbanned(counted, everybody[0].bearers if everybody else {})
                for candidate in everybody:
                    told = score(one.fingerprints[0], candidate.fingerprint, weights, sight)
                    if told.band == "none":
                        continue
                    alerts += 1
                    mirrors += number % every == every // 2
                    if candidate.ref not in refs:
                        lost.append(_lost(one, candidate, told))
        await store.close()
    return Report(
        bans,
        events,
        met / events,
        fmean(read),
        float(np.percentile(read, 99)),
        alerts,
        mirrors,
        lost,
        machine(),
    )


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


def _lost(one: Remembered, candidate: Candidate, told: Score) -> Lost:
    theirs = set(enrolment_keys(candidate.fingerprint))
    shared: dict[str, int] = {}
    for key in Query.of(one.account, one.fingerprints).keys:
        if key in theirs:
            shared[kind_of(key).name] = shared.get(kind_of(key).name, 0) + 1
    lines = [f"{one.signal} {one.level} {one.weight:+.1f}" for one in told.lines if abs(one.weight) > 0.05]
    return Lost(round(told.log_odds, 2), told.band, shared, lines)


def main() -> None:
    """Prints what was lost and what was read, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", type=int, default=BANS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--every", type=int, default=EVERY)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = asyncio.run(measured(given.bans, given.events, given.every, given.seed))
    if given.json:
        print(json.dumps(asdict(found), indent=1))
        return
    print(
        f"{found.events:,} sign-ups met {found.candidates:.1f} of {found.bans:,} bans each; records read: "
        f"{found.read_mean:.2f} in the mean, {found.read_p99:.0f} at p99"
    )
    print(f"alerts: {found.alerts:,} ({found.mirrors:,} of mirrors), lost {len(found.lost)}")
    for one in found.lost:
        print(f"  {one.band} at {one.log_odds}: shares {one.shared}; {one.lines}")
    print(f"on {in_words(found.machine)}")


if __name__ == "__main__":
    main()
