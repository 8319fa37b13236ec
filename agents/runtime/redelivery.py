"""Redelivery: after a Redis failover or restart, reprocesses recently acknowledged records.

A replica that becomes master may lack the last writes of the failed server, and a restarted server may have
lost what was not on disk. Either begins another replication history, which this module notices. So does a
rebuild: what was handled just before the store was lost may not stand on the topics that a rebuild reads (a
deletion whose withdrawals were not published yet). Agents are
idempotent: a write that survived is repeated without effect, a lost one is made again, and look-back gets its
bans again.

Every worker that notices does it, unless one has noted that it was done: a death half way costs nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import uniform
from typing import Protocol, TypeVar

import structlog

from store.base import Store
from store.errors import StoreError
from streams.clock import Clock
from streams.delivery.backoff import Backoff
from streams.delivery.publisher import Publisher, publish
from streams.errors import BrokerUnavailable, Transient
from streams.outcomes import After, Arrival, Emit, Handle, Published, nothing_after

T = TypeVar("T")

LOOK_SECONDS = 2.0  # a failover takes as long; what is missing meanwhile was missing before

log = structlog.get_logger("samehand.store")


class Histories(Protocol):
    """Keeps the last replication history under which nothing is missing. Both raise ``BrokerUnavailable``."""

    async def known(self) -> str:
        """The history noted last, "" for none."""

    async def note(self, history: str) -> None:
        """Notes that no write is missing under this history."""


class Recents(Protocol):
    """Reads the records that were acknowledged last. Raises ``BrokerUnavailable``."""

    def batches(self, topic: str) -> AsyncIterator[list[Arrival]]:
        """A topic's records of the last minutes, a batch at a time, in order within a partition."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Binds an agent to its topic: its name, its handler, and what runs after confirmation."""

    name: str
    topic: str
    handle: Handle
    after: After = nothing_after


@dataclass(slots=True)
class Redelivery:
    """Watches the store's history, and reprocesses records after a change. ``history``: the one seen last."""

    store: Store
    posts: Sequence[Binding]
    histories: Histories
    recents: Recents
    publisher: Publisher
    clock: Clock
    backoff: Backoff = field(default_factory=lambda: Backoff(uniform))
    history: str = ""

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await self.look()
            await self.clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Looks once; after an outage of the store or the broker the next look tries again."""
        try:
            found = await self.store.history()
            if found and found != self.history:
                await self._turned(found)
                self.history = found
        except (StoreError, BrokerUnavailable) as fault:
            log.debug("the replication history of Redis cannot be read now", fault=str(fault))

    async def _turned(self, history: str) -> None:
        known = await self.histories.known()
        if known == history:
            return
        if known:
            log.warning("Redis failed over, was restarted or was refilled: reprocessing recent records")
            records = sum([await self._deliver(post) for post in self.posts])
            log.info("recent records reprocessed", records=records)
        await self.histories.note(history)

    async def _deliver(self, post: Binding) -> int:
        records = 0
        async for batch in self.recents.batches(post.topic):
            records += len(batch)
            outcomes = await self._patiently(partial(post.handle, batch))
            said = [emit for it in outcomes if isinstance(it, Published) for emit in it.emits]
            if said:  # dead letters were published the first time
                await self._publish(said)
                await self._patiently(partial(post.after, said))
        return records

    async def _publish(self, emits: list[Emit]) -> None:
        async def once() -> None:
            nonlocal emits
            emits = await publish(self.publisher, emits)
            if emits:
                raise Transient(f"the broker did not confirm {len(emits)} records")

        await self._patiently(once)

    async def _patiently(self, step: Callable[[], Awaitable[T]]) -> T:
        attempt = 0
        while True:
            try:
                return await step()
            except Transient:
                await self.clock.sleep(self.backoff.seconds(attempt))
                attempt += 1
