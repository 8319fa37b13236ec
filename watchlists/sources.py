"""A file as readers take it: whole chunks or bounded lines, counted as they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from watchlists.tables import LINE_BYTES_MAX


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class ByteProgress:
    """Counts the bytes read of all files and reports them to a progress bar."""

    def __init__(self, hear: Callable[[int], None]) -> None:
        self._hear, self._done = hear, 0

    def add(self, size: int) -> None:
        self._done += size
        self._hear(self._done)


class ListSource:
    def __init__(self, file: BinaryIO, counted: ByteProgress) -> None:
        """Takes a file opened in binary."""
        self._file, self._counted = file, counted

    def read(self, size: int, /) -> bytes:
        """At most so many bytes."""
        chunk = self._file.read(size)
        self._counted.add(len(chunk))
        return chunk

    def __iter__(self) -> Iterator[bytes]:
        return self.lines(LINE_BYTES_MAX)

    def lines(self, bytes_max: int) -> Iterator[bytes]:
        """Lines; one that is too long comes in pieces, which its reader refuses: memory stays bounded."""
        while line := self._file.readline(bytes_max):
            self._counted.add(len(line))
            yield line
