"""Families: how an account descends by a mirror verdict, or by a ban that names its alert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from agents.common.context import AgentContext
from samehand.lineage import Descent, child_of, founder
from samehand.verdict import Consequence, consequence
from schemas.accounts import AccountBanned
from schemas.decoding.dates import from_seconds
from schemas.unusable import FieldFault
from schemas.verdicts import VerdictGiven
from schemas.wire import encode
from store.base import OpenAlert
from streams.outcomes import Emit


class Led(NamedTuple):
    """The alert that led to a ban. ``decided``: a verdict on it is known to hold."""

    alert: OpenAlert
    descent: Descent
    decided: bool


async def descents_below(alerts: Sequence[OpenAlert], context: AgentContext) -> list[Descent]:
    """Returns how each alert's account descends from the alert's banned account."""
    bans = await context.call_store(context.store.bans([alert.banned for alert in alerts])) if alerts else []
    return [
        child_of(ban.facts.descent if ban else founder(alert.banned))
        for alert, ban in zip(alerts, bans, strict=True)
    ]


async def alerts_that_led(bans: Sequence[AccountBanned], topic: str, context: AgentContext) -> dict[int, Led]:
    """Returns by place the alert that each ban names as its cause, unless a reviewer decided otherwise.

    Counts a name of no alert, and of one on another account: that would put a stranger into a family.
    """
    named = {place: ban.because_of for place, ban in enumerate(bans) if ban.because_of is not None}
    if not named:
        return {}
    store = context.store
    known = await context.call_store(store.pairs(list(named.values())))
    decided = await context.call_store(store.decided(list(named.values())))
    led: dict[int, tuple[OpenAlert, bool]] = {}
    for place, alert, decision in zip(named, known, decided, strict=True):
        if alert is None:
            context.metrics.unusable(topic, [("because_of", FieldFault.UNKNOWN_ALERT)])
        elif alert.account != bans[place].key or alert.sums_up:
            context.metrics.unusable(topic, [("because_of", FieldFault.OTHER_ACCOUNT)])
        elif decision is None and alert.withdrawn != "verdict":
            led[place] = alert, False
        elif decision is not None and consequence(decision.verdict) is Consequence.JOIN:
            led[place] = alert, True
    descents = await descents_below([alert for alert, _ in led.values()], context)
    return {
        place: Led(alert, descent, is_decided)
        for (place, (alert, is_decided)), descent in zip(led.items(), descents, strict=True)
    }


def verdict_of(ban: AccountBanned, led: Led, topic: str) -> Emit:
    """The verdict that a ban gives on the alert that led to it; of one alert always the same one."""
    alert = led.alert
    given = VerdictGiven(
        alert_id=alert.alert_id,
        revision=alert.revision,
        verdict="mirror",
        reason_code="banned",
        reviewer="platform",
        decided_at=from_seconds(ban.at),
        verdict_id=f"ban-{alert.alert_id}",
        policy=ban.policy,
        given_by="ban",
    )
    return Emit(topic, alert.alert_id.encode(), encode(given))
