"""CSV files of accounts and bans, for score, enrol and try: the same records as on the wire.

Columns are named like the account's fields, in any order; a first line of names is required. Beside them:
`platform` (else the caller's), `event_id`, `occurred_at`; the picture's hash as `avatar_pdq` and
`avatar_quality` (the picture itself travels in JSONL); in `links` spaces separate. Bans may have
`banned_at`, `policy`, `queue`, `expires_at`, `because_of`, `basis_authority`, `basis_reference`,
`basis_programmes` (semicolons separate, as in `emails` and the other lists). An empty cell is an absent
field; other columns are ignored and counted.

Commas, semicolons (as spreadsheet programs write them in much of Europe) or tabs separate the
cells: whichever the line of names is found to use.

Without a column `account_id` an account is named by its row number: 1 for the first row after the names,
empty lines not counted. What the file leaves open is filled in: `version` is 1, `event_id` is `row-N`, and
`occurred_at` is `banned_at` for a ban that has one (an old list must not override a later reinstatement),
else `now`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from schemas.accounts import Account, AccountBanned, AccountCreated, AccountEvent
from schemas.decoding.dates import from_seconds
from schemas.fields import says_nothing
from schemas.malformed import Malformed
from schemas.mapping.fields import ALL_FIELDS
from schemas.wire import Decoded, Decoder, decode_ban, decode_created

E = TypeVar("E", bound=AccountEvent)

# A file with more columns is no list of accounts; the limit bounds what one bad line can cost.
COLUMNS_MAX: Final = 256

DELIMITERS: Final = ",;\t"
"""What may separate cells; the first where none of them tells more than another."""

_BOM: Final = b"\xef\xbb\xbf"  # spreadsheet programs put it before the first name
_AVATAR: Final = {"avatar_pdq": "pdq", "avatar_quality": "quality"}
_BASIS: Final = {f"basis_{name}": name for name in ("authority", "reference", "programmes")}
_PROFILE: Final = frozenset(Account.__struct_fields__) - {"avatar"}
_EVENT: Final = frozenset({"platform", "event_id", "occurred_at"})
_BAN: Final = frozenset({"banned_at", "policy", "queue", "expires_at", "because_of"})
COLUMNS_CREATED: Final = _PROFILE | _EVENT | _AVATAR.keys()
"""The columns of a list of accounts."""
COLUMNS_BANNED: Final = COLUMNS_CREATED | _BAN | _BASIS.keys()
"""The columns of a list of bans."""

_Cells = dict[str, str]


class CsvRow(Struct, Generic[E], frozen=True):
    """One row of a file and what came of it; number 0 is the line of names."""

    number: int
    outcome: Decoded[E] | Malformed
    dated: bool = False
    """True if the row itself says when; if not, the time since anything is no evidence."""


def created_from_csv(
    lines: Iterable[bytes], *, now: float, platform: str
) -> Iterator[CsvRow[AccountCreated]]:
    """Accounts from a file opened in binary; `now` in Unix seconds, `platform` for rows that name none."""
    return _rows(lines, decode_created, COLUMNS_CREATED, now=now, platform=platform)


def banned_from_csv(lines: Iterable[bytes], *, now: float, platform: str) -> Iterator[CsvRow[AccountBanned]]:
    """Bans from a file opened in binary; `now` in Unix seconds, `platform` for rows that name none."""
    return _rows(lines, decode_ban, COLUMNS_BANNED, now=now, platform=platform)


def line_of_names(line: bytes, known: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """Returns the delimiter that yields most ``known`` names in a file's first line, and those names.

    Without any such name it is the delimiter that splits most. A line that no delimiter splits has no names.
    """
    text = line.removeprefix(_BOM).decode(errors="replace")
    splits = [(delimiter, _split(text, delimiter)) for delimiter in DELIMITERS]
    return max(splits, key=lambda split: (len(known.intersection(split[1])), len(split[1])))


def rows_of(lines: Iterable[bytes]) -> Iterator[tuple[int, _Cells | None]]:
    """The rows of a table with columns of any names, numbered from 1: cells that are not empty, by column.

    ``None`` for a row that cannot be taken apart; of a table without a usable line of names there is one, 0.
    """
    table = _table(lines, frozenset())
    names = next(table, None)
    if not isinstance(names, list) or len(names) > COLUMNS_MAX or len(set(names)) < len(names):
        yield 0, None
        return
    for number, cells in enumerate(table, start=1):
        fits = isinstance(cells, list) and len(cells) == len(names)
        row = zip(names, cells, strict=True) if isinstance(cells, list) and fits else ()
        yield number, {name.strip(): cell for name, cell in row if cell} if fits else None


def _split(text: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(name.strip() for name in next(csv.reader([text], delimiter=delimiter), ()))
    except csv.Error:
        return ()


def _rows(
    lines: Iterable[bytes], decode: Decoder[E], known: frozenset[str], *, now: float, platform: str
) -> Iterator[CsvRow[E]]:
    table = _table(lines, known)
    names = _names(next(table, None), known)
    if isinstance(names, Malformed):
        yield CsvRow(0, names)
        return
    unknown_fields = len(set(names) - known)
    defaults: dict[str, Any] = {"platform": platform, "occurred_at": from_seconds(now)}
    for number, cells in enumerate(table, start=1):
        if isinstance(cells, Malformed):
            yield CsvRow(number, cells)
            continue
        if len(cells) != len(names):
            detail = f"{len(cells)} cells, and the first line names {len(names)} columns"
            yield CsvRow(number, Malformed("bad-row", "$", detail))
            continue
        row = {name: cell for name, cell in zip(names, cells, strict=True) if cell and not _empty(name, cell)}
        if "account_id" not in names:
            row["account_id"] = str(number)
        event = {"event_id": f"row-{number}", **defaults, **_event(row, known), "version": 1}
        dated = "occurred_at" in row or ("banned_at" in row and "banned_at" in known)
        outcome = decode.of_values(event, now=now, unknown_fields=unknown_fields)
        if isinstance(outcome, Malformed) and outcome.path == "$.occurred_at" and "occurred_at" not in row:
            # It was taken from `banned_at`, which may be left out: then it is as of a row without one.
            event["occurred_at"] = defaults["occurred_at"]
            outcome = decode.of_values(event, now=now, unknown_fields=unknown_fields)
        yield CsvRow(number, outcome, dated)


def _empty(name: str, cell: str) -> bool:
    return name in ALL_FIELDS and ALL_FIELDS[name].may_say_nothing and says_nothing(cell)


def _table(lines: Iterable[bytes], known: frozenset[str]) -> Iterator[list[str] | Malformed]:
    """The cells of each row that is not empty; a bad row is one fault, and reading goes on after it."""
    rest = iter(lines)
    first = next(rest, b"")
    delimiter, _ = line_of_names(first, known)
    # Undecodable bytes become surrogates, so that they spoil their own row alone.
    text = (line.decode(errors="surrogateescape") for line in chain((first.removeprefix(_BOM),), rest))
    reader = csv.reader(text, strict=True, delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Malformed("bad-row", "$", "quotes do not match, or a cell is over 128 KiB")
            continue
        if any(
            "\udc80" <= character <= "\udcff" for cell in cells for character in cell if not cell.isascii()
        ):
            yield Malformed("not-utf8", "$", "the row is not UTF-8")
        elif cells:
            yield cells


def _names(head: list[str] | Malformed | None, known: frozenset[str]) -> list[str] | Malformed:
    if head is None:
        return Malformed("empty", "$", "the file is empty")
    if isinstance(head, Malformed):
        return head
    names = [name.strip() for name in head]
    if len(names) > COLUMNS_MAX:
        return Malformed("too-many", "$", f"more than {COLUMNS_MAX} columns")
    if len(set(names)) < len(names):
        return Malformed("bad-row", "$", "two columns have the same name")
    if known.isdisjoint(names):
        return Malformed(
            "missing-field", "$", "no column has the name of a field; the first line must hold the names"
        )
    return names


def _event(row: _Cells, known: frozenset[str]) -> dict[str, Any]:
    """The row in the shape of the record, for msgspec to check."""
    event: dict[str, Any] = {name: row[name] for name in (_EVENT | _BAN) & known & row.keys()}
    if "banned_at" in event:
        event.setdefault("occurred_at", event["banned_at"])
    if "basis_authority" in known and (basis := _nested(row, _BASIS)):
        if "programmes" in basis:
            basis["programmes"] = _parted(basis["programmes"])
        event["basis"] = basis
    account: dict[str, Any] = {name: row[name] for name in _PROFILE & row.keys()}
    if "links" in account:
        account["links"] = account["links"].split()
    for name in row.keys() & set(Account.LISTS.values()):
        account[name] = _parted(row[name])
    if avatar := _nested(row, _AVATAR):
        if "quality" in avatar and avatar["quality"].isdecimal() and len(avatar["quality"]) <= 3:
            avatar["quality"] = int(avatar["quality"])
        account["avatar"] = avatar
    event["account"] = account
    return event


def _parted(cell: str) -> list[str]:
    return list(filter(None, map(str.strip, cell.split(";"))))


def _nested(row: _Cells, columns: dict[str, str]) -> dict[str, Any]:
    return {field: row[column] for column, field in columns.items() if column in row}
