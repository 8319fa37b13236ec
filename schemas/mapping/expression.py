"""JMESPath, compiled once: what is wrong is said before any record is read, and never quotes one.

An expression's work is linear in the record, and sorting functions take their logarithm more: JMESPath knows
neither loops nor variables, and each part of it looks at each value once.
"""

from __future__ import annotations

from typing import Any, Final

from jmespath import exceptions as faults_of_jmespath  # type: ignore[import-untyped]  # ships no types
from jmespath import functions, parser

EXPRESSION_CHARS_MAX: Final = 1_000
"""The longest in the examples has 90. The parser is recursive, and an expression is worked off per record."""

META: Final = '"@'
"""How what stands beside a record's value is named in an expression: `"@key"`, `"@headers"`, ...."""

QUOTES: Final = "; a name with blanks or signs stands in double quotes: '\"Full Name\"'"
"""What is wrong with most expressions that are column names."""

_TABLE: Final[dict[str, Any]] = functions.Functions.FUNCTION_TABLE


class UnusableExpression(ValueError):
    """An expression that cannot be compiled; says why in one line."""


class Unfitting(ValueError):
    """An expression met a value that one of its functions does not take. Quotes nothing of the record."""


class Expression:
    """A compiled JMESPath expression, with limits on its length and its depth."""

    def __init__(self, text: str) -> None:
        """Compiles an expression. Raises `UnusableExpression`."""
        if len(text) > EXPRESSION_CHARS_MAX:
            raise UnusableExpression(f"is over {EXPRESSION_CHARS_MAX:,} characters")
        self.text: Final = text
        try:
            # Not `jmespath.compile`, whose cache keeps what was compiled.
            self._parsed: Any = parser.Parser().parse(text)
            _check(self._parsed.parsed)
        except faults_of_jmespath.EmptyExpressionError:
            raise UnusableExpression("is empty") from None
        except faults_of_jmespath.JMESPathError as fault:
            first_line = str(fault).splitlines()[0].removeprefix("Invalid jmespath expression: ").rstrip(":")
            raise UnusableExpression(f"is no JMESPath: {first_line}{QUOTES}") from None
        except RecursionError:
            raise UnusableExpression("is nested too deep") from None

    def __call__(self, value: Any) -> Any:
        """What stands there in a plain value, `None` for nothing. Raises `Unfitting`, `RecursionError`."""
        try:
            return self._parsed.search(value)
        except (faults_of_jmespath.JMESPathError, TypeError, ValueError, ArithmeticError):
            raise Unfitting(self.text) from None  # its message quotes the value

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def is_true(value: Any) -> bool:
    """Returns whether a condition holds, as JMESPath has it: not for nothing, false and what is empty, but
    for 0.
    """
    return not (value is None or value is False or value == "" or value == [] or value == {})


def _check(node: Any) -> None:
    """Raises `UnusableExpression` for a function that JMESPath has not, which it notices at the call."""
    if node["type"] == "function_expression":
        name, given = node["value"], len(node["children"])
        if name not in _TABLE:
            raise UnusableExpression(f"calls {name}(), a function that JMESPath does not have{QUOTES}")
        wanted = _TABLE[name]["signature"]
        variadic = bool(wanted) and bool(wanted[-1].get("variadic"))
        if given < len(wanted) or (given > len(wanted) and not variadic):
            taken = f"{len(wanted)}{' or more' if variadic else ''}"
            raise UnusableExpression(f"calls {name}() with {given} arguments; it takes {taken}")
    for child in node["children"]:
        if isinstance(child, dict):
            _check(child)
