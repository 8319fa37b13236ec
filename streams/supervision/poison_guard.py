"""Decides batches so that a record that ends its process is isolated and becomes a dead letter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Final

import structlog

from streams.errors import StreamsError
from streams.outcomes import Arrival, Dead, Handle, Outcome
from streams.settings import Settings
from streams.supervision.flight_recorder import FlightRecorder, InHand, Slot
from streams.supervision.supervisor import Birth
from streams.supervision.suspects import Suspect, Suspects, SuspectTopic, mark_unfinished

REASON: Final = "ended-worker"

MARK_SECONDS_MAX: Final = 8.0
"""Less than a stop may take; the batch is given up either way."""

_deciding: ContextVar[Slot | None] = ContextVar("deciding", default=None)

Mark = Callable[[Sequence[InHand], str], object]

log = structlog.get_logger("samehand.suspects")


def nobody_is_told(hands: Sequence[InHand], how: str) -> None:
    """For processes without a consumer group."""


@contextmanager
def waiting() -> Iterator[None]:
    """Marks a wait for a server's answer in a handler: a kill meanwhile says nothing about a record.

    An outage can make a record wait for minutes, and impatient people kill workers in outages.
    """
    if (slot := _deciding.get()) is None:
        yield
        return
    slot.wait(True)
    try:
        yield
    finally:
        slot.wait(False)


class PoisonGuard:
    """Decides the batches of all deliveries of a process.

    `mark` notes, for every worker of the group, what was in hand; it blocks. `elsewhere`: exceptions that
    end the process and are no record's fault, beside those of this package.
    """

    def __init__(
        self,
        recorder: FlightRecorder,
        suspects: Suspects,
        *,
        mark: Mark = nobody_is_told,
        elsewhere: tuple[type[Exception], ...] = (),
    ) -> None:
        self.suspects = suspects
        self._recorder = recorder
        self._mark = mark
        self._lock = ReadersWriterLock()
        self._elsewhere: tuple[type[BaseException], ...] = (asyncio.CancelledError, StreamsError, *elsewhere)

    def slot(self, name: str) -> Slot:
        """The part of the recorder that a delivery of this name writes."""
        return self._recorder.slot(name)

    def first_of(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        """The first of them that may be decided at once: a suspect alone, or what comes before one."""
        if not self.suspects.any:
            return arrivals
        for place, arrival in enumerate(arrivals):
            if self.suspects.find(arrival) is not None:
                return arrivals[: max(1, place)]
        return arrivals

    async def decide(self, slot: Slot, handle: Handle, arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        """The outcomes of what `first_of` gave. Raises what the handler raises.

        The records in hand are noted while the handler has them, and not while an outage is waited out. They
        stay noted after an exception that nobody expects, since the process ends on it.
        """
        suspect = self.suspects.find(arrivals[0])
        if suspect is not None and suspect.is_guilty:
            return [Dead(REASON, detail=f"ended its worker {suspect.ends} times, the last: {suspect.how}")]
        async with self._lock.exclusive() if suspect else self._lock.shared():
            slot.note(arrivals)
            current = _deciding.set(slot)
            try:
                outcomes = await handle(arrivals)
            except self._elsewhere:
                slot.clear()
                raise
            finally:
                _deciding.reset(current)
            slot.clear()
            return outcomes

    async def blame(self, slot: Slot, how: str) -> None:
        """Tell the group what this delivery has in hand, since the process is about to end on it.

        A worker that ends in order leaves its partitions to others at once, long before a successor could
        tell them.
        """
        if (hand := slot.read()) is None:
            return
        try:
            async with asyncio.timeout(MARK_SECONDS_MAX):
                await asyncio.to_thread(self._mark, [hand], how)
        except (StreamsError, TimeoutError) as fault:
            log.warning(
                "the unfinished records are not noted in the control topic yet", fault=str(fault)
            )  # our successor does it
        else:
            slot.clear()

    async def decide_all(self, slot: Slot, handle: Handle, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """The outcomes of all of them, for callers that do not settle them in parts."""
        await self.suspects.refresh()
        outcomes: list[Outcome] = []
        while len(outcomes) < len(arrivals):
            some = self.first_of(arrivals[len(outcomes) :])
            outcomes += await self.decide(slot, handle, some)
        return outcomes


class ReadersWriterLock:
    """A readers-writer lock: batches share it; a suspect has it alone, and so is to blame for an end."""

    def __init__(self) -> None:
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._door = asyncio.Lock()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Has it beside others, once nobody has it alone or waits to."""
        async with self._door:
            self._inside += 1
            self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if self._inside == 0:
                self._empty.set()

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        """Has it alone, once all others have left and before any comes."""
        async with self._door:
            await self._empty.wait()
            yield


def guard_of(settings: Settings, birth: Birth, *, elsewhere: tuple[type[Exception], ...] = ()) -> PoisonGuard:
    """The guard of a supervised process, once what the process before it had in hand is marked.

    Raises `BrokerUnavailable`, `BrokerRefused`.
    """
    topic = SuspectTopic(settings)
    mark_unfinished(topic, birth)
    return PoisonGuard(birth.recorder, Suspects(topic.read), mark=topic.mark, elsewhere=elsewhere)


def unguarded() -> PoisonGuard:
    """For processes without a supervisor: nothing outlives the process, no record is suspected."""

    async def nobody() -> Sequence[Suspect]:
        return ()

    return PoisonGuard(FlightRecorder(), Suspects(nobody))
