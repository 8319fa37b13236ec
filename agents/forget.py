"""Forget: removes what is remembered of a deleted account, withdraws the alerts about it,
and takes it out of its wave.

A ban outlives the deletion of its account: otherwise an evader would end a ban by deleting the account.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.common.alerts.withdrawal import READ_AT_ONCE
from agents.common.context import AgentContext
from agents.common.decoding import itself, read_all
from schemas.wire import decode_deleted
from streams.outcomes import Arrival, Outcome


class Forget:
    """Removes deleted accounts from those remembered."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Returns one outcome per arrival: nothing, or a dead letter."""
        outcomes, events = read_all(arrivals, decode_deleted, self._context, itself)
        if not events:
            return outcomes
        gone = [(event.key, event.at) for _, event in events]
        store, now = self._context.store, self._context.now()
        await self._context.call_store(store.forget(gone, now=now))
        await self._context.call_store(store.uncount([account for account, _ in gone], now=now))
        # An account that was made again after it was deleted stays in its waves.
        accounts = [account for account, _ in gone]
        there = await self._context.call_store(store.remembered(accounts, now=now))
        left = [account for account, known in zip(accounts, there, strict=True) if known is None]
        await self._context.call_store(store.leave_waves(left, reason="account-deleted", now=now))
        for at in range(0, len(gone), READ_AT_ONCE):
            some = gone[at : at + READ_AT_ONCE]
            accounts = [account for account, _ in some]
            about = await self._context.call_store(store.alerts_about(accounts))
            on_ban = await self._context.call_store(store.alerts_on(accounts))
            # An alert about a later state of the account is about one that was created again.
            alerts = [
                alert
                for (_, moment), several, on in zip(some, about, on_ban, strict=True)
                for alert in (*(earlier for earlier in several if earlier.seen_at <= moment), *on)
            ]
            if alerts:
                await self._context.call_store(store.withdraw(alerts, reason="account-deleted", now=now))
        return outcomes
