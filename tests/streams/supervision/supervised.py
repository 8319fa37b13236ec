"""A worker that does what it is told, under the supervisor, in a process of its own: for tests that kill it.

``python -m tests.streams.supervision.supervised FOLDER STEP…``: each start takes the next step, the last one
over and over. Steps: ``code:N`` ends so, ``signal:N`` is killed, ``hang`` holds the interpreter, ``stop``
beats until SIGTERM and ends with 0, ``deaf`` beats and takes no notice of it, ``silent`` beats no more,
``orphan`` leaves a child behind, which FOLDER/orphan names. FOLDER/births says what it was told at birth.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
import time
from functools import partial
from pathlib import Path
from types import FrameType

from streams.supervision import supervisor
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.supervisor import Birth, supervise
from streams.telemetry import logs

HANG_SECONDS = 1.0  # of those that are to look hung
BUSY_SECONDS = 4.0  # of those that beat: a busy machine must not make them look so
ENDING_SECONDS = 60.0  # of those that end by themselves
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h: orphans become ours, as they become process 1's


def told(number: int, frame: FrameType | None) -> None:
    """Ends what `stop` does."""
    os._exit(0)


def work(folder: Path, steps: list[str], birth: Birth) -> int:
    """The worker."""
    births = folder / "births"
    born = len(births.read_text().splitlines()) if births.exists() else 0
    step, _, number = steps[min(born, len(steps) - 1)].partition(":")
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, told if step == "stop" else signal.SIG_IGN)
    with births.open("a") as out:
        out.write(f"{os.getpid()} {birth.ended or '-'} {dict(birth.restarts)}\n")
    birth.recorder.beat(HANG_SECONDS if step in ("hang", "silent") else ENDING_SECONDS)
    match step:
        case "code":
            return int(number)
        case "signal":
            os.kill(os.getpid(), int(number))
        case "hang":
            re.match(r"(a+)+$", "a" * 64 + "b")
        case "silent":
            time.sleep(3600)
        case "orphan":
            if (orphan := os.fork()) == 0:
                time.sleep(0.5)
                os._exit(0)
            (folder / "orphan").write_text(str(orphan))
            return 1
        case _:
            while True:
                birth.recorder.beat(BUSY_SECONDS)
                time.sleep(0.05)
    return 99


def main(folder: str, *steps: str) -> int:
    """The exit code of the supervisor, or of the worker in it."""
    logs.configure("info")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    supervisor.PAUSE_SECONDS_MIN = float(os.environ.get("PAUSE_SECONDS", "0.01"))  # type: ignore[misc]  # the real ones take half a minute
    supervisor.PAUSE_SECONDS_MAX = supervisor.PAUSE_SECONDS_MIN  # type: ignore[misc]  # the same
    return supervise(partial(work, Path(folder), list(steps)), FlightRecorder())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
