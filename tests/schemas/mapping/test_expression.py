"""Expressions of a mapping, and the fields that they fill."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import examples
from schemas.mapping.csvrows import COLUMNS_BANNED
from schemas.mapping.expression import (
    EXPRESSION_CHARS_MAX,
    Expression,
    Unfitting,
    UnusableExpression,
    is_true,
)
from schemas.mapping.fields import ALL_FIELDS, TARGETS, Kind
from schemas.record import Record
from tests.schemas.makers import as_json
from tests.tables import for_each

# What is wrong with an expression is said before a record is read; a record can only fail to fit.


def test_an_expression_finds_what_it_names_and_nothing_where_there_is_nothing() -> None:
    named = Expression("user.names[0]")
    assert named({"user": {"names": ["Umar"]}}) == "Umar"
    assert named({"user": 5}) is None


@for_each(
    ("text", "why"),
    [
        ("", "is empty"),
        ("a[", "is no JMESPath"),
        ("Full Name", "stands in double quotes: '\"Full Name\"'"),
        ("IP (signup)", "stands in double quotes"),
        ("a.#", "is no JMESPath"),
        ("lower(name)", "calls lower(), a function that JMESPath does not have"),
        ("a || join(',')", "calls join() with 1 arguments; it takes 2"),
        ("items[?nope(@)]", "calls nope()"),
        ("{a: {b: nope(@)}}", "calls nope()"),
        ("x" * (EXPRESSION_CHARS_MAX + 1), "is over 1,000 characters"),
        ("!" * EXPRESSION_CHARS_MAX, "nested too deep"),
    ],
)
def test_what_cannot_be_compiled_says_why(text: str, why: str) -> None:
    with pytest.raises(UnusableExpression) as said:
        Expression(text)
    assert why in str(said.value)
    assert "\n" not in str(said.value)


def test_a_variadic_function_takes_as_many_as_are_given() -> None:
    assert Expression("not_null(a, b, c)")({"c": 1}) == 1


@for_each("value", ["umar@example.org", [1, "umar@example.org"], {"a": "umar@example.org"}])
def test_a_value_that_a_function_does_not_take_is_not_quoted(value: object) -> None:
    with pytest.raises(Unfitting) as said:
        Expression("avg(values)")({"values": value})
    assert "umar" not in str(said.value)


@for_each("value", [None, False, "", [], {}])
def test_what_is_empty_is_not_true(value: object) -> None:
    assert not is_true(value)


@for_each("value", [0, True, "false", [0], {"a": None}])
def test_anything_else_is_zero_included(value: object) -> None:
    assert is_true(value)


# What can be filled follows the records: no field is forgotten, none is made up.

EXAMPLES: dict[Kind, Record] = {
    "created": examples.CREATED,
    "updated": examples.UPDATED,
    "remembered": examples.REMEMBERED,
    "banned": examples.BANNED,
    "reinstated": examples.REINSTATED,
    "deleted": examples.DELETED,
    "actioned": examples.ACTIONED,
}


def _leaves(value: dict[str, Any], path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = set()
    for name, inner in value.items():
        found |= _leaves(inner, (*path, name)) if isinstance(inner, dict) else {(*path, name)}
    return found


@for_each("kind", TARGETS)
def test_each_value_of_a_record_can_be_filled(kind: Kind) -> None:
    filled = {field.path for field in TARGETS[kind].fields.values()}
    assert _leaves(as_json(EXAMPLES[kind])) - {("version",)} <= filled


def test_a_field_has_the_name_that_it_has_as_a_column() -> None:
    assert set(ALL_FIELDS) >= COLUMNS_BANNED
    of_bans = set(ALL_FIELDS) - TARGETS["actioned"].fields.keys() | TARGETS["banned"].fields.keys()
    assert of_bans - COLUMNS_BANNED == {"avatar_image", "reinstated_at", "reason"}


@for_each("kind", TARGETS)
def test_who_where_and_when_must_be_filled(kind: Kind) -> None:
    also = {"action"} if kind == "actioned" else set()
    required = {field.name for field in TARGETS[kind].required}
    assert required == {"platform", "account_id", "occurred_at"} | also


def test_what_lies_deeper_is_counted_as_the_field_of_the_schema() -> None:
    labels = {name: ALL_FIELDS[name].label for name in ("avatar_pdq", "basis_reference", "bio", "banned_at")}
    assert labels == {
        "avatar_pdq": "avatar",
        "basis_reference": "basis",
        "bio": "bio",
        "banned_at": "banned_at",
    }
