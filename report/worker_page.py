"""The page of one worker beside its `/metrics`: is it ready, what waits, what was done.

Grafana shows the rest. The page reads the worker's own metrics, and shows
no account, no alert and no personal value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aiohttp import web
from prometheus_client import CollectorRegistry

from report.rendering import environment
from streams.faust_app.app import WorkerApp

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Nothing runs or is fetched, no other page frames this one, and no cache keeps it."""

_TEMPLATES: Final = environment({})


def page(registry: CollectorRegistry, unready: str) -> str:
    """The page as HTML, as of now; ``unready``: why records that arrive now would wait."""
    waiting = dict(_series(registry, "samehand_consumer_lag_seconds", "topic", max))
    letters = dict(_series(registry, "samehand_deadletters_total", "topic"))
    return _TEMPLATES.get_template("worker.html").render(
        unready=unready,
        oldest_seconds=max(waiting.values(), default=0.0),
        topics=[
            (topic, events, waiting.get(topic, 0.0), letters.get(topic, 0.0))
            for topic, events in _series(registry, "samehand_events_total", "topic")
        ],
        alerts=list(_series(registry, "samehand_alerts_total", "band")),
    )


def mount_page(app: WorkerApp) -> None:
    """Serve the page beside the worker's `/metrics`."""

    async def shown(request: web.Request) -> web.Response:
        faults = app.health.ready().faults.items()
        unready = "; ".join(f"{name}: {fault}" for name, fault in faults)
        return web.Response(
            text=page(app.metrics.registry, unready), content_type="text/html", headers=HEADERS
        )

    app.web.web_app.router.add_get("/", shown)


def _series(
    registry: CollectorRegistry, name: str, label: str, fold: Any = float.__add__
) -> Iterator[tuple[str, float]]:
    """The samples of a metric folded by one label, by default summed, in order of the label."""
    folded: dict[str, float] = {}
    for family in registry.collect():
        for sample in family.samples:
            if sample.name == name and not math.isnan(sample.value):
                key = sample.labels.get(label, "")
                folded[key] = fold(folded[key], sample.value) if key in folded else sample.value
    yield from sorted(folded.items())
