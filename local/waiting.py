"""Waiting for something to come true, with an end."""

from __future__ import annotations

import time
from collections.abc import Callable

POLL_SECONDS = 0.05  # short beside any server's start or failover, long enough not to slow it down


def wait_until(condition: Callable[[], bool], seconds_max: float) -> bool:
    deadline = time.monotonic() + seconds_max
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
