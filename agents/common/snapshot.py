"""The state that scores a batch: counts and weights as they were when it was taken."""

from __future__ import annotations

from dataclasses import dataclass

from agents.common.context import AgentContext
from agents.common.weighing import Weighing
from samehand.frequency.rates import CountsAtRate, Frequencies


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How many accounts bear each value, and the table that weighs."""

    frequencies: Frequencies
    weighing: Weighing


async def snapshot_of(context: AgentContext, at: float) -> Snapshot:
    """Reads the store's counts as of ``at`` (Unix seconds); most batches ask no server."""
    frequencies: Frequencies = await context.call_store(context.store.frequencies(at=at, now=context.now()))
    if (sign_ups_a_day := context.sign_ups_a_day()) is not None:
        frequencies = CountsAtRate(frequencies, sign_ups_a_day)
    return Snapshot(frequencies, context.weighing)
