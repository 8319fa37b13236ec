"""What workers note of each alert on the compacted topic `alerts.state`, and what a store learns from it.

A state is published after its alert is confirmed and before the event is acknowledged. So a state on the
topic speaks of an alert that consumers have, and an alert that nobody will publish again has its state there.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.common.context import AgentContext
from agents.common.converters import moment
from schemas.alert_state import AlertState, unquoted_alert
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.wire import encode
from store.base import NEVER, Decision, OpenAlert
from streams.outcomes import Emit


def state_emit(
    record: MirrorAlert | AlertSummary, *, seen_at: float, since: float, context: AgentContext
) -> Emit:
    """Says how an alert stands that is published as ``record``. Moments in Unix seconds."""
    state = state_of(record, seen_at=seen_at, since=since)
    return Emit(context.topics.state, state.key.encode(), encode(state), last=True)


def state_of(record: MirrorAlert | AlertSummary, *, seen_at: float, since: float) -> AlertState:
    """The state of an alert that is published as ``record``. Moments in Unix seconds."""
    if isinstance(record, AlertSummary):
        return AlertState(summary=record, since=moment(since))
    return AlertState(alert=unquoted_alert(record), seen_at=moment(seen_at), since=moment(since))


def forgotten_emit(alert_id: str, context: AgentContext) -> Emit:
    """Says that an alert is known no more."""
    return Emit(context.topics.state, alert_id.encode(), None, last=True)


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
    return sum(await context.call_store(context.store.recall(alerts, now=context.now())))


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
