"""Deliveries: batches, retries, letters, stops, pace."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from schemas.malformed import Malformed
from schemas.wire import decode_letter
from streams.deadletters.limit import DeadLetterBound
from streams.deadletters.pause import Stop
from streams.delivery.backoff import MOST_SECONDS, Backoff
from streams.delivery.batches import COMPANY, GATHER_SECONDS, IDLE_WAITS, TURN_SECONDS, Batches, BatchSize
from streams.delivery.circuit_breaker import Breaker, BreakerState
from streams.delivery.delivery import SLICE_SECONDS, Delivery
from streams.delivery.progress import Stage
from streams.delivery.publisher import publish
from streams.errors import Transient
from streams.outcomes import NOTHING, Arrival, Dead, Emit, Outcome, Published
from streams.supervision.flight_recorder import FlightRecorder
from tests.streams.fakes import (
    ALERTS,
    LETTERS,
    TOPIC,
    FakeBroker,
    FakeClock,
    FakeTaken,
    Handler,
    Scene,
    stream,
    until,
)
from tests.tables import for_each

# The order of things in a delivery, and every way it can go wrong, against a fake broker and stream.


def fates(events: Sequence[FakeTaken]) -> set[str]:
    return {event.fate for event in events}


async def test_an_event_is_acknowledged_after_its_alert_is_confirmed_and_remembered() -> None:
    scene = Scene()

    async def remember(emits: Sequence[Emit]) -> None:
        scene.log.extend(f"remembered {emit.marker}" for emit in emits)

    await Delivery("screen", TOPIC, Handler(), scene.around, after=remember).run(stream(scene.taken([b"a"])))
    assert scene.log == ["confirmed alert-0", "remembered alert-0", "ack 0"]


async def test_each_step_shows_its_stage() -> None:
    scene, stages = Scene(), list[Stage]()

    async def handle(arrivals: Sequence[Arrival]) -> list[Outcome]:
        stages.append(delivery.progress.stage)
        assert delivery.progress.retries == 0
        return await Handler()(arrivals)

    async def remember(emits: Sequence[Emit]) -> None:
        stages.append(delivery.progress.stage)

    delivery = Delivery("screen", TOPIC, handle, scene.around, after=remember)
    scene.broker.sent = lambda: stages.append(delivery.progress.stage)
    await delivery.run(stream(scene.taken([b"a"])))
    assert stages == [Stage.DECIDING, Stage.PUBLISHING, Stage.MARKING]
    assert delivery.progress.stage is Stage.IDLE


async def test_with_nothing_to_say_it_is_acknowledged_all_the_same() -> None:
    scene = Scene()
    events = scene.taken([b"quiet"])
    await Delivery("screen", TOPIC, Handler(), scene.around).run(stream(events))
    assert fates(events) == {"acknowledged"}
    assert scene.broker.confirmed == []
    assert scene.meter.seen == [(0, NOTHING)]


async def test_events_come_in_batches_of_at_most_the_limit() -> None:
    scene, handler = Scene(records_max=4), Handler()
    await Delivery("screen", TOPIC, handler, scene.around).run(stream(scene.taken([b"a"] * 10)))
    assert max(map(len, handler.batches)) <= 4
    assert [offset for batch in handler.batches for offset in batch] == list(range(10))


async def test_a_dead_letter_carries_the_address_and_the_reason() -> None:
    scene = Scene()

    async def handle(arrivals: Sequence[Arrival]) -> list[Outcome]:
        return [Dead("not-json", "$.account", "not JSON") for _ in arrivals]

    events = scene.taken([b"\xff garbage"])
    await Delivery("screen", TOPIC, handle, scene.around).run(stream(events))
    (emit,) = scene.broker.on(LETTERS)
    assert emit.value is not None
    decoded = decode_letter(emit.value, now=scene.clock.now())
    assert not isinstance(decoded, Malformed)
    letter = decoded.record
    assert (letter.address, letter.reason, letter.path) == (f"{TOPIC}:0:0", "not-json", "$.account")
    assert letter.value == b"\xff garbage"
    assert emit.key == TOPIC.encode()
    assert fates(events) == {"acknowledged"}


async def test_an_outage_of_the_store_is_waited_out() -> None:
    scene, handler = Scene(), Handler(outages=5)
    events = scene.taken([b"a", b"b"])
    with capture_logs() as told:
        await Delivery("screen", TOPIC, handler, scene.around).run(stream(events))
    assert handler.batches == [[0, 1], *[[0]] * 5, [1]], "with fewer at once while it fails"
    assert [(it["event"], it.get("retries")) for it in told] == [
        ("outage: retrying", None),
        ("outage over", 5),
    ], "each once"
    assert fates(events) == {"acknowledged"}
    assert len(scene.broker.on(ALERTS)) == 2
    assert scene.broker.on(LETTERS) == []


async def test_pauses_grow_up_to_their_cap() -> None:
    scene, handler = Scene(), Handler(outages=12)
    delivery = Delivery("screen", TOPIC, handler, scene.around)
    started = scene.clock.ticks()
    await delivery.run(stream(scene.taken([b"a"])))
    waited = scene.clock.ticks() - started
    assert waited == pytest.approx(0.005 + 0.05 * (2**7 - 1) + 5 * 5.0, rel=0.01)


async def test_who_asks_for_a_longer_pause_gets_it() -> None:
    scene = Scene()
    started = scene.clock.ticks()
    handler = Handler(outages=2, after_seconds=60.0)
    await Delivery("deliver", TOPIC, handler, scene.around).run(stream(scene.taken([b"a"])))
    assert scene.clock.ticks() - started == pytest.approx(120.0, rel=0.01)
    assert max(scene.clock.slept) <= SLICE_SECONDS, "and looks all the while whether it has to leave"


async def test_an_outage_of_the_broker_repeats_only_what_was_not_confirmed() -> None:
    scene = Scene()
    scene.broker.outages = 2
    handler = Handler()
    events = scene.taken([b"a", b"b", b"c"])
    await Delivery("screen", TOPIC, handler, scene.around).run(stream(events))
    assert sorted(str(emit.marker) for emit in scene.broker.confirmed) == ["alert-0", "alert-1", "alert-2"]
    assert handler.batches == [[0, 1, 2]], "the store must not be asked again because Kafka was away"
    assert fates(events) == {"acknowledged"}


async def test_what_could_not_even_be_buffered_is_sent_later() -> None:
    scene = Scene()
    scene.broker.unbuffered = 3
    events = scene.taken([b"a", b"b"])
    await Delivery("screen", TOPIC, Handler(), scene.around).run(stream(events))
    assert [emit.marker for emit in scene.broker.confirmed] == ["alert-0", "alert-1"]


async def test_an_outage_while_remembering_publishes_nothing_twice() -> None:
    scene = Scene()
    failures = [Transient("away"), Transient("away")]

    async def remember(emits: Sequence[Emit]) -> None:
        if failures:
            raise failures.pop()

    events = scene.taken([b"a"])
    await Delivery("screen", TOPIC, Handler(), scene.around, after=remember).run(stream(events))
    assert len(scene.broker.confirmed) == 1
    assert fates(events) == {"acknowledged"}


async def test_the_unexpected_ends_the_run_with_the_batch_unacknowledged() -> None:
    scene = Scene()

    async def handle(arrivals: Sequence[Arrival]) -> list[Outcome]:
        raise ZeroDivisionError

    events = scene.taken([b"a", b"b"])
    delivery = Delivery("screen", TOPIC, handle, scene.around)
    with pytest.raises(ZeroDivisionError):
        await delivery.run(stream(events, then_hang=True))
    assert fates(events) == {"given up"}
    assert delivery.progress.stage is Stage.FAILED


async def test_a_refusal_of_the_broker_ends_the_run_too() -> None:
    scene = Scene()
    scene.broker.refusal = PermissionError("no right to write")
    events = scene.taken([b"a"])
    with pytest.raises(PermissionError):
        await Delivery("screen", TOPIC, Handler(), scene.around).run(stream(events))
    assert fates(events) == {"given up"}


async def test_too_few_outcomes_are_a_fault_not_a_loss() -> None:
    scene = Scene()

    async def handle(arrivals: Sequence[Arrival]) -> list[Outcome]:
        return []

    events = scene.taken([b"a"])
    with pytest.raises(ValueError, match="0 outcomes for 1 arrivals"):
        await Delivery("screen", TOPIC, handle, scene.around).run(stream(events))
    assert fates(events) == {"given up"}


async def test_a_stream_that_breaks_is_not_mistaken_for_one_that_ends() -> None:
    scene = Scene()
    events = scene.taken([b"a"])

    async def breaking() -> object:
        yield events[0]
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await Delivery("screen", TOPIC, Handler(), scene.around).run(breaking())  # type: ignore[arg-type]  # a fake
    assert fates(events) == {"acknowledged"}


async def test_cancelling_gives_up_what_was_taken() -> None:
    scene, handler = Scene(records_max=2), Handler(outages=10**9)
    events = scene.taken([b"a"] * 6)
    run = asyncio.create_task(
        Delivery("screen", TOPIC, handler, scene.around).run(stream(events, then_hang=True))
    )
    await until(lambda: len(handler.batches) > 3)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert "acknowledged" not in fates(events)
    taken = [event for event in events if event.fate == "given up"]
    assert len(taken) >= 4, "the batch in hand and what waited behind it"


async def test_stopping_in_an_outage_gives_the_batch_up_at_once() -> None:
    scene, handler = Scene(), Handler(outages=10**9)
    events = scene.taken([b"a", b"b"])
    delivery = Delivery("screen", TOPIC, handler, scene.around)
    run = asyncio.create_task(delivery.run(stream(events, then_hang=True)))
    await until(lambda: delivery.progress.retries > 2)
    assert delivery.progress.stage is Stage.HOLDING
    scene.leaving = True
    await until(lambda: fates(events) == {"given up"})
    assert delivery.progress.in_flight == 0
    run.cancel()


async def test_a_batch_that_can_be_finished_is_finished_while_stopping() -> None:
    scene = Scene()
    scene.leaving = True
    events = scene.taken([b"a", b"b"])
    await Delivery("screen", TOPIC, Handler(), scene.around).run(stream(events))
    assert fates(events) == {"acknowledged"}


async def test_a_step_that_hangs_counts_as_an_outage() -> None:
    scene = Scene(failures_in_a_row=1)
    turns: list[BreakerState] = []
    scene.breaker._on_change = turns.append
    tries = 0

    async def handle(arrivals: Sequence[Arrival]) -> list[Outcome]:
        nonlocal tries
        tries += 1
        if tries == 1:
            await asyncio.Event().wait()
        return [NOTHING for _ in arrivals]

    events = scene.taken([b"a"])
    await Delivery("screen", TOPIC, handle, scene.around).run(stream(events))
    assert tries == 2
    assert fates(events) == {"acknowledged"}
    assert turns == [BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED]


async def test_an_open_breaker_spares_the_store() -> None:
    scene, handler = Scene(failures_in_a_row=3), Handler(outages=4)
    turns: list[BreakerState] = []
    scene.breaker._on_change = turns.append
    await Delivery("screen", TOPIC, handler, scene.around).run(stream(scene.taken([b"a"])))
    assert BreakerState.OPEN in turns
    assert turns[-1] is BreakerState.CLOSED
    assert len(handler.batches) == 5, "three failures, one failed probe, one success; no call while open"


@for_each(("key_bytes", "value_bytes"), [(1, 2**20), (2**20, 1), (2**19, 2**19)])
async def test_what_is_too_large_for_the_broker_becomes_a_dead_letter(
    key_bytes: int, value_bytes: int
) -> None:
    scene = Scene()

    async def handle(arrivals: Sequence[Arrival]) -> list[Outcome]:
        return [Published((Emit(ALERTS, b"k" * key_bytes, b"x" * value_bytes),)) for _ in arrivals]

    events = scene.taken([b"a"])
    await Delivery("screen", TOPIC, handle, scene.around).run(stream(events))
    assert scene.broker.on(ALERTS) == []
    assert len(scene.broker.on(LETTERS)) == 1
    assert isinstance(scene.meter.seen[0][1], Dead)


class Garbage(Handler):
    """Everything that is not `ok` is dead."""

    def decide(self, arrival: Arrival) -> Outcome:
        return NOTHING if arrival.value == b"ok" else Dead("not-json")


async def test_a_wave_of_garbage_stops_the_topic_until_an_operator_resumes_it() -> None:
    scene = Scene()
    events = scene.taken([b"bad"] * 60 + [b"ok"] * 5)
    delivery = Delivery("screen", TOPIC, Garbage(), scene.around, bound=DeadLetterBound(0.2, 100, 10))
    run = asyncio.create_task(delivery.run(stream(events, then_hang=True)))
    await until(lambda: scene.resumes.asked > 3)
    assert len(scene.broker.on(LETTERS)) == 10, "not one letter above the bound"
    assert delivery.progress.stage is Stage.STOPPED
    assert "10 of the last 10 records" in delivery.progress.stopped_because
    for resumes in range(1, 6):
        scene.resumes.words.append(TOPIC)
        asked = scene.resumes.asked
        await until(lambda asked=asked: scene.resumes.asked > asked + 3 or fates(events) == {"acknowledged"})
        assert len(scene.broker.on(LETTERS)) == 10 * (resumes + 1), "one word counts once"
    await until(lambda: fates(events) == {"acknowledged"})
    assert delivery.progress.stopped_because == ""
    run.cancel()


async def test_a_stop_is_noted_before_anybody_can_see_it() -> None:
    """Who resumes a topic whose stop is not noted yet would resume nothing, and see it stand for ever."""
    scene, told = Scene(), []
    delivery = Delivery("screen", TOPIC, Garbage(), scene.around, bound=DeadLetterBound(0.2, 100, 1))
    note = scene.resumes.stop

    async def noting(topic: str, stop: Stop) -> Stop:
        told.append((delivery.progress.stage is Stage.STOPPED, delivery.progress.stopped_because))
        return await note(topic, stop)

    scene.resumes.stop = noting  # type: ignore[method-assign]  # looks on while it is noted
    scene.resumes.silent = 2
    run = asyncio.create_task(delivery.run(stream(scene.taken([b"bad"] * 3), then_hang=True)))
    await until(lambda: scene.resumes.asked > 1)
    assert told == [(False, "")] * 3
    assert delivery.progress.stopped_because
    run.cancel()


async def test_a_topic_that_stood_still_stands_still_for_a_worker_that_starts() -> None:
    scene = Scene()
    events = scene.taken([b"bad"] * 5)
    bound = DeadLetterBound(0.2, 100, 10)
    delivery = Delivery("screen", TOPIC, Garbage(), scene.around, bound=bound)
    delivery.begin_stopped(Stop("garbage", bound.terms))
    run = asyncio.create_task(delivery.run(stream(events, then_hang=True)))
    await until(lambda: scene.resumes.asked > 1)
    assert (delivery.progress.stage, delivery.progress.stopped_because) == (Stage.STOPPED, "garbage")
    assert scene.broker.on(LETTERS) == [], "not one letter by starting again"
    scene.resumes.words.append(TOPIC)
    await until(lambda: fates(events) == {"acknowledged"})
    run.cancel()


async def test_under_another_bound_a_topic_starts_afresh() -> None:
    scene = Scene()
    events = scene.taken([b"bad"] * 5)
    delivery = Delivery("screen", TOPIC, Garbage(), scene.around, bound=DeadLetterBound(0.2, 100, 10))
    delivery.begin_stopped(Stop("garbage", DeadLetterBound(0.1, 100, 10).terms))
    await delivery.run(stream(events))
    assert len(scene.broker.on(LETTERS)) == 5


async def test_a_word_for_another_topic_resumes_nothing() -> None:
    scene = Scene()
    delivery = Delivery("screen", TOPIC, Garbage(), scene.around, bound=DeadLetterBound(0.2, 100, 1))
    run = asyncio.create_task(delivery.run(stream(scene.taken([b"bad"] * 3), then_hang=True)))
    await until(lambda: scene.resumes.asked > 1)
    scene.resumes.words.append("accounts.updated")
    asked = scene.resumes.asked
    await until(lambda: scene.resumes.asked > asked + 2)
    assert len(scene.broker.on(LETTERS)) == 1
    run.cancel()


async def test_a_stopped_topic_stays_stopped_across_a_rebalance_and_a_silent_broker() -> None:
    scene = Scene()
    scene.resumes.silent = 3
    events = scene.taken([b"bad"] * 4)
    delivery = Delivery("screen", TOPIC, Garbage(), scene.around, bound=DeadLetterBound(0.2, 100, 1))
    queue: asyncio.Queue[FakeTaken] = asyncio.Queue()

    async def source() -> object:
        while True:
            yield await queue.get()

    for event in events:
        queue.put_nowait(event)
    run = asyncio.create_task(delivery.run(source()))  # type: ignore[arg-type]  # a generator is one
    await until(lambda: scene.resumes.asked > 1)
    scene.leaving = True
    await until(lambda: fates(events) == {"acknowledged", "given up"})
    scene.leaving = False
    again = scene.taken([b"bad"] * 4)[1:]
    for event in again:
        queue.put_nowait(event)
    asked = scene.resumes.asked
    await until(lambda: scene.resumes.asked > asked + 2)
    assert len(scene.broker.on(LETTERS)) == 1
    run.cancel()


async def test_who_gave_up_what_a_stopped_topic_holds_says_no_longer_that_it_stands_still() -> None:
    """Another worker has it now, and says so; this one could not hear the operator's word."""
    scene = Scene()
    events = scene.taken([b"bad"] * 4)
    delivery = Delivery("screen", TOPIC, Garbage(), scene.around, bound=DeadLetterBound(0.2, 100, 1))
    run = asyncio.create_task(delivery.run(stream(events, then_hang=True)))
    await until(lambda: scene.resumes.asked > 1)
    assert delivery.progress.stopped_because
    scene.leaving = True
    await until(lambda: delivery.progress.stage is Stage.IDLE)
    assert delivery.progress.stopped_because == ""
    run.cancel()


