"""The Faust app of a worker: its settings, and the one way to put a handler on a topic.

Why each setting (figures: `docs/adr/0003-delivery.md`):

* `broker_session_timeout`, `broker_heartbeat_interval`, `broker_rebalance_timeout`: with Faust's defaults a
  killed worker's partitions wait for 90 s and more.
* `broker_max_poll_interval`: past it aiokafka leaves the group for good while the process lives on
  ("consumers slowly die", faust #175, #523). A full buffer
  in an outage is right, so never; the watchdog looks after real standstills.
* `stream_wait_empty`: a stop and a rebalance wait for the batch in hand, so neither repeats anything.
* `topic_disable_leader`, `topic_allow_declare`: Faust creates no topics of its own; `streams.kafka.topics`
  does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Final

import faust
import structlog
from faust.auth import OAuthCredentials, SASLCredentials, SSLCredentials
from faust.types import TP, StreamT
from faust.types.auth import CredentialsT
from faust.types.transports import TransportT
from yarl import URL

from streams.clock import Clock, SystemClock
from streams.deadletters.control_topic import ControlTopic
from streams.deadletters.limit import bound_of
from streams.deadletters.pause import Stop
from streams.delivery.circuit_breaker import Breaker
from streams.delivery.delivery import Delivery, DeliveryContext, Limits
from streams.delivery.progress import Progress
from streams.errors import Stuck
from streams.faust_app.adapter import FaustPublisher, known_waiting, taken_from
from streams.faust_app.http import ClosedWeb, closed_web
from streams.faust_app.patches import PromptTables, require_compiled_streams, safe_transport
from streams.kafka.access_tokens import tokens_of
from streams.kafka.client import tls_context
from streams.kafka.topics import TopicSpec, names, wanted
from streams.outcomes import After, Handle, nothing_after
from streams.settings import Settings
from streams.supervision.exit_codes import EXIT_FAILED
from streams.supervision.poison_guard import PoisonGuard, unguarded
from streams.telemetry.health import Ask, Health
from streams.telemetry.metrics import Metrics
from streams.tracing import OFF, Tracer

HEARTBEATS_A_SESSION: Final = 6
REBALANCE_SECONDS: Final = 10.0
COMMIT_SECONDS: Final = 0.5
NEVER_SECONDS: Final = 1e8
BUFFER_EVENTS: Final = 2000
"""Fetched and waiting in front of an agent: four batches, so that fetching never waits for a batch."""
POLL_RECORDS: Final = 350
"""Most records of one fetch, over all topics. Faust stops fetching a topic when its buffer is four fifths
full; the rest of a fetch must fit in, or every other topic waits too.
"""
METADATA_MS: Final = 5_000
"""Maximum age of partition metadata, and so for how long a partition added to a live topic is not read.
aiokafka's default is five minutes; asking takes a kilobyte on a connection that is there.
"""
CONFIRM_SECONDS: Final = 30.0
"""How long the client itself retries a send. A broker frozen for less repeats nothing."""

log = structlog.get_logger("samehand.worker")


@dataclass(slots=True)
class Life:
    """Whether the process is to end, and why. `end` is set by the code that runs it."""

    stopping: bool = False
    fault: str = ""
    stuck: str = ""
    code: int = EXIT_FAILED
    """The exit code where there is a fault."""
    end: Callable[[], None] = field(default=lambda: None)


class WorkerApp(faust.App):
    """A Faust app and what its deliveries share."""

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        *,
        clock: Clock | None = None,
        store: Ask = lambda: "",
        tracer: Tracer = OFF,
        poison_guard: PoisonGuard | None = None,
        topics: Sequence[TopicSpec] | None = None,
        deadline: Callable[[float], AbstractAsyncContextManager[object]] = asyncio.timeout,
    ) -> None:
        """`topics` must exist; by default those of a worker. `deadline` bounds steps that ask the store."""
        require_compiled_streams()
        self.settings = settings
        self.topics_wanted = wanted(settings) if topics is None else topics
        self.metrics = metrics
        self.life = Life()
        self.clock = clock or SystemClock()
        self.breaker = Breaker(self.clock.ticks, on_change=metrics.breaker)
        self.deliveries: list[Delivery] = []
        self._beside: list[Callable[[], Awaitable[None]]] = []
        self.progress: list[Progress] = []
        self.topic_ids: dict[str, str] = {}
        """Which topics the names stood for when the worker started."""
        self.health = Health(
            self.clock.ticks,
            self.progress,
            breaker=lambda: self.breaker.state,
            rebalancing=lambda: bool(self.rebalancing),
            store=store,
        )
        super().__init__(settings.kafka_group, **faust_options(settings))
        self.around = DeliveryContext(
            publisher=FaustPublisher(self),
            resumes=ControlTopic(settings),
            clock=self.clock,
            meter=metrics,
            breaker=self.breaker,
            leaving=self.leaving,
            letters_topic=names(settings).letters,
            limits=Limits(records_max=settings.batch_records, linger_seconds=settings.linger_ms / 1000),
            tracer=tracer,
            poison_guard=poison_guard or unguarded(),
            deadline=deadline,
        )

    def beside(self, run: Callable[[], Awaitable[None]]) -> None:
        """Runs a task from the app's start until its stop; Faust's own tasks wait for the group."""
        self._beside.append(run)

    def _create_directories(self) -> None:
        """Makes none: Faust would keep tables there, and a worker that is killed would leave the folders."""

    async def on_start(self) -> None:
        """Begins what runs beside the deliveries."""
        await super().on_start()
        for run in self._beside:
            self.add_future(run())

    async def _on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        # Before the first of their records is decided: the worker that had them may have ended on one.
        self.around.poison_guard.suspects.moved()
        await super()._on_partitions_assigned(assigned, generation_id)

    def leaving(self) -> bool:
        """Returns whether waiting must end: partitions are being revoked, or the process is stopping."""
        return self.life.stopping or bool(self.rebalancing) or bool(self.should_stop)

    def begin_stopped(self, stops: Mapping[str, Stop]) -> None:
        """Stop the deliveries whose topics were stopped when this process started."""
        for delivery in self.deliveries:
            if (stop := stops.get(delivery.progress.topic)) is not None:
                delivery.begin_stopped(stop)

    def fail(self, name: str, fault: BaseException, *, code: int = EXIT_FAILED) -> None:
        """A delivery met what it cannot handle: end the process with the batch unacknowledged."""
        if not self.life.fault:
            self.life.fault, self.life.code = f"{name}: {type(fault).__name__}", code
        self.life.stopping = True
        self.life.end()

    @cached_property
    def web(self) -> ClosedWeb:
        """The HTTP server with our pages alone."""
        return closed_web(self, self.metrics, self.health.live, self.health.ready)

    def _new_transport(self) -> TransportT:
        return self._safe_transport(self.conf.broker_consumer)

    def _new_producer_transport(self) -> TransportT:
        return self._safe_transport(self.conf.broker_producer)

    def _safe_transport(self, brokers: list[URL]) -> TransportT:
        made = safe_transport(fetch_wait_ms=self.settings.fetch_wait_ms, topic_ids=self.topic_ids)
        return made(brokers, self)


def faust_options(settings: Settings) -> dict[str, Any]:
    return {
        "broker": [URL(f"kafka://{broker}") for broker in settings.kafka_brokers],
        "broker_credentials": credentials(settings),
        "broker_session_timeout": settings.session_seconds,
        "broker_heartbeat_interval": settings.session_seconds / HEARTBEATS_A_SESSION,
        "broker_rebalance_timeout": REBALANCE_SECONDS,
        "broker_commit_interval": COMMIT_SECONDS,
        "broker_max_poll_interval": NEVER_SECONDS,
        "consumer_auto_offset_reset": "earliest",
        "stream_wait_empty": True,
        "stream_buffer_maxsize": BUFFER_EVENTS,
        "broker_max_poll_records": POLL_RECORDS,
        "consumer_metadata_max_age_ms": METADATA_MS,
        "producer_acks": -1,
        "producer_request_timeout": CONFIRM_SECONDS,
        "processing_guarantee": "at_least_once",
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "autodiscover": False,
        "store": "memory://",
        "TableManager": PromptTables,
        "web_bind": settings.web_host,
        "web_port": settings.web_port,
        "web_in_thread": False,
        "worker_redirect_stdouts": False,
    }


def credentials(settings: Settings) -> CredentialsT | None:
    """The credentials for the brokers; None for plain text without a login."""
    context = tls_context(settings)
    if (tokens := tokens_of(settings)) is not None:
        return OAuthCredentials(oauth_cb=tokens, ssl_context=context)
    if settings.kafka_sasl_mechanism is not None:
        return SASLCredentials(
            username=settings.kafka_username,
            password=settings.kafka_secret(),
            ssl_context=context,
            mechanism=settings.kafka_sasl_mechanism,
        )
    return SSLCredentials(context) if context is not None else None


def register(
    app: WorkerApp, name: str, topic: str, handle: Handle, *, after: After = nothing_after
) -> Delivery:
    """Put `handle` on `topic` as the agent `name`. Its batches are delivered as `streams.delivery.delivery`
    says.
    """
    delivery = Delivery(name, topic, handle, app.around, after=after, bound=bound_of(app.settings))
    app.deliveries.append(delivery)
    app.progress.append(delivery.progress)

    async def agent(stream: StreamT[bytes]) -> None:
        try:
            await delivery.run(taken_from(app, stream), coming=partial(known_waiting, app, topic))
            if not app.leaving():
                raise Stuck("the stream ended")
        except Exception as fault:
            app.fail(name, fault)
            await asyncio.Event().wait()  # Faust would start the agent again; the process is ending

    raw = app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    app.agent(raw, name=name, concurrency=1)(agent)
    return delivery
