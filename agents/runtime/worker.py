"""Builds and runs the worker: from settings to a process with all agents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace as replace_fields
from functools import partial
from importlib.metadata import version
from types import BuiltinFunctionType
from typing import Literal

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector

from agents.common.context import OPERATIONS, AgentContext, AlertPolicy
from agents.common.metric_labels import SCRIPT_NAMES, SIGNAL_NAMES
from agents.common.waves import recall_waves
from agents.common.weighing import Weighing
from agents.enrol import Enrol
from agents.expunge import Expunge
from agents.forget import Forget
from agents.judge import Judge
from agents.lookback import Lookback
from agents.remember import Remember
from agents.runtime.former_weights import former_weights_fault
from agents.runtime.outbox import Relay
from agents.runtime.redelivery import Binding, Redelivery
from agents.runtime.start_checks import mismatched, store_fault
from agents.runtime.store_factory import allowlist_of, expected_epoch, peppers_of, stock_of, store_of
from agents.runtime.store_monitor import StoreMonitor
from agents.runtime.weights_of_settings import weights_of
from agents.scan import Scan
from agents.screen import Screen
from samehand.elapsed import HOUR_SECONDS
from samehand.normalize.text.fold import FOLD_VERSION
from samehand.scoring.score import score
from schemas.malformed import REASONS
from store.errors import StoreError, StoreMismatch
from store.pepper.pepper import Peppers
from store.redis.deadline import Deadline
from streams.clock import SystemClock
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.faust_app.app import WorkerApp, register
from streams.faust_app.process import cannot_start, run_worker, without_broker
from streams.faust_app.start_checks import canary_fault, start_fault
from streams.kafka.recent_records import Recent
from streams.kafka.store_epoch import EpochTopic, HistoryTopic
from streams.kafka.topics import Names, names
from streams.settings import Settings
from streams.settings.basis_rights import basis_rights_of
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.heartbeat import heartbeats
from streams.supervision.poison_guard import REASON as ENDED_WORKER
from streams.supervision.poison_guard import guard_of
from streams.supervision.supervisor import Birth
from streams.telemetry import logs
from streams.telemetry.metrics import Metrics
from streams.telemetry.tracer import tracer_of

log = structlog.get_logger("samehand.worker")


def run(
    settings: Settings,
    mount_pages: Callable[[WorkerApp], None] = lambda app: None,
    birth: Birth | None = None,
) -> int:
    """Runs a worker until a signal stops it; returns its exit code. Blocks, and handles signals.

    ``mount_pages`` adds pages for people beside ``/metrics``; this package knows nothing of them. ``birth``
    is what a supervisor passes on, if there is one.

    Raises:
        SettingsError: a file that the settings name cannot be used.
    """
    logs.configure(settings.log_level)
    peppers, tracer = peppers_of(settings), tracer_of(settings, SystemClock())
    wrong = start_fault(settings) or canary_fault(settings) or asyncio.run(store_fault(settings, peppers))
    if wrong is not None:
        return cannot_start(wrong)
    birth = birth or Birth(FlightRecorder())
    try:
        if (adopted := former_weights_fault(settings)) is not None:
            return cannot_start(adopted)
        poison_guard = guard_of(settings, birth, elsewhere=(StoreError,))
        epoch = expected_epoch(settings)
        context = context_of(settings, peppers, epoch)
    except (BrokerUnavailable, BrokerRefused) as fault:
        # Without the epoch an emptied store would look like a new one, and no account like a mirror.
        return cannot_start(without_broker(fault))
    monitor = StoreMonitor(context, SystemClock(), EpochTopic(settings), epoch)
    app = WorkerApp(
        settings,
        context.metrics,
        store=lambda: monitor.fault,
        tracer=tracer,
        poison_guard=poison_guard,
        deadline=Deadline,
    )
    register_agents(app, context)
    context.metrics.restarted(birth.restarts)
    app.beside(heartbeats(birth.recorder, settings))
    ProcessCollector(registry=context.metrics.registry)  # memory, CPU and open files of this process
    mount_pages(app)

    redelivery = redelivery_of(app, context)

    app.beside(ending(app, "store", monitor.run))  # the store is open by the time that the group is joined
    app.task(ending(app, "redelivery", redelivery.run))
    app.task(ending(app, "outbox", Relay(context, app.around.publisher, app.clock).run))
    try:
        return run_worker(app)
    finally:
        tracer.close()


def ending(app: WorkerApp, name: str, run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Wraps a background task so that its failure ends the process, and is logged under its name."""

    async def running() -> None:
        try:
            await run()
        except StoreMismatch as mismatch:  # it was replaced under us
            wrong = mismatched(mismatch)
            log.critical("the store cannot be used", fault=wrong.what, cure=wrong.cure)
            app.fail("store", mismatch, code=wrong.code)
        except Exception as fault:
            app.fail(name, fault)

    return running


