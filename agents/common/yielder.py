"""Lets others run within a batch, so that heartbeats, health and metrics are answered meanwhile.

A legal account may cost 10 ms, and a batch has 500 of them. A worker that did not yield would look dead to
its group, and hung to its supervisor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from streams.outcomes import Arrival

T = TypeVar("T")

_PICTURE: Final = b'"image"'

HELD_SECONDS: Final = 0.02
"""How long a batch may hold the loop.

A turn costs some 0.1 ms: this is seldom enough to cost nothing, and often enough that nobody waits.
"""


TURN_RECORDS: Final = 8
"""Records between two looks at the clock: eight of the worst legal ones hold the loop for 0.1 s."""


class Yielder:
    """Made once per batch; ``pause`` is called between its records. ``ticks`` returns monotonic seconds."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._since = ticks()

    async def pause(self) -> None:
        """Let others run, if we have held the loop for long enough."""
        if self._ticks() - self._since >= HELD_SECONDS:
            await asyncio.sleep(0)
            self._since = self._ticks()


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
