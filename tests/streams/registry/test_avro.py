"""Avro to plain values; bytes of any kind are read or refused, and never held on to."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.registry.avro import NotAvro, reader
from streams.registry.client import Schema, SchemaUnusable
from tests.streams.registry.makers import USER, avro


def of(schema: Any) -> Schema:
    return Schema("AVRO", text=json.dumps(schema))


def record(name: str, *fields: Any) -> dict[str, Any]:
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": f"f{number}", "type": each} for number, each in enumerate(fields)],
    }


def test_a_record_becomes_what_json_would_have() -> None:
    at = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
    raw = avro(USER, {"id": 9007199254740993, "handle": None, "at": at})
    assert reader(of(USER))(raw) == {
        "id": 9007199254740993,
        "handle": None,
        "at": "2026-11-24T12:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("kind", "value", "plain"),
    [
        ("bytes", b"\xff\0", "/wA="),
        (
            {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2},
            decimal.Decimal("1.50"),
            "1.50",
        ),
        ({"type": "string", "logicalType": "uuid"}, uuid.UUID(int=7), str(uuid.UUID(int=7))),
        ({"type": "int", "logicalType": "date"}, datetime.date(2026, 3, 1), "2026-03-01"),
        ("double", float("nan"), None),
        ({"type": "map", "values": "int"}, {"a": 1}, {"a": 1}),
        ({"type": "enum", "name": "E", "symbols": ["on", "off"]}, "off", "off"),
        ({"type": "array", "items": ["null", "string"]}, ["a", None], ["a", None]),
    ],
)
def test_each_type_has_a_plain_form(kind: Any, value: Any, plain: Any) -> None:
    schema = record("R", kind)
    assert reader(of(schema))(avro(schema, {"f0": value})) == {"f0": plain}


def test_a_schema_reads_what_it_refers_to() -> None:
    inner = record("Inner", "string")
    outer = Schema("AVRO", text=json.dumps(record("Outer", "Inner")), references={"Inner": of(inner)})
    assert reader(outer)(avro(inner, {"f0": "x"})) == {"f0": {"f0": "x"}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"type": "record"}',
        '"nonsense"',
        '{"type": "record", "name": "R", "fields": 7}',
        "[" * 9_999,
    ],
)
def test_what_is_no_schema_is_refused(text: str) -> None:
    with pytest.raises(SchemaUnusable):
        reader(Schema("AVRO", text=text))


@pytest.mark.parametrize(
    "items",
    ["null", record("Nothing"), {"type": "fixed", "name": "F", "size": 0}, record("N", "null", "null")],
)
def test_a_list_of_nothing_could_be_asked_for_billions_and_is_refused(items: Any) -> None:
    with pytest.raises(SchemaUnusable, match="take no bytes"):
        reader(of(record("R", {"type": "array", "items": items})))


def test_a_chain_without_end_is_refused_and_nothing_falls_over() -> None:
    read = reader(of(record("Chain", ["null", "Chain"])))
    assert read(b"\2\2\0") == {"f0": {"f0": {"f0": None}}}
    with pytest.raises(NotAvro, match="nested too deep"):
        read(b"\2" * 1_000_000 + b"\0")


def test_lengths_are_not_believed() -> None:
    read = reader(of(record("R", "bytes", {"type": "array", "items": "long"})))
    for raw in (
        b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\0\xfe\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\1",
        b"\3",
    ):
        with pytest.raises(NotAvro):
            read(raw)


def test_bytes_beyond_the_record_are_a_wrong_schema() -> None:
    with pytest.raises(NotAvro, match="left after the value"):
        reader(of(record("R", "int")))(b"\2\2")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    schema = record(
        "R", "string", {"type": "map", "values": "bytes"}, {"type": "array", "items": "double"}, USER
    )
    try:
        reader(of(schema))(raw)
    except NotAvro:
        pass  # anything else would be ours
