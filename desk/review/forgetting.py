"""Erases everything that quotes an alert's accounts: copies of its evidence, notes, holders' words and search
terms.

A preservation hold has copies of its own (`desk.database.holds`), which an erasure leaves: it notes on them
that their originals went, and they go with the hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, appeals, audit, decided_evidence, holds, notes, reads
from desk.database.finding import findable
from desk.review.evidence import shown_evidence
from desk.review.facts import alert_of, found_by, unquoted

FORGOTTEN: Final = frozenset({"reinstated", "ban-forgotten", "ban-expired", "account-deleted"})
"""Withdrawals after which nothing of either account may be quoted any more."""


async def forget(connection: AsyncConnection, alert_id: str, *, now: float, reason: str) -> int:
    """Erases the copies, notes and holders' words of an alert, and adds an audit line with how many of each.

    Returns how many copies preservation holds keep nevertheless.

    An appeal that is still open lapses: nobody can decide it any more.
    """
    await audit.lock(connection)  # waits for an appeal in progress
    counts = await _erase(connection, alert_id, now=now, reason=reason)
    await appeals.lapse(connection, alert_id, now=now, reason=reason)
    await reads.end(connection, [alert_id], ("appeal",), reason=reason, now=now)
    await _note(connection, alert_id, now=now, reason=reason, counts=counts)
    return counts.get("held", 0)


async def forget_late(
    connection: AsyncConnection, alert_id: str, revision: int, at: float, *, now: float, reason: str
) -> None:
    """Handles a withdrawal of `at` (Unix seconds) that arrives after a later revision: erases the copies of
    revisions before it, and the notes and holders' words that were written by then."""
    counts = await _erase(connection, alert_id, now=now, reason=reason, before=revision, until=at)
    if any(counts.values()):
        await _note(connection, alert_id, now=now, reason=reason, counts=counts)
        await refresh_terms(connection, alert_id)


async def refresh_terms(connection: AsyncConnection, alert_id: str) -> None:
    """Sets an alert's search terms to its ids and to the names and handles that it is shown with."""
    row = await alerts.with_payload(connection, alert_id)
    if row is None:
        return
    shown = (await shown_evidence(connection, [row])).get(alert_id)
    if shown is not None:
        await findable.put(connection, alert_id, found_by(shown.alert))


def without_quotes(payload: bytes) -> bytes:
    """Returns the payload without quotes, or nothing if this version cannot read it."""
    alert = alert_of(payload)
    return b"" if alert is None else unquoted(alert)


async def _erase(
    connection: AsyncConnection,
    alert_id: str,
    *,
    now: float,
    reason: str,
    before: int | None = None,
    until: float | None = None,
) -> dict[str, int]:
    """Erases copies of revisions before one, and what was written until a moment. Returns the counts, with
    that of copies which a hold keeps nevertheless."""
    copies = await decided_evidence.quoting(connection, alert_id, before=before)
    for copy in copies:
        await decided_evidence.erase(connection, copy, without_quotes(copy.payload), now=now, reason=reason)
    counts = {
        "notes": await notes.erase(connection, alert_id, now=now, reason=reason, until=until),
        "decided": len(copies),
        "appeals": await appeals.erase(connection, alert_id, now=now, reason=reason, until=until),
    }
    held = await holds.note_erasure(connection, alert_id, now=now, reason=reason, before=before, until=until)
    return {**counts, "held": held} if held else counts


async def _note(
    connection: AsyncConnection, alert_id: str, *, now: float, reason: str, counts: Mapping[str, int]
) -> None:
    await audit.note(connection, audit.SYSTEM, "erased", alert_id, now=now, reason=reason, **counts)
