"""CSV of public authorities: encodings as they come, every bad row with its number.

Commas, semicolons or tabs separate the cells. Row numbers count from 1, lines without a cell included in
none. A line that is not UTF-8 is read as Windows-1252, which OFAC's older files are written in.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final, NamedTuple

from schemas.malformed import Malformed

LINE_BYTES_MAX: Final = 256 * 1024
"""A cell of Python's reader ends at 128 KiB; no line of a list comes near."""

_BOM: Final = b"\xef\xbb\xbf"
_WIDE_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_END_OF_FILE: Final = "\x1a"  # DOS's end-of-file sign closes OFAC's CSV files
DELIMITERS: Final = ",;\t"
_HEAD_ROWS_MAX: Final = 5  # lines of titles and dates that may stand above the names of columns


class Cells(NamedTuple):
    """One row: its number and its cells, or why it cannot be split into cells."""

    number: int
    cells: list[str] | Malformed


class TableRecord(NamedTuple):
    number: int
    values: dict[str, str] | Malformed


def rows(lines: Iterable[bytes], delimiter: str = ",") -> Iterator[Cells]:
    """The cells of each row that has any."""
    reader = csv.reader(_text(lines), strict=True, skipinitialspace=True, delimiter=delimiter)
    number = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            number += 1
            yield Cells(number, Malformed("bad-row", "$", "quotes do not match, or a cell is over 128 KiB"))
            continue
        except UnicodeError:
            yield Cells(number + 1, Malformed("not-utf8", "$", "UTF-16: save the file as UTF-8"))
            return
        if not cells or cells == [_END_OF_FILE]:
            continue
        number += 1
        yield Cells(number, cells)


def records(lines: Iterable[bytes], required: frozenset[str]) -> Iterator[TableRecord]:
    """Rows below the line that names the ``required`` columns (as :func:`column` writes them), from 1 on."""
    rest = iter(lines)
    first = list(islice(rest, _HEAD_ROWS_MAX))
    delimiter, _ = header_of(first, required)
    table = rows(chain(first, rest), delimiter)
    names = _head(table, required)
    if isinstance(names, Malformed):
        yield TableRecord(0, names)
        return
    for number, (_, cells) in enumerate(table, 1):
        if isinstance(cells, Malformed):
            yield TableRecord(number, cells)
        elif len(cells) > len(names) and any(cells[len(names) :]):
            yield TableRecord(number, Malformed("bad-row", "$", "more cells than there are names"))
        else:
            yield TableRecord(number, dict(zip(names, map(str.strip, cells), strict=False)))


def header_of(lines: Iterable[bytes], required: frozenset[str]) -> tuple[str, list[str]]:
    """Finds the line that names the ``required`` columns among the first ones.

    Returns its delimiter and its cells; a comma and no cells if there is no such line.
    """
    first = list(islice(lines, _HEAD_ROWS_MAX))
    for delimiter in DELIMITERS:
        for _, cells in rows(first, delimiter):
            if not isinstance(cells, Malformed) and required <= set(map(column, cells)):
                return delimiter, cells
    return DELIMITERS[0], []


def column(name: str) -> str:
    """The name of a column without case, spaces and punctuation: editions of one list differ in these."""
    return "".join(filter(str.isalnum, name.casefold()))


def _head(table: Iterator[Cells], required: frozenset[str]) -> list[str] | Malformed:
    for row in table:
        if not isinstance(row.cells, Malformed):
            names = list(map(column, row.cells))
            if required <= set(names):
                return names
        if row.number == _HEAD_ROWS_MAX:
            break
    return Malformed("missing-field", "$", f"no line names the columns {', '.join(sorted(required))}")


def _text(lines: Iterable[bytes]) -> Iterator[str]:
    for position, line in enumerate(lines):
        if position == 0 and line.startswith(_WIDE_BOMS):
            raise UnicodeError("UTF-16")
        whole = line.removeprefix(_BOM) if position == 0 else line
        try:
            yield whole.decode()
        except UnicodeDecodeError:
            yield whole.decode("cp1252", "replace")
