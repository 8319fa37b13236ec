"""The overview's addresses in the worker's own web server: the page, its stream of updates, its files.

Updates are server-sent events, since only the worker speaks. One rendering serves everybody who watches.
Nothing here may hold up a stop: a stream ends as soon as the process stops, even with viewers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry

from report.overview import overview
from report.overview.figures import Figures, read
from report.overview.history import LOOK_SECONDS, History, look_of
from streams.clock import Clock
from streams.faust_app.app import WorkerApp

VIEWERS_MAX: Final = 16
"""An on-call team and its wall screen; each costs an open connection and 10 KB every two seconds."""

SLICE_SECONDS: Final = 0.25
"""How often a stream looks up whether there is news, or whether the process is stopping."""

WRITE_SECONDS: Final = 5.0
"""Who does not read for so long is gone; a dead connection must not hold a stop."""

STREAM_SECONDS: Final = 600.0
"""A viewer that vanished without a word (a laptop shut, a cable pulled) holds its place no longer than this:
what is written to it fills buffers for much longer. A browser still there opens it again by itself."""

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Nothing but our own files runs or is fetched, nobody may frame the page, and no cache keeps it."""

_FILES: Final[Mapping[str, str]] = {
    "static/htmx.min.js": "text/javascript",
    "static/htmx-sse.min.js": "text/javascript",
    "overview/static/overview.css": "text/css",
}


class Overview:
    """The looks at one worker, and what they look like.

    `stopping` says that every stream must end, `unready` why records that arrive now would wait.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        clock: Clock,
        stopping: Callable[[], bool],
        unready: Callable[[], str] = lambda: "",
        *,
        letters_expected: bool = False,
    ) -> None:
        self._registry = registry
        self._letters_expected = letters_expected
        self._unready = unready
        self._clock = clock
        self._stopping = stopping
        self._history = History()
        self._figures = Figures(0.0, {})
        self._number = 0
        self._fragment = b""
        self._viewers = 0

    async def watch(self) -> None:
        """Looks every two seconds until the process stops."""
        while not self._stopping():
            self.look()
            await self._clock.sleep(LOOK_SECONDS)

    def look(self) -> None:
        self._figures = replace(
            read(self._registry, self._clock.now()),
            unready=self._unready(),
            letters_expected=self._letters_expected,
        )
        self._history.note(look_of(self._figures))
        self._number += 1
        self._fragment = b""

    def mount(self, router: web.UrlDispatcher) -> None:
        router.add_get("/", self.page)
        router.add_get("/overview/stream", self.stream)
        for path, kind in _FILES.items():
            router.add_get(f"/static/{path.rpartition('/')[2]}", _file(path, kind))

    async def page(self, request: web.Request) -> web.Response:
        """The whole page as it is now: readable without any script."""
        text = overview.page(self._figures, self._history)
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """What changes, each time it does; 503 for who would be one too many."""
        if self._viewers >= VIEWERS_MAX:
            return web.Response(
                status=503, text=f"{VIEWERS_MAX} watch already", headers={"Retry-After": "30"}
            )
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        self._viewers += 1
        try:
            await response.prepare(request)
            sent, until = 0, self._clock.ticks() + STREAM_SECONDS
            while not self._stopping() and self._clock.ticks() < until:
                if sent != self._number:
                    sent = self._number
                    async with asyncio.timeout(WRITE_SECONDS):
                        if not self._fragment:
                            self._fragment = event("overview", overview.body(self._figures, self._history))
                        await response.write(self._fragment)
                await self._clock.sleep(SLICE_SECONDS)
        except (ConnectionError, TimeoutError):
            pass  # gone, or as good as
        finally:
            self._viewers -= 1
        return response


def mount_pages(app: WorkerApp) -> None:
    """Puts the overview beside the worker's `/metrics`."""
    shown = Overview(
        app.metrics.registry,
        app.clock,
        lambda: app.life.stopping or bool(app.should_stop),
        lambda: "; ".join(f"{name}: {fault}" for name, fault in app.health.ready().faults.items()),
        letters_expected=app.settings.letters_share >= 1.0,
    )
    shown.mount(app.web.web_app.router)
    app.task(shown.watch)


def event(name: str, data: str) -> bytes:
    """A server-sent event; each line of its data needs a mark of its own."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"event: {name}\n{lines}\n".encode()


def _file(path: str, kind: str) -> Handler:
    body = files("report").joinpath(path).read_bytes()
    headers = {**HEADERS, "Cache-Control": "public, max-age=3600"}

    async def served(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)

    return served
