"""Ends a process whose graceful stop takes longer than it may."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Final

import structlog

from streams.supervision.exit_codes import EXIT_FORCED

_SAID_SECONDS: Final = 1.0

log = structlog.get_logger("samehand.stop")


def cut_off_after(seconds: float, code: Callable[[], int] = lambda: EXIT_FORCED) -> None:
    """Ends the process so many seconds from now, unless it has ended, with the code as it is then.

    From a thread, and without waiting for others: the event loop may be what hangs, or a call in a thread,
    which the interpreter waits for at its end.
    """

    def say() -> None:
        why = "the graceful stop took longer than SAMEHAND_STOP_SECONDS"
        log.critical("stop forced", seconds=seconds, why=why)

    def cut_off() -> None:
        # A log that nobody reads may be what hangs.
        saying = threading.Thread(target=say, daemon=True)
        saying.start()
        saying.join(_SAID_SECONDS)
        os._exit(code())

    timer = threading.Timer(seconds, cut_off)
    timer.daemon = True
    timer.start()
