"""What people would use instead, each as its documentation shows it, given the same bans and queries.

Names go to the peers in lower case, which is the least that anybody does; samehand folds them itself. Only
handles are compared. None of the peers forgets, expires or removes, and none keeps what an alert quotes.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psycopg
from rapidfuzz import fuzz, process

from bench.index.population import BannedNames
from bench.recall import KEEP
from bench.running.scene import cpu_seconds
from bench.store.server import Server

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
