"""The desk's process: opens the database, follows Kafka and serves pages until a signal stops it."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from types import FrameType
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector

from desk.database.engine import opened
from desk.feed.consume import Consumer
from desk.feed.publish import VerdictPublisher
from desk.feed.run import Feed
from desk.profiles.kept import KeptPictures
from desk.profiles.source import profile_source
from desk.related import gate_client
from desk.review.audit.watch import AuditWatch
from desk.review.policy import Policy
from desk.settings import DeskSettings
from desk.telemetry import LOOK_SECONDS, DeskMetrics, State, served
from desk.web.app import create_app
from desk.web.desk import Desk
from desk.web.single_sign_on import provider_of
from streams.kafka.topics import names
from streams.serving.server import HttpServer
from streams.settings.basis_rights import basis_rights_of
from streams.supervision.forced_stop import cut_off_after
from streams.supervision.gc_tuning import collect_seldom

log = structlog.get_logger("samehand.desk")

NO_ADDRESS: Final = 71
"""The exit code, as of a worker."""

CONNECTIONS_MAX: Final = 512
"""Fifty people with a few requests each, below the files that a process may usually open."""


def policy_of(settings: DeskSettings, key: bytes) -> Policy:
    """The numbers that the desk works by."""
    return Policy(
        key=key,
        blind_share=settings.desk_blind_share,
        second_share=settings.desk_second_share,
        undo_seconds=settings.desk_undo_seconds,
        goal_seconds=(settings.desk_likely_minutes * 60.0, settings.desk_possible_minutes * 60.0),
        basis_rights=basis_rights_of(settings),
    )


def run(settings: DeskSettings) -> int:
    """Serves until SIGINT or SIGTERM; returns the exit code. Raises `DatabaseError`."""
    return asyncio.run(_serve(settings))


class _Server(HttpServer):
    """Stops in order on a signal. uvicorn's own then sends itself the signal again, which ends the process
    before what it serves is closed."""

    def __init__(self, app: Any, settings: DeskSettings) -> None:
        super().__init__(app, settings, connections_max=CONNECTIONS_MAX)
        self._stop_seconds = settings.stop_seconds

    def stop_if_failed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        cut_off_after(self._stop_seconds)
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


async def _serve(settings: DeskSettings) -> int:
    try:
        listening = socket.create_server(
            (settings.desk_host, settings.desk_port),
            family=socket.AF_INET6 if ":" in settings.desk_host else socket.AF_INET,
        )
    except OSError as fault:
        return _no_address(settings.desk_host, settings.desk_port, fault)
    with listening:
        async with AsyncExitStack() as stack:
            return await _serve_on(listening, settings, stack)


async def _serve_on(listening: socket.socket, settings: DeskSettings, stack: AsyncExitStack) -> int:
    provider = provider_of(settings)
    # A secret that cannot be read is reported before all else.
    source, gate = profile_source(settings, time.time), gate_client(settings)
    appeals_secret = settings.desk_appeals_secret()
    database = await stack.enter_async_context(
        opened(settings.database_url.get_secret_value(), password=settings.database_secret())
    )
    topics, state, metrics = names(settings), State(), DeskMetrics(CollectorRegistry())
    ProcessCollector(registry=metrics.registry)
    profiles = None if source is None else KeptPictures(source, time.time)
    if profiles is not None:
        stack.push_async_callback(profiles.close)
        database.erased = profiles.empty
    if gate is not None:
        stack.push_async_callback(gate.close)
    policy = policy_of(settings, await database.secret("draws"))
    desk = Desk(database, settings, policy, time.time, metrics, profiles, appeals_secret, gate)
    feed = Feed(
        database,
        settings,
        Consumer(database, topics, desk.policy, time.time),
        VerdictPublisher(
            database,
            topics.verdicts,
            time.time,
            appeals_topic=topics.appeals if appeals_secret is not None else None,
        ),
        heard=metrics.heard,
        state=state,
        policy=desk.policy,
        now=time.time,
    )
    server = _Server(create_app(desk, provider), settings)
    try:
        await stack.enter_async_context(served(metrics, state, settings.web_host, settings.web_port))
    except OSError as fault:
        return _no_address(settings.web_host, settings.web_port, fault)
    tasks = [asyncio.create_task(feed.run()), asyncio.create_task(_look(desk, state))]
    collect_seldom()  # else a page now and then waits until all that lives was gone through
    log.info("the desk is open", url=settings.desk_base_url)
    for task in tasks:
        # A task of ours that fails is a defect: the desk ends, and says so, rather than show what is stale.
        task.add_done_callback(server.stop_if_failed)
    try:
        await server.serve(sockets=[listening])
    finally:
        state.stopping.set()
        await asyncio.gather(*tasks)
    return 0


def _no_address(host: str, port: int, fault: OSError) -> int:
    log.error("the address is in use, or is not this machine's", host=host, port=port, why=str(fault))
    return NO_ADDRESS


async def _look(desk: Desk, state: State) -> None:
    audit = AuditWatch(desk.database)
    while not state.stopping.is_set():
        await desk.metrics.look(desk.database, state, now=time.time())
        await desk.metrics.watch(audit)
        if desk.profiles is not None:
            desk.profiles.sweep()
        await state.pause(LOOK_SECONDS)
