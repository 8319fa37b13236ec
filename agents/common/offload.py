"""Decodes long batches without blocking the event loop, so that heartbeats are not missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from agents.common.yielder import Yielder
from streams.outcomes import Arrival

T = TypeVar("T")

_PICTURE = b'"image"'

TURN_RECORDS: Final = 8
"""Records between two looks at the clock: eight of the worst legal ones hold the loop for 0.1 s."""


async def offload(
    arrivals: Sequence[Arrival], read: Callable[[Sequence[Arrival]], T], yielder: Yielder
) -> list[tuple[int, T]]:
    """Applies ``read`` to a batch; returns (place of the first record, result) for each part.

    A batch that may hold pictures is read whole in a thread, since hashing one takes 10 to 16 ms. Other
    records take microseconds each, less than handing them to a thread: they are read here, in parts, between
    which the event loop gets its turn.
    """
    if any(arrival.value is not None and _PICTURE in arrival.value for arrival in arrivals):
        return [(0, await asyncio.to_thread(read, arrivals))]
    parts = []
    for first in range(0, len(arrivals), TURN_RECORDS):
        parts.append((first, read(arrivals[first : first + TURN_RECORDS])))
        await yielder.pause()
    return parts
