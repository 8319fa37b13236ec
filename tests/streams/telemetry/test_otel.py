"""Spans, sent and dropped."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from streams.clock import SystemClock
from streams.delivery.delivery import Delivery
from streams.errors import SettingsError, Transient
from streams.outcomes import NOTHING, Arrival, Dead, Emit, Headers, Outcome, Published
from streams.settings import load
from streams.telemetry import otel
from streams.telemetry.otel import FOLLOWED_A_BATCH_MAX, OtelTracer, batching, tracer_to
from streams.telemetry.tracer import tracer_of
from streams.tracing import OFF, note, stage
from tests.streams.fakes import (
    ALERTS,
    LETTERS,
    TOPIC,
    FakeClock,
    FakeTaken,
    Handler,
    Scene,
    an_arrival,
    stream,
)
from tests.tables import for_each

# Spans as a collector gets them: whose trace, which stages, what became of the event, and no value of it.

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
FOLLOWED: Headers = (("traceparent", f"00-{TRACE}-{PARENT}-01".encode()), ("tracestate", b"edge=7"))
NOT_FOLLOWED: Headers = (("traceparent", f"00-{TRACE}-{PARENT}-00".encode()), ("tracestate", b"edge=7"))


class Told:
    """A delivery whose spans are kept."""

    def __init__(self, *, share: float = 0.0, chance: float = 0.5, records_max: int = 500) -> None:
        self.scene = Scene(records_max=records_max)
        self._exporter = InMemorySpanExporter()
        tracer = OtelTracer(
            SimpleSpanProcessor(self._exporter),
            self.scene.clock,
            group="workers",
            share=share,
            chance=lambda: chance,
        )
        self.around = replace(self.scene.around, tracer=tracer)

    def taken(self, *headers: Headers) -> list[FakeTaken]:
        return [
            FakeTaken(replace(an_arrival(offset), headers=of), self.scene.log)
            for offset, of in enumerate(headers)
        ]

    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def events(self) -> list[ReadableSpan]:
        return [span for span in self.spans() if span.name == f"process {TOPIC}"]

    def children(self) -> list[str]:
        return [span.name for span in self.spans() if span.name != f"process {TOPIC}"]


def span_id(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


def trace_id(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


async def staged(arrivals: Sequence[Arrival]) -> list[Outcome]:
    """What an agent does, with no more than its stages."""
    with stage("distil"):
        await asyncio.sleep(0)
    with stage("look-up"):
        note(lambda: {0: {"event_id": "e-1", "candidates": 7}})
    return [Published((Emit(ALERTS, b"x:1", b"{}"),)) for _ in arrivals]


async def test_the_producers_trace_goes_on_through_every_stage_to_the_alert() -> None:
    told = Told()
    await Delivery("screen", TOPIC, staged, told.around).run(stream(told.taken(FOLLOWED)))
    (event,) = told.events()
    assert trace_id(event) == TRACE
    assert event.parent is not None
    assert f"{event.parent.span_id:016x}" == PARENT
    assert event.kind is SpanKind.CONSUMER
    assert told.children() == ["distil", "look-up", "publish"]
    stages = [span for span in told.spans() if span is not event]
    assert {span.parent.span_id for span in stages if span.parent} == {int(span_id(event), 16)}
    (alert,) = told.scene.broker.on(ALERTS)
    assert dict(alert.headers) == {
        "traceparent": f"00-{TRACE}-{span_id(event)}-01".encode(),
        "tracestate": b"edge=7",
    }


async def test_an_event_is_told_by_address_ids_counts_and_codes() -> None:
    told = Told(share=1.0)
    await Delivery("screen", TOPIC, staged, told.around).run(stream(told.taken((), ())))
    first, _ = told.events()
    assert dict(first.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": TOPIC,
        "messaging.destination.partition.id": "0",
        "messaging.kafka.offset": 0,
        "messaging.consumer.group.name": "workers",
        "samehand.waited_seconds": 1.0,
        "samehand.batch.records": 2,
        "samehand.outcome": "published",
        "samehand.event_id": "e-1",
        "samehand.candidates": 7,
        "samehand.published": 1,
    }
    assert first.resource.attributes["service.name"] == "samehand"


async def test_stages_lie_within_their_event() -> None:
    told = Told(share=1.0)

    async def slow(arrivals: Sequence[Arrival]) -> list[Outcome]:
        with stage("look-up"):
            await told.scene.clock.sleep(0.25)
        return [NOTHING]

    await Delivery("screen", TOPIC, slow, told.around).run(stream(told.taken(())))
    look_up, event = told.spans()
    assert (look_up.name, event.name) == ("look-up", f"process {TOPIC}")
    assert None not in (event.start_time, event.end_time, look_up.start_time, look_up.end_time)
    assert (event.start_time or 0) <= (look_up.start_time or 0) < (look_up.end_time or 0)
    assert (look_up.end_time or 0) <= (event.end_time or 0)
    assert (look_up.end_time or 0) - (look_up.start_time or 0) == pytest.approx(250_000_000, rel=0.01)


async def test_what_the_producer_does_not_follow_is_handed_on_as_it_came() -> None:
    told = Told(share=1.0)
    await Delivery("screen", TOPIC, Handler(), told.around).run(stream(told.taken(NOT_FOLLOWED)))
    assert told.spans() == []
    (alert,) = told.scene.broker.on(ALERTS)
    assert alert.headers == NOT_FOLLOWED


@for_each(("chance", "followed"), [(0.009, 1), (0.01, 0), (0.9, 0)])
async def test_a_share_of_the_rest_is_followed(chance: float, followed: int) -> None:
    told = Told(share=0.01, chance=chance)
    await Delivery("screen", TOPIC, Handler(), told.around).run(stream(told.taken(())))
    assert len(told.events()) == followed
    (alert,) = told.scene.broker.on(ALERTS)
    assert len(alert.headers) == followed


@for_each(
    "given",
    [
        b"",
        b"garbage",
        b"\xff\xfe",
        f"00-{'0' * 32}-{PARENT}-01".encode(),
        f"ff-{TRACE}-{PARENT}-01".encode(),
        b"0" * 5_000,
    ],
)
async def test_a_header_that_cannot_be_read_is_as_good_as_none(given: bytes) -> None:
    told = Told()
    await Delivery("screen", TOPIC, Handler(), told.around).run(
        stream(told.taken((("traceparent", given), ("tracestate", b"edge=7"))))
    )
    assert told.spans() == []
    (alert,) = told.scene.broker.on(ALERTS)
    assert alert.headers == ()


async def test_baggage_and_a_tracestate_too_long_stay_behind() -> None:
    told = Told()
    trace, _ = FOLLOWED
    headers = (trace, ("tracestate", b"a=" + b"b" * 600), ("baggage", b"user=um4r"))
    await Delivery("screen", TOPIC, Handler(), told.around).run(stream(told.taken(headers)))
    (alert,) = told.scene.broker.on(ALERTS)
    assert [name for name, _ in alert.headers] == ["traceparent"]


async def test_a_producer_that_follows_everything_does_not_stop_a_worker() -> None:
    told = Told()
    events = told.taken(*[FOLLOWED] * (3 * FOLLOWED_A_BATCH_MAX))
    await Delivery("screen", TOPIC, Handler(), told.around).run(stream(events))
    assert len(told.events()) == FOLLOWED_A_BATCH_MAX
    beyond = told.scene.broker.on(ALERTS)[FOLLOWED_A_BATCH_MAX:]
    assert {emit.headers for emit in beyond} == {FOLLOWED}


async def test_a_dead_letter_is_told_as_an_error_and_bears_the_trace() -> None:
    told = Told()

    async def unreadable(arrivals: Sequence[Arrival]) -> list[Outcome]:
        return [Dead("not-json") for _ in arrivals]

    await Delivery("screen", TOPIC, unreadable, told.around).run(stream(told.taken(FOLLOWED)))
    (event,) = told.events()
    assert event.status.status_code is StatusCode.ERROR
    assert (event.attributes or {})["error.type"] == "not-json"
    (letter,) = told.scene.broker.on(LETTERS)
    assert dict(letter.headers)["traceparent"] == f"00-{TRACE}-{span_id(event)}-01".encode()


async def test_an_outage_is_seen_as_the_time_it_held_the_event() -> None:
    told, outages = Told(), 3

    async def failing(arrivals: Sequence[Arrival]) -> list[Outcome]:
        nonlocal outages
        with stage("look-up"):
            if outages:
                outages -= 1
                raise Transient("quotes um4r@example.org")
        return [NOTHING]

    await Delivery("screen", TOPIC, failing, told.around).run(stream(told.taken(FOLLOWED)))
    assert told.children() == ["look-up", "hold"] * 3 + ["look-up"]
    failed = [span for span in told.spans() if span.status.status_code is StatusCode.ERROR]
    assert [(span.attributes or {})["error.type"] for span in failed] == ["Transient"] * 3
    assert "um4r" not in str([span.to_json() for span in told.spans()])


async def test_of_what_was_given_up_nothing_is_told() -> None:
    told = Told(share=1.0)

    async def broken(arrivals: Sequence[Arrival]) -> list[Outcome]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Delivery("screen", TOPIC, broken, told.around).run(stream(told.taken(())))
    assert told.spans() == []


async def test_events_of_a_batch_decided_in_parts_are_each_told_once() -> None:
    told = Told(share=1.0)
    events = told.taken((), (), ())
    await Delivery("screen", TOPIC, Handler(outages=1), told.around).run(stream(events))
    offsets = [(span.attributes or {})["messaging.kafka.offset"] for span in told.events()]
    assert offsets == [0, 1, 2]


class Hanging(SpanExporter):
    """A collector that never answers."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        threading.Event().wait(5.0)
        return SpanExportResult.FAILURE


