"""Entities of FollowTheMoney, one JSON object a line, as OpenSanctions publishes and yente loads them.

Both editions are read: `entities.ftm.json`, and `targets.nested.json`, in which sanctions are nested. Most
entities of such a file are on no list (owners, addresses, politicians): the topic decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from samehand.watchlist.entry import Alias, WatchlistEntry
from schemas.malformed import Malformed
from watchlists.rows import ListRow, an_entry, within_limit
from watchlists.sources import ListSource

LINE_BYTES_MAX: Final = 8 * 1024 * 1024
"""The largest nested entity has some 2 MB."""

FILE_BYTES_MAX: Final = 16 * 1024**3
"""All of OpenSanctions has some 4 GB; read as a stream."""

LISTED_TOPICS: Final = frozenset({"sanction", "crime.terror"})
"""Not `sanction.linked` and `sanction.control` (relatives and firms of a listed party), `sanction.counter`
(listed by a state in answer to a list), `role.pep` and the like."""

_ORGANISATIONS: Final = frozenset({"Organization", "Company", "PublicBody"})
_PERSONS: Final = frozenset({"Person", "LegalEntity"})
"""``LegalEntity`` is for whom the source did not tell apart: it may be a person, who must never alert."""

_Texts = tuple[str, ...]


class _SanctionProperties(msgspec.Struct, frozen=True, rename="camel"):
    program: _Texts = ()
    program_id: _Texts = ()


class _Sanction(msgspec.Struct, frozen=True):
    properties: _SanctionProperties = _SanctionProperties()


class _Properties(msgspec.Struct, frozen=True, rename="camel"):
    name: _Texts = ()
    alias: _Texts = ()
    previous_name: _Texts = ()
    weak_alias: _Texts = ()
    abbreviation: _Texts = ()
    topics: _Texts = ()
    program: _Texts = ()
    program_id: _Texts = ()
    sanctions: tuple[_Sanction | str, ...] = ()


class _Entity(msgspec.Struct, frozen=True):
    id: str
    schema: str
    caption: str = ""
    datasets: _Texts = ()
    properties: _Properties = _Properties()


_DECODER: Final = msgspec.json.Decoder(_Entity)


def read_lines(source: ListSource, *, authority: str) -> Iterator[ListRow]:
    """Entries of the listed organisations and persons; every other entity is a row without outcome."""
    return within_limit(_rows(source.lines(LINE_BYTES_MAX), authority))


def _rows(lines: Iterable[bytes], authority: str) -> Iterator[ListRow]:
    read = number = 0
    continued = False  # the piece belongs to a line that was refused
    for piece in lines:
        read += len(piece)
        number += not continued
        where, whole = f"line {number}", piece.endswith(b"\n") or len(piece) < LINE_BYTES_MAX
        if read > FILE_BYTES_MAX:
            yield ListRow(where, Malformed("too-large", "$", "larger than any list"), ends=True)
            return
        if not continued and not whole:
            yield ListRow(where, Malformed("too-large", "$", "a line larger than any entity"))
        elif not continued and piece.strip():
            yield ListRow(where, _of_line(piece, authority))
        continued = not whole


def _of_line(line: bytes, authority: str) -> WatchlistEntry | Malformed | None:
    try:
        entity = _DECODER.decode(line.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.ValidationError:
        return Malformed("wrong-type", "$", "not an entity of FollowTheMoney: id, schema, lists of texts")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Malformed("not-json", "$", "not one JSON object in UTF-8")
    except RecursionError:
        return Malformed("nested-too-deep", "$", "objects nested beyond what any entity needs")
    properties = entity.properties
    if entity.schema not in _ORGANISATIONS | _PERSONS or LISTED_TOPICS.isdisjoint(properties.topics):
        return None
    names = [*properties.name, *properties.alias, *properties.previous_name]
    names.sort(key=lambda name: name != entity.caption)  # the caption is the best of them
    programmes = [*entity.datasets, *properties.program_id, *properties.program]
    for sanction in properties.sanctions:
        if isinstance(sanction, _Sanction):
            programmes += (*sanction.properties.program_id, *sanction.properties.program)
    return an_entry(
        authority,
        entity.id,
        [
            *map(Alias, names),
            # The model excludes both from matching.
            *(Alias(name, weak=True) for name in (*properties.weak_alias, *properties.abbreviation)),
        ],
        person=entity.schema in _PERSONS,
        programmes=programmes,
    )
