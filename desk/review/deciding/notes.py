"""Keeps what readers write for one another."""

from __future__ import annotations

from typing import Final

from desk.database import audit, notes
from desk.errors import UnusableInput
from desk.review.deciding.review import Review

NOTE_CHARS_MAX: Final = 4_000
"""Two printed pages."""


async def write_note(review: Review, alert_id: str, text: str) -> int:
    """Keeps a note. Returns its number."""
    review.reader.need("decide")
    text = written(text)
    await review.alert(alert_id)
    return await keep_note(review, alert_id, text)


async def keep_note(review: Review, alert_id: str, text: str) -> int:
    note_id = await notes.add(review.connection, alert_id, review.reader.user_id, text, now=review.now)
    await review.note("noted", alert_id, note=note_id, digest=audit.digest_of(text))
    return note_id


def written(text: str) -> str:
    """Returns a note as it is kept, or raises `UnusableInput`."""
    text = text.replace("\0", "").strip()
    if not 0 < len(text) <= NOTE_CHARS_MAX:
        raise UnusableInput("note", f"a note has 1 to {NOTE_CHARS_MAX} characters")
    return text
