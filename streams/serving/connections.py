"""aiohttp's servers under a bound on connections.

Each connection costs the process a file descriptor, of which Redis and Kafka need some, too. So how long one
may wait for a request and how many there are is bounded: aiohttp waits for an hour, and for any number.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler

SEND_BYTES: Final = 64 * 1024
"""How much of an answer the kernel is asked to hold for a client that does not read; Linux takes twice that.
It would take 2.5 MB a connection, and who reads nothing would be answered forty times before anybody
noticed. An answer of ours is a few KB, the largest page 100: over a way of 100 ms so much at a time still
carries a megabyte a second."""

KEEPALIVE_SECONDS: Final = 75.0
"""A client has so long for its first request, and after each answer for another: longer than the longest
usual interval of scrapes, a minute, so that Prometheus keeps its connection. aiohttp's default is an hour."""

LINGER_SECONDS: Final = 1.0
"""How long the rest of a body that no page asked for is read, so that its sender reads the answer; aiohttp's
default of ten keeps a place, and a stop, that long."""

CONNECTIONS_MAX: Final = 128
"""Sixteen viewers with six connections each, as browsers open them, and room for scrapes and probes. An
eighth of the 1,024 files that a process may usually have open."""


class Connections:
    """Serves an application, and holds the number of its connections under a bound."""

    def __init__(self, app: web.Application) -> None:
        """Takes the application before it is frozen."""
        app.middlewares.append(self._answering)
        self.runner = web.AppRunner(
            app, access_log=None, keepalive_timeout=KEEPALIVE_SECONDS, lingering_time=LINGER_SECONDS
        )
        self._answered: set[RequestHandler] = set()
        self._listening: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        """Listens. Raises `OSError` where the address cannot be bound."""
        await self.runner.setup()
        server = self.runner.server
        assert server is not None  # made by setup
        self._listening = await asyncio.get_running_loop().create_server(
            lambda: self._admit(server), host, port
        )
        for opened in self._listening.sockets:  # those that it accepts have it from it
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)

    def close(self) -> None:
        """Listens no longer. The runner's cleanup ends the connections that are there."""
        if self._listening is not None:
            self._listening.close()

    @web.middleware
    async def _answering(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Marks the request's connection while its answer is made."""
        self._answered.add(request.protocol)
        try:
            return await handler(request)
        finally:
            self._answered.discard(request.protocol)

    def _admit(self, server: web.Server) -> asyncio.Protocol:
        """Returns the protocol for a new connection.

        Beyond the bound the oldest idle connection is ended: refusing the new one would let silent clients
        keep out the probes, and a healthy worker would be restarted. Where all are being answered, the new
        one is refused.
        """
        alive = [connection for connection in server.connections if connection.transport is not None]
        idle = [connection for connection in alive if connection not in self._answered]
        surplus = len(alive) + 1 - CONNECTIONS_MAX
        if surplus > len(idle):
            return _Refused()
        for connection in idle[: max(surplus, 0)]:
            # Ends it at once: a close would wait for a client that does not read its answer.
            transport = connection.transport
            connection.force_close()
            if transport is not None:
                transport.abort()
        return server()


class _Refused(asyncio.Protocol):
    """Ends a connection as soon as it is made."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
