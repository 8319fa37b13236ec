"""Reading that takes long goes on beside the event loop, so that heartbeats are not missed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from streams.outcomes import Arrival

T = TypeVar("T")

_PICTURE = b'"image"'


async def aside(arrivals: Sequence[Arrival], read: Callable[[], T]) -> T:
    """What ``read`` makes of a batch: in a thread where it may hold pictures, else at once.

    Hashing a picture takes 10 to 16 ms: a batch of 500 would hold up the loop for longer than the group
    waits for a heartbeat. Other records take microseconds, for which a thread is not worth its hand-over.
    """
    if any(arrival.value is not None and _PICTURE in arrival.value for arrival in arrivals):
        return await asyncio.to_thread(read)
    return read()
