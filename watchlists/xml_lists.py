"""Consolidated lists of financial sanctions in XML: the United Nations' and the European Union's (1.1).

The Union's names stand in attributes; an alias with ``strong="false"`` is one that it itself calls weak.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final
from xml.etree.ElementTree import Element

from samehand.watchlist.entry import Alias, WatchlistEntry
from schemas.malformed import Malformed
from watchlists.documents import entries, text_of
from watchlists.rows import ListRow, an_entry, iso_date
from watchlists.sources import Readable

UN: Final = "UN"
EU: Final = "EU"
_UN_PARTS: Final = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
_EU_PARTS: Final = ("firstName", "middleName", "lastName")
_PERSON: Final = {"person": True, "P": True, "enterprise": False, "E": False}


def read_un(file: Readable, *, authority: str = UN) -> Iterator[ListRow]:
    """Entries of the list of the Security Council."""

    def entry(element: Element) -> WatchlistEntry | Malformed:
        return an_entry(
            authority,
            text_of(element, "REFERENCE_NUMBER"),
            [
                Alias(" ".join(text_of(element, part) for part in _UN_PARTS)),
                Alias(text_of(element, "NAME_ORIGINAL_SCRIPT")),
                *(
                    Alias(text_of(alias, "ALIAS_NAME"), weak=text_of(alias, "QUALITY").casefold() == "low")
                    for alias in element.iterfind(f"{element.tag}_ALIAS")
                ),
            ],
            person=element.tag == "INDIVIDUAL",
            programmes=(text_of(element, "UN_LIST_TYPE"),),
            listed_on=iso_date(text_of(element, "LISTED_ON")),
        )

    return entries(file, frozenset({"ENTITY", "INDIVIDUAL"}), entry)


def read_eu(file: Readable, *, authority: str = EU) -> Iterator[ListRow]:
    """Entries of the list of the European Union."""
    return entries(file, frozenset({"sanctionEntity"}), partial(_eu_entry, authority))


def _eu_entry(authority: str, element: Element) -> WatchlistEntry | Malformed:
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
                alias.get("wholeName", "").strip() or " ".join(alias.get(part, "") for part in _EU_PARTS),
                weak=alias.get("strong", "").casefold() == "false",
            )
            for alias in element.iterfind("nameAlias")
        ],
        person=person,
        programmes=(regulation.get("programme", "") for regulation in element.iterfind("regulation")),
        listed_on=iso_date(element.get("designationDate")),
    )
