"""An event's account, distilled to what the store remembers, and counted where it could not be read."""

from __future__ import annotations

from dataclasses import replace

from agents.common.context import AgentContext
from agents.common.converters import evident, remembered_of, unread_of
from agents.common.metric_labels import unavailable
from schemas.accounts import AccountEvent
from schemas.wire import Decoded
from store.base import Remembered


def distilled(decoded: Decoded[AccountEvent], topic: str, context: AgentContext) -> Remembered:
    """Distils the event's account, and names the fields of its profile that could not be read."""
    event = decoded.record
    policy = context.alert_policy
    account = remembered_of(event, context.keyers, policy.stock, quote_bio=policy.quote_bio)
    context.metrics.unavailable(unavailable(event.account, account.fingerprints[0]))
    unread = unread_of(event.account, account.fingerprints[0])
    context.metrics.unusable(topic, [(unusable.field, unusable.reason) for unusable in unread])
    return replace(account, not_read=evident(*decoded.unusable, *unread))
