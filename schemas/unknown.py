"""How many fields of a message its record does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from schemas.accounts import Account
from schemas.record import Record

_ACCOUNT_FIELDS: Final = frozenset(Account.__struct_fields__)


class UnknownFields:
    """Counts the fields at the top level and in `account` that `record_type` has not.

    Most messages have none, so a strict shadow of the record (the same names, no field decoded) is tried
    first: it costs a quarter of the decoding. Only where it stumbles are the keys listed.
    """

    def __init__(self, record_type: type[Record]) -> None:
        self._fields = frozenset(record_type.__struct_fields__)
        self._shadow = msgspec.json.Decoder(_shadow(record_type))
        self._keys = msgspec.json.Decoder(dict[str, Raw])

    def count(self, raw: bytes) -> int:
        """Unknown fields in `raw`, which is JSON that the record's own decoder has taken."""
        try:
            self._shadow.decode(raw)
        except msgspec.ValidationError:
            top = self._keys.decode(raw)
            count = len(top.keys() - self._fields)
            if "account" in self._fields:
                count += len(self._keys.decode(top["account"]).keys() - _ACCOUNT_FIELDS)
            return count
        return 0

    def among(self, message: Mapping[str, Any]) -> int:
        """The same of a message in plain values, out of which a record was made."""
        account = message.get("account", {}) if "account" in self._fields else {}
        return len(message.keys() - self._fields) + len(account.keys() - _ACCOUNT_FIELDS)


def _shadow(struct_type: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """`struct_type` with every field as undecoded bytes but `account`, and no other field allowed."""
    shadows: list[tuple[str, Any, Any]] = [
        (name, _shadow(Account), None) if name == "account" else (name, Raw, Raw())
        for name in struct_type.__struct_fields__
    ]
    return msgspec.defstruct(f"{struct_type.__name__}Shadow", shadows, forbid_unknown_fields=True)
