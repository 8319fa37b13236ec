"""What is read is counted, and no line is held whole that has no end."""

from __future__ import annotations

from io import BytesIO

from watchlists.sources import ByteProgress, Source
from watchlists.tables import LINE_BYTES_MAX


def test_lines_and_chunks_are_counted_over_all_files() -> None:
    heard: list[int] = []
    counted = ByteProgress(heard.append)
    assert list(Source(BytesIO(b"one\ntwo\n"), counted)) == [b"one\n", b"two\n"]
    assert Source(BytesIO(b"three"), counted).read(3) == b"thr"
    assert heard == [4, 8, 11]


def test_a_line_without_end_comes_in_pieces() -> None:
    pieces = list(Source(BytesIO(b"x" * (LINE_BYTES_MAX + 1)), ByteProgress(lambda done: None)))
    assert [len(piece) for piece in pieces] == [LINE_BYTES_MAX, 1]
