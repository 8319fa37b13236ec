"""uvicorn as gates and desks run it: bounded, quiet, and stopped by its process."""

from __future__ import annotations

from typing import Any

import uvicorn

from streams.serving.forwarded import Forwarded
from streams.serving.protocol import BoundedHttp, BoundedState
from streams.settings import Settings


class Server(uvicorn.Server):
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
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedHttp,
                host=host,
                port=port,
                lifespan=lifespan,
                log_config=None,
                access_log=False,  # addresses of pages name alerts, and our own logs tell of calls
                server_header=False,
                date_header=False,
                ws="none",
                proxy_headers=False,  # uvicorn reads one header, whoever wrote it
                limit_concurrency=connections_max,
                timeout_graceful_shutdown=max(1, int(settings.stop_seconds)),
            )
        )
        self.server_state = BoundedState()
