"""Nothing lost: the one way records go from a topic through a handler to their outcome.

1. Events are taken without acknowledging them, into a bounded queue, and from there in batches.
2. The handler decides every arrival of a batch: something to publish, nothing to say, or a dead letter.
3. What there is to publish is sent, and each record waited for twice: once into the producer's buffer, once
   for the broker's confirmation.
4. `after` runs (dedup markers). Only then is each event acknowledged, and Faust's next commit may pass it.
5. An outage in 2–4 repeats that step alone, for ever, with growing pauses, and decides half as many records
   each time: a batch too large for the store's deadlines gets through in parts. Since nothing is taken
   meanwhile, the queue, Faust's buffer and the fetcher fill up in turn: that is the back-pressure.
6. When the partition is being revoked or the process is stopping, an outage is not waited out: the batch is
   given up unacknowledged and delivered again, here or elsewhere.
7. Too many dead letters stop the topic before the next one is published, until an operator resumes it.
8. Anything unexpected is raised with the batch given up; the process ends and starts again from the last
   commit. A record that ends its process is found, alone, and set aside (`streams.supervision.poison_guard`).

The state diagram, and why each rule is what it is: `docs/adr/0003-delivery.md`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

import structlog

from schemas.wire import MESSAGE_BYTES_MAX, encode
from streams.clock import Clock
from streams.deadletters.limit import DeadLetterBound
from streams.deadletters.log import tell_dead
from streams.deadletters.pause import Resumes, Stop
from streams.deadletters.record import letter_of
from streams.delivery.backoff import Backoff
from streams.delivery.batches import LINGER_SECONDS, RECORDS_MAX, Batches, BatchSize, PendingEvent, none_known
from streams.delivery.circuit_breaker import Breaker
from streams.delivery.progress import Progress, Stage
from streams.delivery.publisher import Publisher, publish
from streams.errors import Transient
from streams.outcomes import After, Arrival, Dead, Emit, Handle, Outcome, Published, nothing_after
from streams.supervision.poison_guard import PoisonGuard, unguarded
from streams.tracing import OFF, Followed, Tracer, carrying, following, stage

SLICE_SECONDS: Final = 0.05
"""How often a pause checks whether the process is stopping: SIGTERM ends the pause within this."""

RESUME_POLL_SECONDS: Final = 2.0
"""How often a stopped topic polls for an operator's resume; people do not notice less."""

STEP_SECONDS_MAX: Final = 30.0
"""A longer step of the handler counts as an outage, in case the store's own deadlines have a hole."""

RECORD_OVERHEAD_BYTES: Final = 1024
"""Room for a record's own framing and headers below the broker's limit on a message."""

log = structlog.get_logger("samehand.delivery")
T = TypeVar("T")


