"""``samehand rebuild --into``: another layout beside the live one, and a hand-over in which nothing is lost.

The plan:

1. The second layout says that it is being filled, and from which: no worker works with it meanwhile.
2. Read accounts.banned into it from the beginning, as a rebuild does, and carry what is remembered. Workers
   go on with the first.
3. Read on until a worker is started with the second, which says so there and waits.
4. Close the first: from now on a worker that has it holds its events, as in an outage. What it had begun is
   done again with the second, by the worker that gets its partitions.
5. Carry what changed since in what is remembered, then alerts, verdicts, families, markers and what is owed;
   read the rest of accounts.banned.
6. The second is whole: workers that wait for it begin, within two seconds.

Whoever is broken off runs it again: each step can be repeated. After step 4 it does not wait any more.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import click

from agents.enrol import Enrol
from agents.runtime.store_factory import peppers_of
from desk.cli import output
from desk.cli.banned_topic import Tally, read_all
from desk.cli.checkpoint import Bookmark, read_bookmark
from desk.cli.store_context import closing_store, house
from samehand.lineage import Descent
from store.base import Remembered, Store
from store.errors import StoreUnavailable
from store.redis import RedisStore
from store.redis.resharding import Resharding, drop_store
from streams.kafka.client import reader
from streams.kafka.store_epoch import note_epoch
from streams.kafka.topics import names
from streams.settings import STORE_PREFIX, Settings

_PREFIX: Final = re.compile(STORE_PREFIX)
_LOOK_SECONDS: Final = 1.0
# A hand-over that met an outage is tried again: workers hold until it is done. A minute, as a failover takes
# some seconds; whoever runs the command is told then.
_TRIES_MAX: Final = 60


@dataclass(slots=True)
class Carried:
    """What a hand-over carried, and how long workers held their events for it."""

    remembered: int = 0
    keys: int = 0
    held_seconds: float = 0.0


class _Filling:
    """The second layout as who enrols bans there sees it: some of what it asks only the first knows yet."""

    def __init__(self, target: RedisStore, source: RedisStore) -> None:
        self._target = target
        self._source = source

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    async def descents(self, accounts: list[str]) -> list[Descent | None]:
        """From whom accounts descend: verdicts say so to the first."""
        return await self._source.descents(accounts)

    async def remembered(self, accounts: list[str], *, now: float) -> list[Remembered | None]:
        """What accounts showed before they were banned."""
        return await self._source.remembered(accounts, now=now)


def beside(
    settings: Settings, prefix: str, shards: int, *, bans: int | None, remembered: int | None
) -> Settings:
    """The settings with which workers will use the second layout. Raises ``click.UsageError``."""
    if not _PREFIX.fullmatch(prefix):
        raise click.UsageError(f"--into: no prefix: {prefix!r}; letters, digits and . _ : - only, 64 at most")
    if prefix == settings.store_prefix:
        raise click.UsageError(f"--into: {prefix} is the live one; name another prefix")
    return settings.model_copy(
        update={
            "store_prefix": prefix,
            "store_shards": shards,
            "store_bans": bans or settings.store_bans,
            "store_remembered": remembered or settings.store_remembered,
        }
    )


async def reshard(
    settings: Settings, second: Settings, path: Path, from_start: bool, tally: Tally, carried: Carried
) -> int:
    """Does all of the plan; answers how many bans the second layout holds."""
    peppers, topic = peppers_of(settings), names(settings).banned
    async with (
        closing_store(settings, peppers, carrying=True) as source,
        closing_store(second, peppers, carrying=True) as target,
    ):
        one = Resharding(source, target)
        await one.begin()
        bookmark = Bookmark(path, topic, second.store_prefix, target.epoch)
        done = {} if from_start else read_bookmark(bookmark)
        tally.resumed_after = sum(done.values())
        enrol = Enrol(house(settings, peppers, cast(Store, _Filling(target, source))))
        with reader(settings) as opened:

            async def read() -> None:
                await read_all(opened, topic, enrol, bookmark, done, tally)

            await read()
            if not one.closed:
                carried.remembered += await _remembered(one, source)
                await _awaited(one, second, read)
            began = time.monotonic()
            await _through_outages(one.close_source)
            carried.remembered += await _through_outages(lambda: _remembered(one, source))
            carried.keys = await _through_outages(lambda: _rest(one))
            await _through_outages(read)
        await target.note_rebuilt()
        note_epoch(second, target.epoch)
        await _through_outages(one.finish)
        carried.held_seconds = round(time.monotonic() - began, 3)
        bookmark.remove()
        return (await target.figures()).fingerprints


async def _remembered(one: Resharding, source: RedisStore) -> int:
    with output.progress("carrying what is remembered", (await source.figures()).remembered) as hear:
        return await one.carry_remembered(time.time(), hear)


async def _rest(one: Resharding) -> int:
    with output.progress("carrying alerts", None) as hear:
        return await one.carry_rest(hear)


async def _awaited(one: Resharding, second: Settings, read: Callable[[], Awaitable[None]]) -> None:
    """Reads on until a worker waits for the second layout."""
    output.note(
        f"{second.store_prefix} is filled, and followed. Start workers with SAMEHAND_STORE_PREFIX="
        f"{second.store_prefix} and SAMEHAND_STORE_SHARDS={second.store_shards}: the first of them has it "
        "handed over"
    )
    while not await one.asked():
        await asyncio.sleep(_LOOK_SECONDS)
        await read()


async def _through_outages(step: Callable[[], Awaitable[Any]]) -> Any:
    """A step that may be repeated; raises ``StoreUnavailable`` once it was, often enough."""
    for turn in range(_TRIES_MAX):
        try:
            return await step()
        except StoreUnavailable as fault:
            if turn == _TRIES_MAX - 1:
                raise
            output.note(f"{fault}; once more")
            await asyncio.sleep(_LOOK_SECONDS)
    raise AssertionError("unreachable")


async def drop_layout(settings: Settings, prefix: str) -> int:
    """Takes a layout away that was left; answers how many keys."""
    async with closing_store(
        settings.model_copy(update={"store_prefix": prefix}), peppers_of(settings), carrying=True
    ) as store:
        return await drop_store(store)
