"""How long a fetch that finds nothing takes: short while records come, longer while none do.

A fetch leaves out partitions whose last records are not taken yet, and a broker answers as soon as one of the
others has a record. A record that arrives meanwhile on a partition that was left out waits until the answer:
so the wait must be short. But an answer of 28 empty partitions costs aiokafka half a millisecond of pure
Python to read: at a hundred a second a twentieth of a processor. Much of that is spent while a backlog on one
topic keeps its partitions out of the fetch, and the other topics are asked in vain.

So each empty answer doubles the wait, and the first record makes it short again. By the time it is long,
a partition that was left out has been asked for again, or is so far behind that a twentieth of a second
is nothing.

The embedded broker never holds a fetch back: asked 1,200 times a second it took half a processor of each
worker to say that there is nothing. So we wait ourselves for what a broker leaves of the shortest wait; a
longer wait of ours would delay records, since nothing wakes us when they come.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

TIMES_MAX: Final = 5
"""The longest wait beside the shortest: twenty answers a second cost a hundredth of a processor."""


@dataclass(slots=True)
class FetchWait:
    """``milliseconds`` is the present wait, from ``shortest`` to five times that."""

    shortest: int
    milliseconds: int = field(init=False)

    def __post_init__(self) -> None:
        self.milliseconds = self.shortest

    def answered(self, records: bool) -> None:
        """A fetch came back, with records or without."""
        longer = min(2 * self.milliseconds, TIMES_MAX * self.shortest)
        self.milliseconds = self.shortest if records else longer


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
        records = await process(*request)
        wait.answered(records)
        if not records and (left := wait.shortest / 1000 - (ticks() - began)) > 0:
            try:
                await sleep(left)
            except asyncio.CancelledError:
                return False  # as aiokafka's own: its `close` awaits each request, and fails where one raises
        fetcher._fetch_max_wait_ms = wait.milliseconds
        return records

    fetcher._proc_fetch_request = noting
