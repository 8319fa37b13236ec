"""HTTP from strangers: uvicorn's protocol, with an end to how long, how large and how many requests are.

uvicorn waits for headers and for readers for ever, keeps as many headers and pipelined requests as are sent,
and answers 503 to everybody once enough connections are open: one machine that opens connections and says
nothing on them, or asks and reads nothing, would shut a server. What is said after a body in chunks
(trailers) it keeps as headers, without end, from callers whom no key let in.

Two rules keep the door open. Of connections at the bound the one whose client has had the next move for the
longest time (to send headers, a body, or to read) is ended, so that a new one always gets in. And each
connection has one answer on its way: the next request waits until the client has read it.
"""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from streams.serving.connections import SEND_BYTES

HEADER_SECONDS: Final = 10.0
"""From a connection, or a later request's first byte, to the end of the headers. A slow phone takes one."""

HEADER_BYTES_MAX: Final = 64 * 1024
"""Our callers send some hundred bytes; proxies add a few KiB."""

REQUEST_BYTES_MAX: Final = 8 * 1024 * 1024
"""A body of a MiB in chunks of a byte each takes six; a client that sends more is cut off."""

WRITE_SECONDS: Final = 10.0
"""Within which a client reads what was written, but for what the kernel holds: a slow phone takes two."""

PIPELINED_MAX: Final = 16
"""Requests behind the one that is answered. Browsers and proxies send none; 64 KiB could hold thousands, of
some 3 KB each once they are read."""


class BoundedState(ServerState):
    """What the connections of one server share.

    `waiting`: the connections whose client has the next move, the one that has had it for longest first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waiting: OrderedDict[BoundedHttp, None] = OrderedDict()


class BoundedHttp(HttpToolsProtocol):
    """One connection. Closed without an answer when headers are late or too large: there is no request."""

    header_seconds: ClassVar[float] = HEADER_SECONDS
    write_seconds: ClassVar[float] = WRITE_SECONDS

    server_state: BoundedState

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._due: asyncio.TimerHandle | None = None
        self._rest_due: asyncio.TimerHandle | None = None
        self._read_due: asyncio.TimerHandle | None = None
        self._begun = 0
        self._in_headers = False
        self._in_request = False
        self._request_bytes = 0
        self._unanswered = 0
        self._next_held = False
        self._deaf = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Expects headers from now on, and makes room for itself."""
        super().connection_made(transport)
        opened = transport.get_extra_info("socket")
        if opened is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        transport.set_write_buffer_limits(high=0)  # paused while anything waits for the client to read
        self._expect()
        self._note_turn()
        limit, waiting = self.limit_concurrency, self.server_state.waiting
        if limit is not None and len(self.connections) >= limit and waiting:
            next(iter(waiting))._abort()  # itself, where all others are being answered

    def connection_lost(self, exc: Exception | None) -> None:
        self._unexpect()
        self._have_rest()
        self._have_read()
        self.server_state.waiting.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes bytes of headers, bodies, or both."""
        if self._due is None and self._rest_due is None and not self._unanswered:
            self._expect()
        begun, between = self._begun, not self._in_request
        super().data_received(data)
        if self._begun == begun or (between and self._begun == begun + 1):
            self._request_bytes += len(data)
        if self._request_bytes > (HEADER_BYTES_MAX if self._in_headers else REQUEST_BYTES_MAX):
            self._hang_up()
        self._note_turn()

    def pause_writing(self) -> None:
        """Expects the client to read what is written, and aborts the connection if it does not in time."""
        super().pause_writing()
        if self._read_due is None:
            self._read_due = self.loop.call_later(self.write_seconds, self._abort)
        self._note_turn()

    def resume_writing(self) -> None:
        """Goes on with the next request, once the client has read the answer to the last."""
        super().resume_writing()
        self._have_read()
        if self._next_held:
            self._next_held = False
            super().on_response_complete()
        self._note_turn()

    def on_message_begin(self) -> None:
        """Begins a request; what stands before it in the same piece is another one's."""
        if len(self.pipeline) >= PIPELINED_MAX and not self._deaf:
            self._deaf = True
            last, _ = self.pipeline[0]
            last.keep_alive = False  # the rest is not answered: the client sends it again
        if self._deaf:
            return
        self._begun += 1
        self._in_headers = self._in_request = True
        self._request_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._deaf:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keeps a header, and no trailer."""
        if self._in_headers and not self._deaf:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Has all that is kept of a request but its body."""
        if self._deaf:
            return
        self._in_headers = False
        self._unexpect()
        super().on_headers_complete()  # raises of an address that it cannot read: nothing is to be answered
        self._unanswered += 1

    def on_body(self, body: bytes) -> None:
        """Keeps a piece of the body."""
        if not self._deaf:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._deaf:
            return
        self._in_request = False
        self._have_rest()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Goes on after an answer, unless the client has not read it yet.

        A client that was answered before its body's end has as long to send the rest, which nobody reads:
        hung up on at once, it would miss the answer.
        """
        self._unanswered -= 1
        if self.cycle.more_body and not self.pipeline and self._rest_due is None:
            self._rest_due = self.loop.call_later(self.header_seconds, self._hang_up)
        if self.pipeline and self.flow.write_paused:
            self._next_held = True
        else:
            super().on_response_complete()
        self._note_turn()

    def _note_turn(self) -> None:
        """Keeps the server's list of connections that wait for their client."""
        waiting = self.server_state.waiting
        if self._unanswered and not self.cycle.more_body and not self.flow.write_paused:
            waiting.pop(self, None)
        elif not self.transport.is_closing():
            waiting.setdefault(self)

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

    def _have_read(self) -> None:
        if self._read_due is not None:
            self._read_due.cancel()
            self._read_due = None

    def _hang_up(self) -> None:
        self._unexpect()
        self._have_rest()
        self.transport.close()

    def _abort(self) -> None:
        """Ends it at once: a close would wait for a client that does not read."""
        self.server_state.waiting.pop(self, None)
        self.connections.discard(self)  # its end is reported by the loop's next turn, and makes room now
        self.transport.abort()
