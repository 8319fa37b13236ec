"""Clocks as an argument, so that tests control time and need not wait."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """The two clocks a worker needs, and waiting."""

    def now(self) -> float:
        """Unix seconds; may jump when the machine's clock is set."""
        ...

    def ticks(self) -> float:
        """Seconds since some start; never jumps, meaningful only as a difference."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let others run for at least `seconds`."""
        ...


class SystemClock:
    def now(self) -> float:
        return time.time()

    def ticks(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
