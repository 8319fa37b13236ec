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

Broken off, it is run again: each step can be repeated. After step 4 it does not wait any more.

A store of another version's layout cannot be read. Nothing of it is carried then: step 1 notes in the second
how far the workers' group was in each topic, and workers deliver to the second again what the group
acknowledged since. How alerts stand is read from their topics, as by a rebuild: most of it after step 2, so
that little is left for step 5, in which workers wait.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import click

from agents.common.context import AgentContext
from agents.enrol import Enrol
from agents.runtime.alert_replay import AlertReplay, AlertTopics
from agents.runtime.store_factory import peppers_of
from cli import output
from cli.bookmark import Bookmark, read_bookmark
from cli.maintain.rebuild.banned_topic import ReadTally, acknowledged, read_all, replay_alerts
from cli.maintain.rebuild.processes import Processes
from cli.opening import closing_store, command_context
from cli.running import through_outages
from samehand.lineage import Descent
from store.base import Remembered, Store
from store.pepper.pepper import Peppers
from store.redis import RedisStore
from store.redis.resharding import Resharding, drop_store
from streams.kafka.client import reader
from streams.kafka.store_epoch import EpochTopic
from streams.kafka.topics import names
from streams.settings import STORE_PREFIX, Settings

_PREFIX: Final = re.compile(STORE_PREFIX)
_LOOK_SECONDS: Final = 1.0
# Workers of the former layout publish what they owe within a second or two, unless Kafka is away.
_OWED_LOOKS_MAX: Final = 10


@dataclass(slots=True)
class Carried:
    """What a hand-over carried, and how long workers held their events for it.

    ``copied``: whether the former store could be read; if not, what it remembered begins anew. ``owed``:
    withdrawals that it had not published.
    """

    copied: bool = True
    owed: int = 0
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


def beside(settings: Settings, prefix: str, *, bans: int | None, remembered: int | None) -> Settings:
    """The settings with which workers will use the second layout. Raises ``click.UsageError``."""
    if not _PREFIX.fullmatch(prefix):
        raise click.UsageError(f"--into: no prefix: {prefix!r}; letters, digits and . _ : - only, 64 at most")
    if prefix == settings.store_prefix:
        raise click.UsageError(f"--into: {prefix} is the live one; name another prefix")
    return settings.model_copy(
        update={
            "store_prefix": prefix,
            "store_bans": bans or settings.store_bans,
            "store_remembered": remembered or settings.store_remembered,
        }
    )


async def reshard(
    settings: Settings,
    second: Settings,
    path: Path,
    from_start: bool,
    tally: ReadTally,
    carried: Carried,
    replayed: AlertReplay,
    processes: int,
) -> int:
    """Does all of the plan; answers how many bans the second layout holds."""
    peppers, topic = peppers_of(settings), names(settings).banned
    async with (
        closing_store(settings, peppers, carrying=True) as source,
        closing_store(second, peppers, carrying=True) as target,
    ):
        resharding = Resharding(source, target)
        await through_outages(resharding.begin)
        carried.copied = resharding.copies
        if not resharding.copies:
            await through_outages(lambda: target.store_meta.note_behind(acknowledged(settings)))
        bookmark = Bookmark(path, topic, second.store_prefix, target.epoch)
        noted = read_bookmark(bookmark)
        done = {} if from_start else noted
        tally.resumed_after = sum(done.values())
        context = _context(settings, peppers, source, target, copies=resharding.copies)
        enrol, alerts = Enrol(context), AlertTopics(context, replayed, output.progress)
        opening = partial(_enrolling, settings, second, resharding.copies, target.epoch)
        elsewhere = Processes(processes, settings, opening) if processes > 1 else None
        with reader(settings) as opened:

            async def read(elsewhere: Processes | None = None) -> None:
                await read_all(opened, topic, enrol, bookmark, done, tally, elsewhere)

            await read(elsewhere)
            await through_outages(target.compact)
            if not resharding.closed:
                if resharding.copies:
                    carried.remembered += await through_outages(lambda: _remembered(resharding, source))
                else:
                    await replay_alerts(settings, alerts, ahead=True)
                await _awaited(resharding, second, read)
                if not resharding.copies:
                    carried.owed = await _settled(resharding)
            began = time.monotonic()
            await through_outages(resharding.close_source)
            if resharding.copies:
                carried.remembered += await through_outages(lambda: _remembered(resharding, source))
                carried.keys = await through_outages(lambda: _rest(resharding))
            await read()
        if not resharding.copies:
            await replay_alerts(settings, alerts)
            tally.faults += alerts.faults.items()
        await through_outages(target.note_rebuilt)
        await through_outages(lambda: EpochTopic(second).note(target.epoch))
        await through_outages(resharding.finish)
        carried.held_seconds = round(time.monotonic() - began, 3)
        bookmark.remove()
        return (await through_outages(target.figures)).fingerprints


def _context(
    settings: Settings, peppers: Peppers, source: RedisStore, target: RedisStore, *, copies: bool
) -> AgentContext:
    return command_context(settings, peppers, cast(Store, _Filling(target, source)) if copies else target)


@asynccontextmanager
async def _enrolling(settings: Settings, second: Settings, copies: bool, epoch: str) -> AsyncIterator[Enrol]:
    """What each of several processes enrols with."""
    peppers = peppers_of(settings)
    async with (
        closing_store(settings, peppers, carrying=True) as source,
        closing_store(second, peppers, known_epoch=epoch, carrying=True) as target,
    ):
        if copies:
            await through_outages(source.open)
        await through_outages(target.open)
        yield Enrol(_context(settings, peppers, source, target, copies=copies))


async def _remembered(resharding: Resharding, source: RedisStore) -> int:
    with output.progress("carrying what is remembered", (await source.figures()).remembered) as hear:
        return await resharding.carry_remembered(time.time(), hear)


async def _rest(resharding: Resharding) -> int:
    with output.progress("carrying alerts", None) as hear:
        return await resharding.carry_rest(hear)


async def _awaited(resharding: Resharding, second: Settings, read: Callable[[], Awaitable[None]]) -> None:
    """Reads on until a worker waits for the second layout."""
    output.note(
        f"{second.store_prefix} is filled, and followed. Start workers with SAMEHAND_STORE_PREFIX="
        f"{second.store_prefix}: the first of them has it handed over"
    )
    while not await through_outages(resharding.asked):
        await asyncio.sleep(_LOOK_SECONDS)
        await read()


async def _settled(resharding: Resharding) -> int:
    """Gives workers of the former layout time to publish what it owes; returns how much is left."""
    for _ in range(_OWED_LOOKS_MAX):
        if not await through_outages(resharding.owed):
            return 0
        await asyncio.sleep(_LOOK_SECONDS)
    return await through_outages(resharding.owed)


async def drop_layout(settings: Settings, prefix: str) -> int:
    """Takes a layout away that was left; answers how many keys."""
    async with closing_store(
        settings.model_copy(update={"store_prefix": prefix}), peppers_of(settings), carrying=True
    ) as store:
        return await drop_store(store)
