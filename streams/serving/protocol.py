"""HTTP from strangers: uvicorn's protocol, with an end to how long and how large a request is.

uvicorn waits for headers for ever and keeps as many as are sent: one machine that opens connections and says
nothing on them would hold all that a gate has, and nobody could sign up with an answer of ours any more. What
is said after a body in chunks (trailers) it keeps as headers, without end, from callers whom no key let in.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS: Final = 10.0
"""From a connection, or a later request's first byte, to the end of the headers. A slow phone takes one."""

HEADER_BYTES_MAX: Final = 64 * 1024
"""Our callers send some hundred bytes; proxies add a few KiB."""


REQUEST_BYTES_MAX: Final = 8 * 1024 * 1024
"""A body of a MiB in chunks of a byte each takes six; whoever sends more need not be heard out."""


class BoundedHttp(HttpToolsProtocol):
    """One connection. Whoever is too slow or says too much is hung up on: no request is there to answer."""

    header_seconds: ClassVar[float] = HEADER_SECONDS

    def __init__(self, *given: Any, **named: Any) -> None:
        """As uvicorn makes it."""
        super().__init__(*given, **named)
        self._due: asyncio.TimerHandle | None = None
        self._rest_due: asyncio.TimerHandle | None = None
        self._begun = 0
        self._in_headers = False
        self._in_request = False
        self._request_bytes = 0
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
        begun, between = self._begun, not self._in_request
        super().data_received(data)
        if self._begun == begun or (between and self._begun == begun + 1):
            self._request_bytes += len(data)
        if self._request_bytes > (HEADER_BYTES_MAX if self._in_headers else REQUEST_BYTES_MAX):
            self._hang_up()

    def on_message_begin(self) -> None:
        """The first byte of a request; what stands before it in the same piece is another one's."""
        self._begun += 1
        self._in_headers = self._in_request = True
        self._request_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is kept, a trailer is not."""
        if self._in_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """All that is kept of a request but its body is there."""
        self._in_headers = False
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
        self._in_request = False
        self._have_rest()
        super().on_message_complete()

    def _expect(self) -> None:
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