async def test_progress_tells_where_to_go_on() -> None:
    scene = Scene()
    delivery = Delivery("screen", TOPIC, Handler(), scene.around)
    await delivery.run(stream(scene.taken([b"a", b"quiet", b"c"])))
    assert delivery.progress.next_offsets == {(TOPIC, 0): 3}
    assert delivery.progress.last_timestamps == {(TOPIC, 0): 1_789_999_999.0}
    assert delivery.progress.acknowledged == 3
    assert delivery.progress.stage is Stage.IDLE


class AtMost(Handler):
    """A store so slow that only small batches get through within its deadlines."""

    def __init__(self, records: int) -> None:
        super().__init__()
        self.records = records

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        decided = await super().__call__(arrivals)
        if len(arrivals) > self.records:
            raise Transient("Redis did not answer in time")
        return decided


async def test_a_batch_too_large_for_the_store_gets_through_in_parts() -> None:
    """Repeated whole it would fail for ever."""
    scene, handler = Scene(records_max=64), AtMost(20)
    events = scene.taken([b"a"] * 64)
    await Delivery("screen", TOPIC, handler, scene.around).run(stream(events))
    assert fates(events) == {"acknowledged"}
    assert [offset for offset, _ in scene.meter.seen] == list(range(64)), "in order, each once"
    sizes = [len(batch) for batch in handler.batches]
    assert sizes[:3] == [64, 32, 16]
    assert len(sizes) <= 12, "it tries larger ones now and then, not each time from the top"


