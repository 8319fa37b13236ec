"""Remember: stores an account that existed before samehand was introduced, without a look-up or an alert.

A snapshot of all users, published as sign-ups, would alert on every old mirror at once, and each account
would seem to have been made at the moment of the snapshot. Later bans find these accounts as they find any
other.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.common.context import AgentContext
from agents.common.decoding import read_in_turns
from agents.common.distil import distilled
from schemas.accounts import AccountRemembered
from schemas.wire import Decoded, decode_remembered
from store.base import Remembered
from streams.outcomes import Arrival, Outcome


class Remember:
    """Remembers accounts that existed before, without a look-up."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Returns one outcome per arrival: nothing, or a dead letter."""

        def account(decoded: Decoded[AccountRemembered]) -> Remembered | None:
            if decoded.record.key in self._context.alert_policy.allowlist:
                return None
            return distilled(decoded, self._context.topics.remembered, self._context)

        outcomes, read = await read_in_turns(arrivals, decode_remembered, self._context, account)
        if read:
            accounts = [remembered for _, remembered in read]
            await self._context.call_store(self._context.store.remember(accounts, now=self._context.now()))
        return outcomes
