"""``python -m bench.quality.at_size [--bans 1000000] [--note FILE] [--json]``: quality at the size it is for.

A Redis is filled with so many whole bans of the last two years (kept in the cache: a million take two
processes a quarter of an hour and some 2 GB), and whole sign-ups are looked up among them as a worker does:
with the bound, 64 candidates at most, and the thresholds of each ban's policy. A crowd has signed up before
and is counted. `make bench-quality BANS=1000000` runs it; `BANS=20000` takes a minute or two.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from agents.common.converters import remembered_of
from agents.runtime.store_factory import peppers_of, store_of
from bench.judging import Judge
from bench.machine import in_words, machine
from bench.quality.plan import Coming, planned, signing_up
from bench.quality.size_figures import Event, ScoredBan, figures, table
from bench.running.crowd import SIGN_UPS_FROM, account_id, aged
from bench.running.filled import environment, filled
from cli import output
from schemas.accounts import AccountCreated
from schemas.malformed import Malformed
from schemas.wire import decode_created, encode
from simulate.evasion.edits import EDIT_SETS
from simulate.population.people import Person, Population
from simulate.sampling import seeded
from simulate.timeline.records import created
from store.base import Candidate, Remembered, Store
from streams.settings import Settings, load
from tools.reference_tables import filled_in

BANS: Final = 1_000_000
A_CELL: Final = 40
OTHERS: Final = 40_000
CROWD: Final = 20_000
SEED: Final = 9_301
NOW: Final = 1_800_000_000.0
PROCESSES: Final = 2

_DAY_SECONDS: Final = 86_400.0
_COUNTED_SECONDS: Final = 10 * _DAY_SECONDS  # the crowd came so long before, and no lag hides it
_FROZEN_SECONDS: Final = 2 * 3_600.0
_KEEP: Final = 64  # candidates an account, as a worker keeps
_ALERTS: Final = 3  # pairs at or above `possible` that a worker publishes an account
_BATCH: Final = 64
_PART: Final = 1_024
_CROWD_FROM: Final = SIGN_UPS_FROM + (1 << 30)

Heard = Callable[[int], None]


def measured(
    bans: int = BANS,
    *,
    a_cell: int = A_CELL,
    others: int = OTHERS,
    crowd: int = CROWD,
    seed: int = SEED,
    edits: str = "held_out",
    heard: Heard = lambda ready: None,
) -> dict[str, Any]:
    """One run, ready for JSON; ``heard`` is called with how many sign-ups are judged."""
    began = time.monotonic()
    plan = planned(seed, bans, NOW, a_cell=a_cell, others=others)
    own = filled(bans, seed, NOW, plan.banned)
    ready_at = time.monotonic()
    banned = dict(zip(sorted(plan.banned), own.originals, strict=True))
    people = signing_up(plan, seed, bans, banned, edits)
    with own.server() as server, ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        settings = environment(server.url, own.pepper, bans)
        asyncio.run(_count(load(settings), _crowd(seed, bans, crowd)))
        running, events, ready = [], [], 0
        while part := list(islice(people, _PART)):
            records = [encode(created(person, one.at)) for one, person in part]
            asked = [_asked(one, person, banned) for one, person in part]
            running.append(pool.submit(_judged, settings, records, asked))
        for each in as_completed(running):
            events += each.result()
            ready += len(each.result())
            heard(ready)
    return {
        "bans": bans,
        "bans_of_the_last_hour": sum(NOW - aged(number, NOW) <= 3_600.0 for number in range(bans)),
        "edits": edits,
        "seed": seed,
        "crowd": crowd,
        **figures(events),
        "fill_seconds": round(ready_at - began, 1),
        "judge_seconds": round(time.monotonic() - ready_at, 1),
        "machine": machine(),
    }


class _SignUpKind(NamedTuple):
    """The kind of a sign-up, its ban's key, and how long after that it comes."""

    kind: str
    banned: str | None
    since: float | None


def _asked(one: Coming, person: Person, banned: dict[int, Person]) -> _SignUpKind:
    """The sixth strategy is split by what it keeps."""
    if one.banned is None:
        return _SignUpKind(one.kind, None, None)
    original, kind = banned[one.banned], one.kind
    if kind == "6":
        kind = "6, card" if person.payment_token == original.payment_token else "6, number"
    return _SignUpKind(kind, original.key, one.at - aged(one.banned, NOW))


