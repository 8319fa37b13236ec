"""Appeals of account holders: one that arrives becomes a reading for somebody who has not decided the alert.

A repeat is answered as the first time. Nothing of a holder's words goes anywhere but to the readers.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, appeals, audit, decided_evidence, reads, verdicts
from desk.database.engine import Database
from desk.database.errors import DatabaseUnavailable
from desk.database.schema import AlertRow, AppealRow, VerdictRow
from desk.database.verdicts import TAKE_BACK
from desk.review.arrivals import blind_rank
from desk.review.forgetting import FORGOTTEN
from desk.review.policy import Policy
from desk.review.seal import Seal
from schemas.appeals import AppealMade, AppealTaken, Refusal
from schemas.wire import encode

APPEALS_MAX: Final = 5
"""Of one alert: each takes another reader, who reads every one before."""

TOGETHER_MAX: Final = 16
"""Appeals of one transaction, some 100 ms: for so long others wait for the audit's end."""

ACCOUNT_ALERTS_MAX: Final = 200
"""Alerts of an account among which the decided one is looked for, the newest first."""

GATE: Final = "gate"
"""The actor in lines of the audit that a gate caused."""


@dataclass(frozen=True, slots=True)
class AppealView:
    """An appeal; `outcome` is None while it is open, and `words` empty once `erased_at` is set."""

    appeal_id: str
    received_at: float
    words: str
    erased_at: float | None
    erased_reason: str | None
    outcome: str | None
    reason_code: str | None
    decided_at: float | None


@dataclass(slots=True)
class AppealIntake:
    """Stores appeals in the order in which they arrive, those that arrive at once in one transaction.

    Each line of the audit needs the one before, so that one transaction at a time adds lines. Appeals wait
    here for it, where nothing times out, and hold no connection that readers need; as many as the server
    has connections.
    """

    _waiting: list[tuple[AppealMade, asyncio.Future[AppealTaken | Refusal]]] = field(default_factory=list)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(
        self, database: Database, policy: Policy, appeal: AppealMade, now: Callable[[], float]
    ) -> AppealTaken | Refusal:
        """Returns the answer once it is stored. Raises `DatabaseUnavailable`: all that wait are to be sent
        again.
        """
        answer: asyncio.Future[AppealTaken | Refusal] = asyncio.get_running_loop().create_future()
        self._waiting.append((appeal, answer))
        async with self._turn:
            together_max = TOGETHER_MAX
            while not answer.done():
                batch = self._waiting[:together_max]
                try:
                    async with database.begin() as connection:
                        given = [await take_appeal(connection, policy, made, now=now()) for made, _ in batch]
                except Exception as fault:
                    if isinstance(fault, DatabaseUnavailable):
                        batch = self._waiting[:]
                    elif together_max > 1:
                        together_max = 1  # one of them fails: each alone
                        continue
                    for _, each in batch:
                        each.set_exception(fault)
                else:
                    for (_, each), said in zip(batch, given, strict=True):
                        each.set_result(said)
                del self._waiting[: len(batch)]  # not before: a caller who goes leaves the rest to the next
        return await answer


