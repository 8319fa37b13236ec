"""Turns alerts, summaries and other desks' verdicts that arrive into rows and reads.

Everything here may arrive twice, late or in another order, and the rows come out the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, audit, reads, verdicts, waves
from desk.database.finding import findable
from desk.database.schema import AlertRow, SummaryRow, VerdictRow, WaveRow
from desk.database.topics import outbox, summaries
from desk.database.verdicts import BY_BAN
from desk.review.actions import forget_actions
from desk.review.deciding.review import outbox_record
from desk.review.draws import is_blind, uniform
from desk.review.facts import alert_of, facts_of, found_by
from desk.review.forgetting import FORGOTTEN, forget, forget_late, refresh_terms
from desk.review.policy import Policy
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.verdicts import VerdictGiven
from schemas.waves import WaveAlert
from schemas.wire import encode

ALL_KINDS: Final = ("first", "second", "appeal", "dispute")
DECIDED: Final = frozenset({"mirror", "not_mirror"})


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Stores arriving records, in the caller's transaction. `now`: Unix seconds."""

    connection: AsyncConnection
    policy: Policy
    now: float

    async def take_alert(self, alert: MirrorAlert, *, sampled: float | None = None) -> bool:
        """Stores an alert, then opens or ends its readings. Returns False if the revision is known.

        `sampled`: the probability with which a pair below the bands was drawn, None for an alert.
        """
        if alert.withdrawn_reason in FORGOTTEN:
            await audit.lock(self.connection)  # waits for decisions and appeals in progress
        before = await alerts.find(self.connection, alert.alert_id)
        withdrawn_at = self.now if alert.withdrawn_at is None else alert.withdrawn_at.timestamp()
        # An alert replaces a drawn pair whatever its revision: releases up to 0.2.0 gave both revision 1.
        risen = before is not None and before.sampled is not None and sampled is None
        if before is not None and before.revision >= alert.revision and not risen:
            if alert.withdrawn_reason in FORGOTTEN:
                await forget_late(
                    self.connection,
                    alert.alert_id,
                    alert.revision,
                    withdrawn_at,
                    now=self.now,
                    reason=alert.withdrawn_reason,
                )
                await forget_actions(
                    self.connection, before, until=withdrawn_at, now=self.now, reason=alert.withdrawn_reason
                )
            return False
        row = facts_of(alert, now=self.now, sampled=sampled)
        if before is not None:
            row = replace(row, arrived_at=before.arrived_at, script=row.script or before.script)
        await alerts.put(self.connection, row, encode(alert))
        reason = alert.withdrawn_reason or "withdrawn"
        if alert.status == "withdrawn" and reason not in FORGOTTEN:
            await refresh_terms(self.connection, alert.alert_id)
        else:
            await findable.put(self.connection, alert.alert_id, found_by(alert))
        if alert.status != "withdrawn":
            await self._open(row, alert.dismissed_at)
            return True
        # A `verdict` ends first readings only: a second reading checks the reader and goes on.
        kinds: tuple[str, ...] = ("first",) if reason == "verdict" else ALL_KINDS
        await reads.end(self.connection, [alert.alert_id], kinds, reason=reason, now=self.now)
        if reason in FORGOTTEN:
            await forget(self.connection, alert.alert_id, now=self.now, reason=reason)
            await forget_actions(self.connection, row, until=withdrawn_at, now=self.now, reason=reason)
        return True

    async def take_summary(self, summary: AlertSummary) -> None:
        """Stores a summary unless it, or a later revision, is known."""
        if await summaries.revision(self.connection, summary.alert_id) >= summary.revision:
            return
        row = SummaryRow(
            alert_id=summary.alert_id,
            revision=summary.revision,
            status=summary.status,
            banned=summary.key,
            policy=summary.matched.policy,
            published=summary.published,
            withheld_likely=summary.withheld_likely,
            withheld_possible=summary.withheld_possible,
            detected_at=summary.detected_at.timestamp(),
        )
        await summaries.put(self.connection, row)

    async def take_wave(self, wave: WaveAlert) -> None:
        """Stores a wave unless it, or a later revision, is known. A member that has left is not quoted any
        more: its handle goes with the former revision."""
        before = await waves.find(self.connection, wave.wave_id)
        if before is not None and before.revision >= wave.revision:
            return
        row = WaveRow(
            wave_id=wave.wave_id,
            revision=wave.revision,
            status=wave.status,
            withdrawn_reason=wave.withdrawn_reason,
            began_at=wave.began_at.timestamp(),
            members=len(wave.members),
            payload=encode(wave),
            arrived_at=self.now,
        )
        await waves.put(self.connection, row, {member.account for member in wave.members})

    async def take_verdict(self, verdict: VerdictGiven, verdict_id: str) -> bool:
        """Stores a verdict of the topic. Returns False if it is known, as our own are when they come back, or
        is about a test item, which decides nothing."""
        if verdict.golden:
            return False
        row = VerdictRow(
            verdict_id=verdict_id,
            alert_id=verdict.alert_id,
            revision=verdict.revision,
            verdict=verdict.verdict,
            reason_code=verdict.reason_code,
            policy=verdict.policy,
            reviewer=verdict.reviewer,
            decided_at=verdict.at,
            blind=verdict.blind,
            kind=BY_BAN if verdict.given_by == "ban" else "elsewhere",
        )
        if row.kind == BY_BAN:
            await self._contradict(row.alert_id)
        if not await verdicts.add(self.connection, row):
            return False
        await waves.keep_exceptions(self.connection, verdict_id, verdict.exceptions)
        holds = await verdicts.holding(self.connection, verdict.alert_id)
        if holds is None or holds.verdict_id != verdict_id:
            return True
        if verdict.verdict in DECIDED:
            shows_news = await self._shows_news(verdict)
            for read in await reads.of_alert(self.connection, verdict.alert_id):
                if read.state == "open" and read.kind == "first" and not shows_news:
                    await reads.close(self.connection, {read.read_id: verdict_id}, now=self.now)
            return True
        # It takes back the verdict that held. The reopened alert may have arrived before it.
        alert = await alerts.find(self.connection, verdict.alert_id)
        if alert is not None and alert.status == "open":
            await self._open(alert)
        return True

    async def _shows_news(self, verdict: VerdictGiven) -> bool:
        """Returns whether the alert was raised anew since this verdict, which may arrive after it."""
        stored = await alerts.with_payload(self.connection, verdict.alert_id)
        alert = None if stored is None else alert_of(stored.payload)
        anew = None if alert is None or alert.status != "open" else alert.dismissed_at
        return anew is not None and verdict.at <= anew.timestamp()

    async def _contradict(self, alert_id: str) -> None:
        """Sends the verdict of a person who unlinked an alert once more: workers give a ban's verdict where
        they know of none, as after `alerts.verdicts` has lost a year-old cut and the store was rebuilt."""
        holds = await verdicts.holding(self.connection, alert_id)
        if holds is not None and holds.kind != BY_BAN and holds.verdict != "mirror":
            await outbox.put_again(self.connection, outbox_record(holds), now=self.now)

    async def _open(self, alert: AlertRow, dismissed_at: datetime | None = None) -> None:
        """Opens a first read of an alert unless it waits or was decided.

        A dismissal of until ``dismissed_at`` does not cover what it shows now.
        """
        alert_id, rank = alert.alert_id, reads.RANKS.get(alert.band, 1)
        waiting = [read for read in await reads.of_alert(self.connection, alert_id) if read.state == "open"]
        if waiting:
            await reads.move(self.connection, alert_id, rank=rank)
            return
        holds = await verdicts.holding(self.connection, alert_id)
        # An alert that is open after a ban decided it is of an account that was reinstated.
        since = -1.0 if dismissed_at is None else dismissed_at.timestamp()
        if (
            holds is not None
            and holds.kind != BY_BAN
            and holds.verdict in DECIDED
            and holds.decided_at > since
        ):
            return
        key = self.policy.key
        blind = alert.sampled is not None or is_blind(key, alert_id, self.policy.blind_share)
        await reads.add(
            self.connection,
            alert_id,
            kind="first",
            blind=blind,
            rank=blind_rank(key, alert_id) if blind else rank,
            # A worker whose clock is ahead must not make it wait behind all that comes until then.
            waits_since=min(alert.detected_at, self.now),
            now=self.now,
        )


def blind_rank(key: bytes, alert_id: str) -> int:
    """Returns the rank of a blind read: drawn by lot, so that it says nothing about the band."""
    return int(uniform(key, "rank", alert_id) * len(reads.RANKS))
