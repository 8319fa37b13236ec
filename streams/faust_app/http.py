"""What the worker serves over HTTP: `/metrics`, `/health/live`, `/health/ready`, and what is put beside them.

Faust's own pages (`/`, `/router/`, `/table/`, …) tell anybody about the group; none of them is mounted.
Served in the event loop: in a thread of its own Faust's latency rises a hundredfold.

Each connection costs the worker a file descriptor, of which Redis and Kafka need some, too. So how long one
may wait for a request and how many there are is bounded: aiohttp waits for an hour, and for any number.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from ipaddress import ip_address
from typing import ClassVar, Final, Protocol

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler
from faust.types import AppT
from faust.web.drivers.aiohttp import Web

from streams.settings import Settings
from streams.telemetry.health import Report

KEEPALIVE_SECONDS: Final = 75.0
"""A client has so long for its first request, and after each answer for another: longer than the longest
usual interval of scrapes, a minute, so that Prometheus keeps its connection. aiohttp's default is an hour."""

CONNECTIONS_MAX: Final = 128
"""Sixteen viewers with six connections each, as browsers open them, and room for scrapes and probes. An
eighth of the 1,024 files that a process may usually have open."""


def page_address(settings: Settings) -> str:
    """Where a browser on this machine finds what is served."""
    host = "localhost" if _is_everywhere(settings.web_host) else settings.web_host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.web_port}/"


def _is_everywhere(host: str) -> bool:
    """Whether the host means all addresses of this machine, so that a browser cannot go to it."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:  # a name
        return not host


class Connections:
    """Holds the number of connections under a bound."""

    def __init__(self) -> None:
        self._answered: set[RequestHandler] = set()

    @web.middleware
    async def answering(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Marks the request's connection while its answer is made."""
        self._answered.add(request.protocol)
        try:
            return await handler(request)
        finally:
            self._answered.discard(request.protocol)

    def admit(self, server: web.Server) -> asyncio.Protocol:
        """Returns the protocol for a new connection.

        Beyond the bound the oldest idle connection is ended: refusing the new one would let silent clients
        keep out the probes, and a healthy worker would be restarted. Where all are being answered, the new
        one is refused.
        """
        alive = [one for one in server.connections if one.transport is not None]
        idle = [one for one in alive if one not in self._answered]
        surplus = len(alive) + 1 - CONNECTIONS_MAX
        if surplus > len(idle):
            return _Refused()
        for one in idle[: max(surplus, 0)]:
            _end(one)
        return server()


class _Refused(asyncio.Protocol):
    """Ends a connection as soon as it is made."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _end(connection: RequestHandler) -> None:
    """Ends it at once: a close would wait for a client that does not read its answer."""
    transport = connection.transport
    connection.force_close()
    if transport is not None:
        transport.abort()


class ClosedWeb(Web):
    """Faust's server without Faust's pages, and with a bound on its connections."""

    default_blueprints: ClassVar[list[tuple[str, str]]] = []
    production_blueprints: ClassVar[list[tuple[str, str]]] = []
    debug_blueprints: ClassVar[list[tuple[str, str]]] = []
    optional_blueprints: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, app: AppT) -> None:
        super().__init__(app)
        self._connections = Connections()
        self._listening: asyncio.Server | None = None
        self.web_app.middlewares.append(self._connections.answering)
        self._runner = web.AppRunner(self.web_app, access_log=None, keepalive_timeout=KEEPALIVE_SECONDS)

    async def start_server(self) -> None:
        """Listens, under the bound on connections."""
        await self._runner.setup()
        server = self._runner.server
        assert server is not None  # made by setup
        loop, conf = asyncio.get_running_loop(), self.app.conf
        self._listening = await loop.create_server(
            lambda: self._connections.admit(server), conf.web_bind, conf.web_port
        )

    async def stop_server(self) -> None:
        """Listens no longer, and ends every connection."""
        if self._listening is not None:
            self._listening.close()
        await super().stop_server()


class Exposes(Protocol):
    """What `/metrics` shows: the metrics of one delivery, or of several."""

    def negotiated(self, accept: str) -> tuple[bytes, str]:
        """The body in a form that the header `accept` allows, and its content type."""
        ...


def closed_web(
    app: AppT, meters: Exposes, live: Callable[[], Report], ready: Callable[[], Report]
) -> ClosedWeb:
    """The server with our three pages."""

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
