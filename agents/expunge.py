"""Expunge: removes the ban of a reinstated account, and withdraws the alerts that name it.

An alert about the account as a new one, which its ban or a verdict had withdrawn before, is withdrawn once
more with this reason: its readers then erase what they still quote.

The store ends a ban and the alerts on it in one step: an alert proposed before is withdrawn, one proposed
after finds no ban and is not published. The outbox publishes withdrawals (runtime/outbox.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.common.alerts.withdrawal import withdraw_again
from agents.common.context import AgentContext
from agents.common.decoding import itself, read_all
from agents.common.tombstones import tombstone
from schemas.wire import decode_reinstated
from streams.outcomes import Arrival, Outcome, Published


class Expunge:
    """Removes reinstated bans and withdraws their open alerts."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Returns one outcome per arrival: a tombstone, nothing, or a dead letter."""
        outcomes, lifted = read_all(arrivals, decode_reinstated, self._context, itself)
        if lifted:
            store, now = self._context.store, self._context.now()
            gone = [(event.key, event.at) for _, event in lifted]
            await self._context.call_store(store.expunge(gone, now=now, reason="reinstated"))
            standing = await self._context.call_store(store.bans([event.key for _, event in lifted]))
            # The others were banned again later, and that ban stands.
            ended = [
                (place, event) for (place, event), ban in zip(lifted, standing, strict=True) if ban is None
            ]
            keys = [event.key for _, event in ended]
            await self._context.call_store(store.leave_waves(keys, reason="reinstated", now=now))
            await withdraw_again(keys, "reinstated", self._context)
            for place, event in ended:
                outcomes[place] = Published((tombstone(event.key, event.at, self._context.topics.banned),))
        return outcomes
