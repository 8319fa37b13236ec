"""What Redis answered, by what it was asked, and connections that answer the same again.

The tap stands where redis-py hands bytes to the network and takes them from it, so that packing commands and
parsing answers are a client's work in both cases, and the kernel, Redis and waiting in neither.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio.connection import Connection


class NotOnTape(RuntimeError):  # says what was asked; "error" would add nothing
    """Something was asked that had not been asked when the tape was made."""


class Tape:
    """Answers by the bytes of the question, in the order in which each was asked."""

    def __init__(self) -> None:
        self._exchanges: list[tuple[bytes, bytearray]] = []
        self._left: dict[bytes, deque[bytes]] = defaultdict(deque)

    def save(self, path: Path) -> None:
        """To a file of its own."""
        path.write_bytes(msgspec.msgpack.encode([(asked, bytes(said)) for asked, said in self._exchanges]))

    @classmethod
    def load(cls, path: Path) -> Tape:
        tape = cls()
        for asked, said in msgspec.msgpack.decode(path.read_bytes(), type=list[tuple[bytes, bytes]]):
            tape._left[asked].append(said)
        return tape

    def record(self) -> None:
        """From now on every connection that is made notes what passes. For the whole process."""

        async def connect(connection: Any, made: Any = Connection._connect) -> None:
            await made(connection)
            reader, writer = connection._reader, connection._writer
            send, feed = writer.writelines, reader.feed_data
            said = bytearray()

            def asking(parts: Iterable[bytes]) -> None:
                nonlocal said
                question = list(parts)
                said = bytearray()
                self._exchanges.append((b"".join(question), said))
                send(question)

            def hearing(data: bytes) -> None:
                said.extend(data)
                feed(data)

            writer.writelines, reader.feed_data = asking, hearing

        Connection._connect = connect  # type: ignore[method-assign]  # the one door of redis-py to the network

    def replay(self) -> None:
        """From now on no connection is made: the tape answers each question. For the whole process."""

        async def connect(connection: Any) -> None:
            reader = asyncio.StreamReader()
            connection._reader, connection._writer = reader, _Deck(self._left, reader)

        Connection._connect = connect  # type: ignore[method-assign]  # the one door of redis-py to the network


class _Deck:
    """What redis-py needs of a stream's writer; whatever it is given is answered at once."""

    def __init__(self, left: dict[bytes, deque[bytes]], reader: asyncio.StreamReader) -> None:
        self._left = left
        self._reader = reader
        self.transport = None

    def writelines(self, parts: Iterable[bytes]) -> None:
        question = b"".join(parts)
        answers = self._left.get(question)
        if not answers:
            raise NotOnTape(f"nobody asked for {question[:80]!r}… when the answers were recorded")
        self._reader.feed_data(answers.popleft())

    async def drain(self) -> None:
        """Nothing is ever held back."""

    def close(self) -> None:
        self._reader.feed_eof()

    async def wait_closed(self) -> None:
        """It is."""
