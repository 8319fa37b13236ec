"""Token buckets: how often somebody may call."""

from __future__ import annotations

from collections import OrderedDict
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


class Rates:
    """How often each may ask: so many at once, refilled so fast; those silent longest are forgotten."""

    def __init__(self, *, burst: float = 100.0, per_second: float = 10.0, known_max: int = 10_000) -> None:
        """``known_max`` bounds the memory: a megabyte or two."""
        self._burst = burst
        self._per_second = per_second
        self._known_max = known_max
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def allow(self, who: str, now: float) -> bool:
        """Returns True if one more is in order, which is then counted."""
        return self.wait_seconds(who, now) == 0.0

    def wait_seconds(self, who: str, now: float) -> float:
        """Returns 0 if one more is in order, which is then counted, else the seconds until it is."""
        bucket = self._buckets.pop(who, None) or TokenBucket(self._burst, now)
        self._buckets[who] = bucket
        if len(self._buckets) > self._known_max:
            self._buckets.popitem(last=False)
        return bucket.take(self._per_second, self._burst, now)
