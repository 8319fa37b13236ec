"""Lets a store know again which alerts were published, by their states on the topic `alerts.state`."""

from __future__ import annotations

from collections.abc import Sequence

from agents.common.context import AgentContext
from agents.common.dismissals import note_covered
from schemas.alert_state import AlertState
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.wire import encode
from store.base import NEVER, Decision, OpenAlert


async def recall(states: Sequence[AlertState], context: AgentContext) -> int:
    """Lets the store know again what it has lost of these alerts; returns how many. Enrol the bans before.

    Where a verdict withdrew an alert, its pair is silent again, since `alerts.verdicts` ends after a year.
    """
    alerts = [recalled_of(state) for state in states]
    dismissed = [alert.alert_id for alert in alerts if alert.withdrawn == "verdict"]
    decided = await context.call_store(context.store.decided(dismissed)) if dismissed else []
    unknown = [alert_id for alert_id, known in zip(dismissed, decided, strict=True) if known is None]
    if unknown:
        # At the beginning of time: every verdict that the topic still has is later, and holds.
        decisions = [Decision(alert_id, "not_mirror", 0.0, "") for alert_id in unknown]
        await context.call_store(context.store.decide(decisions, now=context.now()))
    # A verdict of now showed what the alert shows; of one that was raised anew, what is not new.
    now = context.now()
    covered = [
        (alert, now if alert.withdrawn == "verdict" else alert.dismissed_at)
        for alert in alerts
        if alert.withdrawn == "verdict" or alert.dismissed_at != NEVER
    ]
    await note_covered(covered, context)
    return sum(await context.call_store(context.store.recall(alerts, now=now)))


def dismissed_at_of(record: MirrorAlert | AlertSummary) -> float:
    """The moment (Unix seconds) of the dismissal after which an alert was raised anew."""
    at = record.dismissed_at if isinstance(record, MirrorAlert) else None
    return NEVER if at is None else at.timestamp()


def recalled_of(state: AlertState) -> OpenAlert:
    """The alert as the store keeps it."""
    record = state.record
    account, band = (
        (record.key, record.band) if isinstance(record, MirrorAlert) else (record.matched.key, "none")
    )
    return OpenAlert(
        record.alert_id,
        account,
        record.matched.key,
        band,
        record.revision,
        encode(record),
        0.0 if state.seen_at is None else state.seen_at.timestamp(),
        open=record.status == "open",
        withdrawn=record.withdrawn_reason,
        dismissed_at=dismissed_at_of(record),
    )
