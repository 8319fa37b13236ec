"""The desk's metrics and health, served beside its pages at SAMEHAND_WEB_HOST, SAMEHAND_WEB_PORT.

Labels are bounded: kinds, verdicts, topics and reasons come from fixed lists. No id is ever a label.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import Final, get_args

import prometheus_client
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from desk.database import reads, waves
from desk.database.engine import Database
from desk.database.errors import DatabaseUnavailable
from desk.database.topics import outbox
from desk.profiles.source import PictureRefusal
from desk.review.audit.watch import AuditWatch
from streams.serving.connections import Connections

log = structlog.get_logger("samehand.desk.telemetry")

# As of a worker: `_created` series double the number of series and no query of ours reads them.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # has no annotations

KINDS: Final = ("first", "second", "appeal", "dispute", "wave")
VERDICTS: Final = ("mirror", "not_mirror", "unsure")

LOOK_SECONDS: Final = 5.0
"""How often the backlog is counted: three times between two scrapes."""

_DECIDE_SECONDS: Final = (60, 300, 900, 1_800, 3_600, 4 * 3_600, 12 * 3_600, 86_400, 3 * 86_400, 7 * 86_400)


@dataclass(slots=True)
class State:
    """What `/health/ready` answers: why something is not read or published now, "" where it is."""

    database: str = ""
    consuming: str = "not yet begun"
    publishing: str = "not yet begun"
    leading: bool = False
    actions_without_ban: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def pause(self, seconds: float) -> None:
        """Waits, or returns early when the process stops."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch of records changed. `refused`: topic and reason of each record that could not be read;
    `unusable`: topic, field and reason of each field that was left out of one."""

    alerts: int
    verdicts: int
    refused: tuple[tuple[str, str], ...]
    actions: int = 0
    unusable: tuple[tuple[str, str, str], ...] = ()


class DeskMetrics:
    """Every metric of a desk."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.audit: AuditWatch | None = None
        """Who follows the audit, once somebody does."""
        counter = partial(Counter, registry=registry)
        gauge = partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        self.alerts = counter("samehand_desk_alerts", "Alerts, and revisions of them, that arrived.")
        self.verdicts = counter(
            "samehand_desk_verdicts",
            "Decisions made at this desk, undone ones among them, by kind of reading.",
            ("verdict", "kind"),
        )
        self.foreign_verdicts = counter("samehand_desk_foreign_verdicts", "Verdicts of others that arrived.")
        self.refused_pictures = counter(
            "samehand_desk_refused_pictures",
            "Pictures of live profiles that were not fetched or not shown, by reason.",
            ("reason",),
        )
        self.undone = counter("samehand_desk_undone", "Decisions that were undone.")
        self.refused = counter(
            "samehand_desk_refused_records",
            "Records that could not be read, by topic and reason.",
            ("topic", "reason"),
        )
        self.actions = counter(
            "samehand_desk_actions", "Actions of platforms, and corrections of them, that arrived."
        )
        self.unusable_fields = counter(
            "samehand_desk_unusable_fields",
            "Fields of actions that could not be used, by topic, field and reason.",
            ("topic", "field", "reason"),
        )
        self.actions_without_ban = gauge(
            "samehand_desk_actions_without_ban",
            "Accounts suspended or terminated over an hour ago with an open alert: no ban of theirs came, and"
            " nobody looks for their mirrors.",
        )
        self.backlog = gauge(
            "samehand_desk_backlog", "What waits for somebody, by kind of reading.", ("kind",)
        )
        self.oldest_seconds = gauge(
            "samehand_desk_oldest_seconds", "How long the oldest has waited, by kind of reading.", ("kind",)
        )
        self.outbox = gauge("samehand_desk_outbox", "Verdicts that the broker has not confirmed.")
        self.outbox_late_seconds = gauge(
            "samehand_desk_outbox_late_seconds", "How long ago the oldest of them should have been sent."
        )
        self.leading = gauge(
            "samehand_desk_leading", "Whether this desk is the one that consumes and publishes."
        )
        self.audit_broken = gauge(
            "samehand_desk_audit_broken",
            "Whether the audit's chain does not hold: a line was changed, dropped or added.",
        )
        self.ready = gauge("samehand_desk_ready", "Whether alerts come and verdicts go.")
        self.time_to_decision_seconds = histogram(
            "samehand_desk_time_to_decision_seconds",
            "From detection to the first decision.",
            buckets=_DECIDE_SECONDS,
        )
        build = gauge("samehand_desk_build_info", "1, with the version.", ("version",))
        build.labels(version("samehand")).set(1)
        for reason in get_args(PictureRefusal):
            self.refused_pictures.labels(reason)
        for kind in KINDS:
            self.backlog.labels(kind).set(0)
            self.oldest_seconds.labels(kind).set(0)
            for verdict in VERDICTS:
                self.verdicts.labels(verdict, kind)

    def decided(self, verdict: str, waited: Iterable[tuple[str, float]]) -> None:
        """One key decided something; ``waited``: the kind of each reading, and the seconds that it waited."""
        for kind, seconds in waited:
            self.verdicts.labels(verdict, kind).inc()
            if kind == "first":  # which waits since its alert was detected
                self.time_to_decision_seconds.observe(seconds)

    async def watch(self, audit: AuditWatch) -> None:
        """Follows the next lines of the audit."""
        self.audit, before = audit, audit.broken
        try:
            await audit.look()
        except DatabaseUnavailable:
            return  # `look` reports the outage; the last finding holds until then
        if audit.broken is not None and audit.broken != before:
            log.error("the audit does not hold", line=audit.broken.number, why=audit.broken.why)
        self.audit_broken.set(audit.broken is not None)

    def heard(self, applied: Applied) -> None:
        """A batch of records became rows."""
        self.alerts.inc(applied.alerts)
        self.foreign_verdicts.inc(applied.verdicts)
        self.actions.inc(applied.actions)
        for topic, name, reason in applied.unusable:
            self.unusable_fields.labels(topic, name, reason).inc()
        for topic, reason in applied.refused:
            self.refused.labels(topic, reason).inc()

    async def look(self, database: Database, state: State, *, now: float) -> None:
        self.leading.set(state.leading)
        self.actions_without_ban.set(state.actions_without_ban if state.leading else 0)
        try:
            async with database.read() as connection:
                rows = {
                    row.kind: row
                    for row in [*await reads.backlog(connection), *await waves.backlog(connection)]
                }
                waiting, since = await outbox.waiting(connection)
        except DatabaseUnavailable as outage:
            state.database = str(outage)
            self.ready.set(0)
            return
        state.database = ""
        self.ready.set(not faults(state))
        for kind in KINDS:
            row = rows.get(kind)
            self.backlog.labels(kind).set(0 if row is None else row.waiting)
            self.oldest_seconds.labels(kind).set(0 if row is None else max(0.0, now - row.oldest))
        self.outbox.set(waiting)
        self.outbox_late_seconds.set(0.0 if since is None else max(0.0, now - since))


def faults(state: State) -> dict[str, str]:
    """Why alerts do not arrive, or verdicts do not leave, now."""
    said = {"database": state.database, "consuming": state.consuming, "publishing": state.publishing}
    return {name: why for name, why in said.items() if why}


@asynccontextmanager
async def served(metrics: DeskMetrics, state: State, host: str, port: int) -> AsyncIterator[None]:
    """`/metrics`, `/health/live` and `/health/ready`. Raises `OSError` where the address cannot be bound."""

    async def exposed(request: web.Request) -> web.Response:
        encoder, kind = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encoder(metrics.registry), headers={"Content-Type": kind})

    async def live(request: web.Request) -> web.Response:
        # Answering is the sign: an outage elsewhere is no reason to be started again.
        return web.json_response({"healthy": True, "faults": {}})

    async def ready(request: web.Request) -> web.Response:
        problems = faults(state)
        body = {"healthy": not problems, "faults": problems}
        return web.json_response(body, status=503 if problems else 200)

    app = web.Application()
    app.router.add_get("/metrics", exposed)
    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)
    connections = Connections(app)
    try:
        await connections.listen(host, port)
        yield
    finally:
        connections.close()
        await connections.runner.cleanup()
