"""A clock that a test turns."""

from dataclasses import dataclass


@dataclass(slots=True)
class Ticks:
    """Seconds, which pass only when a test sets ``now``."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now
