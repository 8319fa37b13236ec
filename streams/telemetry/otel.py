"""Exports traces by OpenTelemetry, to a collector that speaks OTLP over HTTP. Needs the extra `tracing`.

An event's trace is its producer's where the record brings a W3C `traceparent`, and then its producer decides
whether it is followed (sampled); otherwise a trace begins here, for the share of events that the settings
say. Records that the event leads to bear `traceparent` and `tracestate` in turn. `baggage` may hold anything
about anybody and is neither read nor passed on.

Attributes are addresses, opaque ids, counts and codes, by OpenTelemetry's conventions for messaging where
these have a name.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    Span,
    SpanKind,
    Status,
    StatusCode,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from streams.clock import Clock
from streams.outcomes import Arrival, Dead, Headers, Outcome, Published
from streams.settings import Settings
from streams.telemetry.metrics import outcome_name
from streams.tracing import TracedStep, Trail

FOLLOWED_A_BATCH_MAX: Final = 16
"""A producer may ask for every event, and tracing one costs as much as scoring several."""

QUEUE_SPANS_MAX: Final = 4096
"""Spans that wait for the collector, some hundred events; while it is away the oldest are dropped."""

EXPORT_SECONDS: Final = 3.0
CLOSE_SECONDS: Final = 2.0
"""Spans still unsent when a worker stops are worth a tenth of its time for stopping, and no more."""

NANO: Final = 1_000_000_000
CARRIED: Final = ("traceparent", "tracestate")
HEADER_BYTES_MAX: Final = 512
"""What W3C wants carried at least; more would not fit beside a record at the broker's limit."""

_WIRE: Final = TraceContextTextMapPropagator()
_NO_PARENT: Final = Context()


def tracer_to(settings: Settings, clock: Clock) -> OtelTracer:
    """A tracer that exports to the collector that the settings name."""
    exporter = OTLPSpanExporter(endpoint=settings.traces_url, timeout=EXPORT_SECONDS)
    return OtelTracer(
        batching(exporter),
        clock,
        group=settings.kafka_group,
        share=settings.traces_share,
        chance=random.random,
    )


def batching(exporter: SpanExporter) -> SpanProcessor:
    """Spans leave from a thread of their own, at most a second after they ended."""
    return BatchSpanProcessor(exporter, max_queue_size=QUEUE_SPANS_MAX, schedule_delay_millis=1000)


class OtelTracer:
    """`Tracer` that hands spans to a processor. `share` is of the events whose producer did not decide."""

    def __init__(
        self, processor: SpanProcessor, clock: Clock, *, group: str, share: float, chance: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._group = group
        self._share = share
        self._chance = chance
        known = {SERVICE_NAME: "samehand", SERVICE_VERSION: version("samehand")}
        # Which events are followed is decided here, before a span is made for each of thousands.
        self._provider = TracerProvider(
            sampler=ALWAYS_ON, resource=Resource.create(known), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._spans = self._provider.get_tracer("samehand", version("samehand"))

    def follow(self, arrivals: Sequence[Arrival]) -> FollowedBatch | None:
        """Follows the events that their producers follow, and a share of the others."""
        chosen: dict[int, Context] = {}
        passed_on: dict[int, Headers] = {}
        for place, arrival in enumerate(arrivals):
            given = {
                name: value.decode("ascii")
                for name, value in arrival.headers
                if name in CARRIED and value and value.isascii() and len(value) <= HEADER_BYTES_MAX
            }
            if CARRIED[0] not in given:  # without a `traceparent` the rest says nothing
                given = {}
            context = _WIRE.extract(given, context=Context()) if given else _NO_PARENT
            parent = INVALID_SPAN_CONTEXT if not given else get_current_span(context).get_span_context()
            wanted = parent.trace_flags.sampled if parent.is_valid else self._chance() < self._share
            if wanted and len(chosen) < FOLLOWED_A_BATCH_MAX:
                chosen[place] = context
            elif parent.is_valid:
                passed_on[place] = _headers(given)
        if not chosen and not passed_on:
            return None
        trail = Trail(self._clock.ticks)
        began = self._clock.now()
        spans = {place: self._begun(arrivals[place], context, began) for place, context in chosen.items()}
        return FollowedBatch(self, trail, began, len(arrivals), spans, passed_on)

    def _begun(self, arrival: Arrival, context: Context, began: float) -> Span:
        attributes: dict[str, str | int | float] = {
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": arrival.topic,
            "messaging.destination.partition.id": str(arrival.partition),
            "messaging.kafka.offset": arrival.offset,
            "messaging.consumer.group.name": self._group,
            "samehand.waited_seconds": max(0.0, began - arrival.timestamp),
        }
        return self._spans.start_span(
            f"process {arrival.topic}",
            context=context,
            kind=SpanKind.CONSUMER,
            attributes=attributes,
            start_time=int(began * NANO),
        )

    def step(self, step: TracedStep, parent: Span, began: float) -> Span:
        """The span of a stage, from `began` in Unix seconds when its batch was taken in hand."""
        span = self._spans.start_span(
            step.name,
            context=set_span_in_context(parent, Context()),
            start_time=int((began + step.began) * NANO),
        )
        if step.fault:
            span.set_attribute("error.type", step.fault)
            span.set_status(Status(StatusCode.ERROR))
        return span

    def close(self) -> None:
        """Export the rest, for at most `CLOSE_SECONDS`, also while the collector is away."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


class FollowedBatch:
    """`Followed`: spans begun for some events, ended when their outcomes are durable."""

    def __init__(
        self,
        tracer: OtelTracer,
        trail: Trail,
        began: float,
        records: int,
        spans: Mapping[int, Span],
        passed_on: Mapping[int, Headers],
    ) -> None:
        self.trail = trail
        self._tracer = tracer
        self._began = began
        self._records = records
        self._spans = spans
        self._headers = dict(passed_on)
        for place, span in spans.items():
            given: dict[str, str] = {}
            _WIRE.inject(given, context=set_span_in_context(span, Context()))
            self._headers[place] = _headers(given)

    def headers(self, place: int) -> Headers:
        """The headers of this event's span; those of its producer where the event is not followed."""
        return self._headers.get(place, ())

    def settled(self, outcomes: Sequence[Outcome]) -> None:
        """End and export the spans of those first events that are followed."""
        ended = self._began + self.trail.elapsed()
        for place, followed in self._spans.items():
            if place >= len(outcomes):
                continue
            outcome = outcomes[place]
            attributes: dict[str, str | int] = {
                "samehand.batch.records": self._records,
                "samehand.outcome": outcome_name(outcome),
                **{f"samehand.{name}": value for name, value in self.trail.notes.get(place, {}).items()},
            }
            if self.trail.untold:
                attributes["samehand.steps_untold"] = self.trail.untold
            if isinstance(outcome, Published):
                attributes["samehand.published"] = len(outcome.emits)
            if isinstance(outcome, Dead):
                attributes["error.type"] = outcome.reason
                followed.set_status(Status(StatusCode.ERROR))
            followed.set_attributes(attributes)
            spans: list[Span] = []
            for step in self.trail.steps:
                within = followed if step.within is None else spans[step.within]
                spans.append(self._tracer.step(step, within, self._began))
            for span, step in zip(spans, self.trail.steps, strict=True):
                span.end(int((self._began + step.ended) * NANO))
            followed.end(int(ended * NANO))


def _headers(given: Mapping[str, str]) -> Headers:
    return tuple((name, value.encode()) for name, value in given.items())
