"""What readers wrote for one another. It may quote anybody, so it is erased as quotes are."""

from __future__ import annotations

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.erasing import mark
from desk.database.rows import all_of
from desk.database.schema import NoteRow

_notes = schema.notes


async def add(connection: AsyncConnection, alert_id: str, user_id: str, text: str, *, now: float) -> int:
    """Stores a note. Returns its number."""
    done = await connection.execute(
        insert(_notes)
        .values(alert_id=alert_id, user_id=user_id, written_at=now, text=text)
        .returning(_notes.c.note_id)
    )
    return int(done.scalar_one())


async def of_alert(connection: AsyncConnection, alert_id: str) -> list[NoteRow]:
    """Returns all notes on an alert, oldest first, including erased ones (empty text)."""
    return await all_of(
        connection, NoteRow, select(_notes).where(_notes.c.alert_id == alert_id).order_by(_notes.c.note_id)
    )


async def erase(
    connection: AsyncConnection, alert_id: str, *, now: float, reason: str, until: float | None = None
) -> int:
    """Erases the text of every note on an alert, of those written `until` a moment if there is one.

    Returns how many were erased.
    """
    mark(connection)
    conditions = [_notes.c.alert_id == alert_id, _notes.c.erased_at.is_(None)]
    if until is not None:
        conditions.append(_notes.c.written_at <= until)
    done = await connection.execute(
        update(_notes).where(*conditions).values(text="", erased_at=now, erased_reason=reason)
    )
    return done.rowcount
