"""Moments in order, drawn one at a time."""

from collections.abc import Iterator
from random import Random

from simulate.delays import DAY

_OLD_BANS_MEAN_DAYS = 120.0
_OLDEST_DAYS = 720.0


def ordered_times(rng: Random, start: float, end: float, size: int) -> Iterator[float]:
    """``size`` moments between start and end, uniform and ascending, without holding them.

    The smallest of n uniform draws is 1 - u ** (1/n); what is left is n - 1 draws over the rest.
    """
    now = start
    for left in range(size, 0, -1):
        now += (end - now) * (1.0 - rng.random() ** (1.0 / left))
        yield now


def times_before(rng: Random, start: float, size: int) -> Iterator[float]:
    """``size`` ascending moments before ``start``: recent ones more often, none older than two years."""
    ages = (min(rng.expovariate(1 / _OLD_BANS_MEAN_DAYS), _OLDEST_DAYS) for _ in range(size))
    for days in sorted(ages, reverse=True):
        yield start - days * DAY
