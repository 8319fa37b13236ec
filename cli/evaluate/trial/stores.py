"""The store of a dry run: an embedded Redis of its own, which goes with it; elsewhere the store in memory.

No setting that names the operator's Redis is read here.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

from cli.exit_codes import NotDone
from local.binaries import NotAvailable
from local.redis import EmbeddedRedis
from local.server import DidNotStart
from report.text import plural
from samehand.elapsed import DAY_SECONDS, HOUR_SECONDS
from store.base import Store
from store.bounds import Bounds
from store.memory.store import MemoryStore
from store.redis import RedisEndpoint, RedisStore, Sizes
from streams.settings import Settings

Kind = Literal["redis", "memory"]

MEMORY_RECORDS_MAX: Final = 200_000
"""Of the store in memory, which takes some 8 KB a remembered account in dictionaries of Python."""

_SMALL: Final = 10_000
"""Of fewer records the store in memory needs no server to start, and answers as soon."""

_PASSING: Final = {"appendonly": "no", "save": ""}
"""Nothing of it is worth a disk: it ends with the run."""

_DEADLINE_SECONDS: Final = 60.0  # nobody waits for a single answer here, and a busy machine is slow


@asynccontextmanager
async def store_for(records: int, settings: Settings) -> AsyncIterator[tuple[Store, Kind]]:
    """A store that is empty, open and ours, for so many records.

    Raises ``NotDone`` where there is no Redis to embed and they are too many for memory, or where it does
    not start.
    """
    bounds = Bounds(
        retention_seconds=settings.remember_days * DAY_SECONDS,
        remembered_bytes=settings.remember_megabytes * 1_000_000,
        freeze_seconds=0.0,  # the replay freezes each hour of its own clock
        lag_seconds=settings.count_lag_hours * HOUR_SECONDS,
    )
    if records <= _SMALL:
        yield MemoryStore(bounds), "memory"
        return
    with tempfile.TemporaryDirectory(prefix="samehand-try-") as folder:
        try:
            redis = EmbeddedRedis(Path(folder), settings=_PASSING)
            redis.start()
        except NotAvailable as why:
            if records > MEMORY_RECORDS_MAX:
                raise NotDone(
                    f"{plural(records, 'record')} are too many for the store in memory, which takes "
                    f"{MEMORY_RECORDS_MAX:,}: read less (--from). {why}"
                ) from why
            yield MemoryStore(bounds), "memory"
            return
        except DidNotStart as why:
            raise NotDone(str(why)) from why
        try:
            async with _opened(redis, records, bounds) as store:
                yield store, "redis"
        finally:
            redis.close()


@asynccontextmanager
async def _opened(redis: EmbeddedRedis, records: int, bounds: Bounds) -> AsyncIterator[Store]:
    # Cells a row of what is counted: as crowded as a worker's are with a million accounts. A freeze adds up
    # all of them, and a month has 720 hours.
    columns = min(max(1 << 14, 1 << records.bit_length()), Sizes().sketch_columns)
    store = RedisStore(
        RedisEndpoint(url=redis.url, deadline_seconds=_DEADLINE_SECONDS, options={}),
        prefix="samehand:",
        identity=b"samehand-try",
        sizes=Sizes(bans=records, remembered=records, sketch_columns=columns),
        bounds=bounds,
    )
    try:
        await store.open()
        yield store
    finally:
        await store.close()
