"""Lets aiokafka say once what it says of each attempt, up to thousands of times a second in an outage.

All of its lines about brokers that are away are one outage. Other lines are distinguished by their words.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

LIBRARY: Final = "aiokafka"

QUIET_SECONDS: Final = 30.0
"""Of silence, and what comes next is another outage: aiokafka tries again every few seconds at the latest."""

AGAIN_SECONDS: Final = 3_600.0
"""What goes on is said again each hour, so that a log that was cut off tells it too."""

MESSAGES_MAX: Final = 1_000
"""Messages that are remembered; beyond, all are forgotten and may be said once more."""

_OUTAGE: Final = (
    "Unable connect to node",
    "Unable to update metadata",
    "Unable to request metadata",
    "Error fetching metadata",
    "No partition metadata",
    "No broker metadata",
    "Got error produce response",
    "Cannot send",
    "Could not send",
    "Group Coordinator Request failed",
    "FindCoordinator Request failed",
    "Marking the coordinator dead",
    "Heartbeat",
    "OffsetCommit",
    "Failed fetch",
    "Failed to commit",
    "LeaveGroup request failed",
)
"""How those lines begin."""

_REFUSALS: Final = ("Authentication", "Authorization", "SASL", "Sasl", "SSL", "certificate")
"""No broker comes back from these by itself: each is said for itself."""


class Repeats:
    """Decides whether a line is said. ``ticks``: seconds of a clock that nobody sets.

    Threads may ask at the same time: at worst two say the same line once each.
    """

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._heard: dict[str, tuple[float, float]] = {}
        """By message, when it was said last, and when it came last."""

    def says(self, record: logging.LogRecord) -> bool:
        """Returns False for a line of aiokafka that says again what was said."""
        if record.name.partition(".")[0] != LIBRARY:
            return True
        now, message = self._ticks(), record.getMessage()
        refused = any(word in message for word in _REFUSALS)
        key = "outage" if message.startswith(_OUTAGE) and not refused else message
        said_at, came_at = self._heard.get(key, (now, -QUIET_SECONDS + now))
        new = now - came_at >= QUIET_SECONDS or now - said_at >= AGAIN_SECONDS
        if key not in self._heard and len(self._heard) >= MESSAGES_MAX:
            self._heard.clear()
        self._heard[key] = (now if new else said_at, now)
        return new
