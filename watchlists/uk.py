"""The UK Sanctions List, CSV, and the consolidated list of OFSI before it: a row a name, not an entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from samehand.watchlist.entry import Alias
from schemas.malformed import Malformed
from watchlists.rows import ENTRIES_MAX, ListRow, an_entry, iso_date
from watchlists.tables import records

AUTHORITY: Final = "UK"
REQUIRED: Final = frozenset({"name1", "name6"})

# The names of columns in the two editions, as `tables.column` gives them.
_REFERENCE: Final = ("uniqueid", "groupid")
_KIND: Final = ("designationtype", "grouptype", "individualentityship")
_REGIME: Final = ("regimename", "regime")
_LISTED: Final = ("datedesignated", "uksanctionslistdatedesignated", "listedon")
_STRENGTH: Final = ("aliasstrength", "aliasquality")
_PARTS: Final = ("name1", "name2", "name3", "name4", "name5", "name6")
_ORGANISATIONS: Final = frozenset({"entity", "organisation"})
_PERSONS: Final = frozenset({"individual", "person"})


@dataclass(slots=True)
class _Listed:
    where: str
    person: bool
    names: list[Alias] = field(default_factory=list)
    regimes: list[str] = field(default_factory=list)
    listed_on: str | None = None

    def add(self, row: dict[str, str]) -> None:
        name = Alias(
            " ".join(row.get(part, "") for part in _PARTS),
            weak=_first(row, _STRENGTH).casefold().startswith("low"),
        )
        if row.get("nametype", row.get("aliastype", "")).casefold().startswith("primary name"):
            self.names.insert(0, name)
        else:
            self.names.append(name)
        self.names.append(Alias(row.get("namenonlatinscript", "")))
        self.regimes.append(_first(row, _REGIME))
        self.listed_on = self.listed_on or iso_date(_first(row, _LISTED))


def read_csv(lines: Iterable[bytes], *, authority: str = AUTHORITY) -> Iterator[ListRow]:
    """Entries, held in memory until the file is read, since the names of one may stand far apart."""
    listed: dict[str, _Listed] = {}
    for number, row in records(lines, REQUIRED):
        where = f"row {number}" if number else "line of names"
        if isinstance(row, Malformed):
            yield ListRow(where, row)
            continue
        kind = _first(row, _KIND).casefold()
        reference = _first(row, _REFERENCE)
        if kind not in _ORGANISATIONS | _PERSONS:
            fault = Malformed("missing-field", "$.type", "neither entity nor individual")
            yield ListRow(where, None if kind else fault)
        elif not reference:
            yield ListRow(where, Malformed("missing-field", "$.reference", "the listing has no number"))
        elif reference not in listed and len(listed) == ENTRIES_MAX:
            fault = Malformed("too-many", "$", "more entries than all lists together have")
            yield ListRow(where, fault, ends=True)
            break
        else:
            listed.setdefault(reference, _Listed(where, kind in _PERSONS)).add(row)
    for reference, entry in listed.items():
        outcome = an_entry(
            authority,
            reference,
            entry.names,
            person=entry.person,
            programmes=entry.regimes,
            listed_on=entry.listed_on,
        )
        yield ListRow(entry.where, outcome)


def _first(row: dict[str, str], names: tuple[str, ...]) -> str:
    return next((row[name] for name in names if row.get(name)), "")
