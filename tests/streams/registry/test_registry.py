"""Schema registries: records of Avro and Protobuf become JSON, in linear time."""

from __future__ import annotations

import ctypes
import datetime
import decimal
import gzip
import io
import json
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import process_time
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest
from google.protobuf import any_pb2  # type: ignore[import-untyped]  # protobuf ships no types
from hypothesis import given
from hypothesis import strategies as st

from local.ports import take_port
from schemas.decoding.repair import plain_values
from schemas.malformed import Malformed
from schemas.mapping.compiler import compile_mappings
from schemas.mapping.expression import Expression, Unfitting
from schemas.wire import MESSAGE_BYTES_MAX
from streams.errors import SettingsError
from streams.outcomes import Arrival
from streams.registry import protobuf as protobuf_module
from streams.registry import transcode
from streams.registry.avro import NotAvro
from streams.registry.avro import reader as avro_reader
from streams.registry.client import (
    ANSWER_BYTES_MAX,
    Registry,
    RegistryUnavailable,
    Schema,
    SchemaUnusable,
    registry_of,
)
from streams.registry.protobuf import NotProtobuf, indexes_of, reader
from streams.registry.transcode import Transcoder, required_transcoder, transcoder_of
from streams.settings import load
from tests.makers import NOON, arrival
from tests.streams.registry.makers import USER, a_file, avro, of_wire, protobuf, registry
from tests.tables import for_each

# Protobuf to plain values, by a descriptor and the place of the message in its file.


INT64, BOOL, STRING, BYTES = 3, 8, 9, 12


def of(file: Any) -> Schema:
    return Schema("PROTOBUF", descriptor=file.SerializeToString())


def test_a_message_becomes_what_protobufs_own_json_has() -> None:
    file = a_file(id=INT64, handle=STRING, raw=BYTES)
    raw = protobuf(file, "shop.User", {"id": 9007199254740993, "handle": "umar", "raw": b"\xff"})
    assert reader(of(file))((1,), raw) == {"id": "9007199254740993", "handle": "umar", "raw": "/w=="}


def test_a_message_within_another_is_found_by_its_places() -> None:
    file = a_file(id=INT64)
    raw = protobuf(file, "shop.User.Inner", {"id": "7"})
    assert reader(of(file))((1, 0), raw) == {"id": "7"}


@for_each("places", [(2,), (1, 1), (0, 0), (-1,), (1, -1)])
def test_a_place_that_holds_no_message_is_refused(places: tuple[int, ...]) -> None:
    with pytest.raises(NotProtobuf, match="names no message"):
        reader(of(a_file(id=INT64)))(places, b"")


def test_files_import_one_another_and_the_well_known() -> None:
    inner = a_file(id=INT64)
    outer = a_file()
    outer.name = "outer.proto"
    outer.dependency.extend(["shop/users.proto", "google/protobuf/timestamp.proto"])
    outer.package = "outer"
    outer.message_type[1].field.add(name="user", number=1, type=11, label=1, type_name=".shop.User")
    outer.message_type[1].field.add(
        name="at", number=2, type=11, label=1, type_name=".google.protobuf.Timestamp"
    )
    schema = Schema(
        "PROTOBUF", descriptor=outer.SerializeToString(), references={"shop/users.proto": of(inner)}
    )
    assert reader(schema)((1,), b"\x0a\x02\x08\x07\x12\x02\x08\x0a") == {
        "user": {"id": "7"},
        "at": "1970-01-01T00:00:10Z",
    }


@for_each(
    "name",
    [
        *("any", "api", "descriptor", "duration", "empty", "field_mask", "source_context", "struct"),
        *("timestamp", "type", "wrappers"),
    ],
)
def test_a_schema_may_import_each_file_that_comes_with_protobuf(name: str) -> None:
    file = a_file(id=INT64)
    file.dependency.append(f"google/protobuf/{name}.proto")
    assert reader(of(file))((1,), b"\x08\x07") == {"id": "7"}


@for_each("descriptor", [b"\xff", b"\x0a\x7f", b"users.proto"])
def test_what_is_no_descriptor_is_refused(descriptor: bytes) -> None:
    with pytest.raises(SchemaUnusable):
        reader(Schema("PROTOBUF", descriptor=descriptor))


