"""What can be filled follows the records: no field is forgotten, none is made up."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import examples
from schemas.csvrows import COLUMNS_BANNED
from schemas.mapping.fields import ALL_FIELDS, TARGETS, Kind
from schemas.record import Record
from tests.schemas.makers import as_json

EXAMPLES: dict[Kind, Record] = {
    "created": examples.CREATED,
    "updated": examples.UPDATED,
    "remembered": examples.REMEMBERED,
    "banned": examples.BANNED,
    "reinstated": examples.REINSTATED,
    "deleted": examples.DELETED,
}


def _leaves(value: dict[str, Any], path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = set()
    for name, inner in value.items():
        found |= _leaves(inner, (*path, name)) if isinstance(inner, dict) else {(*path, name)}
    return found


@pytest.mark.parametrize("kind", TARGETS)
def test_each_value_of_a_record_can_be_filled(kind: Kind) -> None:
    filled = {field.path for field in TARGETS[kind].fields.values()}
    assert _leaves(as_json(EXAMPLES[kind])) - {("version",)} <= filled


def test_a_field_has_the_name_that_it_has_as_a_column() -> None:
    assert set(ALL_FIELDS) >= COLUMNS_BANNED
    assert set(ALL_FIELDS) - COLUMNS_BANNED == {"avatar_image", "reinstated_at", "reason"}


@pytest.mark.parametrize("kind", TARGETS)
def test_who_where_and_when_must_be_filled(kind: Kind) -> None:
    assert {field.name for field in TARGETS[kind].required} == {"platform", "account_id", "occurred_at"}


def test_what_lies_deeper_is_counted_as_the_field_of_the_schema() -> None:
    labels = {name: ALL_FIELDS[name].label for name in ("avatar_pdq", "basis_reference", "bio", "banned_at")}
    assert labels == {
        "avatar_pdq": "avatar",
        "basis_reference": "basis",
        "bio": "bio",
        "banned_at": "banned_at",
    }
