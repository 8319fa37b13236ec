"""Reading a foreign record takes time linear in its bytes, whatever stands in them."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from time import process_time
from typing import Any, Final

import pytest
from google.protobuf import any_pb2  # type: ignore[import-untyped]  # protobuf ships no types

from schemas.decoding.repair import plain_values
from schemas.malformed import Malformed
from schemas.mapping.compiler import compile_mappings
from schemas.mapping.expression import Expression, Unfitting
from schemas.wire import MESSAGE_BYTES_MAX
from streams.registry import protobuf
from streams.registry.avro import NotAvro, reader
from streams.registry.client import Schema, SchemaUnusable
from streams.registry.protobuf import NotProtobuf
from streams.registry.transcode import Transcoder
from tests.makers import NOON, arrival
from tests.streams.registry.makers import a_file, of_wire
from tests.streams.registry.test_registry import Shelf
from tests.tables import for_each

SMALL: Final = 2**15
DOUBLINGS: Final = 3
#: Over three doublings linear time grows by 8 and quadratic time by 64.
GROWTH_MAX: Final = 32.0
#: What takes less is told from nothing.
SECONDS_MIN: Final = 0.002


def best_seconds(work: Callable[[Any], object], given: Any) -> float:
    """Processor time of the fastest of three runs."""
    took = []
    for _ in range(3):
        begun = process_time()
        try:
            work(given)
        except (NotAvro, NotProtobuf, Unfitting, RecursionError, ValueError):
            pass  # refused: it may not take long either
        took.append(process_time() - begun)
    return min(took)


def assert_linear(work: Callable[[Any], object], made: Callable[[int], Any]) -> None:
    """Each doubling of the input doubles the time at most, but for noise."""
    first, last = (best_seconds(work, made(SMALL * times)) for times in (1, 2**DOUBLINGS))
    assert last <= max(GROWTH_MAX * first, SECONDS_MIN), (
        f"{last / first:.1f} times the time for 8 times the bytes"
    )


def zigzag(number: int) -> bytes:
    return varint(number << 1)


def varint(number: int) -> bytes:
    found = b""
    while number >= 0x80:
        found += bytes((number & 0x7F | 0x80,))
        number >>= 7
    return found + bytes((number,))


def record(kind: Any) -> Schema:
    return Schema(
        "AVRO", text=json.dumps({"type": "record", "name": "R", "fields": [{"name": "f", "type": kind}]})
    )


def a_decimal(precision: int, **more: Any) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": 2, **more}


def listed(item: bytes) -> Callable[[int], bytes]:
    """An array of so many bytes in all, of one item again and again."""
    return lambda size: zigzag(size // len(item)) + item * (size // len(item)) + b"\0"


@for_each(
    ("kind", "made"),
    [
        (a_decimal(10), lambda size: zigzag(size) + b"\1" * size),
        (a_decimal(1_000), lambda size: zigzag(size) + b"\1" * size),
        ({"type": "array", "items": a_decimal(1_000)}, listed(zigzag(400) + b"\1" * 400)),
        ({"type": "array", "items": "R"}, lambda size: listed(b"\0")(size // 16)),
        ({"type": "array", "items": "boolean"}, listed(b"\1")),
        ({"type": "array", "items": "int"}, lambda size: b"\2\2" * (size // 2) + b"\0"),
        (
            {"type": "map", "values": "null"},
            lambda size: zigzag(size // 9) + b"".join(b"\x10%08d" % key for key in range(size // 9)) + b"\0",
        ),
        ({"type": "string", "logicalType": "uuid"}, lambda size: zigzag(size) + b"7" * size),
        ("bytes", lambda size: zigzag(size) + b"7" * size),
    ],
)
def test_avro_of_twice_the_bytes_takes_twice_the_time(kind: Any, made: Callable[[int], bytes]) -> None:
    assert_linear(reader(record(kind)), made)


def test_a_decimal_of_more_digits_than_its_schema_says_is_refused_and_no_digit_is_rounded() -> None:
    read = reader(record(a_decimal(4)))
    assert read(b"\4\x04\xd2") == {"f": "12.34"}
    assert read(b"\4\xfb\x2e") == {"f": "-12.34"}
    assert read(zigzag(9) + b"\0" * 7 + b"\x04\xd2") == {"f": "12.34"}, "leading zeros are no digits"
    for raw in (b"\4\x27\x10", b"\4\xd8\xf0", zigzag(2**19) + b"\1" * 2**19):
        with pytest.raises(NotAvro, match="more digits than its schema's precision"):
            read(raw)


def test_decimals_are_bounded_wherever_their_schema_stands() -> None:
    fixed = {"type": "fixed", "name": "F", "size": 4, "logicalType": "decimal", "precision": 4}
    inner = Schema("AVRO", text=json.dumps(fixed))
    text = json.dumps(
        {
            "type": "record",
            "name": "R",
            "fields": [{"name": "f", "type": ["null", "F"]}, {"name": "g", "type": "F"}],
        }
    )
    read = reader(Schema("AVRO", text=text, references={"F": inner}))
    assert read(b"\2\0\0\0\7\0\0\0\t") == {"f": "7", "g": "9"}
    for raw in (b"\2\0\0\x27\x10\0\0\0\t", b"\0\0\0\x27\x10"):
        with pytest.raises(NotAvro, match="precision"):
            read(raw)


def test_a_schema_of_decimals_beyond_any_database_is_refused() -> None:
    with pytest.raises(SchemaUnusable, match="more than 1,000 digits"):
        reader(record(a_decimal(1_001)))


def delimited(field: int, payload: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(payload)) + payload


def wrapped(times: int, inner: bytes) -> bytes:
    """An `Any` within an `Any`, so many times: each is parsed from the bytes of the one around it."""
    for _ in range(times):
        inner = any_pb2.Any(
            type_url="type.googleapis.com/google.protobuf.Any", value=inner
        ).SerializeToString()
    return delimited(3, inner)


def file_of_any() -> Any:
    """A file whose message `User` has fields of each kind that may grow."""
    file = a_file()
    file.dependency.extend(["google/protobuf/any.proto", "google/protobuf/field_mask.proto"])
    user = file.message_type[1]
    user.field.add(name="on", number=1, type=8, label=3)
    user.field.add(name="users", number=2, type=11, label=3, type_name=".shop.User")
    user.field.add(name="any", number=3, type=11, label=1, type_name=".google.protobuf.Any")
    user.field.add(name="mask", number=4, type=11, label=1, type_name=".google.protobuf.FieldMask")
    user.field.add(name="user", number=5, type=11, label=1, type_name=".shop.User")
    user.field.add(name="text", number=6, type=9, label=1)
    return file


@for_each(
    "made",
    [
        lambda size: delimited(1, b"\1" * size),
        lambda size: b"\x12\0" * (size // 2),
        lambda size: delimited(4, delimited(1, b"a_b.c") * (size // 7)),
        lambda size: delimited(4, delimited(1, b"a" * size)),
        lambda size: delimited(5, delimited(6, b"a")) * (size // 5),
        lambda size: delimited(6, b"a" * size),
        lambda size: wrapped(size // 45, b""),
        lambda size: wrapped(
            90, any_pb2.Any(type_url="x/shop.Other", value=b"\x0a" * size).SerializeToString()
        ),
        lambda size: b"\xa0\x06\1" * (size // 3),  # a field that the schema does not know
    ],
)
def test_protobuf_of_twice_the_bytes_takes_twice_the_time(made: Callable[[int], bytes]) -> None:
    read = protobuf.reader(Schema("PROTOBUF", descriptor=file_of_any().SerializeToString()))
    assert_linear(lambda raw: read((1,), raw), made)


@for_each(
    "made",
    [
        lambda size: b'{"a":%s}' % (b"9" * size),
        lambda size: b'{"a":1.%s}' % (b"3" * size),
        lambda size: b"[" * size + b"]" * size,
        lambda size: b'["%s"]' % (b"\\ud800" * (size // 6)),
        lambda size: b"{%s}" % b",".join(b'"%07d":1' % key for key in range(size // 12)),
    ],
)
def test_json_of_twice_the_bytes_takes_twice_the_time(made: Callable[[int], bytes]) -> None:
    assert_linear(plain_values, made)


def deep(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(levels):
        found = {"a": found}
    return found


@for_each(
    ("text", "made"),
    [
        ("to_number(a)", lambda size: {"a": "9" * size}),
        ("to_number(a)", lambda size: {"a": "1." + "3" * size}),
        (
            "contains(a, b)",
            lambda size: {"a": ("a" * 30 + "b") * (size // 31), "b": ("a" * 30 + "b") * (size // 62) + "c"},
        ),
        ("a[?b == 'x'].c | [0]", lambda size: {"a": [{"b": "y", "c": 1}] * (size // 16)}),
        ("a[].b[].c", lambda size: {"a": [{"b": [{"c": 1}]}] * (size // 16)}),
        ("*.*.*", lambda size: {str(key): {"a": {"b": 1}} for key in range(size // 16)}),
        ("sort_by(a, &b)[0].c", lambda size: {"a": [{"b": str(key), "c": 1} for key in range(size // 16)]}),
        (
            "contains(keys(a), b) && values(a)",
            lambda size: {"a": {str(key): 1 for key in range(size // 8)}, "b": "x"},
        ),
        ("join(',', a)", lambda size: {"a": ["x"] * (size // 4)}),
        ("merge(a, a)", lambda size: {"a": {str(key): 1 for key in range(size // 8)}}),
        ("to_string(@)", lambda size: deep(size // 64)),
        ("a.a.a.a || @ == @", lambda size: deep(size // 64)),
    ],
)
def test_an_expression_on_twice_the_record_takes_twice_the_time(
    text: str, made: Callable[[int], Any]
) -> None:
    assert_linear(Expression(text), made)


def test_a_record_that_would_unpack_to_much_more_json_is_refused_before_it_is_written() -> None:
    symbol = "S" * 400
    kind = {"type": "array", "items": {"type": "enum", "name": "E", "symbols": [symbol, "T"]}}
    shelf = Shelf({1: record(kind)})
    made = Transcoder(shelf, lambda: 0.0)
    few, many = (
        arrival(of_wire(1, zigzag(count) + b"\0" * count + b"\0"))
        for count in (MESSAGE_BYTES_MAX // 403 - 1, MESSAGE_BYTES_MAX // 402)
    )
    made.prepare([few])
    assert not isinstance(made.json_of(few), Malformed)
    assert made.json_of(many) == Malformed("too-large", "$", "schema 1: more than 1 MiB as JSON")


def test_a_record_that_is_packed_is_refused_as_it_is_and_never_unpacked() -> None:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as out:
        out.write(b"0" * 2**24)
    mapping = compile_mappings(
        b'[topics."a"]\nformat = "json"\nconstants = { platform = "a" }\n'
        b'fields = { account_id = "id", occurred_at = "at" }\n'
        b'[[topics."a".rules]]\nas = "created"\n',
        "m.toml",
    ).topics["a"]
    found = mapping.map(arrival(packed.getvalue(), topic="a"), now=NOON.timestamp())
    assert isinstance(found, Malformed)
    assert found.reason == "not-utf8"
