"""A plain CSV for lists that have no format of their own, such as national lists of proscribed organisations.

Columns, in any order, case ignored: ``reference`` and ``name`` (required), ``aliases`` (separated by
semicolons), ``type`` (``organisation``, the default, or ``person``), ``programme``, ``listed_on``,
``authority`` (else the caller's). Other columns are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from samehand.watchlist.entry import Alias, WatchlistEntry
from schemas.malformed import Malformed
from watchlists.rows import ListRow, an_entry, iso_date, within_limit
from watchlists.tables import records

REQUIRED: Final = frozenset({"reference", "name"})
COLUMNS: Final = REQUIRED | {"aliases", "type", "programme", "listedon", "authority"}
"""Every column that is read, as :func:`watchlists.tables.column` writes them."""
AUTHORITY_FORM: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
"""As :class:`schemas.accounts.Basis` takes it: a label in the desk's filters."""

_KINDS: Final = {"": False, "organisation": False, "organization": False, "entity": False}
_PERSONS: Final = {"person": True, "individual": True}


def read_csv(lines: Iterable[bytes], *, authority: str = "") -> Iterator[ListRow]:
    """An entry a row; ``authority`` for rows that name none."""
    return within_limit(
        ListRow(
            f"row {number}" if number else "line of names",
            row if isinstance(row, Malformed) else _of_row(row, authority),
        )
        for number, row in records(lines, REQUIRED)
    )


def _of_row(row: dict[str, str], authority: str) -> WatchlistEntry | Malformed:
    authority = row.get("authority") or authority
    if not AUTHORITY_FORM.fullmatch(authority):
        return Malformed("bad-format", "$.authority", "no authority (--authority), or not a short word")
    person = (_KINDS | _PERSONS).get(row.get("type", "").casefold())
    if person is None:
        return Malformed("not-allowed", "$.type", "neither organisation nor person")
    listed_on = iso_date(row.get("listedon"))
    if row.get("listedon") and listed_on is None:
        return Malformed("bad-date", "$.listed_on", "not a date such as 2020-12-31")
    if not row.get("name"):
        return Malformed("missing-field", "$.name", "the listing has no name")
    names = (row["name"], *row.get("aliases", "").split(";"))
    return an_entry(
        authority,
        row.get("reference", ""),
        map(Alias, names),
        person=person,
        programmes=(row.get("programme", ""),),
        listed_on=listed_on,
    )