async def test_what_is_left_of_a_batch_in_parts_is_given_up_alone() -> None:
    class Stops(AtMost):
        async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
            if len(self.batches) == 2:
                scene.leaving = True
                raise Transient("Redis does not answer any more")
            return await super().__call__(arrivals)

    scene = Scene(records_max=8)
    events = scene.taken([b"a"] * 8)
    await Delivery("screen", TOPIC, Stops(4), scene.around).run(stream(events))
    assert [event.fate for event in events] == ["acknowledged"] * 4 + ["given up"] * 4


# Events into batches.


async def test_a_lone_event_waits_for_company_once() -> None:
    clock = FakeClock()
    batches = Batches(clock, linger_seconds=0.005)
    pump = asyncio.create_task(batches.fill(stream(Scene().taken([b"x"]), then_hang=True)))
    assert len(await batches.next()) == 1
    assert clock.slept == [0.005]
    pump.cancel()


async def test_who_has_company_does_not_wait() -> None:
    clock = FakeClock()
    batches = Batches(clock)
    pump = asyncio.create_task(batches.fill(stream(Scene().taken([b"x"] * COMPANY), then_hang=True)))
    await asyncio.sleep(0.01)
    assert len(await batches.next()) == COMPANY
    assert clock.slept == []
    pump.cancel()