class Meter(Protocol):
    """What delivery reports to; `streams.telemetry.metrics` implements it."""

    def outcome(self, arrival: Arrival, outcome: Outcome, now: float) -> None:
        """An outcome is durable; `now` in Unix seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    records_max: int = RECORDS_MAX
    linger_seconds: float = LINGER_SECONDS
    step_seconds_max: float = STEP_SECONDS_MAX


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """What every delivery of a process shares."""

    publisher: Publisher
    resumes: Resumes
    clock: Clock
    meter: Meter
    breaker: Breaker
    """Of the store that the handlers ask."""
    leaving: Callable[[], bool]
    """True if partitions are being revoked or the process is stopping, so that waiting must end."""
    letters_topic: str
    limits: Limits = field(default_factory=Limits)
    backoff: Backoff = field(default_factory=lambda: Backoff(random.uniform))
    tracer: Tracer = OFF
    poison_guard: PoisonGuard = field(default_factory=unguarded)
    deadline: Callable[[float], AbstractAsyncContextManager[object]] = asyncio.timeout
    """Of a step that asks the store."""


class _GaveUp(Exception):  # control flow, not an error: the batch will be delivered again
    """Waiting ended because the partition or the process is going away."""


class Delivery:
    """The delivery of one topic to one handler. `run` may be called again after it was cancelled."""

    def __init__(
        self,
        name: str,
        topic: str,
        handle: Handle,
        around: DeliveryContext,
        *,
        after: After = nothing_after,
        bound: DeadLetterBound | None = None,
    ) -> None:
        self.progress = Progress(name, topic)
        self._topic = topic
        self._handle = handle
        self._after = after
        self._around = around
        self._clock = around.clock
        self._bound = bound or DeadLetterBound()
        self._slot = around.poison_guard.slot(name)
        self._size = BatchSize(around.limits.records_max, self._slot)
        self._stopped: Stop | None = None
        self._log = log.bind(delivery=name, topic=topic)

    async def run(
        self, source: AsyncIterator[PendingEvent], *, coming: Callable[[], int] = none_known
    ) -> None:
        """Deliver until the stream ends or the task is cancelled. Raises whatever is not an outage.

        `coming` returns how many events are known to be on their way that the source has not given yet.
        """
        limits = self._around.limits
        batches = Batches(
            self._clock, records_max=limits.records_max, linger_seconds=limits.linger_seconds, coming=coming
        )
        pump = asyncio.create_task(batches.fill(source))
        try:
            while batch := await batches.next():
                if not await self._deliver(batch):
                    batches.release()
        except Exception as fault:
            self._move(Stage.FAILED)
            # The message may quote the record; the type and the place in the code do not.
            self._log.critical("delivery failed", fault=type(fault).__name__, offsets="unacknowledged")
            await self._around.poison_guard.blame(self._slot, type(fault).__name__)
            raise
        finally:
            pump.cancel()
            await asyncio.wait([pump])
            batches.release()

    async def _deliver(self, batch: list[PendingEvent]) -> bool:
        """Returns whether the batch was settled; otherwise what was left of it was given up."""
        waiting = batch
        try:
            while waiting:
                self._take_in_hand(waiting)
                waiting = await self._advance(waiting)
        except _GaveUp:
            self._log.info("batch given up", records=len(waiting))
            self.progress.stopped_because = ""  # their next worker reports it, and polls for the resume
        finally:
            for taken in waiting:
                taken.release()
            self._take_in_hand(())
        self._move(Stage.IDLE)
        return not waiting

    def _take_in_hand(self, batch: Sequence[PendingEvent]) -> None:
        self.progress.in_flight = len(batch)
        arrivals = [taken.arrival for taken in reversed(batch)]  # so that the oldest of a partition stays
        self.progress.in_hand = {
            (arrival.topic, arrival.partition): arrival.timestamp for arrival in arrivals
        }

    async def _advance(self, batch: list[PendingEvent]) -> list[PendingEvent]:
        """Settle what the bound on dead letters admits; return the rest, which waits for an operator."""
        if (stop := self._stopped) is not None:
            resumes = self._around.resumes
            self.progress.stopped_because = stop.why
            while not await self._ask(lambda: resumes.resumed(self._topic, stop.since)):
                await self._pause(RESUME_POLL_SECONDS)
                self._move(Stage.STOPPED)
            self._bound.forget()
            self._stopped = None
            self.progress.stopped_because = ""
            self._log.info("topic resumed")
        arrivals = [taken.arrival for taken in batch]
        followed = self._around.tracer.follow(arrivals)
        with following(followed):
            outcomes = await self._decide(arrivals)
            admitted = self._bound.admit(isinstance(outcome, Dead) for outcome in outcomes)
            if admitted:
                await self._settle(batch[:admitted], outcomes[:admitted], followed)
                del batch[:admitted]  # settled records must not be given up when the rest is
        if admitted < len(outcomes):
            # The stop is noted before it is logged: an operator who resumed before it was noted would resume
            # nothing.
            bound, resumes = self._bound, self._around.resumes
            reason = f"{bound.dead} of the last {bound.seen} records of {self._topic} were dead letters"
            noted = Stop(reason, bound.terms)
            self._stopped = await self._repeatedly(Stage.PUBLISHING, lambda: resumes.stop(self._topic, noted))
            self._log.error("topic stopped", why=reason, cure=f"samehand letters resume {self._topic}")
        return batch

    async def _decide(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """The outcomes of the first arrivals: of all, unless steps fail with so many or some are suspects."""
        size, tried, poison_guard = self._size, 0, self._around.poison_guard
        if poison_guard.suspects.stale:
            await self._repeatedly(Stage.DECIDING, poison_guard.suspects.refresh)

        async def once() -> list[Outcome]:
            nonlocal tried
            if tried:
                size.failed(tried)
            some = poison_guard.first_of(arrivals[: size.records])
            tried = len(some)
            outcomes = list(await poison_guard.decide(self._slot, self._handle, some))
            if len(outcomes) != len(some):
                raise ValueError(f"the handler gave {len(outcomes)} outcomes for {len(some)} arrivals")
            return outcomes

        outcomes = await self._steadily(Stage.DECIDING, once)
        size.succeeded()
        return [self._within_limits(outcome) for outcome in outcomes]

    def _within_limits(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Published) and any(
            len(emit.key or b"") + len(emit.value or b"") + RECORD_OVERHEAD_BYTES > MESSAGE_BYTES_MAX
            for emit in outcome.emits
        ):
            return Dead(
                "outcome-too-large", detail=f"an outcome has a record of over {MESSAGE_BYTES_MAX:,} bytes"
            )
        return outcome

    async def _settle(
        self, batch: Sequence[PendingEvent], outcomes: list[Outcome], followed: Followed | None
    ) -> None:
        """Make the outcomes durable, then acknowledge.

        Between the first and the last `ack` nothing else runs.
        """
        outcomes = carrying(followed, outcomes)
        said = [emit for outcome in outcomes if isinstance(outcome, Published) for emit in outcome.emits]
        letters = [
            Emit(
                self._around.letters_topic,
                taken.arrival.topic.encode(),
                encode(letter_of(taken.arrival, outcome, self._clock.now())),
                headers=() if followed is None else followed.headers(place),
            )
            for place, (taken, outcome) in enumerate(zip(batch, outcomes, strict=True))
            if isinstance(outcome, Dead)
        ]
        if said or letters:
            await self._publish([*said, *letters])
        if said:
            await self._steadily(Stage.MARKING, lambda: self._after(said))
        for taken, outcome in zip(batch, outcomes, strict=True):
            taken.ack()
            arrival = taken.arrival
            partition = (arrival.topic, arrival.partition)
            self.progress.acknowledged += 1
            self.progress.next_offsets[partition] = arrival.offset + 1
            self.progress.last_timestamps[partition] = arrival.timestamp
            self._around.meter.outcome(arrival, outcome, self._clock.now())
        if followed is not None:
            followed.settled(outcomes)
        tell_dead(self._log, zip((taken.arrival for taken in batch), outcomes, strict=True))

    async def _publish(self, emits: list[Emit]) -> None:
        """Publish until all is confirmed. The store's breaker does not apply: this asks the broker."""
        unconfirmed = emits

        async def once() -> None:
            nonlocal unconfirmed
            unconfirmed = await publish(self._around.publisher, unconfirmed)
            if unconfirmed:
                raise Transient(f"the broker did not confirm {len(unconfirmed)} of {len(emits)} records")

        with stage("publish"):
            await self._repeatedly(Stage.PUBLISHING, once)

    async def _steadily(self, at: Stage, step: Callable[[], Awaitable[T]]) -> T:
        """Run a step that asks the store: behind the breaker, under a deadline."""
        breaker = self._around.breaker

        async def guarded() -> T:
            if not breaker.allows():
                raise Transient("the store's circuit breaker is open")
            allowed_seconds = self._around.limits.step_seconds_max
            try:
                async with self._around.deadline(allowed_seconds):
                    result = await step()
            except TimeoutError as late:
                breaker.failed()
                raise Transient(f"the step took longer than {allowed_seconds:g} s") from late
            except Transient:
                breaker.failed()
                raise
            breaker.succeeded()
            return result

        return await self._repeatedly(at, guarded)

    async def _repeatedly(self, at: Stage, step: Callable[[], Awaitable[T]]) -> T:
        """Run `step()` again and again while it fails with `Transient`; return its result."""
        attempt = 0
        while True:
            self._move(at)
            try:
                result = await step()
            except Transient as outage:
                if attempt == 0:
                    self._log.warning("outage: retrying", stage=at, why=str(outage))
                retries = attempt + 1
                self.progress.retries = retries
                self._move(Stage.HOLDING)
                with stage("hold"):
                    await self._pause(max(outage.after_seconds, self._around.backoff.seconds(attempt)))
                attempt += 1
            else:
                if attempt:
                    self._log.info("outage over", stage=at, retries=attempt)
                self.progress.retries = 0
                return result

    def begin_stopped(self, stop: Stop) -> None:
        """Begin stopped, as the topic was when this process started, unless our bound is another."""
        if stop.bound == self._bound.terms:
            self._stopped = stop

    async def _ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """Like `_repeatedly`, but the topic stays visibly stopped while the broker cannot be asked."""
        attempt = 0
        while True:
            self._move(Stage.STOPPED)
            try:
                return await question()
            except Transient:
                await self._pause(self._around.backoff.seconds(attempt))
                attempt += 1

    async def _pause(self, seconds: float) -> None:
        until = self._clock.ticks() + seconds
        while (left := until - self._clock.ticks()) > 0:
            if self._around.leaving():
                raise _GaveUp
            await self._clock.sleep(min(left, SLICE_SECONDS))
        if self._around.leaving():
            raise _GaveUp

    def _move(self, stage: Stage) -> None:
        self.progress.move(stage, self._clock.ticks())
