"""Turns alerts, summaries and other desks' verdicts that arrive into rows and reads.

Everything here may arrive twice, late or in another order, and the rows come out the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, audit, notes, reads, summaries, verdicts
from desk.review.draws import is_blind, uniform
from desk.review.facts import facts_of
from desk.review.policy import Policy
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.verdicts import VerdictGiven

FORGOTTEN: Final = frozenset({"reinstated", "ban-forgotten", "ban-expired", "account-deleted"})
"""Withdrawals after which nothing of either account may be quoted any more."""

ALL_KINDS: Final = ("first", "second", "appeal", "dispute", "golden")
DECIDED: Final = frozenset({"mirror", "not_mirror"})


async def take_alert(
    connection: AsyncConnection,
    alert: MirrorAlert,
    payload: bytes,
    policy: Policy,
    *,
    now: float,
    sampled: float | None = None,
) -> bool:
    """Keeps an alert, and opens or closes its reads. Returns False if it is known already."""
    before = await alerts.find(connection, alert.alert_id)
    # A drawn pair has a revision below every alert's; those of releases up to 0.2.0 began there, too.
    risen = before is not None and before.sampled is not None and sampled is None
    if before is not None and before.revision >= alert.revision and not risen:
        return False
    facts = facts_of(alert, now=now, sampled=sampled)
    if before is not None:
        facts["arrived_at"] = before.arrived_at
        facts["script"] = facts["script"] or before.script
    await alerts.put(connection, facts, payload)
    if alert.status == "withdrawn":
        reason = alert.withdrawn_reason or "withdrawn"
        # That somebody decided does not end a second reading of the same alert: it is about the reading.
        kinds = ("first",) if reason == "verdict" else ALL_KINDS
        await reads.end(connection, alert.alert_id, kinds, reason=reason, now=now)
        if reason in FORGOTTEN:
            erased = await notes.erase(connection, alert.alert_id, now=now, reason=reason)
            await audit.note(
                connection,
                actor=audit.SYSTEM,
                action="erased",
                subject=alert.alert_id,
                now=now,
                detail={"reason": reason, "notes": erased},
            )
    else:
        await _open(connection, facts, policy, now=now)
    return True


async def take_summary(connection: AsyncConnection, summary: AlertSummary) -> None:
    """Keeps a summary unless it, or a later revision, is known."""
    if await summaries.revision(connection, summary.alert_id) >= summary.revision:
        return
    values = {
        "alert_id": summary.alert_id,
        "revision": summary.revision,
        "status": summary.status,
        "banned": summary.key,
        "policy": summary.matched.policy,
        "published": summary.published,
        "withheld_likely": summary.withheld_likely,
        "withheld_possible": summary.withheld_possible,
        "detected_at": summary.detected_at.timestamp(),
    }
    await summaries.put(connection, values)


async def _open(connection: AsyncConnection, facts: Mapping[str, Any], policy: Policy, *, now: float) -> None:
    """Opens a first read of an alert, given its row, unless it waits or was decided."""
    alert_id, rank = facts["alert_id"], reads.RANKS.get(facts["band"], 1)
    waiting = [read for read in await reads.of_alert(connection, alert_id) if read.state == "open"]
    if any(read.kind != "golden" for read in waiting):
        await reads.move(connection, alert_id, rank=rank)
        return
    holds = await verdicts.holding(connection, alert_id)
    if holds is not None and holds.verdict in DECIDED:
        return
    blind = facts["sampled"] is not None or is_blind(policy.key, alert_id, policy.blind_share)
    await reads.add(
        connection,
        alert_id,
        kind="first",
        blind=blind,
        rank=blind_rank(policy.key, alert_id) if blind else rank,
        # A worker whose clock is ahead must not make it wait behind all that comes until then.
        waits_since=min(facts["detected_at"], now),
        now=now,
    )


def blind_rank(key: bytes, alert_id: str) -> int:
    """Returns the rank of a blind read: drawn by lot, so that it says nothing about the band."""
    return int(uniform(key, "rank", alert_id) * len(reads.RANKS))


async def take_verdict(
    connection: AsyncConnection, verdict: VerdictGiven, verdict_id: str, policy: Policy, *, now: float
) -> bool:
    """Keeps a verdict of the topic. Returns False if it is known, as our own are when they come back."""
    added = await verdicts.add(
        connection,
        {
            "verdict_id": verdict_id,
            "alert_id": verdict.alert_id,
            "revision": verdict.revision,
            "verdict": verdict.verdict,
            "reason_code": verdict.reason_code,
            "policy": verdict.policy,
            "reviewer": verdict.reviewer,
            "decided_at": verdict.at,
            "blind": verdict.blind,
            "golden": verdict.golden,
            "kind": "elsewhere",
            "seen_on_topic_at": now,
        },
    )
    if not added:
        await verdicts.seen(connection, verdict_id, now=now)
        return False
    if verdict.golden:
        return True
    holds = await verdicts.holding(connection, verdict.alert_id)
    if holds is None or holds.verdict_id != verdict_id:
        return True
    if verdict.verdict in DECIDED:
        for read in await reads.of_alert(connection, verdict.alert_id):
            if read.state == "open" and read.kind == "first":
                await reads.close(connection, read.read_id, verdict_id=verdict_id, now=now)
        return True
    # It takes back what held. The alert that was opened again for it may have come before it.
    row = await alerts.find(connection, verdict.alert_id)
    if row is not None and row.status == "open":
        await _open(connection, row._asdict(), policy, now=now)
    return True