def context_of(
    settings: Settings, peppers: Peppers, epoch: str = "", *, read_only: bool = False
) -> AgentContext:
    """Builds the agents' context; ``epoch`` is the store's, as noted outside the store.

    ``read_only``: for a process that may write nothing in the store.
    """
    called, weights = names(settings), weights_of(settings)
    return AgentContext(
        store=store_of(settings, peppers, known_epoch=epoch, working=not read_only, read_only=read_only),
        keyers=peppers.keyers,
        weighing=Weighing.by(weights),
        topics=called,
        metrics=Metrics(
            CollectorRegistry(),
            topics=consumed(called),
            reasons=(*REASONS, ENDED_WORKER),
            operations=OPERATIONS,
            signals=SIGNAL_NAMES,
            scripts=SCRIPT_NAMES,
            build={
                "version": version("samehand"),
                "fold_version": str(FOLD_VERSION),
                "weights_version": weights.version,
                "mind": form(),
            },
        ),
        now=SystemClock().now,
        alert_policy=AlertPolicy(
            allowlist=allowlist_of(settings),
            basis_rights=basis_rights_of(settings),
            across_platforms=settings.cross_platform,
            shadow=settings.shadow,
            late_ban_seconds=settings.late_ban_hours * HOUR_SECONDS,
            stock=stock_of(settings),
            quote_bio=settings.quote_bio,
            sample_share=settings.sample_share,
        ),
    )


def form() -> Literal["compiled", "python"]:
    """How the mind runs, judged by the function that scores every pair: same answers, other cost."""
    return "compiled" if isinstance(score, BuiltinFunctionType) else "python"


def register_agents(app: WorkerApp, context: AgentContext) -> None:
    for binding in bindings(context):
        register(app, binding.name, binding.topic, binding.handle, after=binding.after)


def bindings(context: AgentContext) -> tuple[Binding, ...]:
    called = context.topics
    created, updated = Screen(context), Screen(context, "update")
    lookback, scan, judge = Lookback(context), Scan(context), Judge(context)
    return (
        Binding("screen-created", called.created, created, created.confirm),
        Binding("screen-updated", called.updated, updated, updated.confirm),
        Binding("remember", called.remembered, Remember(context)),
        Binding("scan", called.scanned, scan, scan.confirm),
        Binding("enrol", called.banned, Enrol(context)),
        Binding("lookback", called.enrolled, lookback, lookback.confirm),
        Binding("expunge", called.reinstated, Expunge(context)),
        Binding("judge", called.verdicts, judge, judge.confirm),
        Binding("forget", called.deleted, Forget(context)),
    )


def redelivery_of(app: WorkerApp, context: AgentContext) -> Redelivery:
    """Builds the redelivery. Its agents count no metrics, since their events were counted already."""
    called = context.topics
    metrics = Metrics(CollectorRegistry(), topics=consumed(context.topics), operations=OPERATIONS)
    poison_guard = app.around.poison_guard
    slot = poison_guard.slot("again")
    silent = replace_fields(context, metrics=metrics)
    return Redelivery(
        store=context.store,
        bindings=[
            replace_fields(binding, handle=partial(poison_guard.decide_all, slot, binding.handle))
            for binding in (
                # Before the accounts come again: they would found other waves than those that people have.
                Binding("waves", called.waves, partial(recall_waves, silent)),
                *bindings(silent),
            )
            # Enrolling tells look-back of every ban again: look-back's own topic need not be read.
            if binding.name != "lookback"
        ],
        first=(called.waves, called.deleted, called.verdicts, called.reinstated, called.banned),
        histories=HistoryTopic(app.settings),
        recents=Recent(app.settings, output=(called.waves,)),
        publisher=app.around.publisher,
        clock=app.clock,
        letters_topic=called.letters,
    )


def consumed(called: Names) -> tuple[str, ...]:
    """The topics that a worker reads."""
    return (*called.events, called.scanned, called.enrolled, called.verdicts)
