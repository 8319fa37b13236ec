"""When bans took effect: how likely it is that a ban lies so near to an account's moment by chance.

A store counts its bans by the minute, the hour and the day, policy by policy, and gives them to the mind as
one frozen :class:`Calendars`. Everything is asked at the *event's* moment and reckoned from what had been
banned by then, so that a backlog and a replay are priced as the live stream was.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

Buckets = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Numbers of minutes, hours or days since 1970, ascending, and how many bans took effect in each."""

MINUTE_SECONDS: Final = 60.0
HOUR_SECONDS: Final = 3_600.0
DAY_SECONDS: Final = 86_400.0

# Spans of time that leave to what lies within them at least its even part: a minute in which nobody was
# banned is not impossible in an hour in which somebody was.
_WIDER: Final[tuple[float, ...]] = (
    60.0,
    600.0,
    HOUR_SECONDS,
    DAY_SECONDS,
    7 * DAY_SECONDS,
    30 * DAY_SECONDS,
    365 * DAY_SECONDS,
)

# Half a ban that was not seen, the least that says nothing (Jeffreys' prior for a share).
_UNSEEN: Final = 0.5

# Answers that a calendar keeps, some 200 bytes each: those of a batch of events, and one for good measure.
_KEPT_MAX: Final = 4_096


class BanCalendar(Protocol):
    """What is known of when bans took effect."""

    def share(self, at: float, near: float, far: float, policy: str | None = None) -> float | None:
        """How many of the other bans lie as near to a moment as a pair's own, as a share (0 to 1].

        Those between ``near`` and ``far`` seconds before ``at`` (Unix seconds; ``near < far``, negative for
        bans after it), of all that had taken effect by the newer end of the span. The pair's own ban is taken
        to be one of those in the span, and is left out. Of the bans of one policy ("" for those without one);
        while the ban's policy is not known, the least of all policies. ``None`` where nothing is known.
        """


@dataclass(frozen=True, slots=True)
class _Timeline:
    """Counts of buckets that do not overlap, in order. ``before`` has one number more: all of them."""

    starts: list[float]
    ends: list[float]
    before: list[int]

    @classmethod
    def of(cls, several: Sequence[tuple[float, Buckets]]) -> _Timeline:
        """From buckets of some seconds each, the later ones last."""
        starts = np.concatenate([numbers * seconds for seconds, (numbers, _) in several])
        ends = np.concatenate([(numbers + 1) * seconds for seconds, (numbers, _) in several])
        before = np.cumsum(np.concatenate([[0], *[counts for _, (_, counts) in several]]))
        return cls(starts.tolist(), ends.tolist(), before.tolist())

    def until(self, moment: float) -> float:
        """How many lie before a moment; of the bucket in which it falls the even part."""
        place = bisect_right(self.starts, moment) - 1
        if place < 0:
            return 0.0
        start, end = self.starts[place], self.ends[place]
        here = self.before[place + 1] - self.before[place]
        return self.before[place] + here * min(1.0, (moment - start) / (end - start))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The dated bans of one policy.

    Of those whose moment is known only to the day it is known in no span under a day; they count in longer
    ones, and among all.
    """

    _timed: _Timeline
    _days: _Timeline
    _kept: dict[tuple[float, float, float], float] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(
        cls,
        *,
        minutes: Buckets,
        hours: Buckets,
        days: Buckets,
        days_only: Buckets,
        minutes_from: int,
        hours_from: int,
    ) -> Calendar:
        """From counts by Unix minute, hour and day of all bans with a time, and of those by the day alone.

        ``hours_from`` and ``minutes_from`` (Unix days, the first not later than the second) say from which
        day on hours, and minutes, are complete; each day is read at the finest of what is.
        """
        timed = [
            (DAY_SECONDS, _between(days, 0, hours_from)),
            (HOUR_SECONDS, _between(hours, 24 * hours_from, 24 * minutes_from)),
            (MINUTE_SECONDS, _between(minutes, 1_440 * minutes_from, None)),
        ]
        return cls(_Timeline.of(timed), _Timeline.of([(DAY_SECONDS, days_only)]))

    @property
    def bans(self) -> int:
        """How many dated bans are counted."""
        return self._timed.before[-1] + self._days.before[-1]

    def share(self, at: float, near: float, far: float) -> float | None:
        """As :meth:`BanCalendar.share` of these bans.

        It is asked at the end of the moment's minute, and is never less than the even part of any wider span
        on the older side.

        Raises:
            ValueError: the span ends before it begins.
        """
        if far <= near:
            raise ValueError(f"a span from {near} to {far} seconds before a moment is none: near < far")
        if not self.bans:
            return None
        at = math.ceil(at / MINUTE_SECONDS) * MINUTE_SECONDS  # events of one minute ask the same
        asked = (at, near, far)
        known = self._kept.get(asked)
        if known is None:
            if len(self._kept) >= _KEPT_MAX:
                self._kept.clear()
            known = self._kept[asked] = self._share(at, near, far)
        return known

    def _share(self, at: float, near: float, far: float) -> float:
        length, newest = far - near, at - near
        by_day = length >= DAY_SECONDS
        timed, days = self._timed.until(newest), self._days.until(newest)
        others = max(timed + days - 1.0, 0.0) + 2 * _UNSEEN
        most = 0.0
        spans = [(at - far, 1.0), *((newest - span, length / span) for span in _WIDER if span > length)]
        for oldest, even in spans:
            within = timed - self._timed.until(oldest)
            if by_day:
                within += days - self._days.until(oldest)
            most = max(most, even * (max(within - 1.0, 0.0) + _UNSEEN) / others)
        return most


def _between(buckets: Buckets, first: int, end: int | None) -> Buckets:
    numbers, counts = buckets
    here = np.searchsorted(numbers, first)
    there = len(numbers) if end is None else np.searchsorted(numbers, end)
    return numbers[here:there], counts[here:there]


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendars of a store by the policy of its bans, "" for bans without one: a :class:`BanCalendar`.

    ``others`` is that of all policies together that have none of their own (a store keeps a bounded number).
    """

    by_policy: Mapping[str, Calendar] = field(default_factory=dict)
    others: Calendar | None = None

    def of(self, policy: str) -> Calendar | None:
        """The calendar by which bans of a policy are priced, ``None`` where none of them is counted."""
        return self.by_policy.get(policy, self.others)

    def share(self, at: float, near: float, far: float, policy: str | None = None) -> float | None:
        """As :meth:`BanCalendar.share`."""
        if policy is not None:
            one = self.of(policy)
            return None if one is None else one.share(at, near, far)
        several = [*self.by_policy.values(), *([] if self.others is None else [self.others])]
        said = [one.share(at, near, far) for one in several]
        return min([share for share in said if share is not None], default=None)


NO_CALENDARS: Final = Calendars()
"""Where nobody counted: the moment of a pair is then no evidence."""
