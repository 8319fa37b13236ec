"""Builds and runs the process of a bridge, from foreign topics to ours. It has no store and no pepper."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector

from agents.bridge import Bridge
from schemas.malformed import REASONS
from schemas.mapping.compiler import Mappings
from streams.clock import SystemClock
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.faust_app.app import WorkerApp, register
from streams.faust_app.process import cannot_start, run_worker, without_broker
from streams.faust_app.start_checks import start_fault
from streams.kafka.mapped_topics import mappings_of, topic_of
from streams.kafka.topics import TopicSpec, allowed, names
from streams.registry.transcode import Transcoder, transcoder_of
from streams.settings import Settings
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.heartbeat import heartbeats
from streams.supervision.poison_guard import REASON as ENDED_WORKER
from streams.supervision.poison_guard import guard_of
from streams.supervision.supervisor import Birth
from streams.telemetry import logs
from streams.telemetry.metrics import Metrics
from streams.telemetry.tracer import tracer_of

GROUP_SUFFIX: Final = "-bridge"
"""Bridges are a group of their own: a worker that joined theirs would be given topics that it cannot read."""


def run(settings: Settings, birth: Birth | None = None) -> int:
    """Runs a bridge until a signal stops it; returns its exit code. Blocks, and handles signals.

    Raises:
        SettingsError: the mappings cannot be used.
    """
    logs.configure(settings.log_level)
    mappings = mappings_of(settings)
    settings = of_bridges(settings)
    if (wrong := start_fault(settings)) is not None:
        return cannot_start(wrong)
    birth = birth or Birth(FlightRecorder())
    try:
        poison_guard = guard_of(settings, birth)
    except (BrokerUnavailable, BrokerRefused) as fault:
        return cannot_start(without_broker(fault))
    clock, tracer = SystemClock(), tracer_of(settings, SystemClock())
    metrics = Metrics(
        CollectorRegistry(),
        topics=mappings.topics,
        reasons=(*REASONS, ENDED_WORKER),
        build={"version": version("samehand")},
    )
    metrics.restarted(birth.restarts)
    ProcessCollector(registry=metrics.registry)
    app = WorkerApp(
        settings,
        metrics,
        tracer=tracer,
        poison_guard=poison_guard,
        topics=topics_of(settings, mappings),
        clock=clock,
    )
    register_agents(app, mappings, clock.now, clock.ticks, transcoder_of(settings, clock.ticks))
    app.beside(heartbeats(birth.recorder, settings))
    try:
        return run_worker(app)
    finally:
        tracer.close()


def of_bridges(settings: Settings) -> Settings:
    """The settings with the consumer group of bridges."""
    return settings.model_copy(update={"kafka_group": settings.kafka_group + GROUP_SUFFIX})


def register_agents(
    app: WorkerApp,
    mappings: Mappings,
    now: Callable[[], float],
    ticks: Callable[[], float],
    transcoder: Transcoder | None = None,
) -> None:
    """Registers an agent on each foreign topic."""
    for topic, mapping in mappings.topics.items():
        bridge = Bridge(
            mapping, names(app.settings), app.metrics, transcoder=transcoder, now=now, ticks=ticks
        )
        register(app, f"bridge-{topic}", topic, bridge)


def topics_of(settings: Settings, mappings: Mappings) -> tuple[TopicSpec, ...]:
    """The topics that a bridge needs, with the rights that it needs there: it reads none of our events."""
    targets, called = topic_of(names(settings)), vars(names(settings))
    mapped = {targets[kind] for kind in mappings.kinds}
    written = " ".join(topic for topic, name in called.items() if name in mapped)
    ours = allowed(settings, read="control", write=f"letters control {written}")
    foreign = [TopicSpec(name, 0, rights=frozenset({"READ"}), foreign=True) for name in mappings.topics]
    return (*ours, *foreign)
