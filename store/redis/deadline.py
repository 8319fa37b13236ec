"""Deadlines for answers of Redis that leave out the time in which the caller itself had no processor.

A worker on a busy machine comes late to each of its tasks. By the clock, an answer that has lain in its
socket for a second is late too, though Redis gave it in time. So a deadline is divided into slices, and of
each turn of the event loop no more than one slice counts. A store that is frozen is found all the same, after
as many turns.
"""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Any, Final

import redis.asyncio.connection

SLICES: Final = 20
"""Of a wait for one answer; to read one that has arrived takes some four turns of the loop."""

COMMAND_SLICES: Final = 100
"""Of a whole command: with a new connection, which is five trips, it takes some fifty turns."""

LATE: Final = {"worker": 0.0, "store": 0.0}
"""Seconds by which this process passed deadlines, by the clock: `worker`, where its event loop came late and
got the answer; `store`, where Redis gave none.
"""


class Deadline:
    """Like `asyncio.timeout`, without the lag of the event loop."""

    def __init__(self, seconds: float | None, slices: int = SLICES) -> None:
        """`None`: no deadline."""
        self._seconds = seconds
        self._slices = slices
        self._turns = 0
        self._timeout = asyncio.timeout(None)
        self._began = time.monotonic()

    async def __aenter__(self) -> asyncio.Timeout:
        entered = await self._timeout.__aenter__()
        if self._seconds is not None:
            self._turn(asyncio.get_running_loop(), self._seconds)
        return entered

    def _turn(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        if self._turns == self._slices:
            self._timeout.reschedule(loop.time())
        else:
            self._turns += 1
            self._next = loop.call_later(seconds / self._slices, self._turn, loop, seconds)

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._seconds is not None:
            self._next.cancel()
            passed = time.monotonic() - self._began
            if self._timeout.expired():
                LATE["store"] += passed
            elif fault is None and passed > self._seconds:
                LATE["worker"] += passed - self._seconds
        await self._timeout.__aexit__(kind, fault, trace)


def leave_lag_out() -> None:
    """Gives redis-py, whose socket time-outs go by the clock, our deadlines instead."""
    connection: Any = redis.asyncio.connection
    connection.async_timeout = Deadline
