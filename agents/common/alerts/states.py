"""What workers note of each alert on the compacted topic `alerts.state`.

A state is published after its alert is confirmed and before the event is acknowledged. So a state on the
topic speaks of an alert that consumers have, and an alert that nobody will publish again has its state there.
"""

from __future__ import annotations

from agents.common.context import AgentContext
from schemas.alert_state import AlertState, unquoted_alert
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.decoding.dates import from_seconds
from schemas.wire import encode
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
        return AlertState(summary=record, since=from_seconds(since))
    return AlertState(alert=unquoted_alert(record), seen_at=from_seconds(seen_at), since=from_seconds(since))


def forgotten_emit(alert_id: str, context: AgentContext) -> Emit:
    """Says that an alert is known no more."""
    return Emit(context.topics.state, alert_id.encode(), None, last=True)
