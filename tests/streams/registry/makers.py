"""A schema registry of the documented contract on loopback, and records in Confluent's wire format."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import fastavro
from google.protobuf import (  # type: ignore[import-untyped]  # protobuf ships no types
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)

USER: dict[str, Any] = {
    "type": "record",
    "name": "User",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "handle", "type": ["null", "string"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}
"""Avro's schema of a users topic."""


@dataclass
class FakeRegistry:
    """What it has, by path; what it was asked, and with which login. ``down``: answers 503 to all."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    logins: list[str | None] = field(default_factory=list)
    down: bool = False
    url: str = ""

    def avro(self, id_: int, schema: Any, references: list[dict[str, Any]] | None = None) -> None:
        """Puts a schema of Avro under an id."""
        self.answers[f"/schemas/ids/{id_}"] = {"schema": json.dumps(schema), "references": references or []}

    def protobuf(self, id_: int, file: Any) -> None:
        """Puts a schema of Protobuf under an id."""
        path = f"/schemas/ids/{id_}"
        self.answers[path] = {"schema": "syntax …", "schemaType": "PROTOBUF"}
        serialized = base64.b64encode(file.SerializeToString()).decode()
        self.answers[f"{path}?format=serialized"] = {"schema": serialized, "schemaType": "PROTOBUF"}


@contextmanager
def registry() -> Iterator[FakeRegistry]:
    """A registry that runs until the block ends."""
    fake = FakeRegistry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.asked.append(self.path)
            fake.logins.append(self.headers.get("Authorization"))
            answer = fake.answers.get(self.path)
            if fake.down:
                self._say(503, b"not now")
            elif isinstance(answer, tuple):
                self._say(*answer)
            elif answer is None:
                self._say(404, json.dumps({"error_code": 40403, "message": "Schema not found"}).encode())
            else:
                self._say(200, json.dumps(answer).encode())

        def _say(self, code: int, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            if code == 302:
                self.send_header("Location", "/schemas/ids/1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *given: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def of_wire(id_: int, payload: bytes) -> bytes:
    """A record in Confluent's wire format."""
    return b"\0" + id_.to_bytes(4, "big") + payload


def avro(schema: Any, value: Any) -> bytes:
    """A value in Avro's binary form."""
    out = BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    return out.getvalue()


def a_file(**fields: int) -> Any:
    """A file of Protobuf with a message `Other` and one `User` of these fields, by their types."""
    file = descriptor_pb2.FileDescriptorProto(name="users.proto", package="shop", syntax="proto3")
    file.message_type.add(name="Other")
    user = file.message_type.add(name="User")
    for number, (name, kind) in enumerate(fields.items(), 1):
        user.field.add(name=name, number=number, type=kind, label=1)
    user.nested_type.add(name="Inner").field.add(name="id", number=1, type=9, label=1)
    return file


def protobuf(file: Any, name: str, values: Mapping[str, Any]) -> bytes:
    """A message of a file in Protobuf's binary form."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))(**values)
    found: bytes = message.SerializeToString()
    return found
