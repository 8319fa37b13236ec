"""Deadlines for answers of Redis that leave out the time in which the caller itself had no processor.

A worker on a busy machine comes late to each of its tasks. By the clock, an answer that has lain in its
socket for a second is late too, though Redis gave it in time. So a deadline is divided into slices, and of
each turn of the event loop no more than one slice counts. A store that is frozen is found all the same, after
as many turns.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any, Final

SLICES: Final = 20
"""Of a wait for one answer; to read one that has arrived takes some four turns of the loop."""

COMMAND_SLICES: Final = 100
"""Of a whole command: with a new connection, which is five trips, it takes some fifty turns."""

LATE: Final = {"worker": 0.0, "store": 0.0}
"""Seconds by which this process passed deadlines, by the clock: `worker`, where its event loop came late and
got the answer; `store`, where Redis gave none.
"""


class Deadline:
    """Like `asyncio.timeout`, without the lag of the event loop; `None`: no deadline."""

    def __init__(self, seconds: float | None, slices: int = SLICES) -> None:
        self._seconds, self._slices = math.inf if seconds is None else seconds, slices
        self._timeout, self._began = asyncio.timeout(None), time.monotonic()

    async def __aenter__(self) -> asyncio.Timeout:
        self._turn(self._slices)
        return await self._timeout.__aenter__()

    def _turn(self, left: int) -> None:
        loop = asyncio.get_running_loop()
        if left:
            self._next = loop.call_later(self._seconds / self._slices, self._turn, left - 1)
        else:
            self._timeout.reschedule(loop.time())

    async def __aexit__(self, *raised: Any) -> None:
        self._next.cancel()
        passed = time.monotonic() - self._began
        if self._timeout.expired():
            LATE["store"] += passed
        elif raised[0] is None:
            LATE["worker"] += max(0.0, passed - self._seconds)
        await self._timeout.__aexit__(*raised)
