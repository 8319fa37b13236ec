"""The European Union's consolidated list of financial sanctions, full XML of version 1.1.

Names stand in attributes. An alias with ``strong="false"`` is one that the Union itself calls weak.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from samehand.watchlist.entry import Alias, WatchlistEntry
from schemas.malformed import Malformed
from watchlists.documents import elements
from watchlists.rows import ListRow, an_entry, iso_date
from watchlists.sources import Readable

AUTHORITY: Final = "EU"
_PERSON: Final = {"person": True, "P": True, "enterprise": False, "E": False}
_PARTS: Final = ("firstName", "middleName", "lastName")


def read_xml(file: Readable, *, authority: str = AUTHORITY) -> Iterator[ListRow]:
    for number, element in enumerate(elements(file, frozenset({"sanctionEntity"})), 1):
        where = f"entry {number}"
        if isinstance(element, Malformed):
            yield ListRow(where, element)
        else:
            yield ListRow(where, _of_element(element, authority))


def _of_element(element: Element, authority: str) -> WatchlistEntry | Malformed:
    kind = element.find("subjectType")
    codes = () if kind is None else (kind.get("code", ""), kind.get("classificationCode", ""))
    person = next((_PERSON[code] for code in codes if code in _PERSON), None)
    if person is None:
        return Malformed("not-allowed", "$.subjectType", "neither person nor enterprise")
    return an_entry(
        authority,
        # Entries of the first days after a decision have no number of the Union's yet.
        element.get("euReferenceNumber", "").strip() or element.get("logicalId", ""),
        [
            Alias(
                alias.get("wholeName", "").strip() or " ".join(alias.get(part, "") for part in _PARTS),
                weak=alias.get("strong", "").casefold() == "false",
            )
            for alias in element.iterfind("nameAlias")
        ],
        person=person,
        programmes=(regulation.get("programme", "") for regulation in element.iterfind("regulation")),
        listed_on=iso_date(element.get("designationDate")),
    )
