"""Finds the banned accounts that an account resembles, and selects the pairs that become alerts.

The stream calls it for accounts that it has remembered, the gate for accounts that it must not store: both
get the same answer. It reads the store and writes nothing. Look-back goes the other way, from one ban to
remembered accounts, and caps its alerts over clusters, too (:mod:`agents.lookback`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agents.common.alerts import NewAccount, Pair, best_score
from agents.common.context import AgentContext
from agents.common.distilled import distilled
from agents.common.snapshot import Snapshot
from agents.common.turns import Turns
from samehand.clusters import Clusters
from samehand.clusters import alike as are_alike
from samehand.fingerprint.distil import Fingerprint
from samehand.frequency.without_candidates import Unbanned
from samehand.showings import UNKNOWN
from schemas.accounts import AccountEvent
from schemas.alerts import Direction
from schemas.wire import Decoded
from store.base import BanFacts, Candidate, Query, Remembered
from streams.tracing import note, stage


@dataclass(frozen=True, slots=True)
class Sought:
    """An event's account, distilled, with its look-up query and the event's id and moment (Unix seconds)."""

    account: Remembered
    query: Query
    event_at: float
    event_id: str


def sought(
    found: Decoded[AccountEvent], topic: str, snapshot: Snapshot, context: AgentContext
) -> Sought | None:
    """Prepares the look-up of an event's account; ``None`` for one on the allowlist, which never alerts."""
    event, rules = found.record, context.rules
    if event.key in rules.allowlist:
        return None
    account = distilled(found, topic, context)
    if not rules.dated:
        undated = tuple(replace(fingerprint, at=None) for fingerprint in account.fingerprints)
        account = replace(account, fingerprints=undated, shown=UNKNOWN)
    table = snapshot.weighing.bound.table(
        account.fingerprints, snapshot.frequencies, calendar=snapshot.calendar
    )
    account = replace(account, keys=table.listed)
    # Pairs below the bands are looked up without the upper bound, which would skip them.
    query = Query(account.account, table.keys, None if rules.candidates_below > 0 else table)
    return Sought(account, query, event.at, event.event_id)


def sought_again(account: Remembered, at: float, cause: str, snapshot: Snapshot) -> Sought:
    """Prepares the look-up of a remembered account for which ``cause`` freed a place at ``at``."""
    table = snapshot.weighing.bound.table(
        account.fingerprints, snapshot.frequencies, calendar=snapshot.calendar
    )
    return Sought(replace(account, keys=table.listed), Query.by(account.account, table), at, cause)


async def match(
    several: Sequence[Sought],
    snapshot: Snapshot,
    context: AgentContext,
    direction: Direction,
    places: Sequence[int] | None = None,
) -> list[list[Pair]]:
    """Returns for each account the pairs to alert on, then those beyond the cap, each strongest first.

    Where the rules ask for pairs below the bands, these come last. ``places``: the place of each account in
    the traced batch; by default that in ``several``.
    """
    found = await context.call_store(
        context.store.bans_like(
            [one.query for one in several], now=context.now(), keep=context.rules.candidates_an_event
        )
    )
    return await compared(several, found, snapshot, context, direction, places)


async def compared(
    several: Sequence[Sought],
    found: Sequence[Sequence[Candidate]],
    snapshot: Snapshot,
    context: AgentContext,
    direction: Direction,
    places: Sequence[int] | None = None,
) -> list[list[Pair]]:
    """Returns what :func:`match` returns, of candidates that a look-up has found already."""
    for candidates in found:
        context.meters.candidates.observe(len(candidates))
    note(
        lambda: {
            place: {"event_id": one.event_id, "candidates": len(candidates)}
            for place, one, candidates in zip(places or range(len(several)), several, found, strict=True)
        }
    )
    with stage("compare"):
        return await _best(several, found, snapshot, context, direction)


def told_of(alerting: Sequence[Pair], most: int, alike: Callable[[Pair, Pair], bool]) -> list[Pair]:
    """Caps the pairs of an event that alert, sorted strongest first, over clusters of alike banned accounts.

    Keeps the strongest pair of each of the ``most`` strongest clusters, and marks the rest ``again_only``: it
    is published only if an earlier delivery of its event claimed it, before stronger pairs came.
    """
    clusters, told, rest = Clusters(alike, most), list[Pair](), list[Pair]()
    for pair in alerting:
        first = clusters.place(pair) == len(told)
        (told if first else rest).append(pair if first else replace(pair, again_only=True))
    return [*told, *rest]


