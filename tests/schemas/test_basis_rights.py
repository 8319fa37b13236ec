"""The table of rights: which basis may alert, be quoted and be exported."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.accounts import AccountBanned, Basis
from schemas.basis_rights import BasisRights, RightsTable, UnusableRights, kind_of, read_rights
from schemas.examples import BANNED
from schemas.wire import Decoded, decode_banned, encode
from tests.schemas.makers import NOW
from tests.tables import for_each

ALL = BasisRights()
NONE = BasisRights(may_alert=False, may_be_quoted=False, may_be_exported=False)


def row(authority: str, programme: str | None = None, right: str = "", *, value: bool = False) -> str:
    """A row with all rights but one."""
    rights = dict.fromkeys(BasisRights._fields, True) | ({right: value} if right else {})
    lines = [f'authority = "{authority}"', *(f"{name} = {str(it).lower()}" for name, it in rights.items())]
    lines += [f'programme = "{programme}"'] if programme else []
    return "[[rights]]\n" + "\n".join(lines) + "\n"


TABLE = read_rights(
    "version = 1\n"
    + row("PK", right="may_alert")
    + row("PK", "Schedule I")
    + row("PK", "Schedule II", "may_be_exported")
    + row("PK", "R\u00e9gime").replace("true", "false")
    + row("*", right="may_be_quoted")
    + row("UN")
)


@for_each(
    ("basis", "rights"),
    [
        (None, ALL),
        (Basis(authority="platform"), ALL),
        (Basis(authority="UN"), ALL),
        (Basis(authority="RU"), BasisRights(may_be_quoted=False)),
        (Basis(authority="PK"), BasisRights(may_alert=False)),
        (Basis(authority="pk", programmes=(" schedule i",)), ALL),
        (Basis(authority="PK", programmes=("Schedule II",)), BasisRights(may_be_exported=False)),
        (Basis(authority="PK", programmes=("Schedule III",)), BasisRights(may_alert=False)),
        # Spaces, and how letters are composed, make no other programme.
        (Basis(authority="PK", programmes=("Schedule\u00a0 II",)), BasisRights(may_be_exported=False)),
        (Basis(authority="PK", programmes=("Re\u0301gime",)), NONE),
        # The narrowest of several decides.
        (
            Basis(authority="PK", programmes=("Schedule I", "Schedule III", "Schedule II")),
            BasisRights(may_alert=False, may_be_exported=False),
        ),
    ],
)
def test_nearest_row_decides_and_of_several_programmes_each_must_have_the_right(
    basis: Basis | None, rights: BasisRights
) -> None:
    assert TABLE.of(basis) == rights


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,31}", fullmatch=True), st.lists(st.text(max_size=8)))
def test_without_rows_every_basis_has_all_rights(authority: str, programmes: list[str]) -> None:
    basis = Basis(authority=authority, programmes=tuple(programmes))
    assert RightsTable().of(basis) == read_rights("version = 1").of(basis) == ALL


@for_each(
    ("text", "reason"),
    [
        ("", "version"),
        ("version = 2", "version|Invalid enum"),
        ("version = 1\n[[rights]]\nauthority = 'PK'\nmay_alert = false", "missing required field"),
        ("version = 1\n" + row("PK").replace("may_alert", "may_allert"), "unknown field"),
        ("version = 1\n" + row("P K"), "authority"),
        ("version = 1\n" + row("PK") + row("pk"), "row 2 .*already"),
        ("version = 1\n" + row("*", "Schedule I"), "row 1 .*belongs to an authority"),
        ("version = 1\n" + row("PK", " "), "row 1 .*empty"),
        ("version = 1\nrights = 7", "array"),
        ("version = ", "Invalid value"),
        ("version = 1" + "0" * 5_000, "4300 digits"),
    ],
)
def test_unusable_table_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(UnusableRights, match=reason):
        read_rights(text)


@for_each(
    ("basis", "kind"),
    [(None, "none"), (Basis(authority="Platform"), "platform"), (Basis(authority="court-order"), "state")],
)
def test_kind_says_on_whose_word_a_ban_rests(basis: Basis | None, kind: str) -> None:
    assert kind_of(basis) == kind


@for_each(
    ("basis", "may_alert", "counted"),
    [
        ({"authority": "PK", "programmes": ["Schedule I"]}, True, 0),
        ({"authority": "PK", "programmes": ["Schedule I"], "reference": 7}, True, 1),
        ({"authority": "PK", "programmes": ["Schedule I", 7]}, False, 1),
        ({"authority": "PK", "programmes": "Schedule II"}, False, 1),
        ({"authority": "P K", "programmes": ["Schedule I"]}, False, 1),
        ({"reference": "7"}, False, 1),
        ("PK", False, 1),
    ],
)
def test_basis_of_which_authority_or_programmes_cannot_be_read_may_not_alert(
    basis: Any, may_alert: bool, counted: int
) -> None:
    message = {**msgspec.json.decode(encode(BANNED)), "basis": basis}
    found = decode_banned(msgspec.json.encode(message), now=NOW)
    assert isinstance(found, Decoded)
    assert isinstance(found.record, AccountBanned)
    rights = RightsTable({("pk", "schedule ii"): BasisRights(may_alert=False)})
    assert rights.of(found.record.basis).may_alert == may_alert
    assert RightsTable().of(found.record.basis).may_alert, "nothing is restricted"
    assert [it.field for it in found.unusable] == ["basis"] * counted
