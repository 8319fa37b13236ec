"""The process of a gate: two servers on one event loop, a look at the store, a producer, a clean end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Any, Final

import msgspec
import structlog
import uvloop
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from agents.common.queries.preview import Preview
from gate.answers import Score
from gate.app import Gate, application
from gate.appeals import DeskRelay
from gate.coop import CoopActions
from gate.intake import Intake
from gate.keys import Keyring
from gate.metrics import GateMetrics
from gate.questions import Questions
from gate.related import Related
from gate.scoring import Scoring
from gate.variations import Variations
from gate.webhooks import ForeignWebhook
from schemas.examples import CREATED
from schemas.wire import encode
from store.base import Store
from store.errors import StoreError
from streams.clock import Clock
from streams.errors import TopicsError
from streams.kafka.producer import KafkaPublisher
from streams.kafka.topics import check, names, wanted_by_gate
from streams.serving.server import HttpServer
from streams.settings import Settings
from streams.supervision.exit_codes import EXIT_FAILED, EXIT_OK
from streams.supervision.forced_stop import cut_off_after
from streams.supervision.gc_tuning import collect_seldom
from streams.supervision.heartbeat import heartbeats
from streams.supervision.supervisor import Birth
from streams.telemetry.metrics import Metrics

LOOK_SECONDS: Final = 1.0
"""Between two looks at the store: so long a gate may wait for one that is away, call by call."""

CONNECTIONS_MAX: Final = 1_000
"""Of callers at once; each costs some 50 KB."""

NOT_OPENED: Final = "not opened yet"

ASK_AGAIN_SECONDS: Final = 0.1
"""Between two questions of a gate that is not warm."""

log = structlog.get_logger("samehand.gate")


@dataclass(slots=True)
class StoreWatch:
    """Why the store is away, "" while it is not. Reads alone."""

    store: Store
    clock: Clock
    fault: str = NOT_OPENED
    opened: bool = False

    async def run(self) -> None:
        while True:
            before = self.fault
            await self.look()
            if self.fault != before:
                if self.fault:
                    log.warning("the store is not ready", fault=self.fault)
                else:
                    log.info("the store is ready")
            await self.clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Opens the store, or asks whether it is well."""
        try:
            if not self.opened:
                await self.store.open()
                self.opened = True
            self.fault = await self.store.ready() or ""
        except StoreError as fault:
            self.fault = str(fault)


async def warm_up(
    scoring: Scoring, deadline_ms: float, warm: asyncio.Event, sleep: Callable[[float], Awaitable[None]]
) -> None:
    """Scores a made-up sign-up until an answer comes within the deadline: a cold process is slow at first.

    `undecided` for another reason, as without a store, is an answer too.
    """
    while not warm.is_set():
        if scoring.store_fault() != NOT_OPENED:
            answer = await scoring(encode(CREATED), deadline_ms, sees_alerts=False)
            if isinstance(answer, Score) and answer.reason != "deadline":
                warm.set()
        await sleep(0.0 if warm.is_set() else ASK_AGAIN_SECONDS)


