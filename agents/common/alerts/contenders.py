"""Of alike bans, the pair with the most evidence has an account's alert, and names the others.

An open alert stays unless an alike ban's pair exceeds it by :data:`agents.common.match.STAYS_NATS`. Then that
pair's alert is published first, and the former one withdrawn afterwards (`superseded`): there may be two for
a moment, and never none. Which pairs dismissals cover: :mod:`agents.common.dismissals`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from msgspec.structs import replace as replace_fields

from agents.common.alerts.compose import Pair
from agents.common.alerts.propose import admitted, best_score, may_alert, proposals, record_in
from agents.common.context import AgentContext
from agents.common.dismissals import NEWS_NATS, dismissals, weighed
from agents.common.match import ASKED_AT_ONCE, capped, likeness
from agents.common.snapshot import Snapshot
from samehand.alert_id import alert_id
from schemas.alerts import MirrorAlert
from schemas.wire import encode
from store.base import NEVER, OpenAlert, Ruling, ShownLine
from streams.outcomes import Emit

_Open = Mapping[str, tuple[OpenAlert, MirrorAlert]]  # by alert id


async def alerted(
    pairs: Sequence[Pair], context: AgentContext, snapshot: Snapshot, *, whole: bool = True
) -> list[tuple[Pair, Emit]]:
    """Returns the alerts to publish on accounts' pairs; ``whole``: on all pairs that each account has.

    A pair on which there must be no alert leaves its place to the next one. One that was dismissed meanwhile
    is looked at once more, by what its reader was shown.
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
    refused, silenced = set[str](), set[str]()
    while left:
        ready, open_ = await _contenders(list(left.values()), refused, context, snapshot, whole=whole)
        outcome = await admitted(ready, context)
        said |= {pair.alert_id: [] for pair, _ in outcome.emits}
        for pair, emit in outcome.emits:
            said[pair.alert_id].append((pair, emit))
        dismissed = {of for of, why in outcome.refused.items() if why is Ruling.SUPPRESSED} - silenced
        silenced |= dismissed
        refused |= outcome.refused.keys() - dismissed
        still = {of: pair for of, pair in left.items() if of not in refused}
        if len(still) == len(left) and not dismissed:
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
    store, of_account = context.store, {pair.ours.account: pair for pair in pairs}
    accounts, open_ = list(of_account), dict[str, tuple[OpenAlert, MirrorAlert]]()
    known = set[str]()
    shown: list[dict[str, tuple[ShownLine, ...]]] = []
    for at in range(0, len(accounts), ASKED_AT_ONCE):
        about, showed = await context.call_store(store.alerts_and_shown(accounts[at : at + ASKED_AT_ONCE]))
        shown += showed
        known.update(alert.alert_id for several in about for alert in several)
        for alert in (alert for several in about for alert in several if alert.open):
            if alert.alert_id not in refused and (record := record_in(alert)) is not None:
                open_[alert.alert_id] = alert, record
    here = {pair.alert_id for pair in pairs}
    beside = [alert for of, (alert, _) in open_.items() if of not in here]
    banned = [alert.banned for alert in beside]
    bans = await context.call_store(store.bans(banned, now=context.now())) if banned else []
    for alert, ban in zip(beside, bans, strict=True):
        pair = of_account[alert.account]
        its = [one for one in ban.fingerprints if one.pepper_id == pair.mine.pepper_id] if ban else []
        if not ban or not its:
            continue
        spans = (pair.ours.shown, ban.facts.shown) if context.alert_policy.dated else None
        scored = best_score((pair.mine,), its[0], snapshot, ban.facts, spans)
        if scored and scored[1].band != "none" and may_alert(ban.facts, context, 0):
            pairs.append(
                replace(
                    pair, facts=ban.facts, theirs=its[0], score=scored[1], again_only=False, counted=False
                )
            )
    alike, ready = likeness(snapshot, lambda pair: (pair.banned, pair.theirs)), list[Pair]()
    covered = await dismissals(accounts, shown, context)
    pairs = [weighed(pair, covered, context, snapshot, is_open=pair.alert_id in open_) for pair in pairs]
    # Found by the ban itself, which may have been lifted and set again, and not since a place was freed.
    await _know(
        [
            pair
            for pair in pairs
            if not whole and pair.event_at <= pair.facts.occurred_at
            if pair.covered and pair.alert_id in covered.at and pair.alert_id not in known
        ],
        context,
    )
    # What raised them anew has gone; an earlier state of the account that comes again does not say so.
    settled = [
        open_.pop(pair.alert_id)[0]
        for pair in pairs
        if pair.covered and pair.alert_id in open_ and open_[pair.alert_id][0].seen_at <= pair.ours.seen_at
    ]
    if settled:
        await context.call_store(store.withdraw(settled, reason="verdict", now=context.now()))
    by_account = defaultdict[str, list[Pair]](list)
    for pair in pairs:
        by_account[pair.ours.account].append(pair)
    for account, several in by_account.items():
        here = {pair.banned for pair in several}
        standing = {
            of: [o for o in record.others if o.alike and not whole and o.key not in here]
            for of, (alert, record) in open_.items()
            if alert.account == account
        }
        ready += capped(several, context.alert_policy.alerts_an_event, alike, standing)
    return ready, open_


async def _know(dismissed: Sequence[Pair], context: AgentContext) -> None:
    """Notes dismissed pairs whose ban was lifted and set again: a verdict that is taken back opens them."""
    if not dismissed:
        return
    now = context.now()
    _, asked = proposals(dismissed, context, now)
    records, _ = proposals([replace(pair, dismissed_at=NEVER) for pair in dismissed], context, now)
    allowed = await context.call_store(context.store.rulings(asked, now=now))
    noted = [
        replace(proposal, payload=encode(record))
        for record, proposal, answer in zip(records, asked, allowed, strict=True)
        if answer.ruling is Ruling.PUBLISH
    ]
    ruled = await context.call_store(context.store.propose(noted, now=now))
    alerts = [
        OpenAlert(it.alert_id, it.account, it.banned, it.band, answer.revision, it.payload, it.seen_at)
        for it, answer in zip(noted, ruled, strict=True)
        if answer.ruling is Ruling.PUBLISH
    ]
    await context.call_store(context.store.withdraw(alerts, reason="verdict", now=now))


def _names(record: MirrorAlert, banned: str, log_odds: float) -> bool:
    """Returns whether an alert names another ban, alike to its own, with as much evidence or nearly so."""
    return any(
        other.alike and other.key == banned and log_odds < other.log_odds + NEWS_NATS
        for other in record.others
    )