async def test_a_collector_that_is_away_holds_up_neither_events_nor_a_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(otel, "CLOSE_SECONDS", 0.1)
    scene = Scene()
    tracer = OtelTracer(batching(Hanging()), scene.clock, group="g", share=1.0, chance=lambda: 0.0)
    events = scene.taken([b"a"])
    await asyncio.wait_for(
        Delivery("screen", TOPIC, Handler(), replace(scene.around, tracer=tracer)).run(stream(events)), 2.0
    )
    assert events[0].fate == "acknowledged"
    began = asyncio.get_running_loop().time()
    tracer.close()
    assert asyncio.get_running_loop().time() - began < 2.0


def test_the_settings_say_where_to_and_how_many() -> None:
    settings = load({"SAMEHAND_TRACES_URL": "http://127.0.0.1:9/v1/traces", "SAMEHAND_TRACES_SHARE": "1.0"})
    tracer = tracer_to(settings, FakeClock())
    followed = tracer.follow([an_arrival()])
    assert followed is not None
    assert [name for name, _ in followed.headers(0)] == ["traceparent"]
    tracer.close()


# Who is told of traces: nobody, unless the settings ask for it.


def test_nothing_is_followed_unless_somebody_asks_for_it() -> None:
    assert tracer_of(load({}), SystemClock()) is OFF
    assert OFF.follow([an_arrival()]) is None
    OFF.close()


def test_without_the_extra_the_setting_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delitem(sys.modules, "streams.telemetry.otel", raising=False)
    settings = load({"SAMEHAND_TRACES_URL": "http://127.0.0.1:4318/v1/traces"})
    with pytest.raises(SettingsError, match=r"samehand\[tracing\]"):
        tracer_of(settings, SystemClock())


#: redis-py imports OpenTelemetry's metrics wherever they are installed; what makes and sends spans is ours.
TELLING = ("streams.telemetry.otel", "opentelemetry.sdk.trace", "opentelemetry.exporter", "google.protobuf")


def test_a_worker_that_traces_nothing_imports_nothing_for_it() -> None:
    code = (
        "import sys, agents.runtime.worker\n"
        "from streams.clock import SystemClock\n"
        "from streams.settings import load\n"
        "agents.runtime.worker.tracer_of(load({}), SystemClock())\n"
        f"print([name for name in sys.modules if name.startswith({TELLING})])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
