"""Avro's binary form to plain values, such as JSON holds.

Records come from a topic that anybody may have filled: what they say of lengths is not believed. A schema is
refused whose lists may have items of no bytes (a few bytes would ask for billions of them), and one that
contains itself is read by the reader in Python, whose depth the interpreter bounds.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import json
import math
import uuid
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, Final

import fastavro
from fastavro import _read_py
from fastavro.read import LOGICAL_READERS

from streams.registry.client import Schema, SchemaUnusable

_SIZES: Final[Mapping[str, int]] = {"null": 0, "float": 4, "double": 8}
"""Bytes that a value takes at least; of any other primitive one."""

PRECISION_MAX: Final = 1_000
"""Digits of a decimal: PostgreSQL declares no more, and other databases a tenth of that."""

_BOUNDED: Final = "samehand-decimal"
"""The logical type of decimals once a schema was looked through: fastavro's own reader rounds what is beyond
the precision, after it has worked out all of its digits.
"""

Value = Callable[[bytes], Any]


class NotAvro(ValueError):  # says what happened; "error" would add nothing
    """Bytes that are no record of their schema. Quotes nothing of them."""


def reader(schema: Schema) -> Value:
    """Returns a function that decodes records of a schema to plain values, and raises `NotAvro`.

    Raises `SchemaUnusable`.
    """
    try:
        named: dict[str, Any] = {}
        for each in schema.references.values():
            fastavro.parse_schema(json.loads(each.text), named_schemas=named)
        parsed = fastavro.parse_schema(json.loads(schema.text), named_schemas=named)
        shape = _Shape(named)
        shape.least(parsed)
    except SchemaUnusable:
        raise
    except (Exception, RecursionError) as fault:  # fastavro may raise anything on a schema that is none
        raise SchemaUnusable(f"is no Avro schema ({type(fault).__name__})") from None
    read = _read_py.schemaless_reader if shape.recursive else fastavro.schemaless_reader

    def value(raw: bytes) -> Any:
        stream = BytesIO(raw)
        try:
            plain = _plain(read(stream, parsed, None))
        except NotAvro:
            raise
        except RecursionError:
            raise NotAvro("the value is nested too deep") from None
        except Exception as fault:  # whatever a reader trips over, these bytes are to blame
            raise NotAvro(f"the value does not fit the schema ({type(fault).__name__})") from None
        if stream.read(1):
            raise NotAvro("bytes are left after the value")
        return plain

    return value


class _Shape:
    """Looks through a parsed schema: how few bytes a value takes, and whether a type contains itself."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        self._named = named
        self._inside: set[str] = set()
        self._known: dict[str, int] = {}
        self.recursive = False

    def least(self, schema: Any) -> int:
        """The fewest bytes of a value. Raises `SchemaUnusable` for lists of items that may have none."""
        if isinstance(schema, str):
            if schema in self._inside:
                self.recursive = True
                return 1  # a type that contains itself ends somewhere by a union
            if schema in self._known:
                return self._known[schema]
            if schema in self._named and schema not in _SIZES:
                return self.least(self._named[schema])
            return _SIZES.get(schema, 1)
        if isinstance(schema, list):
            if not schema:
                raise SchemaUnusable("has an empty union")
            return 1 + min([self.least(each) for each in schema])
        kind = schema["type"]
        if kind in ("bytes", "fixed") and schema.get("logicalType") == "decimal":
            # Has decimals of this schema read by :func:`_decimal`. Raises `SchemaUnusable`.
            if schema["precision"] > PRECISION_MAX:
                raise SchemaUnusable(f"has a decimal of more than {PRECISION_MAX:,} digits")
            schema["logicalType"] = _BOUNDED
        if kind in ("array", "map"):
            inner = self.least(schema["items" if kind == "array" else "values"])
            if kind == "array" and inner == 0:
                raise SchemaUnusable(
                    "has an array whose items take no bytes: a few bytes could hold any number of them"
                )
            return 1
        if kind in ("record", "error"):
            return self._of_record(schema)
        if kind == "fixed":
            size = int(schema["size"])
            self._known[schema["name"]] = size
            return size
        return 1 if kind == "enum" else self.least(kind)

    def _of_record(self, schema: Mapping[str, Any]) -> int:
        name = str(schema["name"])
        if name in self._inside:
            self.recursive = True
            return 1
        if name in self._known:
            return self._known[name]
        self._inside.add(name)
        size = sum([self.least(each["type"]) for each in schema["fields"]])
        self._inside.discard(name)
        self._known[name] = size
        return size


def _decimal(raw: bytes, schema: Any, _: object = None) -> decimal.Decimal:
    """The decimal of a two's complement. Raises `NotAvro` for more digits than the schema's precision."""
    precision = int(schema["precision"])
    unscaled = int.from_bytes(raw, "big", signed=True)
    if abs(unscaled) >= 10**precision:
        raise NotAvro("a decimal has more digits than its schema's precision")
    return decimal.Decimal(unscaled).scaleb(-int(schema.get("scale", 0)), decimal.Context(prec=precision))


# As fastavro documents it for logical types of one's own; the name is nobody else's.
LOGICAL_READERS |= {f"bytes-{_BOUNDED}": _decimal, f"fixed-{_BOUNDED}": _decimal}


def _plain(value: Any) -> Any:
    """As JSON would have it: dates in ISO 8601, bytes in base64, decimals and UUIDs as text."""
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {str(name): _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case bytes():
            return base64.b64encode(value).decode()
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case decimal.Decimal() | uuid.UUID():
            return str(value)
        case _:
            raise NotAvro("the value has a part that JSON cannot hold")
