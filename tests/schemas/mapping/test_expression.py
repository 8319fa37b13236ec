"""What is wrong with an expression is said before a record is read; a record can only fail to fit."""

from __future__ import annotations

import pytest

from schemas.mapping.expression import (
    EXPRESSION_CHARS_MAX,
    Expression,
    Unfitting,
    UnusableExpression,
    is_true,
)


def test_an_expression_finds_what_it_names_and_nothing_where_there_is_nothing() -> None:
    named = Expression("user.names[0]")
    assert named({"user": {"names": ["Umar"]}}) == "Umar"
    assert named({"user": 5}) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("a[", "is no JMESPath"),
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


@pytest.mark.parametrize("value", ["umar@example.org", [1, "umar@example.org"], {"a": "umar@example.org"}])
def test_a_value_that_a_function_does_not_take_is_not_quoted(value: object) -> None:
    with pytest.raises(Unfitting) as said:
        Expression("avg(values)")({"values": value})
    assert "umar" not in str(said.value)


@pytest.mark.parametrize("value", [None, False, "", [], {}])
def test_what_is_empty_is_not_true(value: object) -> None:
    assert not is_true(value)


@pytest.mark.parametrize("value", [0, True, "false", [0], {"a": None}])
def test_anything_else_is_zero_included(value: object) -> None:
    assert is_true(value)
