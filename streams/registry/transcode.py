"""Records in Confluent's wire format become JSON, which mappings read: a zero, a schema's id, and the value.

First the schemas of a batch are fetched, in a thread, since it may take a while; then each record is read
without asking anybody. Schemas never change under their id, so what was fetched is kept; that an id has no
schema is kept for a minute.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, Final, Protocol

import msgspec

from schemas.malformed import Malformed
from schemas.mapping.compiler import Mappings
from schemas.mapping.mapper import Result, TopicMapping
from schemas.wire import MESSAGE_BYTES_MAX
from streams.errors import SettingsError
from streams.outcomes import Arrival
from streams.registry.client import Schema, SchemaUnusable, registry_of
from streams.settings import PREFIX, Settings

SCHEMAS_MAX: Final = 1_000
"""Kept at a time, those used last: a topic has some dozen in its whole life."""

MISSING_SECONDS: Final = 60.0
"""How long the absence of a schema is cached: otherwise each record with a wrong id would ask again."""

_HEADER: Final = 5  # a zero and four bytes of the id
_MISSING_EXTRA: Final = "needs the extra `registry`: pip install 'samehand[registry]'"

Read = Callable[[bytes], Any]


class SchemaSource(Protocol):
    """Where schemas come from, such as :class:`streams.registry.client.Registry`."""

    def schema(self, id_: int) -> Schema:
        """The schema of an id. Raises `RegistryUnavailable`, `SchemaUnusable`."""
        ...


@dataclass(slots=True)
class Transcoder:
    """Reads records by the schemas of one source. ``ticks``: seconds of a clock that only runs forward."""

    source: SchemaSource
    ticks: Callable[[], float]
    _readers: OrderedDict[int, Read | str] = field(default_factory=OrderedDict)
    _until: dict[int, float] = field(default_factory=dict)  # in `ticks`: till when an absence is cached
    _lock: Lock = field(default_factory=Lock)

    def prepare(self, arrivals: Iterable[Arrival]) -> None:
        """Fetches the schemas that some records need. Blocks; may run in a thread.

        Raises `RegistryUnavailable`: what was fetched until then is kept.
        """
        for id_ in dict.fromkeys(
            schema_id for arrival in arrivals if isinstance(schema_id := id_of(arrival.value), int)
        ):
            self._fetch(id_)

    def json_of(self, arrival: Arrival) -> Arrival | Malformed:
        """The record with its value as JSON; a tombstone as it is. Asks nobody: `prepare` has."""
        raw = arrival.value
        id_ = id_of(raw)
        if isinstance(id_, Malformed):
            return id_
        if raw is None or id_ is None:
            return arrival
        if len(raw) > MESSAGE_BYTES_MAX:
            return Malformed("too-large", "$", "more than 1 MiB")
        with self._lock:
            read = self._readers.get(id_, "is not fetched yet")
        if isinstance(read, str):
            return Malformed("unprocessable", "$", f"schema {id_}: {read}")
        try:
            plain = read(raw[_HEADER:])
            if _is_over(plain, MESSAGE_BYTES_MAX):
                return Malformed("too-large", "$", f"schema {id_}: more than 1 MiB as JSON")
            value = msgspec.json.encode(plain)
        except ValueError as fault:  # NotAvro, NotProtobuf
            return Malformed("bad-format", "$", f"schema {id_}: {fault}")
        except (msgspec.MsgspecError, TypeError, RecursionError, UnicodeEncodeError):
            return Malformed("bad-format", "$", f"schema {id_}: the value has a part that JSON cannot hold")
        return replace(arrival, value=value)

    def _fetch(self, id_: int) -> None:
        with self._lock:
            known = self._readers.get(id_)
            if known is not None and (not isinstance(known, str) or self.ticks() < self._until.get(id_, 0.0)):
                self._readers.move_to_end(id_)
                return
        try:
            reader: Read | str = _reader(self.source.schema(id_))
        except SchemaUnusable as fault:
            reader = str(fault)
        with self._lock:
            self._readers[id_] = reader
            self._readers.move_to_end(id_)
            if isinstance(reader, str):
                self._until[id_] = self.ticks() + MISSING_SECONDS
            while len(self._readers) > SCHEMAS_MAX:
                gone, _ = self._readers.popitem(last=False)
                self._until.pop(gone, None)


def _is_over(plain: Any, size_max: int) -> bool:
    """Returns whether the JSON of a plain value is certainly longer than so many bytes.

    A byte of a record may name a field or a symbol of hundreds of characters, so a record of a MiB would
    become JSON of any size before it could be measured.
    """
    size, waiting = 0, [plain]
    while waiting and size <= size_max:
        each = waiting.pop()
        size += len(each) + 2 if isinstance(each, str) else 1
        if isinstance(each, dict):
            size += sum(map(len, each)) + 3 * len(each)
            waiting += each.values()
        elif isinstance(each, list):
            size += len(each)
            waiting += each
    return size > size_max


def id_of(raw: bytes | None) -> int | Malformed | None:
    """The id of a record's schema; None of a tombstone."""
    if raw is None:
        return None
    if not raw:
        return Malformed("empty", "$", "no bytes")
    if len(raw) < _HEADER or raw[0] != 0:
        return Malformed("bad-format", "$", "the value is not in Confluent's wire format")
    return int.from_bytes(raw[1:_HEADER], "big")


def _reader(schema: Schema) -> Read:
    if schema.language == "AVRO":
        from streams.registry import avro

        return avro.reader(schema)
    if schema.language == "PROTOBUF":
        from streams.registry import protobuf

        value = protobuf.reader(schema)

        def read(raw: bytes) -> Any:
            indexes, at = protobuf.indexes_of(raw)
            return value(indexes, raw[at:])

        return read
    return msgspec.json.decode


def mapped(mapping: TopicMapping, arrival: Arrival, transcoder: Transcoder | None, *, now: float) -> Result:
    """Maps a record of a live topic; for callers that may wait for the registry.

    Raises `RegistryUnavailable`.
    """
    if mapping.encoding == "registry" and transcoder is not None:
        transcoder.prepare([arrival])
        read = transcoder.json_of(arrival)
        if isinstance(read, Malformed):
            return read
        arrival = read
    return mapping.map(arrival, now=now)


def required_transcoder(
    mappings: Mappings, topics: Iterable[str], settings: Settings, ticks: Callable[[], float]
) -> Transcoder | None:
    """The transcoder that some of these mapped topics need; None where none of them does.

    Raises `SettingsError`: one is needed, and no registry is set, or it cannot be used.
    """
    needing = [topic for topic in topics if topic in mappings.of_registry]
    if not needing:
        return None
    made = transcoder_of(settings, ticks)
    if made is None:
        why = f"is not set, and {', '.join(needing)} needs a schema registry"
        raise SettingsError({f"{PREFIX}REGISTRY_URL": why})
    return made


def transcoder_of(settings: Settings, ticks: Callable[[], float]) -> Transcoder | None:
    """The transcoder for the registry that the settings name; None where they name none.

    Raises `SettingsError`: it cannot be used, or the extra is not installed.
    """
    registry = registry_of(settings)
    if registry is None:
        return None
    try:
        from streams.registry import avro, protobuf  # noqa: F401  # whether they can be had
    except ImportError:
        raise SettingsError({f"{PREFIX}REGISTRY_URL": _MISSING_EXTRA}) from None
    return Transcoder(registry, ticks)
