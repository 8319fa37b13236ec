"""Who traces are sent to: an HTTP server that keeps what a worker says in OTLP."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from local.ports import LOOPBACK


@dataclass(frozen=True, slots=True)
class Span:
    """What a test asks of a span. Ids in hexadecimal."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str]


class Collector:
    """Keeps every span, and the bytes that it came in."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        raw = self.raw

        class Hears(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw.append(self.rfile.read(int(self.headers["Content-Length"])))
                known = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
                self.send_response(200 if known else 404)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing: what matters is kept."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Hears)
        self.url = f"http://{LOOPBACK}:{self._server.server_port}/v1/traces"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def spans(self) -> list[Span]:
        """Every span so far."""
        return [
            Span(
                one.name,
                one.trace_id.hex(),
                one.span_id.hex(),
                one.parent_span_id.hex(),
                {it.key: it.value.string_value or str(it.value.int_value) for it in one.attributes},
            )
            for body in list(self.raw)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for one in scope.spans
        ]
