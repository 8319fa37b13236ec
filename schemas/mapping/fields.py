"""What of our records a mapping can fill: each field by the name that columns of CSV files have, too.

They are read off the records themselves, so that a field which a record gains can be mapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from msgspec import inspect

from schemas.accounts import (
    Account,
    AccountBanned,
    AccountCreated,
    AccountDeleted,
    AccountReinstated,
    AccountRemembered,
    AccountUpdated,
    Avatar,
    Basis,
)
from schemas.actions import AccountActioned
from schemas.wire import (
    Decoder,
    decode_actioned,
    decode_ban,
    decode_created,
    decode_deleted,
    decode_reinstated,
    decode_remembered,
    decode_updated,
)

Kind = Literal["created", "updated", "remembered", "banned", "reinstated", "deleted", "actioned"]
"""What a foreign record may become: the name of one of our topics, `accounts.` before it."""

Shape = Literal["text", "date", "list", "number", "bytes"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field: where in the record it stands, and what it holds. `vital`: without it there is no record."""

    name: str
    path: tuple[str, ...]
    shape: Shape
    type: Any
    vital: bool

    @property
    def json_path(self) -> str:
        """Where it stands, as a dead letter says it."""
        return ".".join(("$", *self.path))

    @property
    def may_say_nothing(self) -> bool:
        """Whether :func:`schemas.fields.says_nothing` holds of it: it is no name, text, or id of ours."""
        return self.shape == "date" or self.name in _SAID_TO_BE_NOTHING

    @property
    def label(self) -> str:
        """How it is counted where it cannot be used: the field of the profile or event that it is in."""
        return self.path[1] if self.path[0] == "account" else self.path[0]


@dataclass(frozen=True, slots=True)
class Target:
    """What a record becomes: its decoder and its fields by name."""

    kind: Kind
    decode: Decoder[Any]
    fields: Mapping[str, Field]

    required: tuple[Field, ...]
    """Those that a mapping has to fill, since nothing stands for them."""


_NESTED: Final[dict[str, tuple[type[Any], str]]] = {
    "account": (Account, ""),
    "avatar": (Avatar, "avatar_"),
    "basis": (Basis, "basis_"),
}
_SAID_TO_BE_NOTHING: Final = frozenset(
    {
        *("email", "phone", "device_id", "ip", "user_agent", "locale", "payment_token", "referrer"),
        *("avatar_pdq", "avatar_quality"),
        *Account.LISTS.values(),
    }
)
_STOOD_FOR: Final = ("expires_at", "reinstated_at", "until", "territory")
"""Vital where they are filled: without an end a ban or an action has none, and without a territory an action
holds everywhere; `occurred_at` stands for `reinstated_at`."""


def _fields(struct: type[Any], prefix: str = "", path: tuple[str, ...] = ()) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    vital: frozenset[str] = getattr(struct, "VITAL", frozenset())
    for field in msgspec.structs.fields(struct):
        if field.name == "version":  # this reader's own
            continue
        where = (*path, field.name)
        if field.name in _NESTED:
            fields |= _fields(*_NESTED[field.name], where)
        else:
            name = prefix + field.name
            fields[name] = Field(
                name, where, _shape(inspect.type_info(field.type)), field.type, field.name in vital
            )
    return fields


def _shape(info: inspect.Type) -> Shape:
    match info:
        case inspect.Metadata():
            return _shape(info.type)
        case inspect.UnionType():
            (wanted,) = (member for member in info.types if not isinstance(member, inspect.NoneType))
            return _shape(wanted)
        case inspect.DateTimeType():
            return "date"
        case inspect.VarTupleType():
            return "list"
        case inspect.IntType():
            return "number"
        case inspect.BytesType():
            return "bytes"
        case inspect.StrType() | inspect.LiteralType():
            return "text"
        case _:
            raise TypeError(f"no shape for {info}: a new kind of field wants one")


def _target(kind: Kind, decode: Decoder[Any], struct: type[Any]) -> Target:
    fields = _fields(struct)
    required = (field for field in fields.values() if field.vital and field.name not in _STOOD_FOR)
    return Target(kind, decode, fields, tuple(required))


TARGETS: Final[Mapping[Kind, Target]] = {
    "created": _target("created", decode_created, AccountCreated),
    "updated": _target("updated", decode_updated, AccountUpdated),
    "remembered": _target("remembered", decode_remembered, AccountRemembered),
    "banned": _target("banned", decode_ban, AccountBanned),
    "reinstated": _target("reinstated", decode_reinstated, AccountReinstated),
    "deleted": _target("deleted", decode_deleted, AccountDeleted),
    "actioned": _target("actioned", decode_actioned, AccountActioned),
}
"""By what `as` of a rule says."""

ALL_FIELDS: Final[Mapping[str, Field]] = {
    name: field for target in TARGETS.values() for name, field in target.fields.items()
}
"""Every field that some record has."""
