"""Decodes long batches without blocking the event loop, so that heartbeats are not missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from agents.common.turns import Turns
from streams.outcomes import Arrival

T = TypeVar("T")

_PICTURE = b'"image"'

TURN_RECORDS: Final = 8
"""Records between two looks at the clock: eight of the worst legal ones hold the loop for 0.1 s."""


async def offload(
    arrivals: Sequence[Arrival], read: Callable[[Sequence[Arrival]], T], turns: Turns
) -> list[tuple[int, T]]:
    """What ``read`` makes of a batch, part by part, each with the place of its first record.

    In a thread, and at once, where it may hold pictures. Hashing one takes 10 to 16 ms, and nothing between
    two of them can be waited for. Other records take microseconds each, for which a thread is not worth its
    hand-over.
    """
    if any(arrival.value is not None and _PICTURE in arrival.value for arrival in arrivals):
        return [(0, await asyncio.to_thread(read, arrivals))]
    parts = []
    for first in range(0, len(arrivals), TURN_RECORDS):
        parts.append((first, read(arrivals[first : first + TURN_RECORDS])))
        await turns.give()
    return parts
