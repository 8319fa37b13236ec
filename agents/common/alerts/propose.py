"""Proposes alerts of scored pairs to the store: one alert a pair, whichever agent finds it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from itertools import chain
from typing import Final, NamedTuple

import structlog
from msgspec.structs import replace

from agents.common.alerts.compose import Pair, alert_of, summary_of
from agents.common.alerts.states import state_emit
from agents.common.alerts.withdrawal import READ_AT_ONCE
from agents.common.context import AgentContext
from agents.common.metric_labels import fired
from agents.common.snapshot import Snapshot
from samehand.alert_id import alert_id
from samehand.fingerprint.distil import Fingerprint
from samehand.scoring.evidence import Score
from samehand.scoring.score import score
from samehand.showings import Showings
from samehand.verdict import NOBODY
from samehand.watchlist.entry import is_unquoted
from samehand.watchlist.platforms import is_list
from schemas.alert_headers import alert_headers
from schemas.alerts import MirrorAlert
from schemas.basis_rights import BasisKind, kind_of
from schemas.fields import AccountKind
from schemas.wire import Decoded, decode_alert, encode
from store.base import BanFacts, Claim, OpenAlert, Proposal, Ruling, Summary
from store.rules.pairs import WITHDRAWN_FOR
from streams.outcomes import Emit


class PendingAlert(NamedTuple):
    """An alert on its way: its pair, who claims it, and what the metrics count.

    ``replaces``: alerts that are to be withdrawn where they are open, once this one is published.
    """

    alert_id: str
    revision: int
    claimant: str
    band: str
    direction: str
    queue: str
    seconds_since_ban: float | None
    banned: str
    generation: int = 0
    basis_kind: BasisKind = "none"
    account_kind: AccountKind = "account"
    replaces: tuple[str, ...] = ()

    @property
    def event_id(self) -> str | None:
        """The platform's own id of the event that claims it; ``None`` for look-back, which claims by ban."""
        origin, _, event_id = self.claimant.partition(":")
        return event_id if origin in ("forward", "update", "scan") else None


PROPOSED_AT_ONCE: Final = 512
"""Proposals in one call of the store. Each takes Redis some 45 µs, in which it answers nobody else, so a call
blocks it for 25 ms. An event that resembles an evader's sixty bans makes sixty proposals, and a batch may
have 500 such events."""

log = structlog.get_logger("samehand.alerts")


@dataclass(frozen=True, slots=True)
class Admitted:
    """The alerts of a batch that may be published, each record with its pair, and each followed by its state.

    ``refused``: by id the alerts that there must not be, now or by a repeat, and why.
    """

    emits: tuple[tuple[Pair, Emit], ...]
    refused: Mapping[str, Ruling]


_REFUSED: Final = frozenset((*WITHDRAWN_FOR, Ruling.NOT_BANNED))


def best_score(
    ours: Sequence[Fingerprint],
    theirs: Fingerprint,
    snapshot: Snapshot,
    ban: BanFacts | None = None,
    showings: tuple[Showings, Showings] | None = None,
) -> tuple[Fingerprint, Score] | None:
    """Returns our fingerprint and the score under the pepper that both sides share; ``None`` without one.

    While a rotation lasts, two sides may share no pepper. The facts of the ``ban`` give the thresholds of its
    policy and what people have cleared of it.
    """
    for mine in ours:
        if mine.pepper_id == theirs.pepper_id:
            return mine, score(
                mine,
                theirs,
                snapshot.weighing.weights,
                snapshot.frequencies,
                policy=None if ban is None else ban.policy,
                showings=showings,
                cleared=NOBODY if ban is None else ban.cleared,
            )
    return None


def may_alert(facts: BanFacts, context: AgentContext, pairs: int = 1) -> bool:
    """Returns whether the rights of a ban's basis let it alert; counts the ``pairs`` that may not."""
    if context.alert_policy.basis_rights.of(facts.basis).may_alert and may_be_named(facts, context):
        return True
    context.metrics.alerts_without_right.labels(kind_of(facts.basis)).inc(pairs)
    return False


def may_be_named(facts: BanFacts, context: AgentContext) -> bool:
    """Returns whether the id of a banned account may be shown.

    That of a listed name has authority and number, until a list whose basis may not be quoted is imported
    again: then it is a digest.
    """
    if not is_list(facts.platform) or is_unquoted(facts.account_id):
        return True
    return context.alert_policy.basis_rights.of(facts.basis).may_be_quoted


async def admitted(pairs: Sequence[Pair], context: AgentContext) -> Admitted:
    """Proposes each pair to the store and keeps those that may be published.

    Two pairs of one batch with the same alert id are one alert: the stronger of them.
    """
    strongest: dict[tuple[str, bool], int] = {}
    for place, pair in enumerate(pairs):
        seen = strongest.get((pair.alert_id, pair.again_only))
        if seen is None or pairs[seen].score.log_odds < pair.score.log_odds:
            strongest[pair.alert_id, pair.again_only] = place
    chosen = sorted(strongest.values())
    emits: list[tuple[Pair, Emit]] = []
    refused: dict[str, Ruling] = {}
    for first in range(0, len(chosen), PROPOSED_AT_ONCE):
        some = [pairs[place] for place in chosen[first : first + PROPOSED_AT_ONCE]]
        rulings = await _proposed(some, context)
        emits += [(pair, emit) for pair, (_, several) in zip(some, rulings, strict=True) for emit in several]
        refused |= {
            pair.alert_id: ruling
            for pair, (ruling, _) in zip(some, rulings, strict=True)
            if ruling in _REFUSED
        }
    return Admitted(tuple(emits), refused)


