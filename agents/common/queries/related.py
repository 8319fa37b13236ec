"""Finds the banned and remembered accounts that are like one that the store knows, below the bands too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from agents.common.alerts.propose import best_score, may_be_named
from agents.common.context import AgentContext
from agents.common.snapshot import Snapshot, snapshot_of
from agents.common.yielder import Yielder
from samehand.fingerprint.distil import Fingerprint
from samehand.frequency.rates import CountsWithoutCandidates
from samehand.showings import Showings
from schemas.internal.related import RELATED_MAX, RelatedAccount, RelatedAnswer, Standing
from store.base import BanFacts, Candidate, Query, RememberedFacts

_EACH_MAX: Final = RELATED_MAX // 2
"""Banned accounts that are compared, and remembered ones: each costs a quarter of a millisecond."""


@dataclass(frozen=True, slots=True)
class _Side:
    """One account of a pair, with its ban if it has one."""

    standing: Standing
    fingerprints: tuple[Fingerprint, ...]
    shown: Showings
    ban: BanFacts | None = None


async def related(account: str, context: AgentContext) -> RelatedAnswer:
    """Returns the accounts that share traits with an account, likeliest first, at most `RELATED_MAX`: of the
    banned and of the remembered ones those that share the rarest.

    Of a pair the remembered account is compared as the new one; of two alike, the one found.

    Raises:
        Transient: the store is away, or was emptied and is not rebuilt yet.
    """
    store, now = context.store, context.now()
    (ban,) = await context.call_store(store.bans([account], now=now))
    (seen,) = await context.call_store(store.remembered([account], now=now))
    if ban is not None:
        asked = _Side("banned", ban.fingerprints, ban.facts.shown, ban.facts)
    elif seen is not None:
        asked = _Side("remembered", seen.fingerprints, seen.shown)
    else:
        return RelatedAnswer(standing="unknown")
    snapshot = await snapshot_of(context, now)
    # Without the upper bound, which skips pairs below the bands.
    bound, counts = snapshot.weighing.bound, snapshot.frequencies
    forward = bound.table(asked.fingerprints, counts)
    back = bound.table(asked.fingerprints, counts, banned=True)
    (bans,) = await context.call_store(
        store.bans_like([Query(account, forward.keys)], now=now, keep=_EACH_MAX)
    )
    (others,) = await context.call_store(
        store.remembered_like([Query(account, back.keys)], now=now, keep=_EACH_MAX)
    )
    banned = await context.call_store(store.facts([candidate.ref for candidate in bans]))
    remembered = await context.call_store(store.remembered_facts([candidate.ref for candidate in others]))
    accounts: dict[str, RelatedAccount] = {}
    yielder = Yielder(context.ticks)
    for candidates, facts in ((others, remembered), (bans, banned)):  # who is both is banned
        if candidates:  # values that one evader's accounts share are not common among strangers
            alone = CountsWithoutCandidates(counts, candidates[0].bearers)
            snapshot = replace(snapshot, frequencies=alone)
        for candidate, fact in zip(candidates, facts, strict=True):
            if fact is not None and (similar := _compared(asked, candidate, fact, snapshot, context)):
                accounts[similar.key] = similar
            await yielder.pause()
    accounts.pop(account, None)
    ranked = sorted(
        accounts.values(), key=lambda related_account: (-related_account.probability, related_account.key)
    )
    return RelatedAnswer(standing=asked.standing, related=tuple(ranked))


def _compared(
    asked: _Side,
    candidate: Candidate,
    fact: BanFacts | RememberedFacts,
    snapshot: Snapshot,
    context: AgentContext,
) -> RelatedAccount | None:
    """Returns what a candidate has in common with the account, None where that is nothing."""
    its: tuple[Fingerprint, ...] = (candidate.fingerprint,)
    if not context.alert_policy.across_platforms and fact.platform != asked.fingerprints[0].platform:
        return None
    if isinstance(fact, BanFacts) and not may_be_named(fact, context):
        return None
    ban: BanFacts | None
    if isinstance(fact, BanFacts):
        ours, theirs, ban, shown = asked.fingerprints, its, fact, (asked.shown, fact.shown)
    else:
        ours, theirs, ban, shown = its, asked.fingerprints, asked.ban, (fact.shown, asked.shown)
    for fingerprint in theirs:
        scored = best_score(ours, fingerprint, snapshot, ban, shown)
        if scored is None:
            continue
        agrees = sorted({line.signal for line in scored[1].evidence} - {"rivals"})
        if agrees:
            return RelatedAccount(
                platform=fact.platform,
                account_id=fact.account_id,
                standing="banned" if isinstance(fact, BanFacts) else "remembered",
                agrees=tuple(agrees),
                probability=scored[1].probability,
            )
    return None
