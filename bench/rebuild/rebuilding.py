"""A rebuild that is broken off half-way and goes on, while a worker enrols and looks up in the same store."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

from bench.rebuild.history import NOW, TOPIC, BrokenOff, Compacted, History, an_agent
from bench.recall import KEEP
from bench.running.crowd import BANNED_AT
from bench.store.server import Server
from cli.checkpoint import Bookmark, read_bookmark
from cli.topics.banned_topic import ReadTally, open_anew, read_all
from store.base import Query
from store.redis import RedisStore

_OLD_AND_NEW = 5  # bans of each that the worker enrols between two look-ups
_ASKED_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Took:
    """One rebuild. ``seconds`` is wall time; client and Redis seconds are of their processors."""

    seconds: float
    client_seconds: float
    redis_seconds: float
    records: int
    resumed_after: int
    lookups_meanwhile: int
    enrolled_meanwhile: int


@dataclass(slots=True)
class OtherWorker:
    """A worker of the same store, on a connection of its own, while it is being rebuilt."""

    store: RedisStore
    history: History
    live: range
    asked: Sequence[Query]
    done: bool = False
    lookups: int = 0
    enrolled: int = 0

    async def run(self) -> None:
        """Enrols each new ban and an old one again, and looks up, until the rebuild is done."""
        await self.store.open()
        enrol = an_agent(self.store)
        coming = iter(self.live)
        while (some := list(islice(coming, _OLD_AND_NEW))) or not self.done:
            again = [
                self.history.last(number)
                for number in range(self.enrolled % self.live.start, self.live.start)[:_OLD_AND_NEW]
            ]
            news = [self.history.ban(number, at=BANNED_AT + 30) for number in some]
            await enrol(news + again)
            self.enrolled += len(news) + len(again)
            first = self.lookups % max(1, len(self.asked) - _ASKED_AT_ONCE)
            several = self.asked[first : first + _ASKED_AT_ONCE]
            await self.store.bans_like(several, now=NOW, keep=KEEP)
            self.lookups += len(several)
            await asyncio.sleep(0.02)


async def rebuild(new: RedisStore, theirs: Server, truth: Compacted, beside: OtherWorker) -> Took:
    """Rebuilds, broken off once. The truth stands in for a broker's reader."""
    tally, opened, enrol = ReadTally(), cast(Any, truth), an_agent(new)
    began, own, server_began = time.monotonic(), time.process_time(), theirs.cpu_seconds()
    with tempfile.TemporaryDirectory() as folder:
        bookmark = Bookmark(Path(folder) / "rebuild.json", TOPIC, "bench", await open_anew(new, dict))
        worker = asyncio.create_task(beside.run())
        truth.broken_off_after = len(truth.numbers) // 2
        try:
            await read_all(opened, TOPIC, enrol, bookmark, {}, tally)
        except BrokenOff:
            truth.broken_off_after = None
        done = read_bookmark(bookmark)
        tally.resumed_after = sum(done.values())
        await read_all(opened, TOPIC, enrol, bookmark, done, tally)
        await new.compact()
    seconds = time.monotonic() - began
    beside.done = True
    await worker
    return Took(
        seconds=seconds,
        client_seconds=time.process_time() - own,
        redis_seconds=theirs.cpu_seconds() - server_began,
        records=tally.read,
        resumed_after=tally.resumed_after,
        lookups_meanwhile=beside.lookups,
        enrolled_meanwhile=beside.enrolled,
    )
