"""What people would use instead, and the clocks of both sides while each answers."""

from __future__ import annotations

import importlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from statistics import mean, median
from typing import Any, Protocol
from urllib.parse import urlsplit

import numpy as np
import psycopg
from rapidfuzz import fuzz, process

from bench.index.population import BannedNames
from bench.recall import KEEP
from bench.running.scene import cpu_seconds
from bench.store.server import Server

Ask = Callable[[Sequence[BannedNames]], Awaitable[list[list[int]]]]
"""From queries to the numbers of the bans found for each."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One round of one contender: processor seconds of the client and of the server."""

    queries: int
    client_seconds: float
    server_seconds: float

    @property
    def rate(self) -> float:
        """Look-ups a second of processor time."""
        return self.queries / (self.client_seconds + self.server_seconds)


class Clock(Protocol):
    """What counts a server's processor time."""

    def cpu_seconds(self) -> float: ...


@dataclass(slots=True)
class Contender:
    """One way to look up. ``server`` is the one that it alone uses, if any.

    ``ask`` is timed; ``tell`` answers the same with the numbers of the bans, where they cost more to know.
    """

    ask: Ask
    tell: Ask
    server: Clock | None
    bytes_a_ban: float | None = None
    recall: float = 0.0
    candidates: float = 0.0
    turns: list[Turn] = field(default_factory=list)

    async def turn(self, queries: Sequence[BannedNames], batch: int) -> None:
        """Asks, and notes what the clocks said."""
        own, theirs = time.process_time(), self._server_seconds()
        for at in range(0, len(queries), batch):
            await self.ask(queries[at : at + batch])
        self.turns.append(Turn(len(queries), time.process_time() - own, self._server_seconds() - theirs))

    async def judge(self, queries: Sequence[BannedNames], targets: Sequence[int], batch: int) -> None:
        """How often the ban that a query disguises is among what is found."""
        found: list[list[int]] = []
        for at in range(0, len(queries), batch):
            found += await self.tell(queries[at : at + batch])
        self.recall = mean(target in several for several, target in zip(found, targets, strict=True))
        self.candidates = mean(map(len, found))

    def _server_seconds(self) -> float:
        return self.server.cpu_seconds() if self.server else 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """What is told of one contender. ``slower``: how many times as fast samehand is, over the rounds' median;
    ``larger``: how many times as many bytes it keeps a ban."""

    contender: str
    lookups_a_core_second: float
    client_microseconds: float
    server_microseconds: float
    slower: float
    recall: float
    candidates: float
    bytes_a_ban: float | None
    larger: float | None


def row(name: str, one: Contender, ours: Contender) -> Row:
    """One line of the table: medians of the rounds, ratios within each round."""
    larger = one.bytes_a_ban / ours.bytes_a_ban if one.bytes_a_ban and ours.bytes_a_ban else None
    return Row(
        contender=name,
        lookups_a_core_second=median(turn.rate for turn in one.turns),
        client_microseconds=median(turn.client_seconds / turn.queries for turn in one.turns) * 1e6,
        server_microseconds=median(turn.server_seconds / turn.queries for turn in one.turns) * 1e6,
        slower=median(mine.rate / its.rate for mine, its in zip(ours.turns, one.turns, strict=True)),
        recall=one.recall,
        candidates=one.candidates,
        bytes_a_ban=one.bytes_a_ban,
        larger=larger,
    )


async def one_at_a_time(ask: Ask, queries: Sequence[BannedNames]) -> tuple[float, float]:
    """Milliseconds of a single look-up by the clock on the wall: the median and the 99th percentile."""
    took = []
    for one in queries:
        started = time.perf_counter()
        await ask([one])
        took.append((time.perf_counter() - started) * 1e3)
    return float(np.percentile(took, 50)), float(np.percentile(took, 99))


_AT_ONCE = 10_000
_GRAM, _BANDS, _ROWS = 3, 20, 2


