"""How long to wait before the next try: capped exponential, full jitter.

Full jitter (uniform between 0 and the cap of that attempt) spreads the workers of a group best when all of
them lost the same store at the same moment; see "Exponential Backoff And Jitter", AWS Architecture Blog,
2015.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

FIRST_SECONDS: Final = 0.05
"""About one round trip to a healthy store, so that a blip costs no more than itself."""

MOST_SECONDS: Final = 5.0
"""Recovery is noticed within this time; longer would show as lag, shorter hammers a store that starts."""

_DOUBLINGS_MAX: Final = 16
"""0.05 s doubled 7 times passes the cap; the limit keeps 2**attempt from growing for ever."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times of one kind of retry. `uniform(a, b)` draws the jitter."""

    uniform: Callable[[float, float], float]

    def seconds(self, attempt: int) -> float:
        """The wait after the `attempt`-th failure, counted from 0."""
        ceiling = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(attempt, _DOUBLINGS_MAX))
        return self.uniform(0.0, ceiling)
