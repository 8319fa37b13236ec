"""From a message that breaks the schema in some field to the record without that field.

Accounts are written by strangers: who signs up chooses the user agent, the links, half of an emoji. So a
field that cannot be used costs itself and not the record. Texts and lists over their limit are cut there;
whatever else breaks its type is left out. A record is refused for its vital fields alone
(:attr:`schemas.record.Record.VITAL`), which say whom it is about and when.

Only what strict decoding refused comes here, so that a good message costs nothing more. The work is linear in
the message, which is 1 MiB at most: each value is converted once, each text searched once.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Generic, NoReturn, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct, inspect

from schemas.decoding import faults
from schemas.fields import CUT
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.unusable import FieldFault, Unusable

R = TypeVar("R", bound=Record)

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_REPLACEMENT: Final = "\ufffd"
_INTEGER_DIGITS_MAX: Final = 4_000  # Python refuses more than 4,300; no field takes more than 20
_LEFT_OUT: Final = object()

_Read = tuple[Any, tuple[FieldFault, ...]]
"""A value to use, or `_LEFT_OUT`, and what was wrong with the one that was given."""
_Reader = Callable[[Any], _Read]

_WRONG_TYPE: Final[_Read] = (_LEFT_OUT, (FieldFault.WRONG_TYPE,))
_OF_REASON: Final = {
    **{str(fault): fault for fault in FieldFault},
    "too-short": FieldFault.MISSING_FIELD,  # an empty id
    "not-allowed": FieldFault.BAD_FORMAT,
}


def plain_values(raw: bytes) -> Any:
    """What JSON says, in plain types; half of a UTF-16 pair stays what it is.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deep.
    """
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        # msgspec refuses halves of pairs, and numbers that no float holds. Python's own parser reads both, so
        # that they spoil the field alone that they stand in.
        return json.loads(
            raw,
            parse_constant=_refuse,
            parse_int=lambda digits: int(digits) if len(digits) <= _INTEGER_DIGITS_MAX else math.inf,
        )


def _refuse(constant: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


class Repair(Generic[R]):
    """Builds records of one type from plain values, field by field."""

    def __init__(self, record_type: type[R]) -> None:
        self._object = _Object(record_type)

    def __call__(self, message: Any) -> tuple[R, tuple[Unusable, ...]] | Malformed:
        """The record and what it lacks, or why there is none. Never raises on plain values."""
        if not isinstance(message, dict):
            return Malformed("wrong-type", "$", "Expected `object`")
        version = message.get("version", 1)
        if isinstance(version, int) and version != 1:
            return Malformed("unknown-version", "$.version", "this reader knows version 1")
        unusable: list[Unusable] = []
        record = self._object.build(message, "$", unusable)
        return record if isinstance(record, Malformed) else (record, tuple(unusable))


class _Object:
    """A struct with vital fields: a record, or the account in it."""

    def __init__(self, struct: type[Any]) -> None:
        self._struct = struct
        self._vital: dict[str, _Object | _Reader] = {}
        self._others: dict[str, _Reader] = {}
        self._required = {field.name for field in msgspec.structs.fields(struct) if field.required}
        for field in msgspec.structs.fields(struct):
            if field.name not in struct.VITAL:
                self._others[field.name] = _reader(field.type)
            elif hasattr(field.type, "VITAL"):
                self._vital[field.name] = _Object(field.type)
            else:
                self._vital[field.name] = _converter(field.type)

    def build(self, given: Mapping[str, Any], path: str, unusable: list[Unusable]) -> Any:
        """The struct, or `Malformed`; adds to `unusable`."""
        values: dict[str, Any] = {}
        given = self._with_lists(given)
        for name, kind in self._vital.items():
            if name not in given:
                if name in self._required:
                    return Malformed("missing-field", f"{path}.{name}", "required")
                continue
            value = _vital(given[name], kind, f"{path}.{name}", unusable)
            if isinstance(value, Malformed):
                return value
            values[name] = value
        for name, read in self._others.items():
            if name in given:
                value, field_faults = read(given[name])
                unusable += [Unusable(name, fault) for fault in field_faults]
                if value is not _LEFT_OUT:
                    values[name] = value
        for name in self._required - values.keys():
            if name not in given:
                unusable.append(Unusable(name, FieldFault.MISSING_FIELD))
            values[name] = self._struct.stand_in(name, values)
        return self._struct(**values)

    def _with_lists(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Reads a list that stands in a field of one value as if it stood in the field of several."""
        moved = {
            several: [*given[single], *(given[several] if isinstance(given.get(several), list) else ())]
            for single, several in getattr(self._struct, "LISTS", {}).items()
            if isinstance(given.get(single), list)
        }
        if not moved:
            return given
        singles = {single for single, several in self._struct.LISTS.items() if several in moved}
        return {name: value for name, value in given.items() if name not in singles} | moved


def _vital(value: Any, kind: _Object | _Reader, path: str, unusable: list[Unusable]) -> Any:
    if isinstance(kind, _Object):
        if not isinstance(value, dict):
            return Malformed("wrong-type", path, "Expected `object`")
        return kind.build(value, path, unusable)
    if isinstance(value, str) and _SURROGATE.search(value):
        return Malformed("lone-surrogate", path, "half of a UTF-16 pair in a string")
    try:
        return kind(value)
    except msgspec.ValidationError as error:
        fault = faults.from_validation(error)
        return Malformed(fault.reason, path, fault.detail)