def _crowd(seed: int, bans: int, count: int) -> Iterator[AccountCreated]:
    rng, population = seeded(seed, "crowd of a whole platform"), Population(seed + 2, bans)
    for number in range(count):
        person = replace(population.person(rng), account_id=account_id(_CROWD_FROM + number))
        yield created(person, NOW - _COUNTED_SECONDS)


async def _count(settings: Settings, crowd: Iterator[AccountCreated]) -> None:
    peppers = peppers_of(settings)
    store = store_of(settings, peppers)
    await store.open()
    now = NOW - _COUNTED_SECONDS
    while some := list(islice(crowd, _PART)):
        await store.remember([remembered_of(one, peppers.keyers) for one in some], now=now)
    await store.freeze(now=now + _FROZEN_SECONDS)
    await store.close()


def _judged(
    environment: dict[str, str], records: Sequence[bytes], asked: Sequence[_SignUpKind]
) -> list[Event]:
    return asyncio.run(_judge(load(environment), records, asked))


async def _judge(settings: Settings, records: Sequence[bytes], asked: Sequence[_SignUpKind]) -> list[Event]:
    """What a worker says of sign-ups, and what each of them is."""
    peppers = peppers_of(settings)
    store = store_of(settings, peppers)
    await store.open()
    judge, events = await Judge.of().at(store, NOW), []
    for at in range(0, len(records), _BATCH):
        accounts = [_distilled(record, peppers.keyers) for record in records[at : at + _BATCH]]
        found = await store.bans_like([judge.query(one) for one in accounts], now=NOW, keep=_KEEP)
        for account, candidates, own in zip(accounts, found, asked[at : at + _BATCH], strict=True):
            pairs = await _pairs(judge, store, account, candidates)
            events.append(Event(own.kind, own.banned, own.since, len(candidates), pairs))
    await store.close()
    return events


def _distilled(record: bytes, keyers: Any) -> Remembered:
    read = decode_created(record, now=NOW)
    if isinstance(read, Malformed):
        raise TypeError(f"a sign-up of ours does not read back: {read.reason} at {read.path}")
    return remembered_of(read.record, keyers)


async def _pairs(
    judge: Judge, store: Store, account: Remembered, candidates: Sequence[Candidate]
) -> tuple[ScoredBan, ...]:
    """The pairs that were read, best first, but for alerts beyond those that a worker publishes."""
    facts = await store.facts([one.ref for one in candidates]) if candidates else []
    policies = ["" if one is None else one.policy or "" for one in facts]
    pairs = []
    for known, candidate, told in zip(
        facts, candidates, judge.scores(account, candidates, policies), strict=True
    ):
        if known is not None:
            at, banned_at = account.fingerprints[0].at, candidate.fingerprint.at
            since = None if at is None or banned_at is None else at - banned_at
            key = f"{known.platform}:{known.account_id}"
            pairs.append(ScoredBan(key, told.log_odds, told.probability, told.band, since))
    pairs.sort(key=lambda one: (-one.log_odds, one.banned))
    alerting = [one for one in pairs if one.band != "none"]
    return (*alerting[:_ALERTS], *(one for one in pairs if one.band == "none"))


def main() -> int:
    """0 with the figures on standard output."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality.at_size", description=__doc__)
    parser.add_argument("--bans", type=int, default=BANS)
    parser.add_argument("--cell", type=int, default=A_CELL, help="mirrors of a strategy in a span of time")
    parser.add_argument("--others", type=int, default=OTHERS, help="sign-ups of others")
    parser.add_argument("--edits", choices=sorted(EDIT_SETS), default="held_out")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--note", type=Path, help="fill the table of this note in")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    print(f"filling a store with {given.bans:,} bans, unless it is kept from before", file=sys.stderr)
    with output.progress("sign-ups judged", None) as heard:
        told = measured(
            given.bans,
            a_cell=given.cell,
            others=given.others,
            seed=given.seed,
            edits=given.edits,
            heard=heard,
        )
    if given.note is not None:
        given.note.write_text(filled_in(given.note.read_text("utf-8"), "size", table(told)), "utf-8")
    print(json.dumps(told, indent=1) if given.json else f"{table(told)}\n\non {in_words(told['machine'])}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
