"""XML of public authorities, read element by element and never whole.

A document with a DOCTYPE is refused: no list has one, and everything dangerous in XML (entities that grow,
entities that read files) needs one. What is held in memory is one entry at a time, with limits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final
from xml.etree import ElementTree as ET
from xml.parsers import expat

from samehand.watchlist.entry import WatchlistEntry
from schemas.malformed import Malformed
from watchlists.rows import FILE_BYTES_MAX, ListRow
from watchlists.sources import Readable

DEPTH_MAX: Final = 32  # lists nest seven deep
NODES_MAX: Final = 50_000  # elements of one entry; the largest known has some thousands
TEXT_CHARS_MAX: Final = 2_000_000  # of one entry
TAG_BYTES_MAX: Final = 1024 * 1024  # of one tag with its attributes, which the parser holds until it ends
_CHUNK_BYTES: Final = 64 * 1024


class _RefusedError(Exception):
    """The document breaks a limit; carries why."""

    def __init__(self, fault: Malformed) -> None:
        super().__init__(fault.detail)
        self.fault = fault


def elements(file: Readable, wanted: frozenset[str]) -> Iterator[ET.Element | Malformed]:
    """Each element of a ``wanted`` name, namespaces left off; a fault ends the document."""
    growing = _Growing(wanted)
    read = 0
    try:
        while chunk := file.read(_CHUNK_BYTES):
            read += len(chunk)
            if read > FILE_BYTES_MAX:
                raise _RefusedError(Malformed("too-large", "$", "larger than any official list"))
            growing.parser.Parse(chunk, False)
            if read - growing.parser.CurrentByteIndex > TAG_BYTES_MAX:
                raise _RefusedError(Malformed("too-long", "$", "a tag longer than any list has"))
            yield from growing.taken()
        growing.parser.Parse(b"", True)
        yield from growing.taken()
    except _RefusedError as refused:
        yield from growing.taken()
        yield refused.fault
    except (expat.ExpatError, ValueError, LookupError) as fault:
        yield from growing.taken()
        line = getattr(fault, "lineno", None)
        yield Malformed("bad-format", "$", "not well-formed XML" + (f" at line {line}" if line else ""))


def entries(
    file: Readable, wanted: frozenset[str], entry: Callable[[ET.Element], WatchlistEntry | Malformed | None]
) -> Iterator[ListRow]:
    """What `entry` makes of each element of a ``wanted`` name."""
    for number, element in enumerate(elements(file, wanted), 1):
        if isinstance(element, Malformed):
            yield ListRow(f"entry {number}", element, ends=True)
        else:
            yield ListRow(f"entry {number}", entry(element))


def root_name(head: bytes) -> str:
    """The name of a document's root by its first bytes, or the empty string."""
    names: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda name, attributes: names.append(_local(name))
    try:
        parser.Parse(head, False)
    except (expat.ExpatError, ValueError, LookupError, _RefusedError):
        pass  # a head cut in the middle, or a document that its reader will refuse with the reason
    return names[0] if names else ""


def text_of(element: ET.Element, path: str) -> str:
    """The text of a child, or the empty string."""
    return (element.findtext(path) or "").strip()


class _Growing:
    """The entry being read, and those that are ready."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        self._ready: deque[ET.Element] = deque()
        self._builder: ET.TreeBuilder | None = None
        self._depth = self._within = self._nodes = self._characters = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = _refuse_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters_read

    def taken(self) -> Iterator[ET.Element]:
        """The entries that became ready."""
        while self._ready:
            yield self._ready.popleft()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise _RefusedError(
                Malformed("nested-too-deep", "$", "elements nested beyond what any list needs")
            )
        name = _local(name)
        if self._builder is None:
            if name not in self._wanted:
                return
            self._builder, self._within = ET.TreeBuilder(), self._depth
            self._nodes = self._characters = 0
        self._nodes += 1
        self._count(sum(map(len, attributes.values())))
        if self._nodes > NODES_MAX:
            raise _RefusedError(Malformed("too-many", "$", "an entry of more elements than any list has"))
        self._builder.start(name, {_local(key): value for key, value in attributes.items()})

    def _end(self, name: str) -> None:
        if self._builder is not None:
            self._builder.end(_local(name))
            if self._depth == self._within:
                self._ready.append(self._builder.close())
                self._builder = None
        self._depth -= 1

    def _characters_read(self, text: str) -> None:
        if self._builder is None:
            return
        self._count(len(text))
        self._builder.data(text)

    def _count(self, characters: int) -> None:
        self._characters += characters
        if self._characters > TEXT_CHARS_MAX:
            raise _RefusedError(Malformed("too-long", "$", "an entry with more text than any list has"))


def _refuse_doctype(name: str, system: str | None, public: str | None, internal: bool) -> None:
    raise _RefusedError(Malformed("not-allowed", "$", "a DOCTYPE, which no official list has"))


def _local(name: str) -> str:
    """A name without its namespace: authorities move their lists to new ones."""
    return name.rpartition(" ")[2]
