"""The process whose instructions are counted: events through a worker's agent, from bytes to bytes.

``python -m bench.instructions.events --tape FILE (--record URL | --collecting LIBRARY) --originals FILE …``.
With ``--record`` it asks a Redis and notes the answers, without it answers come from the tape. Faust and
Kafka's client have no part in it.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import socket
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final

import hiredis
import msgspec
from redis.asyncio.connection import Connection

from agents.runtime.store_factory import peppers_of
from agents.runtime.worker import context_of
from agents.screen import Screen
from bench.running.crowd import sign_ups
from bench.running.filled import SEED, environment, pepper_file
from schemas.wire import encode
from simulate.population.people import Person
from store.redis import RedisStore
from store.rules import keyspace
from streams.outcomes import Arrival, Published
from streams.settings import load
from streams.supervision.gc_tuning import collect_seldom
from streams.telemetry import logs


class NotOnTape(RuntimeError):  # says what was asked; "error" would add nothing
    """Something was asked that had not been asked when the tape was made."""


class Tape:
    """Answers by the bytes of the question, in the order in which each was asked."""

    def __init__(self) -> None:
        self._exchanges: list[tuple[bytes, bytes]] = []
        self._left: dict[bytes, deque[bytes]] = defaultdict(deque)

    def save(self, path: Path) -> None:
        """To a file of its own."""
        path.write_bytes(msgspec.msgpack.encode(self._exchanges))

    @classmethod
    def load(cls, path: Path) -> Tape:
        tape = cls()
        for asked, said in msgspec.msgpack.decode(path.read_bytes(), type=list[tuple[bytes, bytes]]):
            tape._left[asked].append(said)
        return tape

    def record(self) -> None:
        """From now on Redis answers before a question returns, as the tape will. For the whole process.

        Else how commands share a write would depend on how fast it answers.
        """

        async def connect(connection: Any) -> None:
            reader = asyncio.StreamReader()
            asked = socket.create_connection((connection.host, connection.port))
            connection._reader, connection._writer = reader, _Recorder(self._exchanges, reader, asked)

        Connection._connect = connect  # type: ignore[method-assign]  # the one door of redis-py to the network

    def replay(self) -> None:
        """From now on no connection is made: the tape answers each question. For the whole process."""

        async def connect(connection: Any) -> None:
            reader = asyncio.StreamReader()
            connection._reader, connection._writer = reader, _Deck(self._left, reader)

        Connection._connect = connect  # type: ignore[method-assign]  # the one door of redis-py to the network


class _Writer:
    """What redis-py needs of a stream's writer; whatever it is given is answered at once."""

    transport = None

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def drain(self) -> None:
        """Nothing is ever held back."""

    def close(self) -> None:
        self._reader.feed_eof()

    async def wait_closed(self) -> None:
        """It is."""


class _Recorder(_Writer):
    def __init__(
        self, exchanges: list[tuple[bytes, bytes]], reader: asyncio.StreamReader, asked: socket.socket
    ) -> None:
        super().__init__(reader)
        self._exchanges, self._asked = exchanges, asked

    def writelines(self, parts: Iterable[bytes]) -> None:
        question, said = b"".join(parts), b""
        self._asked.sendall(question)
        while _messages(said) < _messages(question):
            said += self._asked.recv(1 << 20)
        self._exchanges.append((question, said))
        self._reader.feed_data(said)


class _Deck(_Writer):
    def __init__(self, left: dict[bytes, deque[bytes]], reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self._left = left

    def writelines(self, parts: Iterable[bytes]) -> None:
        question = b"".join(parts)
        answers = self._left.get(question)
        if not answers:
            raise NotOnTape(f"nobody asked for {question[:80]!r}… when the answers were recorded")
        self._reader.feed_data(answers.popleft())


def _messages(data: bytes) -> int:
    """How many whole commands or replies these bytes are."""
    reader = hiredis.Reader(notEnoughData=...)
    reader.feed(data)
    return sum(1 for _ in iter(reader.gets, ...))


BANNED_UNTIL: Final = 1_790_000_000.0
"""The last ban, 2026-09-21; the first is two years older."""
SIGNED_UP_AT: Final = BANNED_UNTIL + 3_600.0
NOW: Final = SIGNED_UP_AT + 1.0

BATCH: Final = 50
"""What a worker finds waiting where it keeps up with some hundreds a second."""

MIRROR_EVERY: Final = 50
"""More mirrors than a platform has, so that alerts are counted too."""

WARM_UP: Final = 100
"""Events before it counts: code is loaded, connections are made, caches hold what they hold later, too."""


async def run(
    events: int, bans: int, url: str, originals: Sequence[Person], collecting: ctypes.CDLL | None
) -> int:
    """Lets accounts sign up; how many alerts came of those that count, between the library's two calls."""
    settings = load(environment(url, pepper_file(), bans))
    logs.configure(settings.log_level)
    context = replace(context_of(settings, peppers_of(settings)), now=lambda: NOW)
    assert isinstance(context.store, RedisStore)
    await context.store.open()
    screen = Screen(context)
    records = sign_ups(SEED, bans, originals, WARM_UP + events, at=SIGNED_UP_AT, every=MIRROR_EVERY)
    arrivals = [
        Arrival("accounts.created", 0, number, record.key.encode(), encode(record), (), NOW)
        for number, record in enumerate(records)
    ]
    await _through(screen, arrivals[:WARM_UP])
    collect_seldom()
    if collecting is not None:
        collecting.begin()
    alerts = await _through(screen, arrivals[WARM_UP:])
    if collecting is not None:
        collecting.end()
    await context.store.close()
    return alerts


async def _through(screen: Screen, arrivals: Sequence[Arrival]) -> int:
    alerts = 0
    for first in range(0, len(arrivals), BATCH):
        outcomes = await screen(arrivals[first : first + BATCH])
        emits = [emit for outcome in outcomes if isinstance(outcome, Published) for emit in outcome.emits]
        await screen.confirm(emits)
        alerts += len(emits)
    return alerts


def main() -> None:
    """Runs, and prints how many alerts there were and how many bytes Redis answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tape", type=Path, required=True)
    parser.add_argument("--record", metavar="URL")
    parser.add_argument("--collecting", type=Path)
    parser.add_argument("--originals", type=Path, required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--bans", type=int, required=True)
    given = parser.parse_args()
    originals = msgspec.msgpack.decode(given.originals.read_bytes(), type=list[Person])
    # The stamps of writes are random: what is replayed must ask in the very bytes that were recorded.
    stamps = count()

    def stamped(nbytes: int | None = None) -> bytes:
        return next(stamps).to_bytes(nbytes or 1, "big")

    keyspace.token_bytes = stamped  # type: ignore[attr-defined]  # an import of that module, no name of its own
    if given.record:
        tape = Tape()
        tape.record()
        alerts = asyncio.run(run(given.events, given.bans, given.record, originals, None))
        tape.save(given.tape)
    else:
        tape = Tape.load(given.tape)
        tape.replay()
        collecting = ctypes.CDLL(str(given.collecting)) if given.collecting else None
        alerts = asyncio.run(run(given.events, given.bans, "redis://127.0.0.1:1/0", originals, collecting))
    print(alerts)


if __name__ == "__main__":
    main()
