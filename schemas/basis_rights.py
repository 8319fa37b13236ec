"""The rights of a ban's basis: whether it may alert, be quoted and be exported, by authority and programme.

The operator's file (``SAMEHAND_BASIS_RIGHTS``) is the one place where this is decided::

    version = 1

    [[rights]]
    authority = "XX"            # "*": every authority that has no row, but for the platform itself
    programme = "Schedule II"   # left out: every programme of the authority that has no row
    may_alert = true
    may_be_quoted = false
    may_be_exported = false

A basis without a row has all rights. One of which a part could not be read has none, if there is any row.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, NamedTuple
from unicodedata import normalize

import msgspec
from msgspec import Meta, Struct

from schemas.accounts import PROGRAMME_CHARS_MAX, UNREADABLE, Basis

FILE_BYTES_MAX: Final = 1024 * 1024
"""The most rows, with comments."""

ROWS_MAX: Final = 1_000
"""All authorities together have some hundreds of programmes."""

PLATFORM: Final = "platform"
ANY: Final = "*"

BasisKind = Literal["none", "platform", "state"]


class BasisRights(NamedTuple):
    may_alert: bool = True
    may_be_quoted: bool = True
    may_be_exported: bool = True


class UnusableRights(ValueError):
    """The file cannot be used; says where and why."""


class _Row(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    authority: Annotated[str, Meta(pattern=r"^(\*|[A-Za-z][A-Za-z0-9_-]{0,31})$(?!\n)")]
    programme: Annotated[str, Meta(min_length=1, max_length=PROGRAMME_CHARS_MAX)] | None = None
    may_alert: bool
    may_be_quoted: bool
    may_be_exported: bool


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1]
    rights: Annotated[tuple[_Row, ...], Meta(max_length=ROWS_MAX)] = ()


@dataclass(frozen=True, slots=True)
class RightsTable:
    """Rights by authority and programme, both in small letters; programme "" is that of the authority."""

    rows: Mapping[tuple[str, str], BasisRights] = field(default_factory=dict)

    def of(self, basis: Basis | None) -> BasisRights:
        """The rights of a basis. With several programmes it has a right only if each of them has it."""
        if basis is None or not self.rows:
            return BasisRights()
        if UNREADABLE in (basis.authority, *basis.programmes):
            return BasisRights(may_alert=False, may_be_quoted=False, may_be_exported=False)
        authority = basis.authority.casefold()
        general = self.rows.get((authority, ""))
        if general is None and authority != PLATFORM:
            general = self.rows.get((ANY, ""))
        general = BasisRights() if general is None else general
        each = [self.rows.get((authority, _folded(programme)), general) for programme in basis.programmes]
        return BasisRights(*map(all, zip(*each, strict=True))) if each else general


def _folded(programme: str) -> str:
    """Without case, further spaces and forms of letters: editions of one list differ in these."""
    return " ".join(normalize("NFKC", programme).casefold().split())


ALL_RIGHTS: Final = RightsTable()


def read_rights(text: str) -> RightsTable:
    """Reads the file. Raises `UnusableRights`."""
    try:
        parsed = msgspec.convert(tomllib.loads(text), _File)
    except (ValueError, msgspec.ValidationError, RecursionError) as fault:
        raise UnusableRights(str(fault)) from fault
    rows: dict[tuple[str, str], BasisRights] = {}
    for number, row in enumerate(parsed.rights, 1):
        key = (row.authority.casefold(), _folded(row.programme or ""))
        if key in rows:
            raise UnusableRights(f"row {number} of rights: this authority and programme have a row already")
        if row.authority == ANY and row.programme is not None:
            raise UnusableRights(f"row {number} of rights: a programme belongs to an authority, not to *")
        if row.programme is not None and not key[1]:
            raise UnusableRights(f"row {number} of rights: the programme is empty; leave it out for all")
        rows[key] = BasisRights(row.may_alert, row.may_be_quoted, row.may_be_exported)
    return RightsTable(rows)


def kind_of(basis: Basis | None) -> BasisKind:
    """Returns whether a ban rests on the platform's own rules or on the word of an authority (``state``)."""
    if basis is None:
        return "none"
    return "platform" if basis.authority.casefold() == PLATFORM else "state"