def _converter(python_type: Any) -> Callable[[Any], Any]:
    """Converts a plain value strictly; raises msgspec's `ValidationError`."""
    # In a struct of its own the type is prepared once, which takes longer than any value does.
    box = msgspec.defstruct("One", [("value", python_type)], array_like=True)
    return lambda value: msgspec.convert((value,), box).value  # type: ignore[attr-defined]  # defined above


def _reader(python_type: Any) -> _Reader:
    """How a field of a type is read, as far as it can be used."""
    convert = _converter(python_type)

    def strictly(value: Any) -> _Read:
        """Uses a value of the very type; in a text, halves of UTF-16 pairs are replaced."""
        field_faults: tuple[FieldFault, ...] = ()
        if isinstance(value, str) and _SURROGATE.search(value):
            value, field_faults = _SURROGATE.sub(_REPLACEMENT, value), (FieldFault.LONE_SURROGATE,)
        try:
            return convert(value), field_faults
        except msgspec.ValidationError as error:
            return _LEFT_OUT, (*field_faults, _OF_REASON[faults.from_validation(error).reason])

    return _reader_of(python_type, inspect.type_info(python_type), strictly)


def _reader_of(python_type: Any, info: inspect.Type, strictly: _Reader, *, cut: bool = False) -> _Reader:
    match info:
        case inspect.Metadata():
            return _reader_of(python_type, info.type, strictly, cut=CUT.items() <= (info.extra or {}).items())
        case inspect.UnionType():
            several = [member for member in info.types if not isinstance(member, inspect.NoneType)]
            readers = {
                isinstance(member, inspect.StructType): _reader_of(python_type, member, strictly)
                for member in several
            }
            if len(several) > 1:  # a value, or an object with it
                return lambda value: readers[isinstance(value, dict)](value)
            (read,) = readers.values()
            return lambda value: (None, ()) if value is None else read(value)
        case inspect.StrType():
            return _cut(strictly, info.max_length) if cut and info.max_length is not None else strictly
        case inspect.VarTupleType():
            # Its items may be annotated, and it may be annotated or absent itself.
            while get_origin(python_type) is not tuple:
                python_type = next(member for member in get_args(python_type) if member is not type(None))
            dated = isinstance(info.item_type, inspect.UnionType | inspect.StructType)
            return _items(_reader(get_args(python_type)[0]), info.max_length, dated=dated)
        case inspect.StructType():
            return _parts(info.cls)
        case _:
            return strictly


def _cut(strictly: _Reader, length_max: int) -> _Reader:
    """Uses the beginning of a longer text."""

    def read(value: Any) -> _Read:
        if not isinstance(value, str) or len(value) <= length_max:
            return strictly(value)
        used, field_faults = strictly(value[:length_max])
        return used, (FieldFault.TOO_LONG, *field_faults)

    return read


def _items(read_item: _Reader, length_max: int | None, *, dated: bool) -> _Reader:
    """The first items that can be used, up to the limit; of ``dated`` ones the latest, or those who acted."""

    def read(value: Any) -> _Read:
        if not isinstance(value, list):
            return _WRONG_TYPE
        field_faults = [FieldFault.TOO_MANY] if length_max is not None and len(value) > length_max else []
        items = []
        for given in value if dated else value[:length_max]:
            item, more = read_item(given)
            field_faults += more
            if item is not _LEFT_OUT:
                items.append(item)
        if dated and field_faults:
            items.sort(key=_worth, reverse=True)
        return tuple(items[:length_max]), tuple(dict.fromkeys(field_faults))

    return read


def _worth(item: Any) -> tuple[bool, float]:
    moment = getattr(item, "last_seen_at", getattr(item, "seen_at", None))
    return getattr(item, "acted", False), -math.inf if moment is None else moment.timestamp()


def _parts(struct: type[Struct]) -> _Reader:
    """What can be used of an object's fields, if that makes one, or what the struct has stand for it."""
    readers = {field.name: _reader(field.type) for field in msgspec.structs.fields(struct)}
    mended: Callable[[Any, Collection[str]], Any] = getattr(
        struct, "mended", lambda made, _: made or _LEFT_OUT
    )

    def read(value: Any) -> _Read:
        if not isinstance(value, dict):
            return mended(None, ()), _WRONG_TYPE[1]
        values: dict[str, Any] = {}
        field_faults: list[FieldFault] = []
        lost: list[str] = []
        for name, read_part in readers.items():
            if name in value:
                part, more = read_part(value[name])
                field_faults += more
                if set(more) - {FieldFault.TOO_LONG}:
                    lost.append(name)
                if part is not _LEFT_OUT:
                    values[name] = part
        try:
            return mended(struct(**values), lost), tuple(dict.fromkeys(field_faults))
        except (TypeError, ValueError):  # a part is missing, or the parts do not go together
            return mended(None, lost), tuple(dict.fromkeys(field_faults)) or (FieldFault.INCOMPLETE,)

    return read
