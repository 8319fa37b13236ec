"""Withdraws alerts about a changed account that no longer resembles the banned one."""

from __future__ import annotations

from collections.abc import Sequence

from agents.common.alerts import best_score
from agents.common.context import AgentContext
from agents.common.snapshot import Snapshot
from store.base import Ban, Remembered


async def withdraw_unlike(changed: Sequence[Remembered], snapshot: Snapshot, context: AgentContext) -> None:
    """Withdraws open alerts about changed accounts whose pair now scores below the bands.

    An alert about a later state of the account stays: this event is an older one that comes late. So does an
    alert whose two sides cannot be compared, since they share no pepper after a rotation.
    """
    store = context.store
    found = await context.call_store(store.alerts_about([one.account for one in changed]))
    about = [
        (account, alert)
        for account, alerts in zip(changed, found, strict=True)
        for alert in alerts
        if alert.open and alert.seen_at <= account.seen_at
    ]
    if not about:
        return
    bans = await context.call_store(store.bans([alert.banned for _, alert in about]))
    unlike = [
        alert
        for (account, alert), ban in zip(about, bans, strict=True)
        if ban is not None and _unlike(account, ban, snapshot, context)
    ]
    if unlike:
        await context.call_store(store.withdraw(unlike, reason="no-longer-resembles", now=context.now()))


def _unlike(account: Remembered, ban: Ban, snapshot: Snapshot, context: AgentContext) -> bool:
    shown = (account.shown, ban.facts.shown)
    scored = [
        one
        for theirs in ban.fingerprints
        if (one := best_score(account.fingerprints, theirs, context, snapshot, ban.facts.policy or "", shown))
        is not None
    ]
    return bool(scored) and all(one.band == "none" for _, one in scored)
