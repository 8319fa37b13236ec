"""What every reader hands out, and the limits that hold for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from samehand.watchlist.entry import Alias, WatchlistEntry
from schemas.malformed import Malformed

FILE_BYTES_MAX: Final = 512 * 1024 * 1024
"""The largest official file, OFAC's advanced XML, is a quarter of it."""

ENTRIES_MAX: Final = 500_000
"""All lists of the world together have about a tenth of it; some formats hold their entries in memory."""

ALIASES_MAX: Final = 2_000
"""Aliases of one entry. The largest known have about two hundred."""

NAME_CHARS_MAX: Final = 2_000
REFERENCE_CHARS_MAX: Final = 200  # leaves room for authority and number within the limit of an account's id

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_DATES: Final = ("%Y-%m-%d", "%d/%m/%Y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True, slots=True)
class ListRow:
    """One thing of a list. ``outcome`` is ``None`` for what is neither organisation nor person (a ship).

    ``where`` is its place in the file: ``row 7``, ``entry 3``. ``ends``: after this fault nothing more of the
    file was read.
    """

    where: str
    outcome: WatchlistEntry | Malformed | None
    ends: bool = False


def an_entry(
    authority: str,
    reference: str,
    names: Iterable[Alias],
    *,
    person: bool = False,
    programmes: Iterable[str] = (),
    listed_on: str | None = None,
) -> WatchlistEntry | Malformed:
    """An entry of tidied values, or why they make none."""
    reference = tidy(reference)
    if not reference:
        return Malformed("missing-field", "$.reference", "the listing has no number")
    if len(reference) > REFERENCE_CHARS_MAX:
        return Malformed("too-long", "$.reference", f"over {REFERENCE_CHARS_MAX} characters")
    distinct: dict[str, bool] = {}
    for alias in names:
        text = tidy(alias.text)
        if text:  # given as weak and as strong, it is strong
            distinct[text] = distinct.get(text, True) and alias.weak
    aliases = tuple(Alias(text, weak) for text, weak in distinct.items())
    if not aliases:
        return Malformed("missing-field", "$.name", "the listing has no name")
    if len(aliases) > ALIASES_MAX:
        return Malformed("too-many", "$.aliases", f"over {ALIASES_MAX} names")
    if any(len(alias.text) > NAME_CHARS_MAX for alias in aliases):
        return Malformed("too-long", "$.name", f"over {NAME_CHARS_MAX} characters")
    return WatchlistEntry(
        authority=authority,
        reference=reference,
        aliases=aliases,
        person=person,
        programmes=tuple(dict.fromkeys(filter(None, map(tidy, programmes)))),
        listed_on=listed_on,
    )


def tidy(text: str | None) -> str:
    """Single spaces, and no controls, which would forge ids and log lines."""
    return " ".join(_CONTROLS.sub(" ", text).split()) if text else ""


def iso_date(text: str | None) -> str | None:
    """A date as lists write it (ISO, ``31/12/2020``, ``31-Dec-2020``) in ISO form; ``None`` for any other."""
    text = tidy(text)[:32].removesuffix("Z")
    for form in _DATES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date().isoformat()
        except ValueError:
            continue
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return None


def within_limit(rows: Iterable[ListRow]) -> Iterator[ListRow]:
    """The rows up to the limit of entries and faults, and then one that says that it was reached."""
    number = 0
    for row in rows:
        number += row.outcome is not None
        if number > ENTRIES_MAX:
            fault = Malformed("too-many", "$", "more entries than all lists together have")
            yield ListRow(row.where, fault, ends=True)
            return
        yield row
