"""Signs of life come from the event loop, and stop with it."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from streams.supervision import heartbeat
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.heartbeat import STOP_MARGIN_SECONDS, beat


async def test_it_beats_while_the_loop_turns_and_gives_the_stop_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.001)
    recorder = FlightRecorder()
    beating = asyncio.create_task(beat(recorder, hang_seconds=3.0, stop_seconds=20.0))
    await asyncio.sleep(0.1)
    assert recorder.beats > 1
    assert recorder.patience_seconds == 3.0
    beating.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await beating
    assert recorder.patience_seconds == 20.0 + STOP_MARGIN_SECONDS
