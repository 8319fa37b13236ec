"""The worker's process: from start to exit code.

SIGTERM and SIGINT stop it gracefully: fetching ends, the batch in hand is finished and committed, the group
is left so that others take over at once. A batch that waits out an outage is given up uncommitted instead.
Whatever hangs is cut off after `SAMEHAND_STOP_SECONDS`; nothing is lost by that, since only settled batches
are ever committed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from asyncio import AbstractEventLoop
from typing import Final

import faust
import structlog
import uvloop

from streams import topics
from streams.app import WorkerApp
from streams.collecting import collect_seldom
from streams.control import stopped_topics
from streams.errors import BrokerRefused, BrokerUnavailable, TopicsError
from streams.topic_ids import topic_ids, watch_topics
from streams.watch import watch

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_BROKER: Final = 69  # EX_UNAVAILABLE
EXIT_FORCED: Final = 70  # EX_SOFTWARE
EXIT_STUCK: Final = 75  # EX_TEMPFAIL
EXIT_TOPICS: Final = 78  # EX_CONFIG

log = structlog.get_logger("samehand.worker")


def run_worker(app: WorkerApp) -> int:
    """Check the topics, run until told to stop or unable to go on; the exit code.

    Blocks, and owns signals.
    """
    if code := _topics_fault(app):
        return code
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    worker = _Worker(app, loop)
    app.life.end = worker.end
    app.beside(lambda: watch(app))  # a group that is never joined is a standstill too
    app.task(lambda: watch_topics(app))
    collect_seldom()
    log.info("starting", group=app.settings.kafka_group, topics=[progress.topic for progress in app.progress])
    crashed = worker.run()
    return _code(app, crashed)


def _topics_fault(app: WorkerApp) -> int:
    try:
        findings = topics.check(app.settings, create=app.settings.topic_create)
        app.topic_ids |= topic_ids(app.settings, [progress.topic for progress in app.progress])
        app.begin_stopped(stopped_topics(app.settings))
    except (TopicsError, BrokerUnavailable, BrokerRefused) as fault:
        log.critical("no broker", why=str(fault))
        return EXIT_BROKER
    for finding in findings:
        tell = log.critical if finding.blocks else log.info if finding.kind == "created" else log.warning
        tell("topic", topic=finding.topic, finding=finding.kind, detail=finding.detail)
    return EXIT_TOPICS if any(finding.blocks for finding in findings) else EXIT_OK


def _code(app: WorkerApp, crashed: bool) -> int:
    code = EXIT_STUCK if app.life.stuck else EXIT_FAILED if app.life.fault or crashed else EXIT_OK
    log.info("ended", code=code, why=app.life.fault or app.life.stuck or "told to stop")
    return code


class _Worker(faust.Worker):
    """Faust's worker without its spinner, its logging and its second-long farewells."""

    def __init__(self, app: WorkerApp, loop: AbstractEventLoop) -> None:
        super().__init__(app, quiet=True, loop=loop, redirect_stdouts=False, override_logging=False)
        self.spinner = None
        self._app = app

    def run(self) -> bool:
        """Until stopped; whether Faust itself crashed."""
        self._starting_fut = asyncio.ensure_future(self.start(), loop=self.loop)
        try:
            self.loop.run_until_complete(self._starting_fut)
        except asyncio.CancelledError:
            pass
        except Exception as fault:
            log.critical("crashed", exc_info=fault)
            return True
        finally:
            self._cut_off_later()
            crashed = self._finish()
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
        """In a thread, since the event loop may be what hangs."""
        timer = threading.Timer(self._app.settings.stop_seconds, _cut_off, (self._app,))
        timer.daemon = True
        timer.start()

    def _finish(self) -> bool:
        try:
            self.stop_and_shutdown()
        except Exception as fault:
            log.critical("crashed", exc_info=fault)
            return True
        return False

    async def _sentinel_task(self) -> None:
        """Faust sleeps for a second here, in every restart."""


def _cut_off(app: WorkerApp) -> None:
    log.critical("cut off", seconds=app.settings.stop_seconds, why="the stop did not end by itself")
    os._exit(EXIT_STUCK if app.life.stuck else EXIT_FORCED)
