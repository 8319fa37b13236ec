"""Who is woken: an HTTP server that keeps what Alertmanager sends it."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from local.ports import LOOPBACK


class Pager:
    """Keeps alerts by the path they came on: `page` or `ticket`."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        heard = self.heard

        class Hears(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                heard.extend((self.path.strip("/"), alert) for alert in body["alerts"])
                self.send_response(200)
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

    def until(self, name: str, status: str, seconds: float) -> tuple[str, dict[str, Any]]:
        """The first word of an alert in a status (`firing`, `resolved`), and the way it came."""
        deadline = time.monotonic() + seconds
        while True:
            for way, alert in list(self.heard):
                if alert["labels"]["alertname"] == name and alert["status"] == status:
                    return way, alert
            assert time.monotonic() < deadline, f"nobody was told {name} {status}; heard {self.heard}"
            time.sleep(0.2)
