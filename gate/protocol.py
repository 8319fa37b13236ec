"""HTTP from strangers: uvicorn's protocol, with an end to how long and how large a request's headers are.

uvicorn waits for headers for ever and keeps as many as are sent: one machine that opens connections and says
nothing on them would hold all that a gate has, and nobody could sign up with an answer of ours any more.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS: Final = 10.0
"""From a connection, or a later request's first byte, to the end of the headers. A slow phone takes one."""

HEADER_BYTES_MAX: Final = 64 * 1024
"""Our callers send some hundred bytes; proxies add a few KiB."""


class BoundedHttp(HttpToolsProtocol):
    """One connection. Whoever is too slow or says too much is hung up on: no request is there to answer."""

    header_seconds: ClassVar[float] = HEADER_SECONDS

    def __init__(self, *given: Any, **named: Any) -> None:
        """As uvicorn makes it."""
        super().__init__(*given, **named)
        self._due: asyncio.TimerHandle | None = None
        self._rest_due: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._unanswered = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Headers are due from now on."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        self._unexpect()
        self._have_rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of headers, bodies, or both."""
        if self._due is None and self._rest_due is None and not self._unanswered:
            self._expect()
        self._header_bytes += len(data)
        super().data_received(data)
        if self._due is not None and self._header_bytes > HEADER_BYTES_MAX:
            self._hang_up()

    def on_headers_complete(self) -> None:
        """A request begins."""
        self._unexpect()
        self._unanswered += 1
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Who was answered before the body's end has as long to send the rest, which nobody reads.

        Hung up on at once, a caller would miss the answer.
        """
        self._unanswered -= 1
        if self.cycle.more_body and not self.pipeline and self._rest_due is None:
            self._rest_due = self.loop.call_later(self.header_seconds, self._hang_up)
        super().on_response_complete()

    def on_message_complete(self) -> None:
        """A request has come to its end."""
        self._have_rest()
        super().on_message_complete()

    def _expect(self) -> None:
        self._header_bytes = 0
        self._due = self.loop.call_later(self.header_seconds, self._hang_up)

    def _unexpect(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _have_rest(self) -> None:
        if self._rest_due is not None:
            self._rest_due.cancel()
            self._rest_due = None

    def _hang_up(self) -> None:
        self._unexpect()
        self._have_rest()
        self.transport.close()
