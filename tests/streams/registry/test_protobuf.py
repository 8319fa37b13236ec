"""Protobuf to plain values, by a descriptor and the place of the message in its file."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.registry.client import Schema, SchemaUnusable
from streams.registry.protobuf import NotProtobuf, indexes_of, reader
from tests.streams.registry.makers import a_file, protobuf

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


@pytest.mark.parametrize("places", [(2,), (1, 1), (0, 0), (-1,), (1, -1)])
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


@pytest.mark.parametrize("descriptor", [b"\xff", b"\x0a\x7f", b"users.proto"])
def test_what_is_no_descriptor_is_refused(descriptor: bytes) -> None:
    with pytest.raises(SchemaUnusable):
        reader(Schema("PROTOBUF", descriptor=descriptor))


def test_a_file_that_imports_what_is_not_there_is_refused() -> None:
    file = a_file()
    file.dependency.append("missing.proto")
    with pytest.raises(SchemaUnusable):
        reader(of(file))


@pytest.mark.parametrize(
    ("raw", "places", "at"),
    [(b"\0rest", (0,), 1), (b"\2\2", (1,), 2), (b"\4\2\0", (1, 0), 3), (b"\2\xac\4", (278,), 3)],
)
def test_places_are_zigzag_varints(raw: bytes, places: tuple[int, ...], at: int) -> None:
    assert indexes_of(raw) == (places, at)


@pytest.mark.parametrize(
    "raw", [b"", b"\x80", b"\1", b"\xff\xff\xff\xff\xff\xff", b"\2", b"\x80\x01" + b"\0" * 9]
)
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