async def test_what_is_on_its_way_is_waited_for_in_turns_however_short_the_wait_for_company() -> None:
    clock = Busy(Scene().taken([b"x"] * 30))
    batches = Batches(clock, linger_seconds=0.0, coming=lambda: max(0, len(clock.left) - 20))
    pump = asyncio.create_task(batches.fill(clock.source()))
    assert len(await batches.next()) > COMPANY
    assert set(clock.slept[1:]) == {TURN_SECONDS}
    pump.cancel()


class Busy(FakeClock):
    """A machine on which each wait brings one event and no more."""

    def __init__(self, events: list[FakeTaken]) -> None:
        super().__init__()
        self.left = events[1:]
        self.coming: asyncio.Queue[FakeTaken] = asyncio.Queue()
        self.coming.put_nowait(events[0])

    async def sleep(self, seconds: float) -> None:
        if self.left:
            self.coming.put_nowait(self.left.pop(0))
        await super().sleep(seconds)
        await asyncio.sleep(0)  # the pump takes a turn to be woken and one to hand on

    async def source(self) -> AsyncIterator[FakeTaken]:
        while True:
            yield await self.coming.get()


async def test_what_is_known_to_be_on_its_way_is_waited_for() -> None:
    """Without it every batch of a busy machine would hold one or two records."""
    clock = Busy(Scene().taken([b"x"] * 30))
    batches = Batches(clock, records_max=20, linger_seconds=0.005, coming=lambda: 999)
    pump = asyncio.create_task(batches.fill(clock.source()))
    assert len(await batches.next()) == 20
    pump.cancel()


