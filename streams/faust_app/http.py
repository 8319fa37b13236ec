"""What the worker serves over HTTP: `/metrics`, `/health/live`, `/health/ready`, and what is put beside them.

Faust's own pages (`/`, `/router/`, `/table/`, …) tell anybody about the group; none of them is mounted.
Served in the event loop: in a thread of its own Faust's latency rises a hundredfold.
How many connections there are, and for how long, is bounded (:mod:`streams.serving.connections`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from ipaddress import ip_address
from typing import ClassVar, Protocol

from aiohttp import web
from faust.types import AppT
from faust.web.drivers.aiohttp import Web

from streams.serving.connections import Connections
from streams.settings import Settings
from streams.telemetry.health import Report


def page_address(settings: Settings) -> str:
    """Where a browser on this machine finds what is served."""
    host = settings.web_host
    try:
        everywhere = ip_address(host).is_unspecified  # all addresses of this machine: no browser can go there
    except ValueError:  # a name
        everywhere = not host
    if everywhere:
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.web_port}/"


class ClosedWeb(Web):
    """Faust's server without Faust's pages, and with a bound on its connections."""

    default_blueprints: ClassVar[list[tuple[str, str]]] = []
    production_blueprints: ClassVar[list[tuple[str, str]]] = []
    debug_blueprints: ClassVar[list[tuple[str, str]]] = []
    optional_blueprints: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, app: AppT) -> None:
        super().__init__(app)
        self._connections = Connections(self.web_app)
        self._runner = self._connections.runner

    async def start_server(self) -> None:
        """Listens, under the bound on connections."""
        await self._connections.listen(self.app.conf.web_bind, self.app.conf.web_port)

    async def stop_server(self) -> None:
        """Listens no longer, and ends every connection."""
        self._connections.close()
        await super().stop_server()


class Exposes(Protocol):
    """What `/metrics` shows: the metrics of one delivery, or of several."""

    def negotiated(self, accept: str) -> tuple[bytes, str]:
        """The body in a form that the header `accept` allows, and its content type."""
        ...


def closed_web(
    app: AppT, exposed: Exposes, live: Callable[[], Report], ready: Callable[[], Report]
) -> ClosedWeb:
    """The server with our three pages."""

    async def metrics(request: web.Request) -> web.Response:
        body, kind = exposed.negotiated(request.headers.get("Accept", ""))
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
