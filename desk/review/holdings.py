"""Lists what the desk keeps of one account, and erases what its alerts quote."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, Literal

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, appeals, audit, decided_evidence, notes, reads, verdicts, waves
from desk.database.schema import AlertRow, AppealRow, NoteRow, VerdictRow
from desk.review.arrivals import ALL_KINDS
from desk.review.case import LINES_MAX
from desk.review.evidence import quotes, shown_evidence
from desk.review.facts import alert_of
from desk.review.forgetting import forget, without_quotes
from desk.review.waves import wave_of
from schemas.alerts import MirrorAlert
from schemas.wire import encode

ALERTS_MAX: Final = 20_000
"""Alerts on one account that are looked at, newest first: the store keeps 2,500 open at a time."""

WAVES_MAX: Final = 500
"""Waves that an account is in: one at a time, and few in the days that they are kept."""

BATCH: Final = 100
"""Alerts erased in one transaction: other writers wait for milliseconds."""

REASON: Final = "account-deleted"


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """One alert that names the account.

    `side`: whether the account is the new one or the banned one; `quoting`: whether evidence, search terms,
    notes or appeals can still quote anybody; `due_at`: when these are erased by age (Unix seconds), None
    while a reading is open; `shown`: the alert as its page shows it; `verdict`: the one in force.
    """

    row: AlertRow
    side: Literal["account", "banned"]
    quoting: bool
    due_at: float | None
    shown: MirrorAlert | None
    verdict: VerdictRow | None
    case_files: int
    appeals: tuple[AppealRow, ...]


async def kept_alerts(connection: AsyncConnection, account: str, *, erase_seconds: float) -> list[KeptAlert]:
    """Returns the alerts that name an account, the newest first, at most `ALERTS_MAX`."""
    kept = []
    for row in await alerts.of_account(connection, account, ALERTS_MAX):
        quoted = await alerts.with_payload(connection, row.alert_id)
        assert quoted is not None  # alerts and evidence are written together
        alert = alert_of(quoted.payload)
        # What this version cannot read may quote.
        stands = quoted.erased_at is None and bool(quoted.payload) and (alert is None or quotes(alert))
        copies = await decided_evidence.quoting(connection, row.alert_id)
        contested = (await appeals.of_alerts(connection, [row.alert_id]))[row.alert_id]
        written: list[NoteRow | AppealRow] = [*await notes.of_alert(connection, row.alert_id), *contested]
        noted = any(text.erased_at is None for text in written)
        waits = any(read.state == "open" for read in await reads.of_alert(connection, row.alert_id))
        given = [
            verdict
            for verdict in await verdicts.of_alert(connection, row.alert_id)
            if verdict.undone_at is None
        ]
        last = max([row.arrived_at, *(verdict.decided_at for verdict in given)])
        shown = (await shown_evidence(connection, [quoted])).get(row.alert_id)
        lines = await audit.about(connection, row.alert_id, LINES_MAX)
        kept.append(
            KeptAlert(
                row,
                "account" if row.account == account else "banned",
                stands or noted or bool(copies),
                None if waits else last + erase_seconds,
                None if shown is None else shown.alert,
                verdicts.holding_of(given),
                sum(line.action == "case-file" for line in lines),
                tuple(contested),
            )
        )
    return kept


async def leave_waves(connection: AsyncConnection, account: str) -> None:
    """Takes an account out of the waves that name it, as the worker's next record of each does."""
    for row in await waves.of_account(connection, account, WAVES_MAX):
        wave = wave_of(row)
        left = tuple(member for member in wave.members if member.account != account)
        payload = encode(structs.replace(wave, members=left))
        await waves.put(
            connection, replace(row, members=len(left), payload=payload), {member.account for member in left}
        )


async def erase_alerts(
    connection: AsyncConnection, account: str, alert_ids: Collection[str], *, actor: str, now: float
) -> None:
    """Erases what alerts of an account quote, their search terms and notes, and ends their readings.

    As a withdrawal with `account-deleted` does, and also for alerts that workers withdrew before, of which
    they publish no other withdrawal. Copies of a preservation hold stay until it ends: the audit counts them.
    """
    await audit.lock(connection)  # waits for decisions and appeals in progress
    held = 0
    for alert_id in alert_ids:
        await reads.end(connection, [alert_id], ALL_KINDS, reason=REASON, now=now)
        evidence = await alerts.evidence_of(connection, alert_id)
        if evidence is not None and evidence.erased_at is None:
            payload = without_quotes(evidence.payload)
            await alerts.erase(connection, alert_id, payload, now=now, reason=REASON)
        held += await forget(connection, alert_id, now=now, reason=REASON)
    by_holds = {"held": held} if held else {}
    await audit.note(connection, actor, "account-erased", account, now=now, alerts=len(alert_ids), **by_holds)
