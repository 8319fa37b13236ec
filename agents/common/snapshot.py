"""The store's counts and the weights when a batch was taken: one state of both scores all its pairs."""

from __future__ import annotations

from dataclasses import dataclass

from agents.common.context import AgentContext
from agents.common.weights_in_force import Weighing
from samehand.frequency.ban_calendar import BanCalendar
from samehand.frequency.rates import Frequencies


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How many accounts bear each value, when bans took effect, and the table that weighs."""

    frequencies: Frequencies
    calendar: BanCalendar
    weighing: Weighing


async def snapshot_of(context: AgentContext, at: float) -> Snapshot:
    """Reads the store's counts as of ``at`` (Unix seconds) and its calendar; most batches ask no server."""
    store, weighing = context.store, context.weights.live
    now = context.now()
    frequencies = await context.call_store(store.frequencies(at=at, now=now))
    return Snapshot(frequencies, await context.call_store(store.calendars(now=now)), weighing)
