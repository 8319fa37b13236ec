"""Groups events into batches: whatever is there, at most `records_max`, after a short wait for more.

Faust hands events over one by one, each in some turns of the event loop, and on a busy machine a turn takes
longer than that wait. Batches of one or two would then make every record cost a batch's work, and the turns
longer still. So a batch waits on for what is known to be on its way as it begins: a consumer that is behind
has time. It does not wait for what comes meanwhile, or a steady stream would hold every batch back.

Faust's own `take` and `noack_take` lose events (docs/adr/0003-delivery.md), so this drains a bounded queue of
its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from streams.clock import Clock
from streams.outcomes import Arrival
from streams.supervision.flight_recorder import Slot

RECORDS_MAX: Final = 500
"""Bounds what a kill -9 repeats, and one round trip to the store; larger batches gain no throughput."""

LINGER_SECONDS: Final = 0.001
"""A lone event waits this long for others. At 200 events a second the next comes five times as late: to wait
for it would cost every event more than its batch saves.
"""

COMPANY: Final = 4
"""A batch of so many events does not linger: it goes at once unless more are known to be on their way."""

TURN_SECONDS: Final = 0.005
"""One wait for what is known to be on its way: some turns of the event loop on a busy machine."""

GATHER_SECONDS: Final = 0.2
"""A batch waits no longer than this for what is known to be on its way: enough for some hundred records where
we have a fifth of a processor, and a fraction of what a record so far behind has waited already.
"""

IDLE_WAITS: Final = 4
"""After so many waits that brought no event the batch goes: an end of a partition may hold no record at all
(a transaction's marker), and a broker may be gone.
"""


def none_known() -> int:
    """For callers that cannot know how many events are on their way."""
    return 0


class PendingEvent(Protocol):
    """An event taken from the stream and not yet acknowledged."""

    @property
    def arrival(self) -> Arrival: ...

    def ack(self) -> None:
        """Its outcome is durable: the committed offset may pass it."""
        ...

    def release(self) -> None:
        """Give it up: the committed offset stops before it, and it will be delivered again."""
        ...


@dataclass(frozen=True, slots=True)
class _End:
    """The stream ended, by itself or by a fault."""

    fault: BaseException | None


STEPS: Final = 16
"""Successes from one record back to the limit, so that a size that still fails is seldom tried."""


@dataclass(slots=True)
class BatchSize:
    """``records`` is the present size, from 1 to ``records_max``.

    It is kept in the flight recorder, so that a process that starts again after a batch that was too slow, or
    that ended it, does not begin with as many.
    """

    records_max: int
    slot: Slot
    records: int = field(init=False)

    def __post_init__(self) -> None:
        self.records = min(self.slot.records_max, self.records_max) or self.records_max

    def failed(self, tried: int) -> None:
        """A step with so many records failed."""
        self._be(max(1, min(self.records, tried) // 2))

    def succeeded(self) -> None:
        self._be(min(self.records_max, self.records + max(1, self.records_max // STEPS)))

    def _be(self, records: int) -> None:
        self.records = records
        self.slot.records_max = records if records < self.records_max else 0


class Batches:
    """A bounded queue between a stream and its delivery. Feed it with `fill`, empty it with `next`."""

    def __init__(
        self,
        clock: Clock,
        *,
        records_max: int = RECORDS_MAX,
        linger_seconds: float = LINGER_SECONDS,
        coming: Callable[[], int] = none_known,
    ) -> None:
        """`coming` returns how many events are known to be on their way to `fill`."""
        self._clock = clock
        self._coming = coming
        self._records_max = records_max
        self._linger_seconds = linger_seconds
        # One batch waits while one is being delivered; more would only lengthen a stop.
        self._queue: asyncio.Queue[PendingEvent | _End] = asyncio.Queue(maxsize=records_max)
        self._end: _End | None = None

    async def fill(self, source: AsyncIterator[PendingEvent]) -> None:
        """Move events from the stream into the queue until it ends or the task is cancelled."""
        try:
            async for taken in source:
                try:
                    await self._queue.put(taken)
                except asyncio.CancelledError:
                    taken.release()  # neither side holds it now: a later commit must not pass it
                    raise
        except Exception as fault:
            await self._queue.put(_End(fault))
        else:
            await self._queue.put(_End(None))

    async def next(self) -> list[PendingEvent]:
        """The next batch; empty once the stream has ended.

        Raises what the stream raised, after its last event.
        """
        batch: list[PendingEvent] = []
        if not self._is_over():
            self._keep(await self._queue.get(), batch)
            self._drain(batch)
        if not self._is_over() and len(batch) < self._records_max:
            # Wait for more if the batch is small, then for what is known to come, while some of it does.
            records = min(self._records_max, len(batch) + self._coming())
            if len(batch) < COMPANY:
                await self._wait(self._linger_seconds, batch)
            until, idle = self._clock.ticks() + GATHER_SECONDS, 0
            while not self._is_over() and len(batch) < records and self._coming():
                before = len(batch)
                await self._wait(TURN_SECONDS, batch)
                idle = idle + 1 if len(batch) == before else 0
                if idle >= IDLE_WAITS or self._clock.ticks() >= until:
                    break
        if not batch and self._end is not None and self._end.fault is not None:
            raise self._end.fault
        return batch

    def release(self) -> None:
        """Give up everything that waits."""
        waiting: list[PendingEvent] = []
        while not self._is_over() and not self._queue.empty():
            self._keep(self._queue.get_nowait(), waiting)
        for taken in waiting:
            taken.release()

    async def _wait(self, seconds: float, batch: list[PendingEvent]) -> None:
        try:
            await self._clock.sleep(seconds)
        except asyncio.CancelledError:
            for taken in batch:
                taken.release()
            raise
        self._drain(batch)

    def _drain(self, batch: list[PendingEvent]) -> None:
        while not self._is_over() and len(batch) < self._records_max and not self._queue.empty():
            self._keep(self._queue.get_nowait(), batch)

    def _is_over(self) -> bool:
        return self._end is not None

    def _keep(self, item: PendingEvent | _End, batch: list[PendingEvent]) -> None:
        if isinstance(item, _End):
            self._end = item
        else:
            batch.append(item)
