"""The event loop gets its turn within a batch: heartbeats, health and metrics are answered meanwhile.

A legal account may cost 10 ms, and a batch has 500 of them. Without turns the group would take a worker for
dead that reads them, and its supervisor for hung.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

HELD_SECONDS: Final = 0.02
"""A turn costs some 0.1 ms: seldom enough to cost nothing, and often enough that nobody waits."""


class Turns:
    """Made where a batch begins; asked between its records. ``ticks`` in seconds."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._since = ticks()

    async def give(self) -> None:
        """Let others run, if we have held the loop for long enough."""
        if self._ticks() - self._since >= HELD_SECONDS:
            await asyncio.sleep(0)
            self._since = self._ticks()
