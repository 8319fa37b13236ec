"""Finds the banned accounts that an account resembles, and selects the pairs that become alerts.

The stream calls it for accounts that it has remembered, the gate for accounts that it must not store: both
get the same answer. It reads the store and writes nothing. Look-back goes the other way, from one ban to
remembered accounts, and caps its alerts over clusters, too (:mod:`agents.lookback`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from agents.common.alerts.compose import Pair
from agents.common.alerts.propose import best_score, may_alert
from agents.common.context import AgentContext
from agents.common.distil import distilled, with_former
from agents.common.snapshot import Snapshot
from agents.common.yielder import Yielder
from samehand.clusters import Clusters
from samehand.clusters import alike as are_alike
from samehand.fingerprint.distil import Fingerprint
from samehand.frequency.rates import CountsWithoutCandidates
from samehand.showings import UNKNOWN, Showings
from samehand.signals import LISTED
from schemas.accounts import AccountEvent
from schemas.alerts import OTHERS_MAX, Direction, OtherCandidate
from schemas.wire import Decoded
from store.base import BanFacts, Candidate, Query, Remembered
from streams.tracing import note, stage

_LISTED: Final = frozenset(signal.name for signal in LISTED)

STAYS_NATS: Final = 1.0
"""By so much another pair's evidence must exceed that of an open alert to take its place: counts that drift
must not make two alerts take turns."""

NAMED_MAX: Final = 8
"""Alike bans that an alert names: more is not read, and each that comes later revises the alert."""

ASKED_AT_ONCE: Final = 64
"""Events of a batch that are looked up together, and compared before the next ones are looked up.

