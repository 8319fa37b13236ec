"""When accounts arrive around a ban: densities (a second) of its mirrors, and of those who copy it.

Mirrors are drawn to 27 labelled public pairs (1 within the hour, 3 within a day, 15 within 13 days, 12 later)
and to jihadists on Twitter, who made new accounts at once (Wright et al., Resurgent Insurgents, Journal of
Terrorism Research 7(2), 2016): of all mirrors some 4 % come within ten minutes, 10 % within the hour, 23 %
within a day, 44 % within a week. Copiers, that is fans, reporters and parodies, hear of a ban later.
No density rises with time after the ban: of two known moments the earlier never says less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from samehand.elapsed import DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS

LIFE_SECONDS: Final = 3 * 365 * DAY_SECONDS
"""The time round a ban over which spreads evenly what has nothing to do with it."""

_PREPARED: Final = 0.13  # of all mirrors, made within the last days before the ban
_PREPARED_SECONDS: Final = 30 * DAY_SECONDS
_LONG_BEFORE: Final = 0.02  # of all mirrors, made at any time of a life before

_Knots = Sequence[
    tuple[float, float]
]  # seconds after the ban, and how dense it is there beside other moments
_MIRRORS: Final[_Knots] = (
    (10 * MINUTE_SECONDS, 8e-5),
    (HOUR_SECONDS, 6e-6),
    (DAY_SECONDS, 1e-6),
    (7 * DAY_SECONDS, 2.6e-7),
    (30 * DAY_SECONDS, 3e-8),
    (365 * DAY_SECONDS, 2.5e-9),
    (2 * 365 * DAY_SECONDS, 8e-10),
)
# Beside mirrors the later the more, or a later copy would say more for a mirror than an earlier one.
_COPIERS: Final[_Knots] = (
    (HOUR_SECONDS, 6e-6),
    (DAY_SECONDS, 1.2e-6),
    (7 * DAY_SECONDS, 3.9e-7),
    (30 * DAY_SECONDS, 1.2e-7),
    (365 * DAY_SECONDS, 2e-8),
    (2 * 365 * DAY_SECONDS, 9.6e-9),
)
_FOREVER_SECONDS: Final = 1e11  # three thousand years: later moments are as late


class Arrivals:
    """One curve: flat before its first knot, straight between knots in logarithms, and fast falling beyond.

    ``prepared`` is the part that comes within the last month before the ban, ``long_before`` the part at any
    time of a life before.
    """

    def __init__(self, knots: _Knots, prepared: float, long_before: float) -> None:
        """Scales the densities so that all parts make one."""
        areas = [_between(*ends) for ends in pairwise(knots)]
        (first, dense), (last, thin) = knots[0], knots[-1]
        scale = (1.0 - prepared - long_before) / (first * dense + sum(areas) + last * thin)
        self._knots = [(seconds, density * scale) for seconds, density in knots]
        self._long_before = long_before / LIFE_SECONDS
        self._before = self._long_before + prepared / _PREPARED_SECONDS

    def density(self, since: float | None, *, to_the_day: bool = False) -> float:
        """The part of all that arrives a second, ``since`` seconds after the ban (negative: before it).

        ``to_the_day``: only the day of one of the two moments is known. ``None``: nothing is known of when.
        """
        if since is None:
            return 1.0 / LIFE_SECONDS
        since = min(since, _FOREVER_SECONDS)
        if to_the_day:
            ends = since - DAY_SECONDS, since + DAY_SECONDS
            return (self._until(ends[1]) - self._until(ends[0])) / (2 * DAY_SECONDS)
        if since < 0.0:
            return self._before if since >= -_PREPARED_SECONDS else self._long_before
        return self._after(since)

    def most(self, first: float, last: float) -> float:
        """The most that :meth:`density` is from ``first`` to ``last`` seconds after the ban.

        Whether the moment or only its day is known: of days it rises until a day after the ban, then falls.
        """
        exact = max(first, 0.0) if last > 0.0 else last
        of_days = min(max(DAY_SECONDS, first), last)
        return max(self.density(exact), self.density(of_days, to_the_day=True))

    def _after(self, since: float) -> float:
        (seconds, density), (last, thin) = self._knots[0], self._knots[-1]
        if since <= seconds:
            return density
        if since >= last:
            return thin * (last / since) ** 2
        for (left, high), (right, low) in pairwise(self._knots):
            if since <= right:
                return high * math.pow(since / left, -_slope((left, high), (right, low)))
        return thin

    def _until(self, since: float) -> float:
        """The part that arrives from the ban until then; negative before the ban."""
        if since <= 0.0:
            prepared = max(since, -_PREPARED_SECONDS) * (self._before - self._long_before)
            return since * self._long_before + prepared
        first, dense = self._knots[0]
        part = min(since, first) * dense
        for (left, high), (right, _) in pairwise(self._knots):
            if since > left:
                part += _between((left, high), (min(since, right), self._after(min(since, right))))
        last, thin = self._knots[-1]
        return part + (thin * last * (1.0 - last / since) if since > last else 0.0)


def _slope(left: tuple[float, float], right: tuple[float, float]) -> float:
    """How fast the density falls between two knots, both in logarithms."""
    return math.log(left[1] / right[1]) / math.log(right[0] / left[0])


def _between(left: tuple[float, float], right: tuple[float, float]) -> float:
    """The part that arrives between two points of one line in logarithms."""
    if right[0] <= left[0]:
        return 0.0
    slope = _slope(left, right)
    if abs(slope - 1.0) < 1e-9:
        return left[0] * left[1] * math.log(right[0] / left[0])
    return (left[0] * left[1] - right[0] * right[1]) / (slope - 1.0)


MIRRORS: Final = Arrivals(_MIRRORS, _PREPARED, _LONG_BEFORE)
COPIERS: Final = Arrivals(_COPIERS, 0.0, 0.3)
