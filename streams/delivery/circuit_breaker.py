"""Circuit breaker: stop asking a store that does not answer.

A deadline alone is not enough: with Redis frozen and a deadline of 250 ms, a worker still spends all its time
in time-outs and every caller adds load to a store that is trying to come back.

::

              failures in a row ≥ threshold               rest_seconds over
    closed ─────────────────────────────────▶ open ─────────────────────────▶ half-open
      ▲                                        ▲                               │    │
      │                                        └────────── the probe fails ────┘    │
      └──────────────────────────────────────── the probe succeeds ────────────────┘
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final

FAILURES_IN_A_ROW: Final = 3
"""One time-out is a blip and two may be bad luck; three in a row without any success is an outage."""

REST_SECONDS: Final = 1.0
"""Short enough that recovery is not noticed late, long enough that a probe a second is no load."""


class BreakerState(IntEnum):
    """Values of the metric `samehand_store_breaker_state`."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """Shared by everything in one process that asks one store. `ticks` is a monotonic clock in seconds."""

    def __init__(
        self,
        ticks: Callable[[], float],
        *,
        failures_in_a_row: int = FAILURES_IN_A_ROW,
        rest_seconds: float = REST_SECONDS,
        on_change: Callable[[BreakerState], None] = lambda state: None,
    ) -> None:
        self._ticks = ticks
        self._threshold = failures_in_a_row
        self._rest_seconds = rest_seconds
        self._on_change = on_change
        self._failures = 0
        self._retry_at = 0.0
        self._state = BreakerState.CLOSED

    @property
    def state(self) -> BreakerState:
        return self._state

    def allows(self) -> bool:
        """Returns whether to ask now.

        While half-open only the probe may pass, until its outcome or another rest is over.
        """
        if self._state is BreakerState.CLOSED:
            return True
        if self._ticks() < self._retry_at:
            return False
        # A caller that was cancelled never reports back; the next rest lets another one probe in its place.
        self._retry_at = self._ticks() + self._rest_seconds
        self._turn(BreakerState.HALF_OPEN)
        return True

    def succeeded(self) -> None:
        self._failures = 0
        self._turn(BreakerState.CLOSED)

    def failed(self) -> None:
        """The store did not answer, or cannot write."""
        self._failures += 1
        if self._state is BreakerState.CLOSED and self._failures < self._threshold:
            return
        self._retry_at = self._ticks() + self._rest_seconds
        self._turn(BreakerState.OPEN)

    def _turn(self, state: BreakerState) -> None:
        if state is not self._state:
            self._state = state
            self._on_change(state)
