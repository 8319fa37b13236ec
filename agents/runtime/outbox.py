"""The relay of the outbox: publishes pending withdrawals and summaries, and removes those confirmed.

The store notes a withdrawal in the very step that ends the alert. So it does not matter what ended the alert
(a reinstatement, a sweep of expired bans), nor which process dies afterwards: whichever worker asks next
publishes what is pending. One worker at a time serves a tag; a second publishes an entry again only if the
first hung or died.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import structlog

from agents.common.again import look_again, released
from agents.common.alerts.propose import confirm
from agents.common.alerts.states import forgotten_emit, state_emit
from agents.common.alerts.withdrawal import record_of
from agents.common.context import AgentContext
from agents.common.waves import wave_emit
from schemas.alert_headers import alert_headers
from schemas.alert_state import unquoted_alert
from schemas.alerts import MirrorAlert
from schemas.wire import encode
from store.base import ConfirmedEntry, Owed
from store.errors import StoreError
from store.rules.pairs import KNOWN_ON
from streams.clock import Clock
from streams.delivery.publisher import Publisher, publish
from streams.errors import StreamsError, Transient
from streams.outcomes import Emit

LOOK_SECONDS = (
    1.0  # a person who reads the queue does not notice less; an idle look is one command a tag, in one trip
)

HELD_SECONDS = 60.0  # between two looks at what former versions held: goes with the next release

log = structlog.get_logger("samehand.alerts")


class Publication(NamedTuple):
    """An entry of the outbox, the alert to publish (``None`` if there is none), and the state after it."""

    owed: Owed
    alert: Emit | None
    state: Emit


@dataclass(slots=True)
class Relay:
    """The relay of one process, which ``holder`` names among all processes."""

    context: AgentContext
    publisher: Publisher
    clock: Clock
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    held_up: bool = False
    _held_at: float = field(init=False, default=-math.inf)

    async def run(self) -> None:
        """Runs until cancelled. What an outage of store or broker held up is pending at the next look."""
        while True:
            try:
                while await self.look() + await self.look_at_waves():
                    pass
                await self.look_at_held()
                self.held_up = False
            except Transient as outage:
                if not self.held_up:
                    log.warning("withdrawals wait: the store or the broker is unavailable", why=str(outage))
                self.held_up = True
            await self.clock.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """Publishes a bounded number of pending entries; returns how many were confirmed.

        What takes the place of withdrawn alerts comes first, so that no account is without an alert between
        the two. The state of an alert is published once the alert is confirmed; then the entry is settled.

        Raises:
            Transient: store or broker are away; what was not settled is still pending.
        """
        due = await self.publications()
        await self._look_again([publication.owed for publication in due])
        alerts = [publication.alert for publication in due if publication.alert]
        left = {id(emit) for emit in await publish(self.publisher, alerts)}
        published = [publication for publication in due if id(publication.alert) not in left]
        states = [publication.state for publication in published]
        left |= {id(emit) for emit in await publish(self.publisher, states)}
        confirmed = [publication.owed for publication in published if id(publication.state) not in left]
        if confirmed:
            await self.settle(confirmed)
        if left:
            raise Transient(f"the broker did not confirm {len(left)} records of {len(due)} alerts")
        return len(confirmed)

    async def look_at_waves(self) -> int:
        """Publishes a bounded number of changed waves; returns how many were confirmed.

        Raises:
            Transient: store or broker are away; what was not settled is still owed.
        """
        context = self.context
        owed = await context.call_store(context.store.owed_waves(self.holder, now=context.now()))
        due = [(entry, wave_emit(entry, context)) for entry in owed]
        left = {id(emit) for emit in await publish(self.publisher, [emit for _, emit in due])}
        confirmed = [entry for entry, emit in due if id(emit) not in left]
        if confirmed:
            await context.call_store(context.store.settle_waves(confirmed))
        for entry in confirmed:
            if entry.wave is not None:
                context.metrics.wave(entry.wave.withdrawn)
        if left:
            raise Transient(f"the broker did not confirm {len(left)} of {len(due)} waves")
        return len(confirmed)

    async def look_at_held(self) -> None:
        """Sends look-back, once a minute, the bans of pairs that the store holds.

        Raises:
            Transient: store or broker are away; what was not released is still held.
        """
        now = self.clock.ticks()
        if now - self._held_at < HELD_SECONDS:
            return
        held, emits = await released(self.context)
        if left := await publish(self.publisher, emits):
            raise Transient(f"the broker did not confirm {len(left)} of {len(emits)} bans to look at again")
        await self.context.call_store(self.context.store.release(held))
        if held:
            log.info("look-back looks again at pairs that were held", bans=len(emits))
        self._held_at = now

    async def _look_again(self, owed: Sequence[Owed]) -> None:
        """Publishes what withdrawn alerts made room for; they are owed until after that is confirmed.

        One on which our own logic fails costs only itself: what it made room for is not looked at. Owed for
        ever, it would end each worker in turn, and nothing would be withdrawn any more.

        Raises:
            Transient: store or broker are away.
        """
        try:
            emits = await look_again(owed, self.context)
            if left := await publish(self.publisher, emits):
                raise Transient(f"the broker did not confirm {len(left)} of {len(emits)} records")
            await confirm(emits, self.context)
        except (StreamsError, StoreError):
            raise
        except Exception as fault:
            if len(owed) > 1:
                for entry in owed:
                    await self._look_again([entry])
                return
            log.error(
                "what a withdrawn alert made room for is not looked at: our own logic fails on it",
                alert_id=owed[0].alert.alert_id,
                exc_info=fault,
            )

    async def publications(self) -> list[Publication]:
        """Reads entries of the outbox, and makes of each what is to be published."""
        owed = await self.context.call_store(self.context.store.owed(self.holder, now=self.context.now()))
        publications: list[Publication] = []
        for entry in owed:
            record, alert = record_of(entry), None
            if record is not None:
                key, headers = record.key.encode(), alert_headers(record)
                alert = Emit(self.context.alerts_topic, key, encode(record), headers=headers)
            elif not entry.forgotten:
                log.error(
                    "a stored alert cannot be decoded: no withdrawal is published",
                    alert_id=entry.alert.alert_id,
                )
            if record is None or (entry.reason is not None and entry.reason not in KNOWN_ON):
                state = forgotten_emit(entry.alert.alert_id, self.context)
            else:
                state = state_emit(record, seen_at=entry.alert.seen_at, since=entry.at, context=self.context)
            publications.append(Publication(entry, alert, state))
        return publications

    async def settle(self, confirmed: Sequence[Owed]) -> None:
        """Removes from the outbox what the broker has confirmed."""
        await self.context.call_store(
            self.context.store.settle([confirmed_entry(entry) for entry in confirmed])
        )
        for entry in confirmed:
            if record_of(entry) is None:
                continue
            if entry.reason is None:
                metrics = self.context.metrics
                (metrics.alerts_reopened if entry.counts is None else metrics.alert_summaries).inc()
                continue
            self.context.metrics.alerts_withdrawn.labels(entry.reason).inc()
            if self.context.alert_policy.logged:
                log.info("alert withdrawn", alert_id=entry.alert.alert_id, reason=entry.reason)


def confirmed_entry(owed: Owed) -> ConfirmedEntry:
    """Returns what confirms a published entry to the store; an alert that stays known goes with it."""
    alert, known = owed.alert, None
    record = record_of(owed) if owed.reason in KNOWN_ON else None
    if isinstance(record, MirrorAlert):
        # Only a verdict may open it again, with its quotes.
        kept = record if owed.reason == "verdict" else unquoted_alert(record)
        known = replace(alert, payload=encode(kept), open=False, withdrawn=owed.reason)
    is_open = owed.reason is None
    return ConfirmedEntry(alert.alert_id, alert.banned, owed.revision, known, alert.account, is_open)