def test_a_file_that_imports_what_is_not_there_is_refused() -> None:
    file = a_file()
    file.dependency.append("missing.proto")
    with pytest.raises(SchemaUnusable):
        reader(of(file))


@for_each(
    ("raw", "places", "at"),
    [(b"\0rest", (0,), 1), (b"\2\2", (1,), 2), (b"\4\2\0", (1, 0), 3), (b"\2\xac\4", (278,), 3)],
)
def test_places_are_zigzag_varints(raw: bytes, places: tuple[int, ...], at: int) -> None:
    assert indexes_of(raw) == (places, at)


@for_each("raw", [b"", b"\x80", b"\1", b"\xff\xff\xff\xff\xff\xff", b"\2", b"\x80\x01" + b"\0" * 9])
def test_what_names_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(NotProtobuf):
        indexes_of(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    read = reader(of(a_file(id=INT64, handle=STRING, on=BOOL, raw=BYTES)))
    try:
        places, at = indexes_of(raw)
        read(places, raw[at:])
    except NotProtobuf:
        pass  # anything else would be ours


# What a registry says for good, and what it cannot say now: only the latter holds a partition.


def test_a_schema_comes_with_all_that_it_refers_to() -> None:
    with registry() as fake:
        fake.avro(7, USER, [{"name": "shop.Country", "subject": "country", "version": 2}])
        fake.answers["/subjects/country/versions/2"] = {"schema": '"string"'}
        found = Registry(fake.url).schema(7)
    assert found.language == "AVRO"
    assert found.references["shop.Country"].text == '"string"'


def test_a_schema_of_protobuf_comes_as_a_descriptor() -> None:
    with registry() as fake:
        fake.protobuf(9, a_file(id=3))
        found = Registry(fake.url + "/").schema(9)
    assert found.descriptor == a_file(id=3).SerializeToString()


def test_a_login_is_sent_and_stands_in_no_message() -> None:
    with registry() as fake:
        fake.avro(1, USER)
        Registry(fake.url, username="samehand", password="hunter2").schema(1)
        assert fake.logins == ["Basic c2FtZWhhbmQ6aHVudGVyMg=="]
        fake.down = True
        with pytest.raises(RegistryUnavailable) as told:
            Registry(fake.url, username="samehand", password="hunter2").schema(1)
    assert "hunter2" not in str(told.value)


@for_each(
    "answer",
    [
        (500, b"{}"),
        (503, b"{}"),
        (401, b"{}"),
        (429, b"{}"),
        (302, b""),
        (200, b"<html>sorry</html>"),
        (200, b"\xff"),
        (200, b"[" * 100_000),
        (200, b'{"schema": 7}'),
    ],
)
def test_what_may_pass_is_an_outage(answer: tuple[int, bytes]) -> None:
    with registry() as fake:
        fake.answers["/schemas/ids/1"] = answer
        with pytest.raises(RegistryUnavailable):
            Registry(fake.url).schema(1)


def test_nobody_at_the_address_is_an_outage() -> None:
    port = take_port()
    try:
        with pytest.raises(RegistryUnavailable):
            Registry(f"http://127.0.0.1:{port.number}").schema(1)
    finally:
        port.release()


@for_each("answer", [None, (422, b"{}"), (200, b" " * (ANSWER_BYTES_MAX + 1))])
def test_what_will_not_pass_makes_a_schema_unusable(answer: object) -> None:
    with registry() as fake:
        if answer is not None:
            fake.answers["/schemas/ids/1"] = answer
        with pytest.raises(SchemaUnusable):
            Registry(fake.url).schema(1)


def test_schemas_that_refer_to_one_another_for_ever_come_to_an_end() -> None:
    with registry() as fake:
        itself = [{"name": "a", "subject": "a", "version": 1}]
        fake.avro(1, USER, itself)
        fake.answers["/subjects/a/versions/1"] = {"schema": '"string"', "references": itself}
        with pytest.raises(SchemaUnusable, match="more than 64"):
            Registry(fake.url).schema(1)
    assert len(fake.asked) < 100


def test_settings_name_a_registry_or_none(tmp_path: object) -> None:
    assert registry_of(load({})) is None
    assert registry_of(load({"SAMEHAND_REGISTRY_URL": "http://registry:8081"})) is not None
    with pytest.raises(SettingsError, match="REGISTRY_URL"):
        load({"SAMEHAND_REGISTRY_URL": "http://user:secret@registry:8081"})
    with pytest.raises(SettingsError, match="REGISTRY_CA_FILE"):
        registry_of(load({"SAMEHAND_REGISTRY_URL": "https://r:1", "SAMEHAND_REGISTRY_CA_FILE": __file__}))


# Avro to plain values; bytes of any kind are read or refused, and never held on to.


def avro_of(schema: Any) -> Schema:
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
    assert avro_reader(avro_of(USER))(raw) == {
        "id": 9007199254740993,
        "handle": None,
        "at": "2026-11-24T12:00:00+00:00",
    }


@for_each(
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
    assert avro_reader(avro_of(schema))(avro(schema, {"f0": value})) == {"f0": plain}


def test_a_schema_reads_what_it_refers_to() -> None:
    inner = record("Inner", "string")
    outer = Schema("AVRO", text=json.dumps(record("Outer", "Inner")), references={"Inner": avro_of(inner)})
    assert avro_reader(outer)(avro(inner, {"f0": "x"})) == {"f0": {"f0": "x"}}


@for_each(
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
        avro_reader(Schema("AVRO", text=text))


@for_each(
    "items",
    ["null", record("Nothing"), {"type": "fixed", "name": "F", "size": 0}, record("N", "null", "null")],
)
def test_a_list_of_nothing_could_be_asked_for_billions_and_is_refused(items: Any) -> None:
    with pytest.raises(SchemaUnusable, match="take no bytes"):
        avro_reader(avro_of(record("R", {"type": "array", "items": items})))


def test_a_chain_without_end_is_refused_and_nothing_falls_over() -> None:
    read = avro_reader(avro_of(record("Chain", ["null", "Chain"])))
    assert read(b"\2\2\0") == {"f0": {"f0": {"f0": None}}}
    with pytest.raises(NotAvro, match="nested too deep"):
        read(b"\2" * 1_000_000 + b"\0")


def test_lengths_are_not_believed() -> None:
    read = avro_reader(avro_of(record("R", "bytes", {"type": "array", "items": "long"})))
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
        avro_reader(avro_of(record("R", "int")))(b"\2\2")


@given(st.binary(max_size=200))
def test_avro_any_bytes_are_read_or_refused(raw: bytes) -> None:
    schema = record(
        "R", "string", {"type": "map", "values": "bytes"}, {"type": "array", "items": "double"}, USER
    )
    try:
        avro_reader(avro_of(schema))(raw)
    except NotAvro:
        pass  # anything else would be ours


# Records in Confluent's wire format become JSON: schemas are asked for once, and what is wrong is told.


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


@for_each(
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


# A real registry: Apicurio's, which speaks Confluent's API; where ``SAMEHAND_TEST_REGISTRY_URL`` names one.


URL = os.environ.get("SAMEHAND_TEST_REGISTRY_URL", "")

COUNTRY = {"type": "enum", "name": "Country", "symbols": ["PK", "IN"]}


def registered(subject: str, schema: str, **more: Any) -> int:
    """Puts a schema under a subject; answers its id."""
    body = json.dumps({"schema": schema, **more}).encode()
    headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
    with urlopen(Request(f"{URL}/subjects/{subject}/versions", body, headers), timeout=30) as answer:
        return int(json.load(answer)["id"])


@pytest.mark.skipif(not URL, reason="SAMEHAND_TEST_REGISTRY_URL names no registry")
def test_a_record_is_read_by_a_schema_that_refers_to_another() -> None:
    unique = uuid.uuid4().hex
    registered(f"country-{unique}", json.dumps(COUNTRY))
    row = {**USER, "name": f"U{unique}", "fields": [*USER["fields"], {"name": "country", "type": "Country"}]}
    references = [{"name": "Country", "subject": f"country-{unique}", "version": 1}]
    id_ = registered(f"users-{unique}", json.dumps(row), references=references)
    whole = {**row, "fields": [*USER["fields"], {"name": "country", "type": COUNTRY}]}
    raw = avro(whole, {"id": 7, "handle": "umar", "at": 0, "country": "IN"})
    made, record = Transcoder(Registry(URL), lambda: 0.0), arrival(of_wire(id_, raw))
    made.prepare([record])
    found = made.json_of(record)
    assert not isinstance(found, Malformed)
    assert json.loads(found.value or b"")["country"] == "IN"


@pytest.mark.skipif(not URL, reason="SAMEHAND_TEST_REGISTRY_URL names no registry")
def test_an_id_that_it_does_not_have_is_told_for_good() -> None:
    with pytest.raises(SchemaUnusable, match="no such schema"):
        Registry(URL).schema(2_000_000_000)


@pytest.mark.skipif(not URL, reason="SAMEHAND_TEST_REGISTRY_URL names no registry")
def test_it_gives_protobuf_as_text_alone_which_is_told() -> None:
    text = f'syntax = "proto3";\npackage p{uuid.uuid4().hex};\nmessage User {{ int64 id = 1; }}'
    id_ = registered(f"proto-{uuid.uuid4().hex}", text, schemaType="PROTOBUF")
    with pytest.raises(SchemaUnusable, match="no serialized descriptor"):
        Registry(URL).schema(id_)


# Reading a foreign record takes time linear in its bytes, whatever stands in them.


SMALL: Final = 2**15
DOUBLINGS: Final = 3
#: Over three doublings linear time grows by 8 and quadratic time by 64.
GROWTH_MAX: Final = 32.0
#: Quadratic time on the largest input takes many times this; linear time below it is told from nothing.
SECONDS_MIN: Final = 0.005
#: Of glibc's mallopt: how much freed memory it keeps, and what size it asks the kernel for each time.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


@pytest.fixture
def kept_memory() -> Iterator[None]:
    """Keeps freed memory: fresh pages for each of many large values take more time than reading them."""
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(M_MMAP_THRESHOLD, 2**25)
    mallopt(M_TRIM_THRESHOLD, 2**28)
    yield
    mallopt(M_MMAP_THRESHOLD, 2**17)
    mallopt(M_TRIM_THRESHOLD, 2**17)


def best_seconds(work: Callable[[Any], object], given: Any) -> float:
    """Processor time of the fastest of five runs."""
    took = []
    for _ in range(5):
        begun = process_time()
        try:
            work(given)
        except (NotAvro, NotProtobuf, Unfitting, RecursionError, ValueError):
            pass  # refused: it may not take long either
        took.append(process_time() - begun)
    return min(took)


def assert_linear(work: Callable[[Any], object], made: Callable[[int], Any]) -> None:
    """Each doubling of the input doubles the time at most, but for noise: in one of three rounds."""
    inputs = made(SMALL), made(SMALL * 2**DOUBLINGS)
    rounds = ([best_seconds(work, given) for given in inputs] for _ in range(3))
    assert any(last <= max(GROWTH_MAX * first, SECONDS_MIN) for first, last in rounds)


def zigzag(number: int) -> bytes:
    return varint(number << 1)


def varint(number: int) -> bytes:
    found = b""
    while number >= 0x80:
        found += bytes((number & 0x7F | 0x80,))
        number >>= 7
    return found + bytes((number,))


def avro_schema(kind: Any) -> Schema:
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
    assert_linear(avro_reader(avro_schema(kind)), made)


def test_a_decimal_of_more_digits_than_its_schema_says_is_refused_and_no_digit_is_rounded() -> None:
    read = avro_reader(avro_schema(a_decimal(4)))
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
    read = avro_reader(Schema("AVRO", text=text, references={"F": inner}))
    assert read(b"\2\0\0\0\7\0\0\0\t") == {"f": "7", "g": "9"}
    for raw in (b"\2\0\0\x27\x10\0\0\0\t", b"\0\0\0\x27\x10"):
        with pytest.raises(NotAvro, match="precision"):
            read(raw)


def test_a_schema_of_decimals_beyond_any_database_is_refused() -> None:
    with pytest.raises(SchemaUnusable, match="more than 1,000 digits"):
        avro_reader(avro_schema(a_decimal(1_001)))


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
@pytest.mark.usefixtures("kept_memory")
def test_protobuf_of_twice_the_bytes_takes_twice_the_time(made: Callable[[int], bytes]) -> None:
    read = protobuf_module.reader(Schema("PROTOBUF", descriptor=file_of_any().SerializeToString()))
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
    shelf = Shelf({1: avro_schema(kind)})
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
