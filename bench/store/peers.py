"""Contenders of look-ups, and the clocks of both sides while each answers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from statistics import mean, median
from typing import Any, Protocol

import numpy as np
from rapidfuzz import fuzz, process

from bench.index.disguises import KEEP
from bench.index.population import BannedNames

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


class Extract:
    """``rapidfuzz.process.extract`` over all names: the loop that most scripts have."""

    def __init__(self, bans: Sequence[BannedNames]) -> None:
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
