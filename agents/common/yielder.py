"""Yields to the event loop within a batch, so that heartbeats, health and metrics are answered meanwhile.

A legal account may cost 10 ms, and a batch has 500 of them. A worker that did not yield would look dead to
its group, and hung to its supervisor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

HELD_SECONDS: Final = 0.02
"""How long a batch may hold the loop.

A turn costs some 0.1 ms: this is seldom enough to cost nothing, and often enough that nobody waits.
"""


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
