"""The worker's process: from start to exit code.

SIGTERM and SIGINT stop it gracefully: fetching ends, the batch in hand is finished and committed, the group
is left so that others take over at once. A batch that waits out an outage is given up uncommitted instead.
Whatever hangs is cut off after `SAMEHAND_STOP_SECONDS`; nothing is lost by that, since only settled batches
are ever committed.
"""

from __future__ import annotations

import asyncio
import errno
import signal
from asyncio import AbstractEventLoop
from typing import Final

import faust
import structlog
import uvloop

from streams.deadletters.control_topic import stopped_topics
from streams.errors import BrokerRefused, BrokerUnavailable, TopicsError
from streams.faust_app.app import WorkerApp
from streams.faust_app.http import page_address
from streams.faust_app.monitor import watch
from streams.faust_app.start_checks import StartFault, refused_by_kafka, unusable_address
from streams.faust_app.topic_ids import watch_topics
from streams.kafka import topics
from streams.kafka.topic_ids import topic_ids
from streams.supervision.exit_codes import (
    EXIT_BROKER,
    EXIT_CONFIG,
    EXIT_FAILED,
    EXIT_FORCED,
    EXIT_OK,
    EXIT_REFUSED,
    EXIT_STUCK,
)
from streams.supervision.forced_stop import cut_off_after
from streams.supervision.gc_tuning import collect_seldom

_BINDING: Final = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES})

log = structlog.get_logger("samehand.worker")


def cannot_start(fault: StartFault) -> int:
    """Log in one line why the worker does not start; return its exit code."""
    log.critical("cannot start", about=fault.about, why=fault.what, cure=fault.cure, code=fault.code)
    return fault.code


def without_broker(outage: BrokerUnavailable | BrokerRefused | TopicsError) -> StartFault:
    """The fault of a broker that let us in and then did not answer, or refused what a worker asks for."""
    cause = outage.__cause__ if isinstance(outage, TopicsError) else outage
    if isinstance(cause, BrokerRefused):
        return refused_by_kafka(cause)
    return StartFault(
        "Kafka", str(outage), "check the broker's health and its log, then start again", EXIT_BROKER
    )


def run_worker(app: WorkerApp) -> int:
    """Check the topics, run until stopped or unable to go on; return the exit code.

    Blocks, and handles signals.
    """
    log.info(
        "starting",
        page=page_address(app.settings),
        group=app.settings.kafka_group,
        topics=[progress.topic for progress in app.progress],
    )
    if code := _topics_fault(app):
        return code
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    worker = _Worker(app, loop)
    app.life.end = worker.end
    app.beside(lambda: watch(app))  # a group that is never joined is a standstill too
    app.task(lambda: watch_topics(app))
    collect_seldom()
    fault = worker.run()
    if isinstance(fault, OSError) and fault.errno in _BINDING:
        # Another process took it since the check.
        return cannot_start(unusable_address(app.settings.web_host, app.settings.web_port, "WEB", fault))
    if fault is not None:
        log.critical("crashed", exc_info=fault)
    code = EXIT_STUCK if app.life.stuck else app.life.code if app.life.fault else EXIT_OK
    if fault is not None and code == EXIT_OK:
        code = EXIT_FAILED
    why = app.life.fault or app.life.stuck or ("told to stop" if fault is None else "crashed")
    log.info("ended", code=code, why=why)
    return code


def _topics_fault(app: WorkerApp) -> int:
    try:
        findings = topics.check(app.settings, app.topics_wanted, create=app.settings.topic_create)
        app.topic_ids |= topic_ids(app.settings, [progress.topic for progress in app.progress])
        app.begin_stopped(stopped_topics(app.settings))
        group_fault = topics.group_fault(app.settings)
    except (TopicsError, BrokerUnavailable, BrokerRefused) as fault:
        return cannot_start(without_broker(fault))
    for finding in findings:
        tell = log.critical if finding.blocks else log.info if finding.kind == "created" else log.warning
        tell("topic", topic=finding.topic, finding=finding.kind, detail=finding.detail)
    if group_fault:
        return cannot_start(refused_by_kafka(BrokerRefused(group_fault)))
    kinds = {finding.kind for finding in findings if finding.blocks}
    return EXIT_REFUSED if kinds == {"forbidden"} else EXIT_CONFIG if kinds else EXIT_OK


class _Worker(faust.Worker):
    """Faust's worker without its spinner, its logging and its sleep of a second at the end."""

    def __init__(self, app: WorkerApp, loop: AbstractEventLoop) -> None:
        super().__init__(app, quiet=True, loop=loop, redirect_stdouts=False, override_logging=False)
        self.spinner = None
        self._app = app

    def run(self) -> Exception | None:
        """Run until stopped; return what Faust itself crashed with."""
        self._starting_fut = asyncio.ensure_future(self.start(), loop=self.loop)
        crashed: Exception | None = None
        try:
            self.loop.run_until_complete(self._starting_fut)
        except asyncio.CancelledError:
            pass
        except Exception as fault:
            crashed = fault
        self._cut_off_later()
        try:
            self.stop_and_shutdown()
        except Exception as fault:
            return crashed or fault
        return crashed

    def end(self) -> None:
        """Stop gracefully, as on SIGTERM."""
        self._cut_off_later()
        self._schedule_shutdown(signal.SIGTERM)

    def _on_sigterm(self) -> None:
        self._app.life.stopping = True
        self._cut_off_later()
        super()._on_sigterm()

    def _on_sigint(self) -> None:
        self._on_sigterm()

    def _cut_off_later(self) -> None:
        life = self._app.life
        cut_off_after(self._app.settings.stop_seconds, lambda: EXIT_STUCK if life.stuck else EXIT_FORCED)

    async def _sentinel_task(self) -> None:
        """Faust sleeps for a second here, in every restart."""
