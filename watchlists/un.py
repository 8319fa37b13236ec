"""The consolidated list of the United Nations Security Council, XML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from samehand.watchlist.entry import Alias
from schemas.malformed import Malformed
from watchlists.documents import elements, text_of
from watchlists.rows import ListRow, an_entry, iso_date
from watchlists.sources import Readable

AUTHORITY: Final = "UN"
_PARTS: Final = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


def read_xml(file: Readable, *, authority: str = AUTHORITY) -> Iterator[ListRow]:
    for number, element in enumerate(elements(file, frozenset({"ENTITY", "INDIVIDUAL"})), 1):
        where = f"entry {number}"
        if isinstance(element, Malformed):
            yield ListRow(where, element)
        else:
            names = [
                Alias(" ".join(text_of(element, part) for part in _PARTS)),
                Alias(text_of(element, "NAME_ORIGINAL_SCRIPT")),
            ]
            names += [
                Alias(text_of(alias, "ALIAS_NAME"), weak=text_of(alias, "QUALITY").casefold() == "low")
                for alias in element.iterfind(f"{element.tag}_ALIAS")
            ]
            yield ListRow(
                where,
                an_entry(
                    authority,
                    text_of(element, "REFERENCE_NUMBER"),
                    names,
                    person=element.tag == "INDIVIDUAL",
                    programmes=(text_of(element, "UN_LIST_TYPE"),),
                    listed_on=iso_date(text_of(element, "LISTED_ON")),
                ),
            )
