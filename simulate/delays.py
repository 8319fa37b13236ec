"""How long after a ban its mirror appears, or how long before it was prepared."""

import math
from random import Random

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
_MEDIAN_SECONDS = 8 * HOUR
_SPREAD = 2.0
"""Standard deviation of the delay's logarithm: 95 % lie between ten minutes and seventeen days."""
DELAY_SECONDS_MAX = 28 * DAY
"""Later returns are not simulated."""
PREPARED_SECONDS_MAX = 25 * DAY
"""Accounts prepared earlier than that are not simulated: below the 30 days that accounts are remembered."""


def heavy_tailed(rng: Random) -> float:
    """Seconds from ban to mirror: log-normal, minutes to weeks, half of them within eight hours."""
    seconds = _MEDIAN_SECONDS * math.exp(rng.gauss(0.0, _SPREAD))
    return min(max(seconds, MINUTE), DELAY_SECONDS_MAX)


def within_minutes(rng: Random) -> float:
    """Seconds from ban to mirror for somebody who is angry: two minutes to an hour."""
    return 2 * MINUTE + min(rng.expovariate(1 / (10 * MINUTE)), 58 * MINUTE)


def prepared(rng: Random) -> float:
    """Seconds by which the spare account is older than the ban: hours to weeks, half within three days."""
    seconds = 3 * DAY * math.exp(rng.gauss(0.0, 1.2))
    return min(max(seconds, HOUR), PREPARED_SECONDS_MAX)
