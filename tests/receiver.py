"""An HTTP server on loopback that keeps what is posted to it: what another program tells ours to tell."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self

from local.ports import LOOPBACK

ACCEPTED: Final = 200
UNKNOWN: Final = 404


class Receiver:
    """Listens on a free port while it is entered; ``url`` has no path."""

    def __init__(self, hear: Callable[[str, str, bytes], int]) -> None:
        """``hear`` is given path, content type and body of each request, and answers its status."""

        class Hears(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(hear(self.path, self.headers["Content-Type"] or "", body))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing: what matters is kept."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Hears)
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
