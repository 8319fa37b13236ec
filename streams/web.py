"""What the worker serves over HTTP: `/metrics`, `/health/live`, `/health/ready`, and what is put beside them.

Faust's own pages (`/`, `/router/`, `/table/`, …) tell about the group without asking who wants to know; none
of them is mounted. Served in the event loop: in a thread of its own Faust's latency rises a hundredfold.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import ClassVar

from aiohttp import web
from faust.types import AppT
from faust.web.drivers.aiohttp import Web

from streams.health import Report
from streams.meters import Meters


class ClosedWeb(Web):
    """Faust's server without Faust's pages."""

    default_blueprints: ClassVar[list[tuple[str, str]]] = []
    production_blueprints: ClassVar[list[tuple[str, str]]] = []
    debug_blueprints: ClassVar[list[tuple[str, str]]] = []
    optional_blueprints: ClassVar[list[tuple[str, str]]] = []


def closed_web(
    app: AppT, meters: Meters, live: Callable[[], Report], ready: Callable[[], Report]
) -> ClosedWeb:
    """The server with our three addresses."""

    async def metrics(request: web.Request) -> web.Response:
        body, kind = meters.negotiated(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": kind})

    async def health_live(request: web.Request) -> web.Response:
        return answer(live())

    async def health_ready(request: web.Request) -> web.Response:
        return answer(ready())

    server = ClosedWeb(app)
    server.web_app.router.add_get("/metrics", metrics)
    server.web_app.router.add_get("/health/live", health_live)
    server.web_app.router.add_get("/health/ready", health_ready)
    return server


def answer(report: Report) -> web.Response:
    """200 when healthy, otherwise 503, with the faults as JSON."""
    body = {"healthy": report.healthy, "faults": report.faults}
    return web.json_response(body, status=200 if report.healthy else 503, dumps=json.dumps)
