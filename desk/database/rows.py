"""Rows as dataclasses that have a field for each of their table's columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import Row

Given = TypeVar("Given")


def one_of(kind: type[Given], row: Row[Any] | None) -> Given | None:
    """Returns a row as its dataclass, or None."""
    return None if row is None else kind(**row._mapping)


def all_of(kind: type[Given], rows: Iterable[Row[Any]]) -> list[Given]:
    """Returns rows as their dataclass."""
    return [kind(**row._mapping) for row in rows]
