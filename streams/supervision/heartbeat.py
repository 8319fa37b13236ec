"""Heartbeats of a worker to its supervisor, sent from its event loop."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final

from streams.settings import Settings
from streams.supervision.exit_codes import EXIT_STUCK
from streams.supervision.flight_recorder import FlightRecorder

BEAT_SECONDS: Final = 0.5
STOP_MARGIN_SECONDS: Final = 10.0
"""Beyond the longest graceful stop: a worker ends itself at that, unless its interpreter is held."""


def heartbeats(recorder: FlightRecorder, settings: Settings) -> partial[Coroutine[Any, Any, None]]:
    """:func:`beat` within the limits that the settings name."""
    return partial(beat, recorder, hang_seconds=settings.hang_seconds, stop_seconds=settings.stop_seconds)


async def beat(recorder: FlightRecorder, *, hang_seconds: float, stop_seconds: float) -> None:
    """Sends heartbeats until the app's stop cancels it; the last one allows for the length of the stop."""
    parent = os.getppid()
    try:
        while True:
            recorder.beat(hang_seconds)
            await asyncio.sleep(BEAT_SECONDS)
            if sys.platform != "linux" and os.getppid() != parent:  # there the kernel sees to it
                os._exit(EXIT_STUCK)
    finally:
        recorder.beat(stop_seconds + STOP_MARGIN_SECONDS)
