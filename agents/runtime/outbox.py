"""The relay of the outbox: publishes pending withdrawals and summaries, and removes those confirmed.

The store notes a withdrawal in the very step that ends the alert. So it does not matter what ended the alert
(a reinstatement, a sweep of expired bans), nor which process dies afterwards: whichever worker asks next
publishes what is pending. One worker at a time serves a shard; a second publishes an entry again only if the
first hung or died.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import structlog

from agents.common.again import look_again
from agents.common.alerts import confirm
from agents.common.context import AgentContext
from agents.common.withdrawal import told
from schemas.alert_headers import alert_headers
from schemas.wire import encode
from store.base import OpenAlert, Owed, Settled
from store.common.alert_dedup import KNOWN_ON
from streams.clock import Clock
from streams.delivery.publisher import Publisher, publish
from streams.errors import Transient
from streams.outcomes import Emit

LOOK_SECONDS = 1.0  # a person who reads the queue does not notice less; an idle look is one command a shard

log = structlog.get_logger("samehand.alerts")


@dataclass(slots=True)
class Relay:
    """The relay of one process, which ``holder`` names among all processes."""

    context: AgentContext
    publisher: Publisher
    clock: Clock
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    held_up: bool = False

    async def run(self) -> None:
        """Runs until cancelled. What an outage of store or broker held up is pending at the next look."""
        while True:
            try:
                while await self.look():
                    pass
                self.held_up = False
            except Transient as outage:
                if not self.held_up:
                    log.warning("withdrawals wait: the store or the broker is unavailable", why=str(outage))
                self.held_up = True
            await self.clock.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """Publishes a bounded number of pending entries; returns how many were confirmed.

        Raises:
            Transient: store or broker are away; what was not settled is still pending.
        """
        taken = await self.taken()
        left = await publish(self.publisher, [emit for _, emit in taken])
        unconfirmed = {id(emit) for emit in left}
        confirmed = [owed for owed, emit in taken if id(emit) not in unconfirmed]
        if confirmed:
            await self._look_again(confirmed)
            await self.settle(confirmed)
        if left:
            raise Transient(f"the broker did not confirm {len(left)} of {len(taken)} records")
        return len(confirmed)

    async def _look_again(self, owed: Sequence[Owed]) -> None:
        """Publishes what withdrawn alerts made room for; they are owed until that is confirmed.

        Raises:
            Transient: store or broker are away.
        """
        emits = await look_again(owed, self.context)
        if left := await publish(self.publisher, emits):
            raise Transient(f"the broker did not confirm {len(left)} of {len(emits)} records")
        await confirm(emits, self.context)

    async def taken(self) -> list[tuple[Owed, Emit]]:
        """Entries of the outbox, each with the record to publish."""
        owed = await self.context.call_store(self.context.store.owed(self.holder, now=self.context.now()))
        taken = [(one, record) for one in owed if (record := told(one)) is not None]
        if len(taken) < len(owed):
            await self._give_up([one for one in owed if told(one) is None])
        topic = self.context.alerts_topic
        return [
            (one, Emit(topic, record.key.encode(), encode(record), headers=alert_headers(record)))
            for one, record in taken
        ]

    async def settle(self, confirmed: Sequence[Owed]) -> None:
        """Removes from the outbox what the broker has confirmed."""
        await self._settle(confirmed)
        for one in confirmed:
            if one.reason is None:
                meters = self.context.meters
                (meters.alerts_reopened if one.counts is None else meters.alert_summaries).inc()
                continue
            self.context.meters.alerts_withdrawn.labels(one.reason).inc()
            if self.context.rules.logged:
                log.info("alert withdrawn", alert_id=one.alert.alert_id, reason=one.reason)

    async def _give_up(self, unread: Sequence[Owed]) -> None:
        for one in unread:
            log.error(
                "a stored alert cannot be decoded: no withdrawal is published", alert_id=one.alert.alert_id
            )
        await self._look_again(unread)
        await self._settle(unread)

    async def _settle(self, over: Sequence[Owed]) -> None:
        settled = [Settled(one.alert.alert_id, one.alert.banned, one.revision, _known(one)) for one in over]
        await self.context.call_store(self.context.store.settle(settled))


def _known(owed: Owed) -> OpenAlert | None:
    """The withdrawn alert for a verdict that comes later; ``None`` if its reason allows no verdict."""
    record = told(owed) if owed.reason in KNOWN_ON else None
    if record is None:
        return None
    return replace(
        owed.alert, revision=owed.revision, payload=encode(record), open=False, withdrawn=owed.reason
    )
