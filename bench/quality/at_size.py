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
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from agents.common.distil import remembered_of
from agents.runtime.store_factory import peppers_of, store_of
from bench.judging import Judge
from bench.page import in_words, machine, markdown
from bench.quality.simulated import number_text, share_text
from bench.running.crowd import MIRROR_EVERY, SIGN_UPS_FROM, account_id, aged
from bench.running.filled import environment, filled
from cli import output
from report.share import Share
from schemas.accounts import AccountCreated
from schemas.malformed import Malformed
from schemas.wire import decode_created, encode
from simulate.evasion.edits import EDIT_SETS
from simulate.evasion.lookalikes import INNOCENT_SHARES, INNOCENTS
from simulate.evasion.strategies import STRATEGIES
from simulate.population.people import Person, Population
from simulate.sampling import below, seeded
from simulate.timeline.records import created
from store.base import Candidate, Remembered, Store
from streams.settings import Settings, load
from tools.reference_tables import fill_in

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

SPANS: Final = {
    "≤ 10 min": (2 * MINUTE, 10 * MINUTE),
    "≤ 1 h": (10 * MINUTE, HOUR),
    "≤ 1 day": (HOUR, DAY),
    "≤ 1 week": (DAY, 7 * DAY),
    "≤ 1 month": (7 * DAY, 30 * DAY),
    "≤ 6 months": (30 * DAY, 182 * DAY),
}
"""Times since the ban, each up to its end, and from where to where mirrors come in it (seconds)."""

SIGN_UPS_SECONDS: Final = 0.5 * DAY

ORDINARY: Final = "ordinary"


class Coming(NamedTuple):
    """One sign-up: a strategy's number, a kind of innocents or ``ordinary``; whose ban it is about; when."""

    kind: str
    banned: int | None
    at: float


@dataclass(frozen=True, slots=True)
class Plan:
    """All sign-ups, in no order of their moments."""

    coming: tuple[Coming, ...]

    @property
    def banned(self) -> frozenset[int]:
        """The numbers of the bans that mirrors and innocents are made of."""
        return frozenset(one.banned for one in self.coming if one.banned is not None)


def planned(seed: int, bans: int, until: float, *, a_cell: int, others: int) -> Plan:
    """``a_cell`` mirrors of each strategy in each span, of the sixth twice as many, and so many ``others``.

    Of the others some resemble a banned account and are somebody else, at the shares of the simulation. When
    it was banned is no matter to them, so that any ban is as likely as another.
    """
    rng = seeded(seed, "plan of a whole platform")
    when = np.array([aged(number, until) for number in range(bans)])
    order = np.argsort(when)
    moments = when[order]

    def after(kind: str, first: float, last: float) -> Coming:
        since = first * (last / first) ** rng.random()
        wanted = until - SIGN_UPS_SECONDS * rng.random() - since
        place = int(np.searchsorted(moments, wanted))
        near = [it for it in (place - 1, place) if 0 <= it < bans and moments[it] + since <= until]
        chosen = min(near or [0], key=lambda it: abs(moments[it] - wanted))
        return Coming(kind, int(order[chosen]), float(moments[chosen]) + since)

    coming = [
        after(str(way.number), *span)
        for way in STRATEGIES
        for span in SPANS.values()
        for _ in range(2 * a_cell if way.number == 6 else a_cell)
    ]
    for _ in range(others):
        draw, kind = rng.random(), ORDINARY
        for name, share in INNOCENT_SHARES.items():
            if 0.0 <= draw < share:
                kind = name
            draw -= share
        at = until - SIGN_UPS_SECONDS * rng.random()
        banned = None if kind == ORDINARY else int(order[below(rng, int(np.searchsorted(moments, at)))])
        coming.append(Coming(kind, banned, at))
    return Plan(tuple(coming))


def signing_up(
    plan: Plan, seed: int, bans: int, banned: dict[int, Person], edits: str
) -> Iterator[tuple[Coming, Person]]:
    """The person behind each of the sign-ups; ``banned`` by their numbers, ``edits`` as of the simulation."""
    rng, population = seeded(seed, "sign-ups of a whole platform"), Population(seed + 1, bans)
    for number, one in enumerate(plan.coming):
        if one.banned is None:
            person = population.person(rng)
        elif one.kind in INNOCENTS:
            person = INNOCENTS[one.kind](population, EDIT_SETS[edits], banned[one.banned], rng)
        else:
            way = STRATEGIES[int(one.kind) - 1]
            person = way.mirror(population, EDIT_SETS[edits], banned[one.banned], rng)
        yield one, replace(person, account_id=account_id(SIGN_UPS_FROM + number))


