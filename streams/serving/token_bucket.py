"""A token bucket: how often somebody may call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """What a caller may still do. Below 0 tokens more was taken at once than there were."""

    tokens: float
    at: float

    def take(self, rate: float, burst: float, now: float) -> float:
        """Takes one of ``rate`` tokens a second, ``burst`` at most. Returns 0, or the seconds to wait."""
        # A clock set back refills nothing, and takes nothing.
        self.tokens = min(burst, self.tokens + max(0.0, now - self.at) * rate)
        self.at = now
        if self.tokens < 1.0:
            return (1.0 - self.tokens) / rate
        self.tokens -= 1.0
        return 0.0
