"""The evidence of an alert that can be shown, as it stands or as it was when decided; and erasing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, audit, decided_evidence, findable, notes
from desk.database.alerts import QuotedAlertRow
from desk.database.decided_evidence import DecidedEvidenceRow
from desk.review.facts import alert_of, found_by, unquoted
from schemas.alerts import MirrorAlert


@dataclass(frozen=True, slots=True)
class ShownEvidence:
    """An alert, and the state of its evidence.

    `decided_at`: when somebody decided on this evidence (Unix seconds), where the alert itself quotes nothing
    any more; None: it is as the worker wrote it last.
    """

    alert: MirrorAlert
    decided_at: float | None
    erased_at: float | None
    erased_reason: str | None


async def shown_evidence(
    connection: AsyncConnection, rows: Iterable[QuotedAlertRow]
) -> dict[str, ShownEvidence]:
    """Returns each alert by its evidence as decided where its own is gone; none of what this version cannot
    read."""
    standing, gone = {}, set()
    for row in rows:
        alert = alert_of(row.payload)
        if alert is None:
            continue
        standing[row.alert_id] = ShownEvidence(alert, None, row.erased_at, row.erased_reason)
        if not (_quotes(alert) or (alert.status == "open" and row.erased_at is None)):
            gone.add(row.alert_id)
    decided = await decided_evidence.latest(connection, gone) if gone else {}
    return {alert_id: _as_decided(shown, decided.get(alert_id)) for alert_id, shown in standing.items()}


def _as_decided(as_it_stands: ShownEvidence, decided: DecidedEvidenceRow | None) -> ShownEvidence:
    alert = as_it_stands.alert
    if decided is None:
        return as_it_stands
    if decided.erased_at is not None:
        return ShownEvidence(alert, None, decided.erased_at, decided.erased_reason)
    kept = alert_of(decided.payload)
    if kept is None:
        return as_it_stands
    now_known = replace(
        kept,
        revision=alert.revision,
        status=alert.status,
        withdrawn_at=alert.withdrawn_at,
        withdrawn_reason=alert.withdrawn_reason,
    )
    return ShownEvidence(now_known, decided.kept_at, None, None)


def _quotes(alert: MirrorAlert) -> bool:
    return any(line.ours or line.theirs for line in (*alert.evidence, *alert.counter_evidence))


async def forget(connection: AsyncConnection, alert_id: str, *, now: float, reason: str) -> None:
    """Erases what decisions on an alert rest on, and notes about it. The audit counts both."""
    decided = await _erase_decided(connection, alert_id, now=now, reason=reason)
    erased = await notes.erase(connection, alert_id, now=now, reason=reason)
    await _note(connection, alert_id, now=now, reason=reason, notes=erased, decided=decided)


async def forget_late(
    connection: AsyncConnection, alert_id: str, revision: int, *, now: float, reason: str
) -> None:
    """Erases what decisions before `revision` rest on: it asked for that, and arrives after a later one."""
    decided = await _erase_decided(connection, alert_id, now=now, reason=reason, before=revision)
    if decided:
        await _note(connection, alert_id, now=now, reason=reason, notes=0, decided=decided)
        await find_by_shown(connection, alert_id)


async def find_by_shown(connection: AsyncConnection, alert_id: str) -> None:
    """Lets an alert be found by the names and handles that it is shown with, and by no others."""
    row = await alerts.with_payload(connection, alert_id)
    if row is None:
        return
    shown = (await shown_evidence(connection, [row])).get(alert_id)
    if shown is not None:
        await findable.put(connection, alert_id, found_by(shown.alert))


async def _erase_decided(
    connection: AsyncConnection, alert_id: str, *, now: float, reason: str, before: int | None = None
) -> int:
    rows = await decided_evidence.quoting(connection, alert_id, before=before)
    for row in rows:
        await decided_evidence.erase(connection, row, without_quotes(row.payload), now=now, reason=reason)
    return len(rows)


def without_quotes(payload: bytes) -> bytes:
    """The payload without a word of either account; what this version cannot read is dropped as a whole."""
    alert = alert_of(payload)
    return b"" if alert is None else unquoted(alert)


async def _note(
    connection: AsyncConnection, alert_id: str, *, now: float, reason: str, notes: int, decided: int
) -> None:
    await audit.note(
        connection,
        actor=audit.SYSTEM,
        action="erased",
        subject=alert_id,
        now=now,
        detail={"reason": reason, "notes": notes, "decided": decided},
    )
