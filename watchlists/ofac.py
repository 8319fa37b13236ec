"""The list of Specially Designated Nationals of the US Office of Foreign Assets Control.

``SDN.CSV`` holds the names, ``ALT.CSV`` the aliases by the same number; neither has a line of column names.
The XML edition has both in one. A "weak" alias is one that OFAC itself does not expect anybody to search by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final
from xml.etree.ElementTree import Element

from samehand.watchlist.entry import Alias, WatchlistEntry
from schemas.malformed import Malformed
from watchlists.documents import entries, text_of
from watchlists.rows import ENTRIES_MAX, ListRow, an_entry, tidy
from watchlists.sources import Readable
from watchlists.tables import Cells, rows

AUTHORITY: Final = "US"
SDN_CELLS: Final = 12
ALT_CELLS: Final = 5

_NOTHING: Final = "-0-"
_PERSON: Final = "individual"


@dataclass(slots=True)
class _Listed:
    where: str
    number: str
    names: list[Alias]
    person: bool
    programmes: tuple[str, ...]


def read_csv(
    sdn: Iterable[bytes], alternatives: Iterable[bytes] = (), *, authority: str = AUTHORITY
) -> Iterator[ListRow]:
    """Entries of an SDN.CSV and the ALT.CSV that belongs to it, held in memory until both are read."""
    listed: dict[str, _Listed | None] = {}
    for row in rows(sdn):
        where = f"row {row.number}"
        read = _listed(row)
        if isinstance(read, Malformed):
            yield ListRow(where, read)
        elif read.number in listed:
            yield ListRow(where, Malformed("contradiction", "$.ent_num", "the number is listed twice"))
        elif len(listed) == ENTRIES_MAX:
            fault = Malformed("too-many", "$", "more entries than all lists together have")
            yield ListRow(where, fault, ends=True)
            break
        else:
            kept = read if read.names else None
            listed[read.number] = kept
            if kept is None:
                yield ListRow(where, None)
    yield from _with_aliases(listed, alternatives)
    for entry in listed.values():
        if entry is not None:
            yield ListRow(
                entry.where,
                an_entry(
                    authority, entry.number, entry.names, person=entry.person, programmes=entry.programmes
                ),
            )


def _listed(row: Cells) -> _Listed | Malformed:
    """A row of SDN.CSV; ships and aircraft without names, so that nothing is made of them."""
    if isinstance(row.cells, Malformed):
        return row.cells
    if len(row.cells) != SDN_CELLS:
        return Malformed("bad-row", "$", f"not the {SDN_CELLS} cells of SDN.CSV")
    number, name, kind, programmes = (_value(cell) for cell in row.cells[:4])
    if not number.isdecimal():
        return Malformed("bad-format", "$.ent_num", "not a number")
    if kind.casefold() not in ("", "entity", _PERSON):
        return _Listed(f"row {row.number}", number, [], False, ())
    if not name:
        return Malformed("missing-field", "$.SDN_Name", "the listing has no name")
    split = tuple(part.strip(" []") for part in programmes.split("] ["))
    return _Listed(f"row {row.number}", number, [Alias(name)], kind.casefold() == _PERSON, split)


def _with_aliases(listed: dict[str, _Listed | None], lines: Iterable[bytes]) -> Iterator[ListRow]:
    """Adds the rows of ALT.CSV to their entries; hands out those that belong to none."""
    for row in rows(lines):
        where = f"alias row {row.number}"
        if isinstance(row.cells, Malformed):
            yield ListRow(where, row.cells)
        elif len(row.cells) != ALT_CELLS:
            yield ListRow(where, Malformed("bad-row", "$", f"not the {ALT_CELLS} cells of ALT.CSV"))
        else:
            number, name = _value(row.cells[0]), _value(row.cells[3])
            if number not in listed:
                yield ListRow(where, Malformed("contradiction", "$.ent_num", "an alias of no listed number"))
            elif (entry := listed[number]) is not None and name:
                entry.names.append(Alias(name, weak="weak" in row.cells[4].casefold()))


def _value(cell: str) -> str:
    text = tidy(cell)
    return "" if text == _NOTHING else text


def read_xml(file: Readable, *, authority: str = AUTHORITY) -> Iterator[ListRow]:
    """Entries of SDN.XML or CONSOLIDATED.XML."""
    return entries(file, frozenset({"sdnEntry"}), partial(_of_element, authority))


def _of_element(authority: str, element: Element) -> WatchlistEntry | Malformed | None:
    kind = text_of(element, "sdnType").casefold()
    if kind not in ("entity", _PERSON):
        return None if kind else Malformed("missing-field", "$.sdnType", "neither entity nor individual")
    aliases = [
        Alias(_full_name(aka), weak=text_of(aka, "category").casefold() == "weak")
        for aka in element.iterfind("akaList/aka")
    ]
    return an_entry(
        authority,
        text_of(element, "uid"),
        [Alias(_full_name(element)), *aliases],
        person=kind == _PERSON,
        programmes=(programme.text or "" for programme in element.iterfind("programList/program")),
    )


def _full_name(element: Element) -> str:
    return f"{text_of(element, 'firstName')} {text_of(element, 'lastName')}"
