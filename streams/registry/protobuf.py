"""Protobuf's binary form to plain values, by the serialized descriptors that a registry gives.

Values are as Protobuf's own JSON has them: numbers of 64 bits are texts, bytes are base64, timestamps are
RFC 3339; names are the fields' own. What a schema does not know is passed over, as Protobuf has it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from google.protobuf import (  # type: ignore[import-untyped]  # protobuf ships no types
    descriptor_pb2,
    descriptor_pool,
    json_format,
    message_factory,
)
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf ships no types

from streams.registry.client import Schema, SchemaUnusable

_WELL_KNOWN: Final = (
    *("any", "descriptor", "duration", "empty", "field_mask", "source_context", "struct", "timestamp"),
    *("type", "wrappers", "api"),
)
"""The files that come with Protobuf, each after those that it imports."""

INDEXES_MAX: Final = 32
"""How deep message types may be nested; Protobuf reads no more than 100 deep."""

Value = Callable[[tuple[int, ...], bytes], Any]


class NotProtobuf(ValueError):  # says what happened; "error" would add nothing
    """Bytes that are no message of their schema. Quotes nothing of them."""


def reader(schema: Schema) -> Value:
    """Returns a function that decodes a message, given its type's indexes, and raises `NotProtobuf`.

    Raises `SchemaUnusable`.
    """
    pool = descriptor_pool.DescriptorPool()
    for name in _WELL_KNOWN:
        module: Any = import_module(f"google.protobuf.{name}_pb2")
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    try:
        for name, each in schema.references.items():
            _add(pool, each.descriptor, name)
        file = _add(pool, schema.descriptor, "")
    except (DecodeError, TypeError, KeyError, ValueError) as fault:
        raise SchemaUnusable(f"is no Protobuf file descriptor ({type(fault).__name__})") from None
    classes: dict[tuple[int, ...], Any] = {}

    def value(indexes: tuple[int, ...], raw: bytes) -> Any:
        if indexes not in classes:
            try:
                descriptor = list(file.message_types_by_name.values())[_place(indexes[0])]
                for index in indexes[1:]:
                    descriptor = descriptor.nested_types[_place(index)]
            except IndexError:
                raise NotProtobuf("the message index names no message of the schema") from None
            classes[indexes] = message_factory.GetMessageClass(descriptor)
        try:
            message = classes[indexes].FromString(raw)
            return json_format.MessageToDict(message, preserving_proto_field_name=True, descriptor_pool=pool)
        except (DecodeError, json_format.Error, TypeError, ValueError, RecursionError) as fault:
            raise NotProtobuf(f"the value does not fit the schema ({type(fault).__name__})") from None

    return value


def indexes_of(raw: bytes) -> tuple[tuple[int, ...], int]:
    """Which message of its file a record holds, as Confluent writes it, and where the message begins.

    A count and so many places, as zigzag varints; a single zero stands for the first message.

    Raises `NotProtobuf`.
    """
    count, at = _varint(raw, 0)
    if count == 0:
        return (0,), at
    if not 0 < count <= INDEXES_MAX:
        raise NotProtobuf("the message index names no message of the schema")
    places = []
    for _ in range(count):
        place, at = _varint(raw, at)
        places.append(place)
    return tuple(places), at


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 35, 7):
        if at >= len(raw):
            break
        number |= (raw[at] & 0x7F) << shift
        at += 1
        if not raw[at - 1] & 0x80:
            return (number >> 1) ^ -(number & 1), at
    raise NotProtobuf("the message index names no message of the schema")


def _place(index: int) -> int:
    if index < 0:
        raise IndexError
    return index


def _add(pool: Any, descriptor: bytes, name: str) -> Any:
    """Adds a file under the name by which others import it."""
    proto = descriptor_pb2.FileDescriptorProto.FromString(descriptor)
    if name or not proto.name:
        proto.name = name or "record.proto"
    file = pool.AddSerializedFile(proto.SerializeToString())
    return file if file is not None else pool.FindFileByName(proto.name)
