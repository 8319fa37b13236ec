"""A worker's process: its exit code, its stop and its heart."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys

import pytest

from streams.supervision import exit_codes, heartbeat
from streams.supervision.exit_codes import EXIT_FORCED
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.heartbeat import STOP_MARGIN_SECONDS, beat
from tests.house import ROOT

# Every code has one meaning, and every meaning one code.


def test_every_code_has_a_meaning_of_its_own() -> None:
    codes = [value for name, value in vars(exit_codes).items() if name.startswith("EXIT_")]
    assert sorted(codes) == sorted(set(codes)) == sorted(exit_codes.MEANINGS)
    assert len(set(exit_codes.MEANINGS.values())) == len(codes)


# A process that does not end by itself is ended.

HELD_LOOP = """
import asyncio, threading
from streams.supervision.forced_stop import cut_off_after

async def stop():
    cut_off_after(0.2)
    threading.Event().wait()

asyncio.run(stop())
"""

HELD_THREAD = """
import asyncio, threading
from streams.supervision.forced_stop import cut_off_after

async def stop():
    cut_off_after(0.2, lambda: 75)
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)

asyncio.run(stop())
"""


UNREAD_LOG = """
import structlog
from streams.supervision.forced_stop import cut_off_after
from streams.telemetry.logs import configure

configure()
cut_off_after(0.2)
while True:
    structlog.get_logger().error("a line that nobody reads")
"""


def ended(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_log_that_nobody_reads_holds_no_forced_stop_up() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", UNREAD_LOG], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.wait(timeout=30) == EXIT_FORCED
        finally:
            process.kill()


def test_a_held_event_loop_is_cut_off_and_it_is_said() -> None:
    done = ended(HELD_LOOP)
    assert done.returncode == EXIT_FORCED
    assert "stop forced" in done.stdout + done.stderr


def test_so_is_an_end_that_waits_for_a_thread_with_its_code() -> None:
    assert ended(HELD_THREAD).returncode == 75


# Signs of life come from the event loop, and stop with it.


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