class Extract:
    """``rapidfuzz.process.extract`` over all names: the loop that most scripts have."""

    def fill(self, bans: Sequence[BannedNames]) -> None:
        self._names = [one.handle.lower() for one in bans]

    def ask(self, queries: Sequence[BannedNames]) -> list[list[int]]:
        return [
            [
                number
                for _, _, number in process.extract(
                    one.handle.lower(), self._names, scorer=fuzz.ratio, limit=KEEP
                )
            ]
            for one in queries
        ]

    def matrix(self, queries: Sequence[BannedNames]) -> list[list[int]]:
        """The same answers by ``rapidfuzz.process.cdist``, all at once and without an object a pair."""
        scores = process.cdist(
            [one.handle.lower() for one in queries],
            self._names,
            scorer=fuzz.ratio,
            dtype=np.uint8,
            workers=1,
        )
        return [_best(row) for row in scores]


def _best(row: Any) -> list[int]:
    best = np.argpartition(row, -KEEP)[-KEEP:] if len(row) > KEEP else np.arange(len(row))
    numbers: list[int] = best[np.argsort(-row[best].astype(np.int16), kind="stable")].tolist()
    return numbers


class MinHashOnRedis:
    """datasketch's ``MinHashLSH`` with its Redis storage: 20 bands of two over the 3-grams of the name."""

    def __init__(self, server: Server) -> None:
        """Takes the server that it fills."""
        self._sketch: Any = importlib.import_module("datasketch")
        place = urlsplit(server.administrator_url)
        self._lsh = self._sketch.MinHashLSH(
            num_perm=_BANDS * _ROWS,
            params=(_BANDS, _ROWS),
            storage_config={
                "type": "redis",
                "basename": b"bench",
                "redis": {
                    "host": place.hostname,
                    "port": place.port,
                    "username": place.username,
                    "password": place.password,
                },
            },
        )

    def fill(self, bans: Sequence[BannedNames]) -> None:
        """By its insertion session, which sends commands in batches."""
        with self._lsh.insertion_session(buffer_size=_AT_ONCE) as session:
            for number, one in enumerate(bans):
                session.insert(number, self._of(one))

    def ask(self, queries: Sequence[BannedNames]) -> list[list[int]]:
        """By its query, one after the other: it has none for several. Everything found, in no order."""
        return [list(self._lsh.query(self._of(one))) for one in queries]

    def _of(self, one: BannedNames) -> Any:
        padded = f"^{one.handle.lower()}$"
        grams = {padded[at : at + _GRAM].encode() for at in range(max(1, len(padded) - _GRAM + 1))}
        minhash = self._sketch.MinHash(num_perm=_BANDS * _ROWS)
        minhash.update_batch(sorted(grams))
        return minhash


class Trigrams:
    """PostgreSQL's ``pg_trgm``: of the names that its GIN index finds similar, the 64 most similar.

    Similarity has its shipped threshold of .3. The processor time is that of the connection's own process.
    """

    def __init__(self, url: str) -> None:
        """Connects to an empty database."""
        self._database = psycopg.connect(url, autocommit=True)

    def fill(self, bans: Sequence[BannedNames]) -> None:
        """Copies the names, then indexes them: the way that its manual recommends."""
        self._database.execute("CREATE EXTENSION pg_trgm")
        self._database.execute("CREATE TABLE banned (number integer, name text)")
        with self._database.cursor().copy("COPY banned FROM STDIN") as rows:
            for number, one in enumerate(bans):
                rows.write_row((number, _written(one)))
        self._database.execute("CREATE INDEX banned_name ON banned USING gin (name gin_trgm_ops)")
        self._database.execute("VACUUM ANALYZE banned")

    def ask(self, queries: Sequence[BannedNames]) -> list[list[int]]:
        """One after the other, by a prepared statement."""
        return [[row[0] for row in self._similar(_written(one))] for one in queries]

    def _similar(self, name: str) -> list[tuple[int]]:
        found = self._database.execute(
            "SELECT number FROM banned WHERE name %% %(name)s"
            " ORDER BY similarity(name, %(name)s) DESC LIMIT %(keep)s",
            {"name": name, "keep": KEEP},
            prepare=True,
        )
        return found.fetchall()

    def cpu_seconds(self) -> float:
        return cpu_seconds(self._database.info.backend_pid)

    def bytes_used(self) -> int:
        """Bytes on disk of the table and its index."""
        size = self._database.execute("SELECT pg_total_relation_size('banned')").fetchone()
        return int(size[0]) if size else 0

    def close(self) -> None:
        self._database.close()


def _written(one: BannedNames) -> str:
    """The name in lower case without the one character that PostgreSQL does not store."""
    return one.handle.lower().replace("\0", "")
