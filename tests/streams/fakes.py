"""What tests of this room put in place of Kafka, time and the store. Each fake can fail on order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from streams.deadletters.pause import Stop
from streams.delivery.backoff import Backoff
from streams.delivery.circuit_breaker import Breaker
from streams.delivery.delivery import DeliveryContext, Limits
from streams.errors import BrokerUnavailable, Transient
from streams.outcomes import NOTHING, Arrival, Emit, Outcome, Published

TOPIC = "accounts.created"
ALERTS = "alerts"
LETTERS = "deadletters"


class FakeClock:
    """Time passes only in sleeps, and at once."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self.at = start
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at

    def ticks(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds
        await asyncio.sleep(0)


def an_arrival(
    offset: int = 0, value: bytes | None = b"{}", *, partition: int = 0, key: bytes = b"x:1"
) -> Arrival:
    return Arrival(TOPIC, partition, offset, key, value, timestamp=1_789_999_999.0)


class FakeTaken:
    """An event; remembers what became of it, in a log shared by all of a test."""

    def __init__(self, arrival: Arrival, log: list[str]) -> None:
        self.arrival = arrival
        self.log = log
        self.fate = "waiting"

    def ack(self) -> None:
        self.fate = "acknowledged"
        self.log.append(f"ack {self.arrival.offset}")

    def release(self) -> None:
        if self.fate == "waiting":
            self.fate = "given up"


class FakeBroker:
    """Confirms what it is sent, unless told to fail: `outages` counts sends that will not be confirmed."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.confirmed: list[Emit] = []
        self.unbuffered = 0
        self.outages = 0
        self.refusal: Exception | None = None
        self.sent: Callable[[], None] = lambda: None

    async def send(self, emit: Emit) -> Awaitable[object]:
        self.sent()
        if self.unbuffered:
            self.unbuffered -= 1
            raise BrokerUnavailable("not connected")
        return self._confirm(emit)

    async def _confirm(self, emit: Emit) -> None:
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        if self.outages:
            self.outages -= 1
            raise BrokerUnavailable("timed out")
        self.confirmed.append(emit)
        self.log.append(f"confirmed {emit.marker or emit.topic}")

    def on(self, topic: str) -> list[Emit]:
        return [emit for emit in self.confirmed if emit.topic == topic]


class FakeResumes:
    """Operators' words: offsets of resumes by topic; `silent` answers fail first."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.silent = 0
        self.asked = 0

    async def stop(self, topic: str, stop: Stop) -> Stop:
        self._maybe_fail()
        self.words.append(f"stop {topic}")
        return replace(stop, since=len(self.words))

    async def resumed(self, topic: str, since: int) -> bool:
        self.asked += 1
        self._maybe_fail()
        return topic in self.words[since:]

    def _maybe_fail(self) -> None:
        if self.silent:
            self.silent -= 1
            raise BrokerUnavailable("no answer")


@dataclass
class FakeMeter:
    """Counts outcomes by offset."""

    seen: list[tuple[int, Outcome]] = field(default_factory=list)

    def outcome(self, arrival: Arrival, outcome: Outcome, now: float) -> None:
        self.seen.append((arrival.offset, outcome))


class Scene:
    """One delivery's surroundings, all fake, and the log of what happened in which order."""

    def __init__(self, *, records_max: int = 500, failures_in_a_row: int = 100) -> None:
        self.log: list[str] = []
        self.clock = FakeClock()
        self.broker = FakeBroker(self.log)
        self.resumes = FakeResumes()
        self.meter = FakeMeter()
        self.breaker = Breaker(self.clock.ticks, failures_in_a_row=failures_in_a_row)
        self.leaving = False
        self.around = DeliveryContext(
            publisher=self.broker,
            resumes=self.resumes,
            clock=self.clock,
            meter=self.meter,
            breaker=self.breaker,
            leaving=lambda: self.leaving,
            letters_topic=LETTERS,
            limits=Limits(records_max=records_max, linger_seconds=0.005, step_seconds_max=0.2),
            backoff=Backoff(lambda low, high: high),
        )

    def taken(self, values: Iterable[bytes | None]) -> list[FakeTaken]:
        return [FakeTaken(an_arrival(offset, value), self.log) for offset, value in enumerate(values)]


async def stream(events: Iterable[FakeTaken], *, then_hang: bool = False) -> AsyncIterator[FakeTaken]:
    """The events, one by one; afterwards the end, or silence as on a quiet topic."""
    for event in events:
        yield event
    if then_hang:
        await asyncio.Event().wait()


class Handler:
    """Says one alert for each arrival; fails with `Transient` as often as told, and remembers its batches."""

    def __init__(self, outages: int = 0, after_seconds: float = 0.0) -> None:
        self.outages = outages
        self.after_seconds = after_seconds
        self.batches: list[list[int]] = []

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        self.batches.append([arrival.offset for arrival in arrivals])
        if self.outages:
            self.outages -= 1
            raise Transient("the store does not answer", after_seconds=self.after_seconds)
        return [self.decide(arrival) for arrival in arrivals]

    def decide(self, arrival: Arrival) -> Outcome:
        if arrival.value == b"quiet":
            return NOTHING
        return Published((Emit(ALERTS, arrival.key, arrival.value, marker=f"alert-{arrival.offset}"),))


async def until(condition: object, *, turns: int = 5_000) -> None:
    """Let others run until `condition()` holds; fails when it never does."""
    assert callable(condition)
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")