@dataclass(frozen=True, slots=True)
class Process:
    """A gate wired, and not yet running."""

    settings: Settings
    preview: Preview
    store: Store
    metrics: Metrics
    keyring: Keyring
    webhooks: Mapping[str, ForeignWebhook | CoopActions]
    clock: Clock
    birth: Birth | None = None
    desk: DeskRelay | None = None
    publisher: KafkaPublisher = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "publisher", KafkaPublisher(self.settings))

    def run(self) -> int:
        """Serves until a signal; returns the exit code. Blocks, and owns signals."""
        return uvloop.run(self.serve())

    async def serve(self) -> int:
        """The same on a loop that runs."""
        watch = StoreWatch(self.store, self.clock)
        variations, questions = Variations(), Questions(self.preview.remembers, self.clock.ticks)
        gate_metrics = GateMetrics(self.metrics.registry, lambda: variations.total)
        intake = Intake(self.publisher, names(self.settings), self.clock.now)
        gate = Gate(
            keyring=self.keyring,
            scoring=Scoring(self.preview, self.clock.ticks, lambda: watch.fault, variations, questions),
            preview=self.preview,
            intake=intake,
            related=Related(self.preview, intake, self.clock.now, self.clock.ticks),
            webhooks=self.webhooks,
            metrics=gate_metrics,
            ticks=self.clock.ticks,
            now=self.clock.now,
            deadline_ms=self.settings.gate_deadline_ms,
            desk=self.desk,
        )
        warm, asking = asyncio.Event(), Scoring(self.preview, self.clock.ticks, lambda: watch.fault)
        watched = watching(
            self.metrics,
            lambda: {
                "store": watch.fault,
                "kafka": self.publisher.fault,
                "keys": self.keyring.fault,
                "desk": "" if self.desk is None else self.desk.fault,
            },
            lambda: gate_metrics.keys.set(len(self.keyring)),
            warm.is_set,
        )
        settings = self.settings
        servers = [
            _server(application(gate), settings, settings.gate_host, settings.gate_port),
            _server(watched, settings, settings.web_host, settings.web_port),
        ]
        beside: list[Callable[[], Awaitable[None]]] = [
            watch.run,
            partial(_forever, warm_up, asking, self.settings.gate_deadline_ms, warm, self.clock.sleep),
            self.publisher.run,
            partial(questions.run, self.clock.sleep),
        ]
        if settings.topic_create:
            beside.append(partial(_forever, self._make_topics))
        if self.birth is not None:
            beside.append(heartbeats(self.birth.recorder, settings))
        collect_seldom()  # else a call now and then waits until all that lives was gone through
        log.info("starting", address=f"{settings.gate_host}:{settings.gate_port}", keys=len(self.keyring))
        code = await _until_told(servers, beside, settings.stop_seconds)
        await self.store.close()
        if self.desk is not None:
            await self.desk.peer.close()
        log.info("ended", code=code)
        return code

    async def _make_topics(self) -> None:
        """Makes the gate's own topic if it is missing, once the brokers can be asked."""
        while True:
            try:
                findings = await asyncio.to_thread(
                    check, self.settings, wanted_by_gate(self.settings), create=True
                )
            except TopicsError:
                await self.clock.sleep(LOOK_SECONDS)
            else:
                for finding in findings:
                    tell = log.warning if finding.blocks else log.info
                    tell("a topic", topic=finding.topic, detail=finding.detail)
                return


async def _forever(part: Callable[..., Awaitable[None]], *given: Any) -> None:
    """Runs a part that ends by itself, which would end the gate."""
    await part(*given)
    await asyncio.Event().wait()


async def _until_told(
    servers: list[_Server], beside: list[Callable[[], Awaitable[None]]], stop_seconds: float
) -> int:
    """Serves until a signal; a part that ends by itself ends all of it."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.ensure_future(part()) for part in beside]
    serving = [asyncio.ensure_future(server.serve()) for server in servers]
    signalled = asyncio.ensure_future(stop.wait())
    done, _ = await asyncio.wait([*tasks, *serving, signalled], return_when=asyncio.FIRST_COMPLETED)
    cut_off_after(stop_seconds)
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*serving, return_exceptions=True)
    for task in (*tasks, signalled):
        task.cancel()
    ended = await asyncio.gather(*tasks, *serving, return_exceptions=True)
    faults = [outcome for outcome in ended if isinstance(outcome, Exception)]
    for fault in faults:
        log.critical("a part of the gate ended", exc_info=fault)
    return EXIT_OK if signalled in done and not faults else EXIT_FAILED


class _Server(HttpServer):
    """A server without signals of its own: they are the process's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Does nothing: `capture_signals` installs no handler."""


def _server(app: Litestar, settings: Settings, host: str, port: int) -> _Server:
    return _Server(app, settings, connections_max=CONNECTIONS_MAX, host=host, port=port, lifespan="on")


def watching(
    exposed: Metrics,
    facts: Callable[[], dict[str, str]],
    refresh: Callable[[], None],
    warm: Callable[[], bool],
) -> Litestar:
    """``facts``: what is not well, by what it concerns. ``refresh`` brings gauges up to date. ``warm``: True
    once an answer came within the deadline.

    A gate that is warm is live and ready, whatever is away: it is the one that answers `undecided`, and taken
    out of a balancer it could not even do that. What is away is in the answer.
    """

    @get("/metrics")
    async def metrics(request: Request[Any, Any, State]) -> Response[bytes]:
        refresh()
        body, kind = exposed.negotiated(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": kind})

    @get("/health/live")
    async def live() -> Response[bytes]:
        return _json({"healthy": True, "faults": {}})

    @get("/health/ready")
    async def ready() -> Response[bytes]:
        faults = {**facts(), "gate": "" if warm() else "no answer came within the deadline yet"}
        told = {name: why for name, why in faults.items() if why}
        return _json({"healthy": warm(), "faults": told}, 200 if warm() else 503)

    def fault(request: Request[Any, Any, State], error: Exception) -> Response[bytes]:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return Response(b"", status_code=status, media_type="text/plain")

    return Litestar(
        route_handlers=[metrics, live, ready],
        openapi_config=None,
        exception_handlers={Exception: fault},
        logging_config=None,
        debug=False,
    )


def _json(body: dict[str, Any], status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")
