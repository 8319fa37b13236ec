"""When bans took effect: how likely it is that a ban lies so near to an account's moment by chance.

A store counts its bans by the minute, the hour and the day, policy by policy, and gives them to the mind as
one frozen :class:`Calendars`. Every question is asked at the *event's* moment and answered from the bans
that had taken effect by then, so that a backlog or a replay gets the answers that the live stream got.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from samehand.elapsed import DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS

Buckets = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Numbers of minutes, hours or days since 1970, ascending, and how many bans took effect in each."""


# Spans within which a shorter span has at least its even part of the bans: a ban is possible in a minute
# without one if its hour has one.
_WIDER: Final[tuple[float, ...]] = (
    60.0,
    600.0,
    HOUR_SECONDS,
    DAY_SECONDS,
    7 * DAY_SECONDS,
    30 * DAY_SECONDS,
    365 * DAY_SECONDS,
)

# A ban that was not seen is spread evenly over so long; half a ban in any span would make ten minutes half.
_UNSEEN_SECONDS: Final = 3 * 365 * DAY_SECONDS

# Answers that a calendar caches, some 200 bytes each: more than one batch of events asks for.
_KEPT_MAX: Final = 4_096


class BanCalendar(Protocol):
    """Tells how bans are spread over time."""

    def share(self, at: float, near: float, far: float, policy: str | None = None) -> float | None:
        """The share (0 to 1] of the other bans that lie in the same span of time as a pair's own ban.

        The span is from ``near`` to ``far`` seconds before ``at`` (Unix seconds; ``near < far``, negative for
        bans after it). The share is of all bans that had taken effect by the newer end of the span. The
        pair's own ban is taken to lie in the span, and is left out. ``policy`` limits both to the bans of one
        policy ("" for bans without one); while it is unknown (``None``), the answer is the least share of all
        policies. ``None`` where no ban is counted.
        """


@dataclass(frozen=True, slots=True)
class _Timeline:
    """Buckets in order that do not overlap. ``before``: bans before each bucket, and last all bans."""

    starts: list[float]
    ends: list[float]
    before: list[int]

    @classmethod
    def of(cls, several: Sequence[tuple[float, Buckets]]) -> _Timeline:
        """A timeline of several kinds of buckets, each with its length in seconds; the later buckets last."""
        starts = np.concatenate([numbers * seconds for seconds, (numbers, _) in several])
        ends = np.concatenate([(numbers + 1) * seconds for seconds, (numbers, _) in several])
        before = np.cumsum(np.concatenate([[0], *[counts for _, (_, counts) in several]]))
        return cls(starts.tolist(), ends.tolist(), before.tolist())

    def until(self, moment: float) -> float:
        """How many bans lie before a moment; the bucket in which it falls counts in proportion."""
        place = bisect_right(self.starts, moment) - 1
        if place < 0:
            return 0.0
        start, end = self.starts[place], self.ends[place]
        here = self.before[place + 1] - self.before[place]
        return self.before[place] + here * min(1.0, (moment - start) / (end - start))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The dated bans of one policy.

    A ban that is known only to the day counts in no span shorter than a day; it counts in longer spans, and
    among all bans.
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
        """A calendar from counts by Unix minute, hour and day of bans with a time, and by day of the others.

        ``hours_from`` and ``minutes_from`` (Unix days, the first not later than the second) say from which
        day on hours and minutes are complete; each day is read from its finest complete counts.
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
        """As :meth:`BanCalendar.share`, of these bans.

        ``at`` is rounded up to its minute. The answer is never less than the even part that the span has of
        any wider span with the same newer end.

        Raises:
            ValueError: the span ends before it begins.
        """
        if far <= near:
            raise ValueError(
                f"the span from {near} to {far} seconds before a moment is empty: near must be less than far"
            )
        if not self.bans:
            return None
        at = math.ceil(at / MINUTE_SECONDS) * MINUTE_SECONDS  # events of one minute ask the same
        asked = (at, near, far)
        known = self._kept.get(asked)
        if known is None:
            if len(self._kept) >= _KEPT_MAX:
                self._kept.clear()
            length, newest = far - near, at - near
            by_day = length >= DAY_SECONDS
            timed, days = self._timed.until(newest), self._days.until(newest)
            others = max(timed + days - 1.0, 0.0) + 1.0
            most = 0.0
            spans = [(at - far, 1.0), *((newest - span, length / span) for span in _WIDER if span > length)]
            for oldest, even in spans:
                within = timed - self._timed.until(oldest)
                if by_day:
                    within += days - self._days.until(oldest)
                unseen = min((newest - oldest) / _UNSEEN_SECONDS, 1.0)
                most = max(most, even * (max(within - 1.0, 0.0) + unseen) / others)
            known = self._kept[asked] = most
        return known


def _between(buckets: Buckets, first: int, end: int | None) -> Buckets:
    numbers, counts = buckets
    here = np.searchsorted(numbers, first)
    there = len(numbers) if end is None else np.searchsorted(numbers, end)
    return numbers[here:there], counts[here:there]


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendars of a store by the policy of its bans, "" for bans without one: a :class:`BanCalendar`.

    ``others`` holds the bans of policies without a calendar of their own (a store keeps a bounded number).
    """

    by_policy: Mapping[str, Calendar] = field(default_factory=dict)
    others: Calendar | None = None

    def of(self, policy: str) -> Calendar | None:
        """The calendar that holds the bans of a policy, ``None`` where none of them is counted."""
        return self.by_policy.get(policy, self.others)

    def share(self, at: float, near: float, far: float, policy: str | None = None) -> float | None:
        if policy is not None:
            of_policy = self.of(policy)
            return None if of_policy is None else of_policy.share(at, near, far)
        several = [*self.by_policy.values(), *([] if self.others is None else [self.others])]
        said = [calendar.share(at, near, far) for calendar in several]
        return min([share for share in said if share is not None], default=None)


NO_CALENDARS: Final = Calendars()
"""For a store that counted no ban: the moment of a pair is then no evidence."""
