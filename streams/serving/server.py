"""uvicorn as gates and desks run it: bounded, quiet, and stopped by its process."""

from __future__ import annotations

import resource
from typing import Any, Final

import uvicorn

from streams.serving.forwarded import Forwarded
from streams.serving.protocol import BoundedHttp, BoundedState
from streams.settings import Settings

FILES_BESIDE: Final = 256
"""Open files that are no connections: of Redis, Kafka, the database, a database's own; and what is accepted
before others are ended."""

CLOSING_SECONDS: Final = 5.0
"""Of a stop, for what a process closes behind its servers: a producer has three."""

BACKLOG: Final = 128
"""Connections that the kernel holds for us, and so many are accepted at once, before any makes room."""


class HttpServer(uvicorn.Server):
    """A server of an ASGI application, whose clients are those that trusted proxies saw."""

    def __init__(
        self,
        app: Any,
        settings: Settings,
        *,
        connections_max: int,
        host: str = "127.0.0.1",
        port: int = 0,
        lifespan: Any = "auto",
    ) -> None:
        """`host` and `port` are for a server that is not given sockets."""
        app = Forwarded(app, settings.trusted_proxies, settings.proxy_header)
        connections_max = bounded_by_files(connections_max)
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedHttp,
                host=host,
                port=port,
                lifespan=lifespan,
                log_config=None,
                access_log=False,  # addresses of pages name alerts, and our own logs report calls
                server_header=False,
                date_header=False,
                backlog=BACKLOG,
                ws="none",
                proxy_headers=False,  # uvicorn trusts one header from any client
                limit_concurrency=connections_max,
                timeout_graceful_shutdown=max(1, int(settings.stop_seconds - CLOSING_SECONDS)),
            )
        )
        self.server_state = BoundedState()


def bounded_by_files(connections_max: int) -> int:
    """Lets the process open the files that so many connections take, and returns for how many it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections_max + FILES_BESIDE
    if soft != resource.RLIM_INFINITY and soft < wanted:  # 1,024 is usual, and the hard limit far above it
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return connections_max
    return max(1, min(connections_max, soft - FILES_BESIDE))
