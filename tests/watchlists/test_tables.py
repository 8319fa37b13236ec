"""Rows are numbered as a person counts them, whatever the encoding."""

from __future__ import annotations

from schemas.malformed import Malformed
from tests.watchlists.makers import lines
from watchlists.tables import column, records, rows


def test_each_line_is_read_in_its_own_encoding_and_empty_ones_do_not_count() -> None:
    read = list(rows(lines("\ufeffñ,1\n\n".encode() + "ñ,2\n".encode("cp1252") + b"\x1a\n")))
    assert [(row.number, row.cells) for row in read] == [(1, ["ñ", "1"]), (2, ["ñ", "2"])]


def test_titles_above_the_names_of_columns_are_passed_over() -> None:
    (row,) = records(lines(b"Report of today\nThe Name, Other\na,b\n"), frozenset({"thename"}))
    assert (row.number, row.values) == (1, {"thename": "a", "other": "b"})


def test_without_names_of_columns_nothing_is_guessed() -> None:
    (row,) = records(lines(b"a,b\n" * 20), frozenset({"name"}))
    assert isinstance(row.values, Malformed)
    assert row.number == 0


def test_columns_are_known_in_any_spelling() -> None:
    assert column("Name 6") == column("NAME_6") == column(" name6 ") == "name6"
