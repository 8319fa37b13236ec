"""Files of accounts and bans: JSONL of the records, or CSV; each line a record or a fault with its address.

What a file is, its name says (``.csv``; ``.jsonl``, ``.ndjson`` or ``.json``), else its first character:
records begin with ``{``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, BinaryIO, Final, Generic, Protocol, TypeVar

from msgspec import json

from cli.inputs.input_source import opened, shown_path, size_bytes
from report.text import plural, visible
from schemas.accounts import AccountBanned, AccountCreated, AccountEvent
from schemas.malformed import Malformed
from schemas.mapping.csvrows import (
    COLUMNS_BANNED,
    COLUMNS_CREATED,
    CsvRow,
    banned_from_csv,
    created_from_csv,
    line_of_names,
    rows_of,
)
from schemas.unusable import Unusable
from schemas.wire import MESSAGE_BYTES_MAX, Decoded, Decoder, decode_ban, decode_created

E = TypeVar("E", bound=AccountEvent)
E_co = TypeVar("E_co", bound=AccountEvent, covariant=True)

Hear = Callable[[int], None]
"""Called with the bytes read so far."""

_NOTHING: Final = "{}: holds no records"
_SHOWN_MAX: Final = 10  # names of columns: a file of hundreds is another kind of file
_SHOWN_CHARS_MAX: Final = 64  # of a name that is compared with ours
_BOM: Final = b"\xef\xbb\xbf"
_SPACES: Final = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class InputLine(Generic[E_co]):
    """One record of a file, or why it is none. ``address`` is ``file:line``, of CSV ``file:row N``.

    ``named``: whether the file itself names its accounts. ``dated``: whether it says when. ``unusable``:
    fields that were left out or cut.
    """

    address: str
    outcome: E_co | Malformed
    named: bool = True
    dated: bool = True
    unusable: tuple[Unusable, ...] = ()


class _FromCsv(Protocol[E]):
    def __call__(self, lines: Iterable[bytes], *, now: float, platform: str) -> Iterator[CsvRow[E]]: ...


@dataclass(frozen=True, slots=True)
class Kind(Generic[E]):
    """What a file is a list of. ``columns`` are those that are read of CSV."""

    decode: Decoder[E]
    from_csv: _FromCsv[E]
    columns: frozenset[str]


ACCOUNTS: Final = Kind(decode_created, created_from_csv, COLUMNS_CREATED)
BANS: Final = Kind(decode_ban, banned_from_csv, COLUMNS_BANNED)


def read_accounts(
    path: Path, *, now: float, platform: str, hear: Hear = lambda done: None
) -> Iterator[InputLine[AccountCreated]]:
    """Accounts of a file; ``now`` in Unix seconds, ``platform`` for CSV rows that name none.

    Raises ``click.ClickException`` where the file cannot be opened or read.
    """
    return _read(path, ACCOUNTS, now, platform, hear)


def read_bans(
    path: Path, *, now: float, platform: str, hear: Hear = lambda done: None
) -> Iterator[InputLine[AccountBanned]]:
    """Bans of a file, like :func:`read_accounts`."""
    return _read(path, BANS, now, platform, hear)


def read_raw(path: Path, hear: Hear = lambda done: None) -> Generator[tuple[str, bytes]]:
    """The lines of a JSONL file as they are, each with its address; empty ones are passed over.

    Raises ``click.ClickException`` where the file cannot be opened.
    """
    with opened(path) as file:
        yield from _numbered(path, file, hear)


def read_table(path: Path, hear: Hear = lambda done: None) -> Generator[tuple[str, bytes]]:
    """The rows of a CSV file as JSON objects of their cells, by columns of any names; empty cells are absent.

    A row that cannot be taken apart is empty, and no JSON. Raises like :func:`read_raw`.
    """
    with opened(path) as file:
        lines = _CountedLines(file, frozenset(), hear)
        for number, row in rows_of(lines):
            yield f"{shown_path(path)}:row {number}", b"" if row is None else json.encode(row)


def is_ours(path: Path, kind: Kind[Any]) -> bool:
    """Returns whether a file is ours: most of its columns, `account_id` among them, or its first record."""
    with opened(path) as file:
        head = next((line for line in _bounded_lines(file) if line.removeprefix(_BOM).strip(_SPACES)), b"")
        if _is_csv(path, file):
            names = set(line_of_names(head, kind.columns)[1])
            return "account_id" in names and 2 * len(names & kind.columns) > len(names)
    return not isinstance(kind.decode(head.removeprefix(_BOM).strip(_SPACES), now=inf), Malformed)


def size(paths: Iterable[Path]) -> int:
    """Bytes of files, for a progress bar; what cannot be asked counts nothing (a pipe not yet read, say)."""
    return sum(map(size_bytes, paths))


def odd(path: Path, kind: Kind[E]) -> Iterator[str]:
    """What is odd about a file, one sentence each: nothing in it, or columns that are not read.

    Reads no further than to the first record.
    """
    with opened(path) as file:
        lines = (line for line in _bounded_lines(file) if line.removeprefix(_BOM).strip(_SPACES))
        if _is_csv(path, file) and (head := next(lines, None)) is not None:
            _, names = line_of_names(head, kind.columns)
            strange = [name for name in names if name not in kind.columns]
            if strange and len(strange) < len(names):  # with none that is known, reading it says so
                shown = ", ".join(_with_hint(name, kind.columns) for name in strange[:_SHOWN_MAX])
                more = f" and {len(strange) - _SHOWN_MAX} more" if len(strange) > _SHOWN_MAX else ""
                yield f"{shown_path(path)}: {plural(len(strange), 'column')} not read: {shown}{more}"
        if next(lines, None) is None:
            yield _NOTHING.format(shown_path(path))


def odd_raw(path: Path) -> Iterator[str]:
    """The same of a file that :func:`read_raw` reads."""
    if next(read_raw(path), None) is None:
        yield _NOTHING.format(shown_path(path))


def _with_hint(name: str, columns: frozenset[str]) -> str:
    """With the column that was probably meant, whatever its case and signs."""
    if name in COLUMNS_BANNED:  # it says what it means, of another list
        return visible(name)
    near = difflib.get_close_matches(name.casefold()[:_SHOWN_CHARS_MAX], sorted(columns), n=1)
    return f"{visible(name)}{f' (did you mean {near[0]}?)' if near else ''}"


def _read(path: Path, kind: Kind[E], now: float, platform: str, hear: Hear) -> Iterator[InputLine[E]]:
    with opened(path) as file:
        if _is_csv(path, file):
            lines = _CountedLines(file, kind.columns, hear)
            for row in kind.from_csv(lines, now=now, platform=platform):
                outcome, unusable = _taken_apart(row.outcome)
                where = f"row {row.number}" if row.number else "line of names"
                yield InputLine(
                    f"{shown_path(path)}:{where}", outcome, lines.names_accounts, row.dated, unusable
                )
        else:
            for address, raw in _numbered(path, file, hear):
                outcome, unusable = _taken_apart(kind.decode(raw, now=now))
                yield InputLine(address, outcome, unusable=unusable)


def _is_csv(path: Path, file: BinaryIO) -> bool:
    match path.suffix.lower():
        case ".csv":
            return True
        case ".jsonl" | ".ndjson" | ".json":
            return False
    head = file.peek(1024) if hasattr(file, "peek") else b""
    return not head.removeprefix(_BOM).lstrip(_SPACES).startswith(b"{")


class _CountedLines:
    """The lines of a CSV file as they are read; notes whether the first names a column ``account_id``."""

    def __init__(self, file: BinaryIO, columns: frozenset[str], hear: Hear) -> None:
        self._lines, self._columns, self._hear, self._done = _bounded_lines(file), columns, hear, 0
        self.names_accounts = True

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            if self._done == 0:
                self.names_accounts = "account_id" in line_of_names(line, self._columns)[1]
            self._done += len(line)
            self._hear(self._done)
            yield line


def _taken_apart(decoded: Decoded[E] | Malformed) -> tuple[E | Malformed, tuple[Unusable, ...]]:
    if isinstance(decoded, Malformed):
        return decoded, ()
    return decoded.record, decoded.unusable


def _numbered(path: Path, file: BinaryIO, hear: Hear) -> Iterator[tuple[str, bytes]]:
    done = 0
    for number, line in enumerate(_bounded_lines(file), 1):
        done += len(line)
        hear(done)
        raw = (line.removeprefix(_BOM) if number == 1 else line).strip(_SPACES)
        if raw:
            yield f"{shown_path(path)}:{number}", raw


def _bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines; of one beyond what any record may have, its beginning, which is then too large to decode.

    A file without line feeds would otherwise be read into memory whole.
    """
    limit = MESSAGE_BYTES_MAX + 2
    while line := file.readline(limit):
        yield line
        while len(line) == limit and not line.endswith(b"\n"):
            line = file.readline(limit)
