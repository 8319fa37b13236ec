"""Scan: looks up the accounts of a list among the banned, and leaves no other trace of them.

A platform that publishes no changes lists its accounts from time to time (`samehand scan`). A million of them
remembered would push out the sign-ups of a month; counted, they would make every value common; as a wave,
each would have company; and each would seem to have shown its words from the day of the list on.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.common.alerts.compose import Pair
from agents.common.alerts.contenders import alerted
from agents.common.alerts.propose import confirm
from agents.common.context import AgentContext
from agents.common.decoding import earliest, read_in_turns
from agents.common.match import ASKED_AT_ONCE, Lookup, as_shown, lookup_of, match
from agents.common.snapshot import snapshot_of
from schemas.accounts import AccountScanned
from schemas.wire import Decoded, decode_scanned
from streams.outcomes import Arrival, Emit, Outcome, Published


class Scan:
    """Alerts on the accounts of a list that resemble banned ones; writes nothing else to the store."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Returns one outcome per arrival: alerts, nothing, or a dead letter."""
        context = self._context
        snapshot = await snapshot_of(context, earliest(arrivals))

        def lookup(decoded: Decoded[AccountScanned]) -> Lookup | None:
            return lookup_of(decoded, context.topics.scanned, snapshot, context)

        outcomes, lookups = await read_in_turns(arrivals, decode_scanned, context, lookup)
        pairs: list[Pair] = []
        places: dict[int, int] = {}  # of events, by the `id()` of their accounts
        for at in range(0, len(lookups), ASKED_AT_ONCE):
            part = lookups[at : at + ASKED_AT_ONCE]
            asked = [account_lookup for _, account_lookup in part]
            # The values of an account are as old as its remembered state says.
            accounts = [account_lookup.account for account_lookup in asked]
            shown = await context.call_store(context.store.showings(accounts, now=context.now()))
            here = [place for place, _ in part]
            looked = as_shown(asked, shown)
            best = await match(looked, snapshot, context, "scan", here)
            for place, account_lookup, of_account in zip(here, looked, best, strict=True):
                pairs += of_account
                places[id(account_lookup.account)] = place
        emits: dict[int, list[Emit]] = {}
        if pairs:
            for pair, emit in await alerted(pairs, context, snapshot):
                emits.setdefault(places[id(pair.ours)], []).append(emit)
        for place, alerts in emits.items():
            outcomes[place] = Published(tuple(alerts))
        return outcomes

    async def confirm(self, emits: Sequence[Emit]) -> None:
        """Marks the alerts as published in the store, so that a repeat is a duplicate."""
        await confirm(emits, self._context)
