"""Files of accounts and bans: JSONL of the records, or CSV; each line a record or a fault with its address.

What a file is, its name says (``.csv``; ``.jsonl``, ``.ndjson`` or ``.json``), else its first character:
records begin with ``{``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Generic, Protocol, TypeVar

import click

from schemas.accounts import AccountBanned, AccountCreated, AccountEvent
from schemas.csvrows import Row, banned_from_csv, created_from_csv
from schemas.malformed import Malformed
from schemas.wire import MESSAGE_BYTES_MAX, Decoded, Decoder, decode_created

E = TypeVar("E", bound=AccountEvent)
E_co = TypeVar("E_co", bound=AccountEvent, covariant=True)

Hear = Callable[[int], None]
"""Called with the bytes read so far."""

_BOM: Final = b"\xef\xbb\xbf"
_SPACES: Final = b" \t\r\n"
_decode_banned: Final = Decoder(AccountBanned)


@dataclass(frozen=True, slots=True)
class Line(Generic[E_co]):
    """One record of a file, or why it is none. ``address`` is ``file:line``, of CSV ``file:row N``.

    ``named``: whether the file itself names its accounts. ``dated``: whether it says when.
    """

    address: str
    outcome: E_co | Malformed
    named: bool = True
    dated: bool = True


class _FromCsv(Protocol[E]):
    def __call__(self, lines: Iterable[bytes], *, now: float, platform: str) -> Iterator[Row[E]]: ...


@dataclass(frozen=True, slots=True)
class _Kind(Generic[E]):
    decode: Decoder[E]
    from_csv: _FromCsv[E]


_ACCOUNTS: Final = _Kind(decode_created, created_from_csv)
_BANS: Final = _Kind(_decode_banned, banned_from_csv)


def read_accounts(
    path: Path, *, now: float, platform: str, hear: Hear = lambda done: None
) -> Iterator[Line[AccountCreated]]:
    """Accounts of a file; ``now`` in Unix seconds, ``platform`` for CSV rows that name none.

    Raises ``click.ClickException`` where the file cannot be opened.
    """
    return _read(path, _ACCOUNTS, now, platform, hear)


def read_bans(
    path: Path, *, now: float, platform: str, hear: Hear = lambda done: None
) -> Iterator[Line[AccountBanned]]:
    """Bans of a file, like :func:`read_accounts`."""
    return _read(path, _BANS, now, platform, hear)


def read_raw(path: Path, hear: Hear = lambda done: None) -> Generator[tuple[str, bytes]]:
    """The lines of a JSONL file as they are, each with its address; empty ones are passed over.

    Raises ``click.ClickException`` where the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            yield from _numbered(path, file, hear)
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror or 'cannot be read'}") from fault


def size(paths: Iterable[Path]) -> int:
    """Bytes of files, for a progress bar; what cannot be asked counts nothing (a pipe, say)."""
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total


def _read(path: Path, kind: _Kind[E], now: float, platform: str, hear: Hear) -> Iterator[Line[E]]:
    try:
        with path.open("rb") as file:
            if _is_csv(path, file):
                yield from _csv(path, file, kind, now, platform, hear)
            else:
                yield from _jsonl(path, file, kind, now, hear)
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror or 'cannot be read'}") from fault


def _is_csv(path: Path, file: BinaryIO) -> bool:
    match path.suffix.lower():
        case ".csv":
            return True
        case ".jsonl" | ".ndjson" | ".json":
            return False
    head = file.peek(1024) if hasattr(file, "peek") else b""
    return not head.removeprefix(_BOM).lstrip(_SPACES).startswith(b"{")


def _csv(
    path: Path, file: BinaryIO, kind: _Kind[E], now: float, platform: str, hear: Hear
) -> Iterator[Line[E]]:
    lines = _Heard(file, hear)
    for row in kind.from_csv(lines, now=now, platform=platform):
        outcome = row.outcome.record if isinstance(row.outcome, Decoded) else row.outcome
        where = f"row {row.number}" if row.number else "line of names"
        yield Line(f"{path}:{where}", outcome, named=lines.names_accounts, dated=row.dated)


class _Heard:
    """The lines of a CSV file as they are read; notes whether the first names a column ``account_id``."""

    def __init__(self, file: BinaryIO, hear: Hear) -> None:
        self._lines, self._hear, self._done = _bounded_lines(file), hear, 0
        self.names_accounts = True

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            if self._done == 0:
                text = line.removeprefix(_BOM).decode(errors="replace")
                self.names_accounts = "account_id" in {name.strip() for name in next(csv.reader([text]), ())}
            self._done += len(line)
            self._hear(self._done)
            yield line


def _jsonl(path: Path, file: BinaryIO, kind: _Kind[E], now: float, hear: Hear) -> Iterator[Line[E]]:
    for address, raw in _numbered(path, file, hear):
        decoded = kind.decode(raw, now=now)
        yield Line(address, decoded.record if isinstance(decoded, Decoded) else decoded)


def _numbered(path: Path, file: BinaryIO, hear: Hear) -> Iterator[tuple[str, bytes]]:
    done = 0
    for number, line in enumerate(_bounded_lines(file), 1):
        done += len(line)
        hear(done)
        raw = (line.removeprefix(_BOM) if number == 1 else line).strip(_SPACES)
        if raw:
            yield f"{path}:{number}", raw


def _bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines; of one beyond what any record may have, its beginning, which is then too large to decode.

    A file without line feeds would otherwise be read into memory whole.
    """
    limit = MESSAGE_BYTES_MAX + 2
    while line := file.readline(limit):
        yield line
        while len(line) == limit and not line.endswith(b"\n"):
            line = file.readline(limit)
