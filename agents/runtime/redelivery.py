"""Redelivery: reprocesses acknowledged records whose effect the store may lack.

A store that was filled beside another one lacks what the group acknowledged with that other since the filling
began. It keeps those offsets itself until they were caught up with (:meth:`store.base.Store.behind`).

After a Redis failover or restart it lacks what was written last: a replica that becomes master may not have
had it, and a restarted server may have lost what was not on disk. Either begins another replication history,
which this module notices.

Agents are idempotent: a write that survived is repeated without effect, a lost one is made again, and
look-back gets its bans again. Every worker that notices delivers again, unless one has noted that it was
done: a death half way costs nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import uniform
from typing import Protocol, TypeVar

import structlog

from schemas.wire import encode
from store.base import Store
from store.errors import StoreError
from streams.clock import Clock
from streams.deadletters.log import tell_dead
from streams.deadletters.record import letter_of
from streams.delivery.backoff import Backoff
from streams.delivery.publisher import Publisher, publish
from streams.errors import BrokerUnavailable, StreamsError, Transient
from streams.outcomes import NOTHING, After, Arrival, Dead, Emit, Handle, Outcome, Published, nothing_after
from streams.supervision.poison_guard import REASON as ENDED_WORKER

T = TypeVar("T")

LOOK_SECONDS = 2.0  # a failover takes as long; what is missing meanwhile was missing before

FAULTY_RECORDS_MAX = 10
"""Of one topic, each time: a fault that meets more is the program's, and ends the worker as on the topic."""

log = structlog.get_logger("samehand.store")


class Histories(Protocol):
    """Keeps the last replication history under which nothing is missing. Both raise ``BrokerUnavailable``."""

    async def known(self) -> str:
        """The history noted last, "" for none."""

    async def note(self, history: str) -> None:
        """Notes that no write is missing under this history."""


class Recents(Protocol):
    """Reads the records that were acknowledged last. Raises ``BrokerUnavailable``."""

    def batches(self, topic: str, since: Mapping[int, int] | None = None) -> AsyncIterator[list[Arrival]]:
        """A topic's records of the last minutes, a batch at a time, in order within a partition.

        ``since``: those from these offsets on instead, by partition.
        """


@dataclass(frozen=True, slots=True)
class Binding:
    """Binds an agent to its topic: its name, its handler, and what runs after confirmation."""

    name: str
    topic: str
    handle: Handle
    after: After = nothing_after


@dataclass(slots=True)
class Redelivery:
    """Watches the store's history, and reprocesses records after a change. ``history``: the one seen last.

    ``first``: the topics that a store which was filled anew is given first, in this order. What ends
    something must be known there before what it ended: an account that was deleted would be remembered
    again, and perhaps alerted on, until its deletion follows. Its alerts are known: the filling has read how
    they stand. After a failover one may have been lost, and must be known before the deletion comes.
    """

    store: Store
    bindings: Sequence[Binding]
    histories: Histories
    recents: Recents
    publisher: Publisher
    clock: Clock
    letters_topic: str
    backoff: Backoff = field(default_factory=lambda: Backoff(uniform))
    history: str = ""
    first: Sequence[str] = ()

    async def run(self) -> None:
        while True:
            await self.look()
            await self.clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Looks once; after an outage of the store or the broker the next look tries again."""
        try:
            history = await self.store.history()
            if history and history != self.history:
                await self._reprocess(history)
                self.history = history
            await self._catch_up()
        except (StoreError, BrokerUnavailable) as fault:
            log.debug("cannot be read now whether records are to be delivered again", fault=str(fault))

    async def _reprocess(self, history: str) -> None:
        """Delivers recent records again, unless that was done under this history, and notes that it is done.

        If no history was noted before, it only notes this one.
        """
        known = await self.histories.known()
        if known == history:
            return
        if known:
            log.warning("Redis failed over, was restarted or was refilled: reprocessing recent records")
            refilled = known.rpartition(":")[0] != history.rpartition(":")[0]
            bindings = self._ends_first() if refilled else self.bindings
            records = sum([await self._deliver(binding) for binding in bindings])
            log.info("recent records reprocessed", records=records)
        await self.histories.note(history)

    async def _catch_up(self) -> None:
        """Delivers, topic by topic, what was acknowledged with another store.

        A topic is done only if no server was replaced meanwhile: its last writes may be missing.
        """
        if not await self.store.behind():
            return
        for binding in self._ends_first():
            since = (await self.store.behind()).get(binding.topic)
            if since is None:
                continue  # another worker was faster
            log.info("the store was filled beside another one: catching up", topic=binding.topic)
            records = await self._deliver(binding, since)
            if await self.store.history() == self.history:
                await self.store.caught_up(binding.topic)
                log.info("caught up", topic=binding.topic, records=records)

    def _ends_first(self) -> list[Binding]:
        order = {topic: place for place, topic in enumerate(self.first)}
        return sorted(self.bindings, key=lambda binding: order.get(binding.topic, len(order)))

    async def _deliver(self, binding: Binding, since: Mapping[int, int] | None = None) -> int:
        records = 0
        faulty: list[Arrival] = []
        async for batch in self.recents.batches(binding.topic, since):
            records += len(batch)
            outcomes = await self._decide(binding, batch, faulty)
            said = [emit for outcome in outcomes if isinstance(outcome, Published) for emit in outcome.emits]
            if said:
                await self._publish(said)
                await self._patiently(partial(binding.after, said))
        return records

    async def _decide(
        self, binding: Binding, batch: Sequence[Arrival], faulty: list[Arrival]
    ) -> Sequence[Outcome]:
        """Decides a batch, by halves where it raises. A record at fault becomes a dead letter, ``faulty``.

        Raises what the handler raises once so many did that the records are not to blame.
        """
        try:
            outcomes = await self._patiently(partial(binding.handle, batch))
        except (StoreError, StreamsError):
            raise
        except Exception as fault:
            if len(batch) > 1:
                middle = len(batch) // 2
                halves = [
                    await self._decide(binding, half, faulty) for half in (batch[:middle], batch[middle:])
                ]
                return [*halves[0], *halves[1]]
            if len(faulty) == FAULTY_RECORDS_MAX:
                raise
            faulty += batch
            await self._bury([(batch[0], Dead("logic-fault", detail=type(fault).__name__))])
            return [NOTHING]
        # Any other dead letter was published the first time.
        await self._bury(
            [
                (arrival, outcome)
                for arrival, outcome in zip(batch, outcomes, strict=True)
                if isinstance(outcome, Dead) and outcome.reason == ENDED_WORKER
            ]
        )
        return outcomes

    async def _bury(self, dead: Sequence[tuple[Arrival, Dead]]) -> None:
        if not dead:
            return
        letters = [(arrival, letter_of(arrival, outcome, self.clock.now())) for arrival, outcome in dead]
        await self._publish(
            [Emit(self.letters_topic, arrival.topic.encode(), encode(letter)) for arrival, letter in letters]
        )
        tell_dead(log, dead)

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
