"""Who traces are sent to: an HTTP server that keeps what a worker says in OTLP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.receiver import ACCEPTED, UNKNOWN, Receiver

_PATH: Final = "/v1/traces"


@dataclass(frozen=True, slots=True)
class Span:
    """What a test asks of a span. Ids in hexadecimal."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str]


class Collector(Receiver):
    """Keeps every span, and the bytes that it came in."""

    def __init__(self) -> None:
        super().__init__(self._hear)
        self.raw: list[bytes] = []
        self.url += _PATH

    def _hear(self, path: str, content_type: str, body: bytes) -> int:
        self.raw.append(body)
        return ACCEPTED if (path, content_type) == (_PATH, "application/x-protobuf") else UNKNOWN

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
