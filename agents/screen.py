"""Screen: a new or changed account is remembered, then looked up among the banned.

The account is stored before it is looked up. Look-back likewise runs after the ban was stored, so that of an
account and a ban that arrive together, whichever comes second finds the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.common.alerts.compose import Pair
from agents.common.alerts.contenders import alerted
from agents.common.alerts.propose import best_score, confirm
from agents.common.context import AgentContext
from agents.common.decoding import earliest, read_in_turns
from agents.common.match import ASKED_AT_ONCE, Lookup, as_shown, compared, lookup_of
from agents.common.sample import Sample
from agents.common.snapshot import Snapshot, snapshot_of
from agents.common.waves import follow_waves
from schemas.accounts import AccountEvent
from schemas.alerts import Direction
from schemas.keys import read_account_key
from schemas.malformed import Malformed
from schemas.wire import Decoded, Decoder, decode_created, decode_updated
from store.base import Ban, Candidate, Companions, Remembered
from streams.outcomes import Arrival, Emit, Outcome, Published


class Screen:
    """Looks up accounts created or updated, and alerts on the banned accounts that they resemble."""

    def __init__(self, context: AgentContext, direction: Direction = "forward") -> None:
        """``direction`` is ``forward`` for created accounts, ``update`` for changed ones."""
        self._context = context
        self._direction: Direction = direction
        sampled = (
            direction == "forward"
            and context.alert_policy.sample_share > 0
            and not context.alert_policy.shadow
        )
        self._sample = Sample(context) if sampled else None
        self._topic = context.topics.created if direction == "forward" else context.topics.updated
        self._decode: Decoder[Any] = decode_created if direction == "forward" else decode_updated

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Returns one outcome per arrival: alerts, nothing, or a dead letter."""
        snapshot = await snapshot_of(self._context, earliest(arrivals))
        former = await self._former(arrivals) if self._direction == "update" else None

        def lookup(decoded: Decoded[AccountEvent]) -> Lookup | None:
            return lookup_of(decoded, self._topic, snapshot, self._context, former)

        outcomes, seen = await read_in_turns(arrivals, self._decode, self._context, lookup)
        if seen:
            for place, emits in (await self._alerts(seen, snapshot)).items():
                outcomes[place] = Published(tuple(emits))
        return outcomes

    async def confirm(self, emits: Sequence[Emit]) -> None:
        """Marks the alerts as published in the store, so that a repeat is a duplicate."""
        await confirm(emits, self._context)

    async def _former(self, arrivals: Sequence[Arrival]) -> dict[str, Remembered]:
        """What is remembered of the accounts that change, by the records' keys."""
        keys = [read_account_key(arrival.key) for arrival in arrivals]
        accounts = sorted({key.key for key in keys if not isinstance(key, Malformed)})
        store, now = self._context.store, self._context.now()
        former: dict[str, Remembered] = {}
        for at in range(0, len(accounts), ASKED_AT_ONCE):
            some = accounts[at : at + ASKED_AT_ONCE]
            known = await self._context.call_store(store.remembered(some, now=now))
            former |= {account: state for account, state in zip(some, known, strict=True) if state}
        return former

    async def _alerts(self, seen: Sequence[tuple[int, Lookup]], snapshot: Snapshot) -> dict[int, list[Emit]]:
        """The records to publish for each event, by its place in the batch."""
        pairs: list[Pair] = []
        places: dict[int, int] = {}  # of events, by the `id()` of their accounts
        accounts: list[Remembered] = []
        said: dict[int, list[Emit]] = {}
        for at in range(0, len(seen), ASKED_AT_ONCE):
            some = seen[at : at + ASKED_AT_ONCE]
            remembered, candidate_lists, companions = await self._remembered([lookup for _, lookup in some])
            accounts += [lookup.account for lookup in remembered]
            best = await compared(
                remembered,
                candidate_lists,
                snapshot,
                self._context,
                self._direction,
                [place for place, _ in some],
            )
            for (place, _), lookup, several in zip(some, remembered, best, strict=True):
                pairs += several
                places[id(lookup.account)] = place
            if self._sample is not None:
                for (place, _), emits in zip(some, await self._sample.of(remembered, snapshot), strict=True):
                    if emits:
                        said[place] = emits
            await follow_waves(
                [lookup.account for lookup in remembered],
                companions,
                snapshot,
                self._context,
                changed=self._direction == "update",
            )
        if self._direction == "update":
            await withdraw_no_longer_similar(accounts, snapshot, self._context)
        if pairs:
            for pair, emit in await alerted(pairs, self._context, snapshot):
                said.setdefault(places[id(pair.ours)], []).append(emit)
        return said

    async def _remembered(
        self, several: Sequence[Lookup]
    ) -> tuple[list[Lookup], list[list[Candidate]], list[Companions]]:
        """Remembers the accounts and looks them up.

        Returns each account with the times from which it has shown its values, the candidates of each, and
        who came with it.
        """
        context = self._context
        shown, candidate_lists, companions = await context.call_store(
            context.store.remember_then_look(
                [lookup.account for lookup in several],
                [lookup.query for lookup in several],
                now=context.now(),
                keep=context.alert_policy.candidates_an_event,
                notes=not context.alert_policy.shadow,
            )
        )
        return as_shown(several, shown), candidate_lists, companions


async def withdraw_no_longer_similar(
    changed: Sequence[Remembered], snapshot: Snapshot, context: AgentContext
) -> None:
    """Withdraws open alerts about changed accounts whose pair now scores below the bands.

    An alert about a later state of the account stays: this event is an older one that comes late. So does an
    alert whose two sides cannot be compared, since they share no pepper after a rotation.
    """
    store = context.store
    alert_lists = await context.call_store(store.alerts_about([account.account for account in changed]))
    about = [
        (account, alert)
        for account, alerts in zip(changed, alert_lists, strict=True)
        for alert in alerts
        if alert.open and alert.seen_at <= account.seen_at
    ]
    if not about:
        return
    bans = await context.call_store(store.bans([alert.banned for _, alert in about]))
    no_longer_similar = [
        alert
        for (account, alert), ban in zip(about, bans, strict=True)
        if ban is not None and _no_longer_similar(account, ban, snapshot)
    ]
    if no_longer_similar:
        await context.call_store(
            store.withdraw(no_longer_similar, reason="no-longer-resembles", now=context.now())
        )


def _no_longer_similar(account: Remembered, ban: Ban, snapshot: Snapshot) -> bool:
    shown = (account.shown, ban.facts.shown)
    scored = [
        best
        for theirs in ban.fingerprints
        if (best := best_score(account.fingerprints, theirs, snapshot, ban.facts, shown)) is not None
    ]
    return bool(scored) and all(score.band == "none" for _, score in scored)
