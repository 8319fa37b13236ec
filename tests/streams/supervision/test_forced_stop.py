"""A process that does not end by itself is ended."""

from __future__ import annotations

import subprocess
import sys

from streams.supervision.exit_codes import EXIT_FORCED
from tests.house import ROOT

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


def ended(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_held_event_loop_is_cut_off_and_it_is_said() -> None:
    done = ended(HELD_LOOP)
    assert done.returncode == EXIT_FORCED
    assert "stop forced" in done.stdout + done.stderr


def test_so_is_an_end_that_waits_for_a_thread_with_its_code() -> None:
    assert ended(HELD_THREAD).returncode == 75
