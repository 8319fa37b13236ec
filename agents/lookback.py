"""Look-back: finds remembered accounts that resemble a ban, once it is enrolled and when a place is free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from agents.common.alerts.compose import Pair
from agents.common.alerts.contenders import alerted
from agents.common.alerts.places import given_out, held
from agents.common.alerts.propose import admitted, best_score, confirm, may_alert
from agents.common.context import AgentContext
from agents.common.decoding import earliest, itself, read_all
from agents.common.match import strongest_first
from agents.common.metric_labels import kind_name
from agents.common.snapshot import Snapshot, snapshot_of
from agents.common.yielder import Yielder
from samehand.fingerprint.distil import Fingerprint
from samehand.keys import KeyKind
from samehand.scoring.evidence import Score
from schemas.internal.enrolled import BanEnrolled
from schemas.wire import decode_enrolled
from store.base import Ban, Candidate, Query, RememberedFacts
from streams.outcomes import Arrival, Emit, Outcome, Published
from streams.tracing import note, stage

log = structlog.get_logger("samehand.lookback")

_Scored = tuple[Fingerprint, Score]  # the ban's fingerprint under the pepper both share, and the score


class Lookback:
    """Publishes alerts on remembered accounts that resemble an enrolled ban."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Returns one outcome per arrival: alerts, nothing, or a dead letter."""
        outcomes, words = read_all(arrivals, decode_enrolled, self._context, itself, ours=True)
        # Each ban once: two of a batch have one claimant, which could publish its pairs twice.
        first: dict[tuple[str, float], tuple[int, BanEnrolled]] = {}
        for place, word in words:
            first.setdefault((word.key, word.at), (place, word))
        if not first:
            return outcomes
        context = self._context
        now = context.now()
        bans = await context.call_store(context.store.bans([word.key for _, word in first.values()]))
        standing = [
            (place, word, ban) for (place, word), ban in zip(first.values(), bans, strict=True) if ban
        ]
        if not standing:
            return outcomes
        snapshot = await snapshot_of(context, earliest(arrivals))
        counts, bound = snapshot.frequencies, snapshot.weighing.bound
        tables = [bound.table(ban.fingerprints, counts, banned=True) for _, _, ban in standing]
        queries = [Query.by(ban.account, table) for (_, _, ban), table in zip(standing, tables, strict=True)]
        candidate_lists = await context.call_store(
            context.store.remembered_like(queries, now=now, keep=context.alert_policy.candidates_a_ban)
        )
        turned_away = await context.call_store(context.store.turned_away(queries, now=now))
        note(
            lambda: {
                place: {"candidates": len(candidates)}
                for (place, _, _), candidates in zip(standing, candidate_lists, strict=True)
            }
        )
        yielder = Yielder(context.ticks)
        for (place, word, ban), candidates, full in zip(standing, candidate_lists, turned_away, strict=True):
            not_compared = self._not_compared(arrivals[place], full)
            if emits := await self._of_ban(word, ban, candidates, snapshot, not_compared):
                outcomes[place] = Published(tuple(emits))
            await yielder.pause()
        return outcomes

    async def confirm(self, emits: Sequence[Emit]) -> None:
        """Marks the alerts as published in the store, so that a repeat is a duplicate."""
        await confirm(emits, self._context)

    def _not_compared(self, word: Arrival, turned_away: Mapping[KeyKind, int]) -> int:
        """The most accounts that one key's full posting turned away; counts and logs them by kind of key."""
        if not turned_away:
            return 0
        by_kind = {kind_name(kind): count for kind, count in sorted(turned_away.items())}
        for kind in by_kind:
            self._context.metrics.lookbacks_capped.labels(kind).inc()
        if self._context.alert_policy.logged:
            log.warning(
                "look-back is incomplete: a posting is full", address=word.address, not_compared=by_kind
            )
        return max(by_kind.values())

    async def _of_ban(
        self,
        word: BanEnrolled,
        ban: Ban,
        candidates: Sequence[Candidate],
        snapshot: Snapshot,
        not_compared: int,
    ) -> list[Emit]:
        context = self._context
        if not context.alert_policy.across_platforms:
            candidates = [
                candidate for candidate in candidates if candidate.fingerprint.platform == ban.facts.platform
            ]
        with stage("compare"):
            above_threshold = [
                (candidate, scored)
                for candidate in candidates
                if (scored := self._scored(ban, candidate, snapshot)) is not None
            ]
        if not above_threshold:
            return []
        facts = await context.call_store(
            context.store.remembered_facts([candidate.ref for candidate, _ in above_threshold])
        )
        known = await context.call_store(context.store.bans([fact.account if fact else "" for fact in facts]))
        pairs = [
            replace(self._pair(word, ban, candidate, fact, scored, snapshot), not_compared=not_compared)
            for (candidate, _), fact, own_ban in zip(above_threshold, facts, known, strict=True)
            # Leaves out accounts that have gone since, the banned account itself, and those already banned.
            if fact is not None and own_ban is None and fact.account not in context.alert_policy.allowlist
            # Leaves out an account from which the banned one copied what they share: it scores below the
            # bands.
            if (scored := self._scored(ban, candidate, snapshot, fact)) is not None
        ]
        if not pairs or not may_alert(ban.facts, context, len(pairs)):
            return []
        return await self._alerted(ban, strongest_first(pairs), snapshot)

    async def _alerted(self, ban: Ban, pairs: Sequence[Pair], snapshot: Snapshot) -> list[Emit]:
        """Alerts on the pairs that get a place, and counts the others.

        A pair on which there must be no alert (it was dismissed, or its account was deleted meanwhile) leaves
        its place to the next one.
        """
        context, emits = self._context, list[Emit]()
        holdings, yielder = await held(ban, pairs, context, snapshot), Yielder(context.ticks)
        contending = [pair for pair in pairs if pair.ours.account in holdings.known]
        emits += [emit for _, emit in await alerted(contending, context, snapshot, whole=False)]
        left = list(pairs)
        while True:
            chosen, withheld = await given_out(left, holdings, context.alert_policy, snapshot, yielder)
            outcome = await admitted(chosen, context)
            emits += [emit for _, emit in outcome.emits]
            if not outcome.refused:
                break
            has = {pair.ours.account for pair in chosen if pair.alert_id not in outcome.refused}
            holdings.here.update(has)
            holdings.known.update(has)
            left = [pair for pair in left if pair.alert_id not in outcome.refused]
        rest = [replace(pair, again_only=True, counted=True) for pair in withheld]
        return emits + [emit for _, emit in (await admitted(rest, context)).emits]

    def _scored(
        self, ban: Ban, candidate: Candidate, snapshot: Snapshot, fact: RememberedFacts | None = None
    ) -> _Scored | None:
        """The score if it reaches a band. With ``fact``, it counts who showed first what both share."""
        showings = None if fact is None else (fact.shown, ban.facts.shown)
        for theirs in ban.fingerprints:
            scored = best_score((candidate.fingerprint,), theirs, snapshot, ban.facts, showings)
            if scored is not None:
                if fact is None:
                    self._context.metrics.score_log_odds.observe(scored[1].log_odds)
                return None if scored[1].band == "none" else (theirs, scored[1])
        return None

    def _pair(
        self,
        word: BanEnrolled,
        ban: Ban,
        candidate: Candidate,
        fact: RememberedFacts,
        scored: _Scored,
        snapshot: Snapshot,
    ) -> Pair:
        return Pair(
            fact,
            candidate.fingerprint,
            ban.facts,
            *scored,
            "lookback",
            event_at=word.at if word.freed_at is None else word.freed_at.timestamp(),
            claimant=f"lookback:{word.key}:{word.at}",
            weights_version=snapshot.weighing.weights.version,
        )
