"""The process of `samehand deliver`, wired: one Faust app, and so one consumer group, for each endpoint.

An endpoint that is away holds its own group alone. The apps share a process, its life, its supervision and
its web pages, which the first of them serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector

from deliver.agent import GIVEN_UP, REFUSED, EndpointAgent
from deliver.endpoints import Endpoint
from deliver.http import Client
from deliver.metrics import Exposition, PerEndpoint, WebhookMetrics
from schemas.malformed import REASONS
from schemas.wire import decode_appeal_decided, decode_wave
from streams.clock import Clock, SystemClock
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.faust_app.app import WorkerApp, register
from streams.faust_app.http import ClosedWeb, closed_web
from streams.faust_app.monitor import watch
from streams.faust_app.process import cannot_start, run_worker, without_broker
from streams.faust_app.start_checks import refused_by_kafka, start_fault
from streams.kafka import topics
from streams.kafka.topics import TopicSpec, names, wanted_by_deliver
from streams.settings import Settings
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.heartbeat import heartbeats
from streams.supervision.poison_guard import REASON as ENDED_WORKER
from streams.supervision.poison_guard import PoisonGuard, guard_of
from streams.supervision.supervisor import Birth
from streams.telemetry import logs
from streams.telemetry.health import Report
from streams.telemetry.metrics import Metrics, declare_build, restarts_counter
from streams.telemetry.tracer import tracer_of
from streams.tracing import OFF, Tracer

GROUP_INFIX: Final = "-deliver-"
"""Before the endpoint's name in the name of its group."""

BATCH_RECORDS: Final = 32
"""What a kill may repeat at an endpoint, and at 8 at a time what an endpoint that takes 5 s each gets done
within the time of a step."""


class DeliverApp(WorkerApp):
    """The app of one endpoint. The pages of the first cover all endpoints."""

    def __init__(
        self,
        settings: Settings,
        endpoint: Endpoint,
        *,
        tracer: Tracer = OFF,
        poison_guard: PoisonGuard | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.endpoint = endpoint
        metrics = Metrics(
            CollectorRegistry(),
            topics=(
                names(settings).alerts,
                *([names(settings).appeals] if endpoint.appeals else []),
                *([names(settings).waves] if endpoint.waves else []),
            ),
            reasons=(*REASONS, ENDED_WORKER, REFUSED, GIVEN_UP),
        )
        super().__init__(
            of_endpoint(settings, endpoint),
            metrics,
            tracer=tracer,
            poison_guard=poison_guard,
            topics=topics_of(settings, [endpoint]),
            clock=clock,
        )
        self.exposition = Exposition(CollectorRegistry())
        self.everybody: Sequence[DeliverApp] = (self,)

    async def run_under(self, first: DeliverApp) -> None:
        self.loop = first.loop
        await first.add_runtime_dependency(self)

    @cached_property
    def web(self) -> ClosedWeb:
        everybody = self.everybody
        return closed_web(self, self.exposition, lambda: live_of(everybody), lambda: ready_of(everybody))


def run(settings: Settings, endpoints: Sequence[Endpoint], birth: Birth | None = None) -> int:
    """Delivers until it is stopped. Returns the exit code. Blocks, and owns signals."""
    logs.configure(settings.log_level)
    if (wrong := start_fault(settings)) is not None:
        return cannot_start(wrong)
    birth = birth or Birth(FlightRecorder())
    try:
        poison_guard = guard_of(
            settings.model_copy(update={"kafka_group": settings.kafka_group + "-deliver"}), birth
        )
        refused = next(
            (fault for e in endpoints if (fault := topics.group_fault(of_endpoint(settings, e)))), ""
        )
    except (BrokerUnavailable, BrokerRefused) as fault:
        return cannot_start(without_broker(fault))
    if refused:
        return cannot_start(refused_by_kafka(BrokerRefused(refused)))
    clock = SystemClock()
    tracer = tracer_of(settings, clock)
    apps = [
        DeliverApp(settings, endpoint, tracer=tracer, poison_guard=poison_guard, clock=clock)
        for endpoint in endpoints
    ]
    first = wire(apps, clock)
    restarted = restarts_counter(first.exposition.registry)
    for reason, times in birth.restarts.items():
        restarted.labels(reason).inc(times)
    first.beside(heartbeats(birth.recorder, settings))
    try:
        return run_worker(first)
    finally:
        tracer.close()


def wire(apps: Sequence[DeliverApp], clock: Clock) -> DeliverApp:
    """Puts each endpoint's agents on their topics, and all apps under the first, which it returns."""
    first, *others = apps
    registry = first.exposition.registry
    metrics = WebhookMetrics.of(registry, [app.endpoint.name for app in apps])
    families = PerEndpoint()
    registry.register(families)
    ProcessCollector(registry=registry)
    metrics.ready.set_function(lambda: ready_of(apps).healthy)
    # Under a worker's name it would hide that there is none.
    declare_build(registry, {"version": version("samehand")}, name="samehand_deliver_build_info")
    for app in apps:
        families.add(app.endpoint.name, app.metrics.registry)
        client = Client(app.endpoint, clock.now)
        made = partial(
            EndpointAgent,
            app.endpoint,
            client,
            metrics,
            now=clock.now,
            ticks=clock.ticks,
            leaving=app.leaving,
        )
        called = names(app.settings)
        register(app, f"deliver-{app.endpoint.name}", called.alerts, made())
        if app.endpoint.appeals:
            agent = made(decode=decode_appeal_decided)
            register(app, f"deliver-{app.endpoint.name}.appeals", called.appeals, agent)
        if app.endpoint.waves:
            agent = made(decode=decode_wave, compacted=True)
            register(app, f"deliver-{app.endpoint.name}.waves", called.waves, agent)
        app.beside(client.close_at_end)
    first.everybody = tuple(apps)
    for app in others:
        app.conf.web_enabled = False
        app.life = first.life  # one stop, and one fault, is everybody's
        app.topic_ids = first.topic_ids
        app.beside(partial(watch, app))
        first.beside(partial(app.run_under, first))
    return first


def of_endpoint(settings: Settings, endpoint: Endpoint) -> Settings:
    """The same, in the endpoint's group. Dead letters stop no endpoint: each of its refusals is one."""
    return settings.model_copy(
        update={
            "kafka_group": f"{settings.kafka_group}{GROUP_INFIX}{endpoint.name}",
            "batch_records": min(settings.batch_records, BATCH_RECORDS),
            "letters_share": 1.0,
        }
    )


def topics_of(settings: Settings, endpoints: Sequence[Endpoint]) -> tuple[TopicSpec, ...]:
    """The topics that these endpoints need, with what must be allowed there."""
    waves, appeals = (any(getattr(it, kind) for it in endpoints) for kind in ("waves", "appeals"))
    return tuple(wanted_by_deliver(settings, waves=waves, appeals=appeals))


def live_of(apps: Sequence[DeliverApp]) -> Report:
    """Returns whether each endpoint's delivery gets anywhere, or waits for a good reason."""
    return Report({name: why for app in apps for name, why in app.health.live().faults.items()})


def ready_of(apps: Sequence[DeliverApp]) -> Report:
    """Returns whether alerts that arrive now get to anybody: an endpoint that is away holds itself alone."""
    reports = [(app.endpoint.name, app.health.ready()) for app in apps]
    if any(report.healthy for _, report in reports):
        return Report({})
    return Report({name: "; ".join(report.faults.values()) for name, report in reports})