BANDS: Final = ("likely", "possible")
SOON: Final = ("1", "2", "3", "4", "5", "7")
"""Strategies that should be found within the hour."""
WAYS_BACK: Final = ("1", "2", "3", "4", "5", "6, card", "6, number", "7", "9", "8")
NOBODY_FINDS: Final = "8"

_RANKS: Final = {"none": 0, "possible": 1, "likely": 2}
_RESAMPLED: Final = 200


class ScoredBan(NamedTuple):
    """One pair that was read: the ban's key, the score, and seconds since the ban, where both are dated."""

    banned: str
    log_odds: float
    probability: float
    band: str
    since: float | None


@dataclass(frozen=True, slots=True)
class Event:
    """One sign-up: a strategy, a kind of innocents or ``ordinary``; its ban; what was read and found.

    ``banned`` is whose mirror it is, or whom an innocent resembles; ``since`` how many seconds after that
    ban it came.
    """

    kind: str
    banned: str | None
    since: float | None
    read: int
    pairs: tuple[ScoredBan, ...]

    @property
    def is_mirror(self) -> bool:
        """True if its ban is its own."""
        return self.kind in WAYS_BACK

    def true(self, pair: ScoredBan) -> bool:
        """Returns whether this pair is a mirror and its original."""
        return self.is_mirror and pair.banned == self.banned


def figures(events: Sequence[Event]) -> dict[str, Any]:
    mirrors = [one for one in events if one.is_mirror]
    others = [one for one in events if not one.is_mirror]
    weight = (MIRROR_EVERY - 1) * len(mirrors) / max(len(others), 1)
    return {
        "mirrors": len(mirrors),
        "others": len(others),
        "weight_of_others": round(weight, 3),
        "records_read": round(fmean(one.read for one in events), 2),
        "average_precision": average_precision(events, weight),
        "bands": {band: _band(band, mirrors, others, weight, _ever) for band in BANDS},
        "by_span": {
            span: {band: _band(band, mirrors, others, weight, _within(span)) for band in BANDS}
            for span in SPANS
        },
        "within_the_hour": {
            band: _band(band, mirrors, others, weight, _within_the_hour, SOON) for band in BANDS
        },
        "alarmed": {
            kind: Share(
                sum(bool(_alerts(one, "possible")) for one in others if one.kind == kind),
                sum(one.kind == kind for one in others),
            ).as_json()
            for kind in sorted({one.kind for one in others})
        },
    }


Within = Callable[[float], bool]


def _ever(since: float) -> bool:
    return True


def _within_the_hour(since: float) -> bool:
    return 0.0 < since <= HOUR


def _within(span: str) -> Within:
    """Returns whether so long after a ban lies in a span: after the end of the one before, up to its own."""
    ends = [0.0, *(last for _, last in SPANS.values())]
    place = list(SPANS).index(span)
    return lambda since: ends[place] < since <= ends[place + 1]


def _alerts(event: Event, band: str, within: Within = _ever) -> list[ScoredBan]:
    """The pairs that a sign-up is alerted on, at a band or above, so long after the ban of each."""
    return [
        pair
        for pair in event.pairs
        if _RANKS[pair.band] >= _RANKS[band] and (pair.since is None or within(pair.since))
    ]


def _recall(band: str, mirrors: Sequence[Event], within: Within, kinds: Sequence[str]) -> dict[str, object]:
    some = [one for one in mirrors if one.kind in kinds and one.since is not None and within(one.since)]
    found = sum(any(one.true(pair) for pair in _alerts(one, band)) for one in some)
    return Share(found, len(some)).as_json()


def _band(
    band: str,
    mirrors: Sequence[Event],
    others: Sequence[Event],
    weight: float,
    within: Within,
    kinds: Sequence[str] = WAYS_BACK[:-1],
) -> dict[str, Any]:
    """Recall of mirrors of those kinds, and precision of all alerts, both from a band upwards.

    The interval of precision is that of how often others alarm; what mirrors bring is taken as it was.
    """
    said = [(one, pair) for one in mirrors for pair in _alerts(one, band, within)]
    true = sum(one.true(pair) for one, pair in said)
    false = sum(len(_alerts(one, band, within)) for one in others)
    share = Share(min(false, len(others)), len(others))

    def precision(alarms: float) -> float | None:
        alerts = len(said) + weight * alarms
        return round(true / alerts, 4) if alerts else None

    low, high = share.interval or (0.0, 1.0)
    return {
        "recall": _recall(band, mirrors, within, kinds),
        "precision": precision(false),
        "precision_interval": [precision(high * len(others)), precision(low * len(others))],
        "true": true,
        "false_of_mirrors": len(said) - true,
        "false_of_others": false,
    }


