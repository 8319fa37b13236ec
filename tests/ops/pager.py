"""Who is woken: an HTTP server that keeps what Alertmanager sends it."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.receiver import ACCEPTED, Receiver


class Pager(Receiver):
    """Keeps alerts by the path they came on: `page` or `ticket`."""

    def __init__(self) -> None:
        super().__init__(self._hear)
        self.heard: list[tuple[str, dict[str, Any]]] = []

    def _hear(self, path: str, _content_type: str, body: bytes) -> int:
        self.heard.extend((path.strip("/"), alert) for alert in json.loads(body)["alerts"])
        return ACCEPTED

    def until(self, name: str, status: str, seconds: float) -> tuple[str, dict[str, Any]]:
        """The first word of an alert in a status (`firing`, `resolved`), and the way it came."""
        deadline = time.monotonic() + seconds
        while True:
            for way, alert in list(self.heard):
                if alert["labels"]["alertname"] == name and alert["status"] == status:
                    return way, alert
            assert time.monotonic() < deadline, f"nobody was told {name} {status}; heard {self.heard}"
            time.sleep(0.2)
