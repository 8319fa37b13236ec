"""What a clock that is set does not do: make anybody wait for days, or erase what is not kept long enough.

Everything that waits has a moment in its row. Where the clock was ahead when that was written and is right
again, the moment lies further ahead than it can have been set, and is brought back to that.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.access.sessions import LINK_SECONDS, SESSION_SECONDS_MAX
from desk.database import outbox, reads, users
from desk.review.policy import Policy

STEADY_SECONDS: Final = 3_600.0
"""So long a clock must have run unset before anything is erased by it: whoever set it wrongly, or started a
machine whose clock was wrong, has an hour to notice. What is kept for months may stay an hour longer."""

SET_SECONDS: Final = 60.0
"""A clock that is so far from where it should have gone was set; what is adjusted slowly stays below."""


async def bring_back(connection: AsyncConnection, policy: Policy, *, now: float) -> None:
    """Shortens every wait that is longer than it can have been made: a clock was set back meanwhile."""
    await reads.bring_back(
        connection, claimed_until=now + policy.claim_seconds, skipped_until=now + policy.skip_seconds
    )
    await outbox.bring_back(connection, not_before=now + policy.undo_seconds, now=now)
    await users.bring_back(
        connection,
        session_ends_at=now + SESSION_SECONDS_MAX,
        link_ends_at=now + LINK_SECONDS,
        now=now,
    )


class Steadiness:
    """For how long a clock has run without being set, held against one that nobody sets."""

    def __init__(self, now: float, steady: float) -> None:
        """Begins. ``now`` is what is watched (Unix seconds), ``steady`` a monotonic clock (seconds)."""
        self._now, self._steady, self._since = now, steady, steady

    def look(self, now: float, steady: float) -> bool:
        """Whether what is erased may be judged by this clock. To be called often: each look is a comparison
        with the one before."""
        if abs((now - self._now) - (steady - self._steady)) > SET_SECONDS:
            self._since = steady
        self._now, self._steady = now, steady
        return steady - self._since >= STEADY_SECONDS