async def _proposed(pairs: Sequence[Pair], context: AgentContext) -> list[tuple[Ruling, list[Emit]]]:
    """Returns the ruling on each pair with what to publish: its alert and its state, or nothing."""
    now = context.now()
    alerts, asked = proposals(pairs, context, now)
    ruled = await context.call_store(context.store.propose(asked, now=now))
    rulings: list[tuple[Ruling, list[Emit]]] = []
    for pair, alert, answer in zip(pairs, alerts, ruled, strict=True):
        if answer.ruling is Ruling.DUPLICATE and not pair.again_only:
            context.metrics.duplicates_suppressed.inc()
        emits: list[Emit] = []
        if answer.ruling is Ruling.PUBLISH:
            context.metrics.fired(fired(alert))
            published = replace(alert, revision=answer.revision)
            state = state_emit(published, seen_at=pair.ours.seen_at, since=now, context=context)
            banned_at = pair.facts.banned_at
            since_ban = None if banned_at is None else now - banned_at
            marker = PendingAlert(
                published.alert_id,
                published.revision,
                pair.claimant,
                published.band,
                published.direction,
                published.queue or "",
                since_ban,
                pair.banned,
                published.matched.generation,
                published.matched.basis_kind,
                published.account_kind,
                replaced_by(published),
            )
            headers = alert_headers(published)
            emits = [
                Emit(context.alerts_topic, published.key.encode(), encode(published), marker, headers),
                state,
            ]
        rulings.append((answer.ruling, emits))
    return rulings


def proposals(
    pairs: Sequence[Pair], context: AgentContext, now: float
) -> tuple[list[MirrorAlert], list[Proposal]]:
    """Returns each pair's alert, yet without a revision of the store, and the proposal that asks for one."""
    alerts = [alert_of(pair, context, now) for pair in pairs]
    summaries = [summary_of(pair.facts, now, context.alert_policy.basis_rights) for pair in pairs]
    return alerts, [
        Proposal(
            alert_id=alert.alert_id,
            account=pair.ours.account,
            banned=pair.banned,
            band=alert.band,
            payload=encode(alert),
            claimant=pair.claimant,
            seen_at=pair.ours.seen_at,
            again_only=pair.again_only,
            counted=pair.counted,
            dismissed_at=pair.dismissed_at,
            summary=Summary(summary.alert_id, encode(summary)),
        )
        for pair, alert, summary in zip(pairs, alerts, summaries, strict=True)
    ]


async def confirm(emits: Sequence[Emit], context: AgentContext) -> None:
    """Marks alerts as published in the store, once the broker has confirmed them.

    First withdraws those whose place they have taken: who dies in between publishes and withdraws once more.
    """
    markers = [emit.marker for emit in emits if isinstance(emit.marker, PendingAlert)]
    if not markers:
        return
    await supersede({marker.alert_id: marker.replaces for marker in markers}, context)
    claims = [Claim(marker.alert_id, marker.banned, marker.claimant, marker.revision) for marker in markers]
    await context.call_store(context.store.confirm(claims, now=context.now()))
    for marker in markers:
        context.metrics.alert(
            marker.band,
            marker.direction,
            marker.queue,
            marker.seconds_since_ban,
            marker.generation,
            marker.basis_kind,
            marker.account_kind,
        )
        if context.alert_policy.logged:
            log.info(
                "alert published",
                alert_id=marker.alert_id,
                event_id=marker.event_id,
                band=marker.band,
                found=marker.direction,
            )


def replaced_by(alert: MirrorAlert) -> tuple[str, ...]:
    """The alerts that there would be on the alike bans that an alert names."""
    return tuple(alert_id(alert.key, other.key) for other in alert.others if other.alike)


async def supersede(replaced: Mapping[str, Sequence[str]], context: AgentContext) -> None:
    """Withdraws alerts in whose place others are published (``replaced``, by these).

    One whose successor was withdrawn meanwhile stays, unless by a verdict, whose reader was shown its name.
    """
    ids = list(
        dict.fromkeys(chain.from_iterable((new, *former) for new, former in replaced.items() if former))
    )
    known = await known_alerts(ids, context)
    withdrawn = [
        replace_fields(former, payload=encode(replace(record, superseded_by=new)))
        for new, several in replaced.items()
        if stands(known.get(new))
        for former in map(known.get, several)
        if former is not None and former.open and (record := record_in(former)) is not None
    ]
    if withdrawn:
        await context.call_store(context.store.withdraw(withdrawn, reason="superseded", now=context.now()))


async def known_alerts(alert_ids: Sequence[str], context: AgentContext) -> dict[str, OpenAlert | None]:
    """Alerts by their ids: open ones, and withdrawn ones that the store still knows."""
    known: dict[str, OpenAlert | None] = {}
    for at in range(0, len(alert_ids), READ_AT_ONCE):
        some = alert_ids[at : at + READ_AT_ONCE]
        known |= zip(some, await context.call_store(context.store.pairs(some)), strict=True)
    return known


def stands(successor: OpenAlert | None) -> bool:
    """Returns whether it stands for the alerts it names: open, or withdrawn by a verdict that covers them."""
    return successor is not None and (successor.open or successor.withdrawn == "verdict")


def record_in(alert: OpenAlert) -> MirrorAlert | None:
    """Decodes a stored alert; ``None`` if a version wrote it in a form that this one cannot read."""
    read = decode_alert(alert.payload, now=math.inf)  # a worker whose clock is ahead may have written it
    return read.record if isinstance(read, Decoded) and isinstance(read.record, MirrorAlert) else None
