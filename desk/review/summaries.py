"""Keeps the summary of a ban as it arrives."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import summaries
from schemas.alerts import AlertSummary


async def take_summary(connection: AsyncConnection, summary: AlertSummary) -> None:
    """Keeps a summary unless it, or a later revision, is known."""
    if await summaries.revision(connection, summary.alert_id) >= summary.revision:
        return
    values = {
        "alert_id": summary.alert_id,
        "revision": summary.revision,
        "status": summary.status,
        "banned": summary.key,
        "policy": summary.matched.policy,
        "published": summary.published,
        "withheld_likely": summary.withheld_likely,
        "withheld_possible": summary.withheld_possible,
        "detected_at": summary.detected_at.timestamp(),
    }
    await summaries.put(connection, values)