def average_precision(events: Sequence[Event], weight: float) -> dict[str, Any]:
    """Over all pairs that were read, weighed; a mirror of strategies 1 to 7 that was not read counts 0.

    The interval (95 %) is of a bootstrap that draws mirrors among mirrors and others among others.
    """
    pairs = sorted(
        ((pair.log_odds, place, one.true(pair)) for place, one in enumerate(events) for pair in one.pairs),
        key=lambda it: (-it[0], it[1]),
    )
    places = np.array([place for _, place, _ in pairs], np.int64)
    true = np.array([true for _, _, true in pairs], np.bool_)
    mirror = np.array([one.is_mirror for one in events], np.bool_)
    wanted = np.array([one.is_mirror and one.kind != NOBODY_FINDS for one in events], np.bool_)
    weights = np.where(mirror, 1.0, weight)
    rng = np.random.default_rng(7)
    drawn = []
    for _ in range(_RESAMPLED):
        times = np.zeros(len(events))
        for group in (np.flatnonzero(mirror), np.flatnonzero(~mirror)):
            if len(group):
                np.add.at(times, rng.choice(group, len(group)), 1.0)
        drawn.append(_average_precision(places, true, weights, wanted, times))
    low, high = np.quantile(drawn, (0.025, 0.975))
    value = _average_precision(places, true, weights, wanted, np.ones(len(events)))
    return {"value": round(value, 4), "interval": [round(float(low), 4), round(float(high), 4)]}


Numbers = NDArray[np.float64]


def _average_precision(
    places: NDArray[np.int64],
    true: NDArray[np.bool_],
    weights: Numbers,
    wanted: NDArray[np.bool_],
    times: Numbers,
) -> float:
    """With each sign-up taken so many times."""
    mass = (weights * times)[places]
    hits = np.where(true, mass, 0.0)
    total = float((times * wanted).sum())
    if not total:
        return 0.0
    above = np.cumsum(mass)
    precision = np.divide(np.cumsum(hits), above, out=np.zeros(len(above)), where=above > 0.0)
    return float((hits * precision).sum() / total)


def table(told: Mapping[str, Any]) -> str:
    """Markdown: what is found and how precisely, then both by time since the ban."""
    average = told["average_precision"]
    low, high = average["interval"]
    rows = [
        (
            f"average precision ({told['mirrors']:,} mirrors, {told['others']:,} others, "
            f"one sign-up in {MIRROR_EVERY} a mirror)",
            f"{average['value']:.3f} [{low:.3f}, {high:.3f}]",
            "",
        )
    ]
    for band in BANDS:
        goal = "both ≥ .9" if band == "possible" else ""
        rows.append((f"within the hour, 1–5 and 7, `{band}`", _both(told["within_the_hour"][band]), goal))
    rows += [(f"1–7, `{band}`", _both(told["bands"][band]), "") for band in BANDS]
    alarmed = ", ".join(
        f"`{kind}` {share['hits']} of {share['of']}" for kind, share in told["alarmed"].items()
    )
    rows.append(("innocent alarmed", alarmed, ""))
    head = f"at {told['bans']:,} whole bans of two years"
    first = markdown((head, "measured", "goal"), rows)
    possible = [told["by_span"][span]["possible"] for span in SPANS]
    cells = [
        ("recall of 1–7", *(number_text(each["recall"]["value"]) for each in possible)),
        ("precision", *(number_text(each["precision"]) for each in possible)),
    ]
    heads = ("`possible` by time since the ban", *SPANS)
    return f"{first}\n\n{markdown(heads, cells)}"


def _both(each: Mapping[str, Any]) -> str:
    return f"recall {share_text(each['recall'])}; precision {_precision(each)}"


def _precision(each: Mapping[str, Any]) -> str:
    if each["precision"] is None:
        return "–"
    low, high = each["precision_interval"]
    counts = f"{each['true']} true, {each['false_of_mirrors']} and {each['false_of_others']} false"
    return f"{each['precision']:.3f} [{low:.3f}, {high:.3f}] ({counts})"


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
    plan = planned(seed, bans, NOW, a_cell=a_cell, others=others)
    own = filled(bans, seed, NOW, plan.banned)
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
    parser.add_argument("--edits", choices=sorted(EDIT_SETS), default="held_out")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--note", type=Path, help="fill the table of this note in")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    print(f"filling a store with {given.bans:,} bans, unless it is kept from before", file=sys.stderr)
    with output.progress("sign-ups judged", None) as heard:
        told = measured(given.bans, seed=given.seed, edits=given.edits, heard=heard)
    if given.note is not None:
        fill_in(given.note, {"size": table(told)})
    print(json.dumps(told, indent=1) if given.json else f"{table(told)}\n\non {in_words(told['machine'])}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