The answer for 500 events is 30,000 postings, which a busy client does not read within Redis' deadline.
"""


@dataclass(frozen=True, slots=True)
class Lookup:
    """An event's account, distilled, with its look-up query and the event's id and moment (Unix seconds)."""

    account: Remembered
    query: Query
    event_at: float
    event_id: str


def lookup_of(
    decoded: Decoded[AccountEvent],
    topic: str,
    snapshot: Snapshot,
    context: AgentContext,
    former: dict[str, Remembered] | None = None,
) -> Lookup | None:
    """Prepares the look-up of an event's account; ``None`` for one on the allowlist, which never alerts.

    ``former`` has by account the states that changes change, and gets this one.
    """
    event, alert_policy = decoded.record, context.alert_policy
    if event.key in alert_policy.allowlist:
        return None
    account = distilled(decoded, topic, context)
    if former is not None:
        account = former[account.account] = with_former(account, former.get(account.account))
    if not alert_policy.dated:
        undated = tuple(replace(fingerprint, at=None) for fingerprint in account.fingerprints)
        account = replace(account, fingerprints=undated, shown=UNKNOWN)
    table = snapshot.weighing.bound.table(account.fingerprints, snapshot.frequencies)
    account = replace(account, keys=table.listed)
    # Pairs below the bands are looked up without the upper bound, which would skip them.
    query = Query(account.account, table.keys, None if alert_policy.candidates_below > 0 else table)
    return Lookup(account, query, event.at, event.event_id)


def lookup_again(account: Remembered, at: float, cause: str, snapshot: Snapshot) -> Lookup:
    """Prepares the look-up of a remembered account for which ``cause`` freed a place at ``at``."""
    table = snapshot.weighing.bound.table(account.fingerprints, snapshot.frequencies)
    return Lookup(replace(account, keys=table.listed), Query.by(account.account, table), at, cause)


def as_shown(lookups: Sequence[Lookup], shown: Sequence[Showings]) -> list[Lookup]:
    """The look-ups, each account with the spans of its values that the store tells."""
    return [
        replace(lookup, account=replace(lookup.account, shown=showings))
        for lookup, showings in zip(lookups, shown, strict=True)
    ]


async def match(
    several: Sequence[Lookup],
    snapshot: Snapshot,
    context: AgentContext,
    direction: Direction,
    places: Sequence[int] | None = None,
) -> list[list[Pair]]:
    """Returns for each account the pairs to alert on, then those beyond the cap, each strongest first.

    Where the rules ask for pairs below the bands, these come last. ``places``: the place of each account in
    the traced batch; by default that in ``several``.
    """
    candidate_lists = await context.call_store(
        context.store.bans_like(
            [lookup.query for lookup in several],
            now=context.now(),
            keep=context.alert_policy.candidates_an_event,
        )
    )
    return await compared(several, candidate_lists, snapshot, context, direction, places)


async def compared(
    several: Sequence[Lookup],
    candidate_lists: Sequence[Sequence[Candidate]],
    snapshot: Snapshot,
    context: AgentContext,
    direction: Direction,
    places: Sequence[int] | None = None,
) -> list[list[Pair]]:
    """Returns what :func:`match` returns, of candidates that a look-up has found already."""
    for candidates in candidate_lists:
        context.metrics.candidates.observe(len(candidates))
    note(
        lambda: {
            place: {"event_id": lookup.event_id, "candidates": len(candidates)}
            for place, lookup, candidates in zip(
                places or range(len(several)), several, candidate_lists, strict=True
            )
        }
    )
    with stage("compare"):
        return await _best(several, candidate_lists, snapshot, context, direction)


def capped(
    alerting: Sequence[Pair],
    most: int,
    alike: Callable[[Pair, Pair], bool],
    standing: Mapping[str, Sequence[OtherCandidate]] = MappingProxyType({}),
) -> list[Pair]:
    """Caps the pairs of an event that alert over clusters of alike banned accounts.

    Keeps the strongest pair of each of the ``most`` strongest clusters, which names the others, and marks the
    rest ``again_only``: it is published only if an earlier delivery of its event claimed it, before stronger
    pairs came. What nobody names is counted. ``standing``: the alerts that are open, each with what it names
    beside these pairs.
    """
    clusters, places = Clusters(alike, most), defaultdict[int | None, list[Pair]](list)

    def precedence(pair: Pair) -> tuple[bool, float]:
        return pair.covered, -pair.score.log_odds - STAYS_NATS * (pair.alert_id in standing)

    for pair in sorted(strongest_first(alerting), key=precedence):
        places[clusters.place(pair)].append(pair)
    rest = [replace(pair, again_only=True, counted=True) for pair in places.pop(None, [])]
    leaders = [several[0] for several in places.values() if not several[0].covered]
    kept = list[Pair]()
    for leader, *weaker in places.values():
        weaker.sort(key=lambda pair: pair.alert_id not in standing)  # what is replaced is named in any case
        former = [name for pair in (leader, *weaker) for name in standing.get(pair.alert_id, ())]
        room = max(NAMED_MAX - len(former), sum(pair.alert_id in standing for pair in weaker))
        others = [*(named(pair, alike=True) for pair in weaker[:room]), *former]
        others += [named(pair, alike=False) for pair in leaders if pair is not leader]
        kept.append(replace(leader, others=tuple(others[:OTHERS_MAX])))
        rest += [replace(pair, again_only=True, counted=at >= room) for at, pair in enumerate(weaker)]
    return [pair for pair in (*kept, *strongest_first(rest)) if not pair.covered]


def named(pair: Pair, *, alike: bool) -> OtherCandidate:
    """The banned account of a pair, as the alert on another pair names it."""
    return OtherCandidate(
        platform=pair.facts.platform,
        account_id=pair.facts.account_id,
        log_odds=pair.score.log_odds,
        probability=pair.score.probability,
        band=pair.score.band,
        alike=alike,
    )


def likeness(
    snapshot: Snapshot, side: Callable[[Pair], tuple[str, Fingerprint]]
) -> Callable[[Pair, Pair], bool]:
    """Returns whether two pairs are alike on a side, which ``side`` gives by account and fingerprint.

    So are pairs for which values of one list speak most: a list that shares each value with another account
    tells a reader no more than one value. Compares two accounts once, whatever pairs of a batch have them.
    """
    known: dict[tuple[str, str], bool] = {}

    def alike(pair: Pair, other: Pair) -> bool:
        (account, fingerprint), (another, its) = side(pair), side(other)
        if account == another or _of_one_list(pair, other):
            return True
        answer = known.get((account, another))
        if answer is None:
            answer = are_alike(fingerprint, its, snapshot.weighing.weights)
            known[account, another] = answer
        return answer

    return alike


def _of_one_list(pair: Pair, other: Pair) -> bool:
    signal = _speaks_most(pair)
    if signal not in _LISTED or signal != _speaks_most(other):
        return False
    lists = [
        of.trait(signal)
        for of, same in (
            (pair.mine, pair.ours.account == other.ours.account),
            (pair.theirs, pair.banned == other.banned),
        )
        if same
    ]
    return any(isinstance(trait, tuple) and len(trait) > 1 for trait in lists)


def _speaks_most(pair: Pair) -> str:
    return max(pair.score.evidence, key=lambda line: line.weight).signal


def strongest_first(pairs: Sequence[Pair]) -> list[Pair]:
    """Sorts pairs by score, highest first; equal scores by alert id."""
    return sorted(pairs, key=lambda pair: (-pair.score.log_odds, pair.alert_id))


async def _best(
    several: Sequence[Lookup],
    candidate_lists: Sequence[Sequence[Candidate]],
    snapshot: Snapshot,
    context: AgentContext,
    direction: Direction,
) -> list[list[Pair]]:
    # Values that one evader's banned accounts share are not common among strangers.
    snapshots = [
        replace(
            snapshot,
            frequencies=CountsWithoutCandidates(
                snapshot.frequencies, candidates[0].bearers if candidates else {}
            ),
        )
        for candidates in candidate_lists
    ]
    above_threshold, yielder = [], Yielder(context.ticks)
    for lookup, candidates, own_snapshot in zip(several, candidate_lists, snapshots, strict=True):
        above_threshold.append(_above_threshold(lookup, candidates, own_snapshot, context))
        await yielder.pause()
    refs = [candidate.ref for candidates in above_threshold for candidate in candidates]
    facts = iter(await context.call_store(context.store.facts(refs)) if refs else ())
    best, alike = [], likeness(snapshot, lambda pair: (pair.banned, pair.theirs))
    for lookup, candidates, own_snapshot in zip(several, above_threshold, snapshots, strict=True):
        with_facts = [(candidate, next(facts)) for candidate in candidates]
        pairs = _with_policy(lookup, with_facts, own_snapshot, context, direction)
        alerting = [pair for pair in pairs if pair.score.band != "none"]
        below = [pair for pair in pairs if pair.score.band == "none"]
        best.append(
            capped(alerting, context.alert_policy.alerts_an_event, alike)
            + below[: context.alert_policy.candidates_below]
        )
        await yielder.pause()
    return best


def _above_threshold(
    lookup: Lookup, candidates: Sequence[Candidate], snapshot: Snapshot, context: AgentContext
) -> list[Candidate]:
    """The candidates that some policy might alert on; all of them where those below are asked for."""
    probability_min = 0.0 if context.alert_policy.candidates_below else snapshot.weighing.weights.alerting_min
    best, above_threshold = -math.inf, []
    if not context.alert_policy.across_platforms:
        candidates = [
            candidate for candidate in candidates if candidate.fingerprint.platform == lookup.account.platform
        ]
    for candidate in candidates:
        scored = best_score(lookup.account.fingerprints, candidate.fingerprint, snapshot)
        if scored is not None:
            best = max(best, scored[1].log_odds)
            if scored[1].probability >= probability_min:
                above_threshold.append(candidate)
    if best > -math.inf:
        context.metrics.score_log_odds.observe(best)
    return above_threshold


def _with_policy(
    lookup: Lookup,
    candidates: Sequence[tuple[Candidate, BanFacts | None]],
    snapshot: Snapshot,
    context: AgentContext,
    direction: Direction,
) -> list[Pair]:
    """The pairs that alert by the thresholds of their ban's policy (or were asked for), strongest first."""
    below = context.alert_policy.candidates_below > 0
    account, pairs = lookup.account, []
    for candidate, facts in candidates:
        if facts is None:
            continue
        showings = (account.shown, facts.shown) if context.alert_policy.dated else None
        scored = best_score(account.fingerprints, candidate.fingerprint, snapshot, facts, showings)
        if scored is None or (scored[1].band == "none" and not below):
            continue
        if not may_alert(facts, context, int(scored[1].band != "none")):
            continue
        mine, result = scored
        claimant = f"{direction}:{lookup.event_id}"
        pairs.append(
            Pair(
                account,
                mine,
                facts,
                candidate.fingerprint,
                result,
                direction,
                lookup.event_at,
                claimant,
                snapshot.weighing.weights.version,
            )
        )
    return strongest_first(pairs)
