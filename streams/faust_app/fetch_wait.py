"""How long a fetch that finds nothing takes: short while records come, longer while none do.

A fetch leaves out partitions whose last records are not taken yet, and a broker answers as soon as one of the
others has a record. A record that arrives meanwhile on a partition that was left out waits until the answer:
so the wait must be short. But an answer of 28 empty partitions costs aiokafka half a millisecond of pure
Python to read: at a hundred a second a twentieth of a processor. Much of that is spent while a backlog on one
topic keeps its partitions out of the fetch, and the other topics are asked in vain.

So each empty answer doubles the wait, and the first record makes it short again. By the time it is long,
a partition that was left out has been asked for again, or is so far behind that a twentieth of a second
is nothing. After seconds without any record it grows on, since even twenty answers a second took a worker
with nothing to do a fiftieth of a processor.

The embedded broker never holds a fetch back: asked 1,200 times a second it took half a processor of each
worker to say that there is nothing. So we wait ourselves for what a broker leaves of the shortest wait.
Nothing wakes us when records come: only after a silence is that wait longer, and it delays a record by at
most a twentieth of the silence before it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

TIMES_MAX: Final = 5
"""The longest wait beside the shortest while records come now and then."""

SILENCE_SHARE: Final = 1 / 20
"""Of the time since the last record, what may be waited for the next one."""

SILENT_TIMES_MAX: Final = 20
"""The longest wait after a silence: five answers a second keep an idle worker below 3 % of a core."""


@dataclass(slots=True)
class FetchWait:
    """``milliseconds``: how long a broker may hold the next fetch; ``own_seconds``: what we wait at least."""

    shortest: int
    milliseconds: int = field(init=False)
    own_seconds: float = field(init=False)
    _last_record_at: float | None = field(init=False, default=None)
    _doubled: int = field(init=False)

    def __post_init__(self) -> None:
        self.milliseconds = self._doubled = self.shortest
        self.own_seconds = self.shortest / 1000

    def answered(self, records: bool, now: float) -> None:
        """A fetch came back, with records or without, at a moment of a clock that nobody sets (seconds)."""
        if records or self._last_record_at is None:
            self._last_record_at = now
        self._doubled = self.shortest if records else min(2 * self._doubled, TIMES_MAX * self.shortest)
        silent = min(1000 * SILENCE_SHARE * (now - self._last_record_at), SILENT_TIMES_MAX * self.shortest)
        self.milliseconds = max(self._doubled, round(silent))
        self.own_seconds = max(self.shortest, silent) / 1000


def be_patient(
    fetcher: Any,
    wait: FetchWait,
    *,
    ticks: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Make aiokafka's fetcher wait as long as `wait` says; it reads its attribute for each request.

    While a request is being processed the fetcher makes no other to that broker.
    """
    process: Callable[..., Awaitable[bool]] = fetcher._proc_fetch_request

    async def noting(*request: Any) -> bool:
        began = ticks()
        asked = wait.own_seconds
        records = await process(*request)
        now = ticks()
        wait.answered(records, now)
        if not records and (left := asked - (now - began)) > 0:
            try:
                await sleep(left)
            except asyncio.CancelledError:
                return False  # as aiokafka's own: its `close` awaits each request, and fails where one raises
        fetcher._fetch_max_wait_ms = wait.milliseconds
        return records

    fetcher._proc_fetch_request = noting
