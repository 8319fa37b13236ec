"""Records in Confluent's wire format become JSON: schemas are asked for once, and what is wrong is told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from schemas.malformed import Malformed
from schemas.mapping.compiler import compile_mappings
from streams.errors import SettingsError
from streams.outcomes import Arrival
from streams.registry import transcode
from streams.registry.client import RegistryUnavailable, Schema, SchemaUnusable
from streams.registry.transcode import Transcoder, required_transcoder, transcoder_of
from streams.settings import load
from tests.makers import arrival
from tests.streams.registry.makers import USER, a_file, avro, of_wire, protobuf

ROW = {"id": 7, "handle": "umar", "at": 0}
AVRO_ROW = avro(USER, ROW)


@dataclass
class Shelf:
    """Schemas by id; counts what it was asked."""

    schemas: dict[int, Schema]
    asked: list[int] = field(default_factory=list)
    away: bool = False

    def schema(self, id_: int) -> Schema:
        self.asked.append(id_)
        if self.away:
            raise RegistryUnavailable("away")
        if id_ not in self.schemas:
            raise SchemaUnusable("the registry has no such schema")
        return self.schemas[id_]


def shelf(**more: Schema) -> Shelf:
    return Shelf({1: Schema("AVRO", text=json.dumps(USER)), **{int(k[1:]): it for k, it in more.items()}})


def read(made: Transcoder, raw: bytes | None) -> Any:
    record = arrival(raw)
    made.prepare([record])
    found = made.json_of(record)
    return found if isinstance(found, Malformed) or found.value is None else json.loads(found.value)


def test_avro_becomes_json_and_its_schema_is_asked_for_once() -> None:
    shelved = shelf()
    made = Transcoder(shelved, lambda: 0.0)
    for _ in range(3):
        assert read(made, of_wire(1, AVRO_ROW))["handle"] == "umar"
    assert shelved.asked == [1]


def test_protobuf_and_json_do_too() -> None:
    file = a_file(handle=9)
    made = Transcoder(
        shelf(_2=Schema("PROTOBUF", descriptor=file.SerializeToString()), _3=Schema("JSON", text="{}")),
        lambda: 0.0,
    )
    message = protobuf(file, "shop.User", {"handle": "umar"})
    assert read(made, of_wire(2, b"\2\2" + message)) == {"handle": "umar"}
    assert read(made, of_wire(3, b'{"handle": "umar"}')) == {"handle": "umar"}


def test_a_tombstone_stays_one() -> None:
    record = arrival(None)
    assert Transcoder(shelf(), lambda: 0.0).json_of(record) is record


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"\0\0\0\0", "bad-format"),
        (b'{"id": 7}', "bad-format"),
        (of_wire(1, b"\xff"), "bad-format"),
        (of_wire(1, AVRO_ROW + b"\0"), "bad-format"),
        (of_wire(404, AVRO_ROW), "unprocessable"),
        (of_wire(1, b"\0" * (1 << 20)), "too-large"),
    ],
)
def test_a_bad_record_is_told_and_no_outage(raw: bytes, reason: str) -> None:
    found = read(Transcoder(shelf(), lambda: 0.0), raw)
    assert isinstance(found, Malformed)
    assert found.reason == reason


def test_a_registry_that_is_away_is_an_outage_and_forgets_nothing() -> None:
    shelved = shelf()
    made = Transcoder(shelved, lambda: 0.0)
    read(made, of_wire(1, AVRO_ROW))
    shelved.away = True
    assert read(made, of_wire(1, AVRO_ROW))["id"] == 7
    with pytest.raises(RegistryUnavailable):
        made.prepare([arrival(of_wire(2, b""))])
    shelved.away = False
    assert isinstance(read(made, of_wire(2, b"")), Malformed)


def test_that_there_is_none_is_believed_for_a_minute() -> None:
    shelved, now = shelf(), [0.0]
    made = Transcoder(shelved, lambda: now[0])
    for _ in range(5):
        assert isinstance(read(made, of_wire(5, AVRO_ROW)), Malformed)
    assert shelved.asked == [5]
    shelved.schemas[5] = shelved.schemas[1]
    now[0] = transcode.MISSING_SECONDS
    assert read(made, of_wire(5, AVRO_ROW))["id"] == 7


def test_no_more_schemas_are_kept_than_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcode, "SCHEMAS_MAX", 3)
    shelved = shelf()
    made = Transcoder(shelved, lambda: 0.0)
    for id_ in (1, 2, 3, 4, 1):
        read(made, of_wire(id_, AVRO_ROW))
    assert shelved.asked == [1, 2, 3, 4, 1]
    assert len(made._readers) == len(made._until) + 1 == 3


def test_a_mapping_that_needs_a_registry_says_so() -> None:
    mappings = compile_mappings(
        b'[topics.a]\nformat = "mastodon"\nencoding = "registry"\nconstants.platform = "m"\n', "m"
    )
    assert required_transcoder(mappings, ["b"], load({}), lambda: 0.0) is None
    with pytest.raises(SettingsError, match="needs a schema registry"):
        required_transcoder(mappings, ["a"], load({}), lambda: 0.0)
    named = load({"SAMEHAND_REGISTRY_URL": "http://registry:8081"})
    assert required_transcoder(mappings, ["a"], named, lambda: 0.0) is not None
    assert transcoder_of(load({}), lambda: 0.0) is None


def test_a_record_with_its_schema_is_mapped() -> None:
    table = b"""
[topics.users]
format = "avro"
constants = { platform = "shop" }
fields = { account_id = "id", occurred_at = "at", handle = "handle" }
[[topics.users.rules]]
as = "created"
"""
    [mapping] = compile_mappings(table, "m").topics.values()
    made = Transcoder(shelf(), lambda: 0.0)
    row = avro(USER, {**ROW, "at": 1_772_000_000_000})
    record = Arrival("users", 0, 0, None, of_wire(1, row), (), 1_800_000_000.0)
    found = transcode.mapped(mapping, record, made, now=1_800_000_000.0)
    assert not isinstance(found, Malformed)
    assert found.found.record.account.handle == "umar"  # type: ignore[union-attr]  # it was mapped
