"""Of alike bans, the pair with the most evidence has an account's alert, and names the others.

An open alert stays unless an alike ban's pair exceeds it by :data:`agents.common.match.STAYS_NATS`. Then that
pair's alert is published first, and the former one withdrawn afterwards (`superseded`): there may be two for
a moment, and never none. A dismissal covers what its reader was shown: the alert's lines, and the pairs that
it named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from msgspec.structs import replace as replace_fields

from agents.common.alerts import Pair, admitted, best_score, may_alert, record_in
from agents.common.context import AgentContext
from agents.common.converters import evidence_lines
from agents.common.match import ASKED_AT_ONCE, capped, likeness
from agents.common.snapshot import Snapshot
from samehand.alert_id import alert_id
from samehand.clusters import CIRCUMSTANTIAL
from samehand.clusters import alike as are_alike
from samehand.fingerprint.distil import Fingerprint
from samehand.scoring.score import against_chance
from schemas.alerts import EvidenceLine, MirrorAlert
from schemas.wire import encode
from store.base import NEVER, OpenAlert
from streams.outcomes import Emit

NEWS_NATS: Final = 2.0
"""What an agreeing value must be worth to raise a dismissed pair anew: one stranger in seven has a commoner
one."""

_Open = Mapping[str, tuple[OpenAlert, MirrorAlert]]  # by alert id


async def alerted(
    pairs: Sequence[Pair], context: AgentContext, snapshot: Snapshot, *, whole: bool = True
) -> list[tuple[Pair, Emit]]:
    """Returns the alerts to publish on accounts' pairs; ``whole``: on all pairs that each account has.

    A pair on which there must be no alert leaves its place to the next one.
    """
    latest: dict[str, float] = {}  # of two states of an account in a batch, the later one counts
    for pair in pairs:
        latest[pair.ours.account] = max(pair.ours.seen_at, latest.get(pair.ours.account, 0.0))
    left = {
        pair.alert_id: replace(pair, again_only=False, counted=False)
        for pair in pairs
        if pair.ours.seen_at == latest[pair.ours.account]
    }
    said: dict[str, list[tuple[Pair, Emit]]] = {}
    refused: set[str] = set()
    while left:
        ready, open_ = await _contenders(list(left.values()), refused, context, snapshot, whole=whole)
        outcome = await admitted(ready, context)
        said |= {pair.alert_id: [] for pair, _ in outcome.emits}
        for pair, emit in outcome.emits:
            said[pair.alert_id].append((pair, emit))
        refused |= outcome.refused
        still = {of: pair for of, pair in left.items() if of not in refused}
        if len(still) == len(left):
            await _name(
                [pair for pair in ready if not pair.again_only and pair.alert_id not in said], open_, context
            )
            break
        left = still
    return [each for several in said.values() for each in several]


async def _name(leaders: Sequence[Pair], open_: _Open, context: AgentContext) -> None:
    """Revises open alerts that do not name yet all for which they stand, or have yet to take their place."""
    revised = [
        replace(alert, payload=encode(replace_fields(record, others=pair.others)))
        for pair in leaders
        if pair.alert_id in open_
        for alert, record in [open_[pair.alert_id]]
        if any(
            other.alike
            and (
                not _names(record, other.key, other.log_odds)
                or alert_id(pair.ours.account, other.key) in open_
            )
            for other in pair.others
        )
    ]
    if revised:
        await context.call_store(context.store.revise(revised, now=context.now()))


async def _contenders(
    pairs: list[Pair], refused: Collection[str], context: AgentContext, snapshot: Snapshot, *, whole: bool
) -> tuple[list[Pair], _Open]:
    """The pairs as :func:`agents.common.match.capped` ranks them, with those of open alerts, and these."""
    store, accounts = context.store, {pair.ours.account: pair for pair in pairs}
    known: dict[str, tuple[OpenAlert, MirrorAlert]] = {}
    for at in range(0, len(accounts), ASKED_AT_ONCE):
        about = await context.call_store(store.alerts_about(list(accounts)[at : at + ASKED_AT_ONCE]))
        for alert in (alert for several in about for alert in several):
            if alert.alert_id not in refused and (record := record_in(alert)) is not None:
                known[alert.alert_id] = alert, record
    theirs = {pair.alert_id: pair.theirs for pair in pairs}
    closed = [of for of, (alert, _) in known.items() if not alert.open]
    decided = await context.call_store(store.decided(closed)) if closed else []
    dismissed = {
        of: decision.decided_at
        for of, decision in zip(closed, decided, strict=True)
        if decision is not None and decision.verdict == "not_mirror"
    }
    open_ = {of: (alert, record) for of, (alert, record) in known.items() if alert.open}
    beside = [known[of][0] for of in known if of not in theirs and (of in open_ or of in dismissed)]
    banned = [alert.banned for alert in beside]
    bans = await context.call_store(store.bans(banned, now=context.now())) if banned else []
    for alert, ban in zip(beside, bans, strict=True):
        pair = accounts[alert.account]
        its = [one for one in ban.fingerprints if one.pepper_id == pair.mine.pepper_id] if ban else []
        if not ban or not its:
            continue
        theirs[alert.alert_id] = its[0]
        shown = (pair.ours.shown, ban.facts.shown) if context.alert_policy.dated else None
        scored = best_score((pair.mine,), its[0], context, snapshot, ban.facts.policy or "", shown)
        if alert.open and scored and scored[1].band != "none" and may_alert(ban.facts, context, 0):
            pairs.append(
                replace(
                    pair, facts=ban.facts, theirs=its[0], score=scored[1], again_only=False, counted=False
                )
            )
    alike, ready = likeness(snapshot, lambda pair: (pair.banned, pair.theirs)), list[Pair]()
    of_account = defaultdict[str, list[Pair]](list)
    for pair in pairs:
        over = {
            of: known[of][1] for of in dismissed if of in theirs and known[of][0].account == pair.ours.account
        }
        raised = _raised(pair, over, theirs, open_, dismissed, context, snapshot)
        of_account[pair.ours.account].append(raised)
    for account, several in of_account.items():
        here = {pair.banned for pair in several}
        standing = {
            of: [o for o in record.others if o.alike and not whole and o.key not in here]
            for of, (alert, record) in open_.items()
            if alert.account == account
        }
        ready += capped(several, context.alert_policy.alerts_an_event, alike, standing)
    return ready, open_


def _raised(
    pair: Pair,
    over: Mapping[str, MirrorAlert],
    theirs: Mapping[str, Fingerprint],
    open_: _Open,
    dismissed: Mapping[str, float],
    context: AgentContext,
    snapshot: Snapshot,
) -> Pair:
    """The pair with what is new since a dismissal of it or of an alike ban's.

    ``over``: the dismissed alerts on the account.
    """
    of, at = pair.alert_id, dismissed.get(pair.alert_id, NEVER)
    if of in open_:
        alert, record = open_[of]
        new = frozenset(line.signal for line in record.evidence if line.new)
        return replace(pair, new=new, dismissed_at=alert.dismissed_at)
    weights = snapshot.weighing.weights
    shown = [
        record
        for other, record in over.items()
        if other == of or are_alike(pair.theirs, theirs[other], weights)
    ]
    if not shown:
        return pair
    named = any(_names(record, pair.banned, pair.score.log_odds) for record in shown)
    new = frozenset[str]() if named else _new(pair, shown, context, snapshot)
    return replace(pair, new=new, dismissed_at=at, covered=not new)


def _names(record: MirrorAlert, banned: str, log_odds: float) -> bool:
    """Whether an alert names another ban, alike to its own, with as much evidence or nearly so."""
    return any(
        other.alike and other.key == banned and log_odds < other.log_odds + NEWS_NATS
        for other in record.others
    )


def _new(
    pair: Pair, shown: Sequence[MirrorAlert], context: AgentContext, snapshot: Snapshot
) -> frozenset[str]:
    """The signals of agreeing values that these alerts did not show: no circumstance, moment or count."""
    worth = {
        line.signal: line.nats
        for line in against_chance(pair.mine, pair.theirs, snapshot.weighing.weights)
        if line.signal not in CIRCUMSTANTIAL
    }
    agreeing, _ = evidence_lines(pair.score, pair.mine, pair.theirs, pair.ours.quoted, pair.facts.quoted)
    return frozenset(
        line.signal
        for line in agreeing
        if worth.get(line.signal, 0.0) >= NEWS_NATS
        and (line.weight >= NEWS_NATS or line.explained)
        and not any(_shows(record, line) for record in shown)
    )


def _shows(record: MirrorAlert, line: EvidenceLine) -> bool:
    """Whether an alert shows that very value agree as closely; of one whose quotes are gone, any value."""
    return any(
        former.signal == line.signal
        and former.ours in ("", line.ours)
        and (former.level == line.level or (agrees and line.weight < former.weight + NEWS_NATS))
        for lines, agrees in ((record.evidence, True), (record.counter_evidence, False))
        for former in lines
    )