async def test_once_nothing_more_is_on_its_way_the_batch_goes() -> None:
    clock = Busy(Scene().taken([b"x"] * 30))
    batches = Batches(clock, linger_seconds=0.005, coming=lambda: max(0, len(clock.left) - 20))
    pump = asyncio.create_task(batches.fill(clock.source()))
    assert 8 <= len(await batches.next()) <= 11
    pump.cancel()


async def test_what_comes_after_the_batch_began_is_left_to_the_next() -> None:
    """Or a steady stream, of which a record is always on its way, would hold every batch back."""
    clock = Busy(Scene().taken([b"x"] * 400))
    batches = Batches(clock, linger_seconds=0.005, coming=lambda: 1)
    pump = asyncio.create_task(batches.fill(clock.source()))
    assert len(await batches.next()) <= 3
    pump.cancel()


async def test_what_does_not_come_is_not_waited_for_long() -> None:
    clock = FakeClock()
    batches = Batches(clock, linger_seconds=0.005, coming=lambda: 999)
    pump = asyncio.create_task(batches.fill(stream(Scene().taken([b"x"] * 3), then_hang=True)))
    assert len(await batches.next()) == 3
    assert len(clock.slept) <= 1 + IDLE_WAITS
    pump.cancel()


async def test_a_batch_that_fills_slowly_goes_when_its_time_is_up() -> None:
    clock = Busy(Scene().taken([b"x"] * 400))
    batches = Batches(clock, linger_seconds=0.005, coming=lambda: 999)
    pump = asyncio.create_task(batches.fill(clock.source()))
    batch = await batches.next()
    pump.cancel()
    assert sum(clock.slept) == pytest.approx(GATHER_SECONDS, abs=0.006)
    assert 30 < len(batch) < 60


