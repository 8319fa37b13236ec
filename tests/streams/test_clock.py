"""The machine's clocks."""

from __future__ import annotations

import time

from streams.clock import Clock, SystemClock


async def test_the_system_clock_tells_and_passes_time() -> None:
    clock: Clock = SystemClock()
    assert abs(clock.now() - time.time()) < 5
    before = clock.ticks()
    await clock.sleep(0.01)
    assert clock.ticks() > before