def likeness(
    snapshot: Snapshot, side: Callable[[Pair], tuple[str, Fingerprint]]
) -> Callable[[Pair, Pair], bool]:
    """Returns whether two pairs are alike on a side, which ``side`` gives by account and fingerprint.

    Compares two accounts once, however many pairs of a batch have them.
    """
    known: dict[tuple[str, str], bool] = {}

    def alike(one: Pair, other: Pair) -> bool:
        (account, fingerprint), (another, its) = side(one), side(other)
        if account == another:
            return True
        found = known.get((account, another))
        if found is None:
            found = are_alike(fingerprint, its, snapshot.weighing.weights)
            known[account, another] = found
        return found

    return alike


def strongest_first(pairs: Sequence[Pair]) -> list[Pair]:
    """Sorts pairs by score, highest first; equal scores by alert id."""
    return sorted(pairs, key=lambda pair: (-pair.score.log_odds, pair.alert_id))


async def _best(
    several: Sequence[Sought],
    found: Sequence[Sequence[Candidate]],
    snapshot: Snapshot,
    context: AgentContext,
    direction: Direction,
) -> list[list[Pair]]:
    # Values that one evader's banned accounts share are not common among strangers.
    sights = [
        replace(
            snapshot,
            frequencies=Unbanned(snapshot.frequencies, candidates[0].bearers if candidates else {}),
        )
        for candidates in found
    ]
    near, turns = [], Turns(context.ticks)
    for one, candidates, sight in zip(several, found, sights, strict=True):
        near.append(_near(one, candidates, sight, context))
        await turns.give()
    refs = [candidate.ref for candidates in near for candidate in candidates]
    facts = iter(await context.call_store(context.store.facts(refs)) if refs else ())
    best, alike = [], likeness(snapshot, lambda pair: (pair.banned, pair.theirs))
    for one, candidates, sight in zip(several, near, sights, strict=True):
        with_facts = [(candidate, next(facts)) for candidate in candidates]
        pairs = _with_policy(one, with_facts, sight, context, direction)
        alerting = [pair for pair in pairs if pair.score.band != "none"]
        below = [pair for pair in pairs if pair.score.band == "none"]
        best.append(
            told_of(alerting, context.rules.alerts_an_event, alike) + below[: context.rules.candidates_below]
        )
        await turns.give()
    return best


def _near(
    one: Sought, candidates: Sequence[Candidate], snapshot: Snapshot, context: AgentContext
) -> list[Candidate]:
    """The candidates that some policy might alert on; all of them where those below are asked for."""
    probability_min = 0.0 if context.rules.candidates_below else snapshot.weighing.weights.alerting_min
    best, near = -math.inf, []
    if not context.rules.across_platforms:
        candidates = [it for it in candidates if it.fingerprint.platform == one.account.platform]
    for candidate in candidates:
        scored = best_score(one.account.fingerprints, candidate.fingerprint, context, snapshot)
        if scored is not None:
            best = max(best, scored[1].log_odds)
            if scored[1].probability >= probability_min:
                near.append(candidate)
    if best > -math.inf:
        context.meters.score_log_odds.observe(best)
    return near


def _with_policy(
    one: Sought,
    candidates: Sequence[tuple[Candidate, BanFacts | None]],
    snapshot: Snapshot,
    context: AgentContext,
    direction: Direction,
) -> list[Pair]:
    """The pairs that alert by the thresholds of their ban's policy (or were asked for), strongest first."""
    below = context.rules.candidates_below > 0
    account, pairs = one.account, []
    side: NewAccount | None = None
    for candidate, facts in candidates:
        if facts is None:
            continue
        scored = best_score(
            account.fingerprints,
            candidate.fingerprint,
            context,
            snapshot,
            facts.policy or "",
            (account.shown, facts.shown) if context.rules.dated else None,
        )
        if scored is None or (scored[1].band == "none" and not below):
            continue
        mine, result = scored
        side = side or NewAccount(
            account.account,
            account.platform,
            account.account_id,
            account.quoted,
            mine,
            account.seen_at,
            account.not_read,
        )
        claimant = f"{direction}:{one.event_id}"
        pairs.append(
            Pair(
                side,
                facts,
                candidate.fingerprint,
                result,
                direction,
                one.event_at,
                claimant,
                snapshot.weighing.weights.version,
            )
        )
    return strongest_first(pairs)