async def test_the_queue_holds_one_batch_and_no_more() -> None:
    events = Scene().taken([b"x"] * 100)
    pulled = []

    async def source() -> object:
        for event in events:
            pulled.append(event)
            yield event

    batches = Batches(FakeClock(), records_max=5)
    pump = asyncio.create_task(batches.fill(source()))  # type: ignore[arg-type]  # a generator is an iterator
    await asyncio.sleep(0.01)
    assert len(pulled) == 6, "five wait, and one is in the pump's hand"
    pump.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pump
    assert pulled[5].fate == "given up"
    batches.release()
    assert {event.fate for event in pulled} == {"given up"}


async def test_cancelled_while_waiting_for_company_it_gives_the_batch_up() -> None:
    class Forever(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    events: list[FakeTaken] = Scene().taken([b"x"])
    batches = Batches(Forever())
    pump = asyncio.create_task(batches.fill(stream(events, then_hang=True)))
    waiting = asyncio.create_task(batches.next())
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert events[0].fate == "given up"
    pump.cancel()


# Fewer records at once after a failure, and more again.


def of(records_max: int, recorder: FlightRecorder | None = None) -> BatchSize:
    return BatchSize(records_max, (recorder or FlightRecorder()).slot("screen"))


def test_it_grows_by_a_constant_up_to_the_limit() -> None:
    size = of(160)
    size.failed(160)
    sizes = []
    for _ in range(9):
        size.succeeded()
        sizes.append(size.records)
    assert sizes == [90, 100, 110, 120, 130, 140, 150, 160, 160]


def test_a_small_limit_grows_too() -> None:
    size = of(4)
    size.failed(4)
    size.succeeded()
    assert size.records == 3


def test_what_was_too_many_is_remembered_by_who_starts_again() -> None:
    recorder = FlightRecorder()
    of(500, recorder).failed(500)
    again = of(500, recorder)
    assert again.records == 250
    while again.records < 500:
        again.succeeded()
    assert of(500, recorder).records == 500
    assert of(800, recorder).records == 800, "what got through at its limit says nothing of a higher one"


def test_a_lower_limit_holds_whatever_is_remembered() -> None:
    recorder = FlightRecorder()
    of(500, recorder).failed(500)
    assert of(100, recorder).records == 100


# Pauses between tries.


@given(st.integers(0, 10**9), st.integers())
def test_a_pause_lies_between_nothing_and_the_cap(attempt: int, seed: int) -> None:
    assert 0.0 <= Backoff(random.Random(seed).uniform).seconds(attempt) <= MOST_SECONDS


def test_the_jitter_is_full() -> None:
    drawn = [Backoff(random.Random(7).uniform).seconds(20)] + [
        Backoff(random.Random(seed).uniform).seconds(20) for seed in range(200)
    ]
    assert min(drawn) < 0.1 * MOST_SECONDS
    assert max(drawn) > 0.9 * MOST_SECONDS


# The circuit breaker, by its diagram.


def a_breaker(clock: FakeClock, turns: list[BreakerState] | None = None) -> Breaker:
    told = [] if turns is None else turns
    return Breaker(clock.ticks, failures_in_a_row=3, rest_seconds=1.0, on_change=told.append)


def opened(clock: FakeClock, turns: list[BreakerState] | None = None) -> Breaker:
    breaker = a_breaker(clock, turns)
    for _ in range(3):
        breaker.failed()
    return breaker


def test_failures_apart_from_each_other_open_nothing() -> None:
    breaker = a_breaker(FakeClock())
    for _ in range(10):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.allows()


def test_after_a_rest_one_probe_may_pass() -> None:
    clock = FakeClock()
    breaker = opened(clock)
    clock.at += 1.0
    assert breaker.allows()
    assert breaker.state is BreakerState.HALF_OPEN
    assert not breaker.allows(), "the second caller waits for the first one's outcome"


def test_a_probe_decides() -> None:
    clock, turns = FakeClock(), list[BreakerState]()
    breaker = opened(clock, turns)
    clock.at += 1.0
    breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    clock.at += 1.0
    breaker.allows()
    breaker.succeeded()
    assert breaker.allows()
    assert turns == [
        BreakerState.OPEN,
        BreakerState.HALF_OPEN,
        BreakerState.OPEN,
        BreakerState.HALF_OPEN,
        BreakerState.CLOSED,
    ]


def test_a_probe_that_never_reports_does_not_close_the_door_for_ever() -> None:
    clock = FakeClock()
    breaker = opened(clock)
    clock.at += 1.0
    assert breaker.allows()
    clock.at += 1.0
    assert breaker.allows()


# Sending a batch: what was not confirmed comes back, in order.


def emits(count: int) -> list[Emit]:
    return [Emit("alerts", b"k", b"v", marker=str(number)) for number in range(count)]


async def test_what_was_not_buffered_comes_back_behind_what_was_not_confirmed() -> None:
    class Full(FakeBroker):
        async def send(self, emit: Emit) -> object:  # type: ignore[override]  # a fake
            self.unbuffered = emit.marker == "2"
            return await super().send(emit)

    broker = Full([])
    broker.outages = 1
    back = await publish(broker, emits(4))  # type: ignore[arg-type]  # a fake
    assert [emit.marker for emit in back] == ["0", "2", "3"]
    assert [emit.marker for emit in broker.confirmed] == ["1"]


async def test_last_records_are_sent_once_the_others_are_confirmed() -> None:
    broker = FakeBroker([])
    broker.outages = 1
    state, alert = (
        Emit("state", b"k", b"v", marker="state", last=True),
        Emit("alerts", b"k", b"v", marker="0"),
    )
    left = await publish(broker, [state, alert])
    assert (left, broker.confirmed) == ([alert, state], [])
    assert await publish(broker, left) == []
    assert [emit.marker for emit in broker.confirmed] == ["0", "state"]


# What a delivery shows of itself.
