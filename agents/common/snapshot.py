"""The store's counts when a batch was taken: all pairs of the batch are scored by one state of them."""

from __future__ import annotations

from dataclasses import dataclass

from agents.common.context import AgentContext
from samehand.frequency.ban_calendar import BanCalendar
from samehand.frequency.rates import Frequencies


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How many accounts bear each value, and when bans took effect."""

    frequencies: Frequencies
    calendar: BanCalendar


async def snapshot_of(context: AgentContext, at: float) -> Snapshot:
    """Reads the store's counts as of ``at`` (Unix seconds) and its calendar; most batches ask no server."""
    store = context.store
    frequencies = await context.call_store(store.frequencies(at=at))
    return Snapshot(frequencies, await context.call_store(store.calendars(now=context.now())))