async def take_appeal(
    connection: AsyncConnection, policy: Policy, appeal: AppealMade, *, now: float
) -> AppealTaken | Refusal:
    """Stores an appeal and opens its reading, in the caller's transaction."""
    await audit.lock(connection)  # of two that arrive at once the second finds the first
    digest = hmac.digest(policy.key, b"appeal" + encode(appeal), "sha256").hex()
    known = await appeals.find(connection, appeal.appeal_id)
    if known is not None:
        same = hmac.compare_digest(known.digest, digest)
        return AppealTaken(appeal_id=appeal.appeal_id, alert_id=known.alert_id) if same else "other-body"
    appealed = await _appealed(connection, appeal)
    if not isinstance(appealed, tuple):
        return appealed
    alert, holds = appealed
    earlier = (await appeals.of_alerts(connection, [alert.alert_id]))[alert.alert_id]
    if any(row.outcome is None for row in earlier):
        return "open-appeal"
    if len(earlier) >= APPEALS_MAX:
        return "too-many"
    if alert.alert_id not in await decided_evidence.latest(connection, [alert.alert_id]):
        # It was decided elsewhere: what stands now is the nearest to what was decided.
        await decided_evidence.keep(connection, {alert.alert_id: alert.revision}, now=now)
    # The reading takes the place of every other one after the first.
    alert_id = alert.alert_id
    waiting = [read for read in await reads.of_alert(connection, alert_id) if read.state == "open"]
    blind = holds.blind or any(read.blind for read in waiting)
    await reads.end(connection, [alert_id], ("second", "dispute", "appeal"), reason="appealed", now=now)
    read_id = await read_anew(connection, policy, alert, blind=blind, now=now)
    row = AppealRow(
        appeal_id=appeal.appeal_id,
        alert_id=alert.alert_id,
        read_id=read_id,
        against=holds.verdict_id,
        digest=digest,
        received_at=now,
        words=appeal.words.replace("\0", ""),  # which PostgreSQL keeps in no text
    )
    await appeals.add(connection, row)
    detail = {"appeal": appeal.appeal_id, "against": holds.verdict_id, "read": read_id}
    await audit.note(connection, GATE, "appealed", alert.alert_id, now=now, **detail)
    return AppealTaken(appeal_id=appeal.appeal_id, alert_id=alert.alert_id)


async def _appealed(connection: AsyncConnection, appeal: AppealMade) -> tuple[AlertRow, VerdictRow] | Refusal:
    """Returns the alert whose decision is contested, of an account's alerts the latest decided one whose
    evidence was not erased, and the verdict that holds. One that a lead took back may be contested as well:
    the account may still be banned.
    """
    key = None if appeal.account_id is None else f"{appeal.platform}:{appeal.account_id}"
    if appeal.alert_id is not None:
        alert = await alerts.find(connection, appeal.alert_id)
        about = [] if alert is None else [alert]
    else:
        about = list(await alerts.of_account(connection, key or "", ACCOUNT_ALERTS_MAX, as_banned=False))
    about = [alert for alert in about if key in (None, alert.account)]
    if not about:
        return "unknown-alert"
    given = await verdicts.of_alerts(connection, [alert.alert_id for alert in about])
    decided = []
    for alert in about:
        holds = verdicts.holding_of(given[alert.alert_id])
        if holds is not None and (holds.verdict == "mirror" or holds.kind == TAKE_BACK):
            decided.append((alert, holds))
    for alert, holds in sorted(decided, key=lambda pair: pair[1].decided_at, reverse=True):
        evidence = await alerts.evidence_of(connection, alert.alert_id)
        if alert.withdrawn_reason not in FORGOTTEN and evidence is not None and evidence.erased_at is None:
            return alert, holds
    return "evidence-erased" if decided else "not-decided"


async def read_anew(
    connection: AsyncConnection, policy: Policy, alert: AlertRow, *, blind: bool, now: float
) -> int:
    """Opens a reading of an alert for somebody who has not decided it. Returns its number."""
    return await reads.add(
        connection,
        alert.alert_id,
        kind="appeal",
        blind=blind,
        rank=blind_rank(policy.key, alert.alert_id) if blind else reads.RANKS.get(alert.band, 1),
        waits_since=now,
        now=now,
    )


def appeal_views(rows: Iterable[AppealRow], seal: Seal, read_id: int | None) -> tuple[AppealView, ...]:
    """Returns the appeals that a person may see; while words are hidden, the one that they read alone."""
    return tuple(
        AppealView(**{name: getattr(row, name) for name in AppealView.__dataclass_fields__})
        for row in rows
        if not seal.words or row.read_id == read_id
    )
