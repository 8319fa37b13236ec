"""How long a test waits for what must come: longer on a machine that other programs keep busy."""

from __future__ import annotations

import os
from typing import Final

TIMES_MAX: Final = 10.0
"""At most so many times as long, so that what never comes is told within minutes."""


def patient(seconds: float) -> float:
    """Seconds of an idle machine, as many times as programs wait for each of its cores."""
    cores = os.cpu_count() or 1
    return seconds * min(TIMES_MAX, max(1.0, os.getloadavg()[0] / cores))
