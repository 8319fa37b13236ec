"""Periodic upkeep of the database: repairs timestamps, ends sessions, erases what has been kept long enough.

Every row that waits holds a timestamp. If the clock was ahead when that was written and has been corrected
since, the timestamp lies further in the future than it can have been set, and is brought back to that.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.access.sessions import LINK_SECONDS, SESSION_SECONDS_MAX
from desk.database import alerts, reads, users, waves
from desk.database.counts import exposures
from desk.database.finding import findable
from desk.database.topics import outbox
from desk.review.actions import forget_old
from desk.review.forgetting import forget, refresh_terms, without_quotes
from desk.review.policy import Policy
from desk.review.requests import end_due_holds
from desk.settings import DeskSettings
from samehand.normalize.text.fold import FOLD_VERSION

BATCH: Final = 100
"""Alerts erased in one transaction: other writers wait for milliseconds."""

REFOLDED: Final = 20
"""Alerts whose search terms are made anew in one transaction, nine milliseconds each on SQLite."""

OLD: Final = "kept-long-enough"

SENT_KEPT_SECONDS: Final = 86_400.0
"""How long the outbox shows that, and when, a verdict was sent; the verdict itself stays."""

STEADY_SECONDS: Final = 3_600.0
"""How long a clock must have run unset before anything is erased by it: an operator who set it wrongly has
an hour to notice. What is kept for months may stay an hour longer."""

SET_SECONDS: Final = 60.0
"""A clock this far from the monotonic clock was set; gradual adjustment stays below."""


class Steadiness:
    """Measures for how long the system clock has run without being set, by a monotonic clock."""

    def __init__(self, now: float, steady: float) -> None:
        """Takes the system clock (``now``, Unix seconds) and a monotonic clock (``steady``, seconds)."""
        self._now, self._steady, self._since = now, steady, steady

    def look(self, now: float, steady: float) -> bool:
        """Compares with the look before. Returns True if `now` may decide what is erased."""
        if abs((now - self._now) - (steady - self._steady)) > SET_SECONDS:
            self._since = steady
        self._now, self._steady = now, steady
        return steady - self._since >= STEADY_SECONDS


async def tidy(
    connection: AsyncConnection, settings: DeskSettings, policy: Policy, *, now: float, steady: bool
) -> int:
    """Does all upkeep that is due. Nothing is erased unless `steady`. Returns how many alerts were erased."""
    await bring_back(connection, policy, now=now)
    await users.sweep(connection, now=now)
    await outbox.sweep(connection, before=now - SENT_KEPT_SECONDS)
    if not steady:
        return 0
    await end_due_holds(connection, now=now)
    await exposures.erase(connection, keep_days=settings.desk_exposure_days, now=now)
    return await erase_old(connection, keep_seconds=settings.desk_erase_days * 86_400.0, now=now)


async def refold(connection: AsyncConnection, after: str) -> str | None:
    """Makes anew the search terms of some alerts after one ("": the first), unless the present folding rules
    made all: names are searched by these rules. Returns the last of them; None: there are no more."""
    if not after and await findable.fold_version(connection) == FOLD_VERSION:
        return None
    alert_ids = await alerts.ids_after(connection, after, REFOLDED)
    for alert_id in alert_ids:
        await refresh_terms(connection, alert_id)
    if alert_ids:
        return alert_ids[-1]
    await findable.note_fold_version(connection, FOLD_VERSION)
    return None


async def bring_back(connection: AsyncConnection, policy: Policy, *, now: float) -> None:
    """Shortens every wait that is longer than it can have been made: the clock was set back since."""
    await reads.bring_back(
        connection, claimed_until=now + policy.claim_seconds, skipped_until=now + policy.skip_seconds
    )
    await outbox.bring_back(connection, not_before=now + policy.undo_seconds, now=now)
    await users.bring_back(
        connection, session_ends_at=now + SESSION_SECONDS_MAX, link_ends_at=now + LINK_SECONDS, now=now
    )


async def erase_old(connection: AsyncConnection, *, keep_seconds: float, now: float) -> int:
    """Erases quotes and notes of alerts that arrived, and were decided last, more than `keep_seconds` ago,
    the clauses of actions, and waves that changed last before then. Returns of how many alerts, or of actions
    if these are more."""
    if wave_ids := await waves.due_for_erasure(connection, now - keep_seconds, BATCH):
        await waves.forget(connection, wave_ids)
    due = await alerts.due_for_erasure(connection, now - keep_seconds, BATCH)
    for alert_id, payload in due:
        await alerts.erase(connection, alert_id, without_quotes(payload), now=now, reason=OLD)
        await forget(connection, alert_id, now=now, reason=OLD)
    before = now - keep_seconds
    return max(len(due), await forget_old(connection, before=before, now=now, reason=OLD, limit=BATCH))
