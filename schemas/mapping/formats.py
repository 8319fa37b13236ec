"""Formats: what a record's bytes hold, as the plain value that expressions look into.

A format opens an envelope and no more; which field stands where is the mapping's affair. Most bring rules and
fields of their own, in `presets/FORMAT.toml`, to which an operator's are added.

Where an expression asks for them, the document also has what stands beside a value: `"@key"` (JSON where it
is any, else text), `"@headers"` (texts), `"@topic"` and `"@timestamp"` (Kafka's, in milliseconds).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, Protocol

from schemas.decoding import faults
from schemas.decoding.repair import plain_values
from schemas.malformed import Malformed
from schemas.wire import MESSAGE_BYTES_MAX

UNAVAILABLE: Final = frozenset({"__debezium_unavailable_value", "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="})
"""What Debezium puts for a large value that a change left as it was (PostgreSQL's TOAST), as text and bytes.
Everybody with a long bio would otherwise have the same one."""


class Foreign(Protocol):
    """A record as it came, such as `streams.outcomes.Arrival`. `value`: None for a tombstone;
    `timestamp`: Kafka's, in Unix seconds."""

    @property
    def topic(self) -> str: ...

    @property
    def partition(self) -> int: ...

    @property
    def offset(self) -> int: ...

    @property
    def key(self) -> bytes | None: ...

    @property
    def value(self) -> bytes | None: ...

    @property
    def headers(self) -> tuple[tuple[str, bytes], ...]: ...

    @property
    def timestamp(self) -> float: ...


Document = dict[str, Any]
Opened = Document | Malformed | None
"""None: a tombstone."""
Open = Callable[[Foreign], Opened]


def beside(record: Foreign) -> Document:
    """What stands beside a record's value."""
    key: Any = None
    if record.key is not None:
        read = _json(record.key)
        key = record.key.decode(errors="replace") if isinstance(read, Malformed) else _payload(read)
    return {
        "@key": key,
        "@headers": {name: (value or b"").decode(errors="replace") for name, value in record.headers},
        "@topic": record.topic,
        "@timestamp": int(record.timestamp * 1_000),
    }


def _payload(read: Any) -> Any:
    """What Kafka Connect's converter wraps, where it sends schemas along."""
    return read["payload"] if isinstance(read, dict) and read.keys() == {"schema", "payload"} else read


def _json(raw: bytes) -> Any:
    """A plain value, or `Malformed`."""
    if len(raw) > MESSAGE_BYTES_MAX:
        return Malformed("too-large", "$", "more than 1 MiB")
    try:
        if not raw.isascii():
            raw.decode()
        return plain_values(raw)
    except UnicodeDecodeError:
        return Malformed("not-utf8", "$", "not UTF-8")
    except RecursionError:
        return Malformed("nested-too-deep", "$", "nested too deep")
    except ValueError:
        return faults.from_syntax(raw)


def open_json(record: Foreign) -> Opened:
    """An object, as it is."""
    if record.value is None:
        return None
    if not record.value:
        return Malformed("empty", "$", "no bytes")
    read = _json(record.value)
    if isinstance(read, Malformed | dict):
        return read
    return Malformed("wrong-type", "$", "Expected `object`")


def open_debezium(record: Foreign) -> Opened:
    """Debezium's envelope, with `row` beside it: the row after the change, or of a deletion the one before.

    Schemas may be on or off. Values that Debezium did not get are absent.
    """
    read = open_json(record)
    if not isinstance(read, dict):
        return read
    envelope = _payload(read)
    if envelope is None:  # a tombstone whose converter sends schemas
        return None
    if not isinstance(envelope, dict) or not isinstance(envelope.get("op"), str):
        detail = "no Debezium envelope; for rows without one (ExtractNewRecordState) the format is `json`"
        return Malformed("missing-field", "$.op", detail)
    after = envelope.get("after")
    if isinstance(after, dict):
        after = {
            name: content
            for name, content in after.items()
            if not (isinstance(content, str) and content in UNAVAILABLE)
        }
    row = envelope.get("before") if after is None else after
    return {**envelope, "after": after, "row": row}


_CONTENT_TYPE: Final = "content-type"
_CE: Final = "ce_"


def open_cloudevents(record: Foreign) -> Opened:
    """A CloudEvent's attributes and its `data`, structured or binary as Kafka's binding has it."""
    headers = {name.lower(): value or b"" for name, value in record.headers}
    if f"{_CE}specversion" in headers:
        return _binary(record, headers)
    read = open_json(record)
    if not isinstance(read, dict):
        return read
    if "specversion" not in read:
        return Malformed(
            "missing-field", "$.specversion", "no CloudEvent, neither in headers nor in the value"
        )
    if "data" not in read and isinstance(encoded := read.get("data_base64"), str):
        try:
            data = _json(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError):
            return Malformed("bad-format", "$.data_base64", "not base64")
        return data if isinstance(data, Malformed) else {**read, "data": data}
    return read


def _binary(record: Foreign, headers: Mapping[str, bytes]) -> Opened:
    event: Document = {
        name.removeprefix(_CE): value.decode(errors="replace")
        for name, value in headers.items()
        if name.startswith(_CE)
    }
    kind = (
        headers.get(_CONTENT_TYPE, b"application/json").decode(errors="replace").split(";")[0].strip().lower()
    )
    if record.value is None:
        return event
    if kind.endswith(("/json", "+json")):
        data = _json(record.value)
    else:
        try:
            data = record.value.decode()
        except UnicodeDecodeError:
            return Malformed("not-utf8", "$.data", "not UTF-8")
    return data if isinstance(data, Malformed) else {**event, "data": data}


_USERS: Final = "users/"


def open_keycloak(record: Foreign) -> Opened:
    """An event of Keycloak. Of an admin's, `representation` (a text that holds JSON) is opened, too, and
    `userId` is the user that it is about, which Keycloak says in `resourcePath` alone (`users/ID`)."""
    event = open_json(record)
    if not isinstance(event, dict):
        return event
    if isinstance(text := event.get("representation"), str):
        inner = _json(text.encode(errors="replace"))
        event = {**event, "representation": None if isinstance(inner, Malformed) else inner}
    path = event.get("resourcePath")
    if isinstance(path, str) and path.startswith(_USERS) and path.count("/") == 1:
        event = {"userId": path.removeprefix(_USERS), **event}
    return event


FORMATS: Final[Mapping[str, Open]] = {
    "json": open_json,
    "debezium": open_debezium,
    "cloudevents": open_cloudevents,
    "mastodon": open_json,
    "discourse": open_json,
    "telegram": open_json,
    "keycloak": open_keycloak,
    "avro": open_json,
    "protobuf": open_json,
}
"""By a topic's `format`. :mod:`streams.registry` has decoded values of `avro` and `protobuf` to JSON."""

Encoding = Literal["json", "registry"]
"""What the bytes of a value are: JSON, or Confluent's wire format, whose schema a registry has."""

OF_REGISTRY: Final = frozenset({"avro", "protobuf"})
"""Formats whose encoding is never JSON; any other may come in either."""
