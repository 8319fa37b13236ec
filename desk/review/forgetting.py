"""Erasing what quotes people, and leaving the mark that it was."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, notes
from desk.review import audit
from desk.review.facts import alert_of, unquoted

BATCH: Final = 100
"""Alerts a transaction: others wait for milliseconds."""

OLD: Final = "kept-long-enough"


async def erase_old(connection: AsyncConnection, *, keep_seconds: float, now: float) -> int:
    """Erases quotes and notes of decided alerts that are kept long enough; of how many alerts."""
    due = await alerts.due_for_erasure(connection, now - keep_seconds, BATCH)
    for row in due:
        alert = alert_of(bytes(row.payload))
        # What no version of ours can read any more is erased as a whole.
        left = b"" if alert is None else unquoted(alert)
        await alerts.erase(connection, row.alert_id, left, now=now, reason=OLD)
        erased = await notes.erase(connection, row.alert_id, now=now, reason=OLD)
        await audit.note(
            connection,
            actor=audit.SYSTEM,
            action="erased",
            subject=row.alert_id,
            now=now,
            detail={"reason": OLD, "notes": erased},
        )
    return len(due)
