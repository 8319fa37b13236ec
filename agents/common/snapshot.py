"""The state that scores a batch: counts, weights and quarantine as they were when it was taken."""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.common.context import AgentContext
from agents.common.weighing import Weighing
from samehand.frequency.rates import CountsAtRate, Frequencies


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How many accounts bear each value, and the table that weighs.

    ``quarantine``: digests of values that weigh nothing. ``held`` takes (digest, banned account) of each pair
    that would alert without it; a process that may write to the store notes it there.
    """

    frequencies: Frequencies
    weighing: Weighing
    quarantine: frozenset[str] = frozenset()
    held: set[tuple[str, str]] = field(default_factory=set)


async def snapshot_of(context: AgentContext, at: float) -> Snapshot:
    """Reads the store's counts as of ``at`` (Unix seconds); most batches ask no server."""
    store, weighing = context.store, context.weighing
    now = context.now()
    frequencies: Frequencies = await context.call_store(store.frequencies(at=at, now=now))
    if (sign_ups_a_day := context.sign_ups_a_day()) is not None:
        frequencies = CountsAtRate(frequencies, sign_ups_a_day)
    return Snapshot(frequencies, weighing, context.quarantine.at(now))
