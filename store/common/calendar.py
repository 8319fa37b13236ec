"""When bans took effect, counted policy by policy: what is counted, and the reference of how.

A ban with a time counts in the bucket of its minute, its hour and its day, one whose moment is known only to
the day in a bucket of days apart, one without a moment nowhere. Of the bans of a policy in one hour that
share a family or, where none is known, a network or else a device, one counts: a farm that gets itself banned
makes a moment no more likely than a single account does (docs/adr/0035-calendar-of-bans.md).
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from samehand.errors import UnreadableFingerprint
from samehand.fingerprint import Fingerprint, is_day, unpack
from samehand.scoring.calendar import Calendar, Calendars
from store.counting import cluster_of
from store.limits import BAN_HOURS_DAYS, BAN_MINUTES_DAYS, BAN_POLICIES
from store.records import BanQuote, read_ban_quote, read_frame

DAY_SECONDS = 86_400
_DAY_MINUTES = 1_440
_HOUR_MINUTES = 60
_CLUSTER_BYTES = 6
_LAST_MINUTE = (1 << 32) - 1

Bucket = tuple[str | None, str, int]
"""A policy (``None``: all that have no place of their own), `m`, `h`, `d` or `u`, and a number.

The number is that of the Unix minute, hour or day; `u` are days of bans without a time.
"""


class Dated(NamedTuple):
    """What counts of a ban: the Unix minute (of ``day_only`` the first of its day), and beside whom."""

    minute: int
    day_only: bool
    policy: str
    cluster: bytes

    @classmethod
    def of(cls, fingerprint: Fingerprint, policy: str | None, root: bytes | None) -> Dated | None:
        """``root`` is the digest of the family's founder, of a ban that descends from another."""
        if fingerprint.at is None:
            return None
        cluster = root or cluster_of(fingerprint) or b""
        seconds = max(1, int(fingerprint.at))  # as a record keeps it
        minute = min(seconds // 60, _LAST_MINUTE)
        return cls(minute, is_day(seconds), policy or "", cluster[:_CLUSTER_BYTES])

    @property
    def packed(self) -> bytes:
        """For the scripts: minute, whether of the day alone, length of the cluster, cluster, policy."""
        head = struct.pack(">IBB", self.minute, self.day_only, len(self.cluster))
        return head + self.cluster + self.policy.encode()


def dated_in(frame: bytes, quote: bytes) -> Dated | None:
    """What counts of a stored ban; ``None`` where it has no moment, or cannot be read and never counted."""
    try:
        first = unpack(read_frame(frame).records[0])
    except UnreadableFingerprint:
        return None
    read: BanQuote = read_ban_quote(quote)
    return Dated.of(first, read.facts.policy, read.root)


@dataclass(slots=True)
class BanTimes:
    """The bans of one shard, in dictionaries."""

    today: int = 0  # the latest Unix day on which it was changed
    counts: dict[Bucket, int] = field(default_factory=lambda: defaultdict(int))
    _policies: dict[str, None] = field(default_factory=dict)
    _clusters: dict[tuple[str | None, bool, int, bytes], tuple[int, int]] = field(default_factory=dict)
    """By policy, whether of days alone, hour and cluster: how many bans, and the minute that counts."""

    def turn(self, now: float) -> None:
        """Lets go of minutes and hours that the days alone are to hold, once a day."""
        today = int(now // DAY_SECONDS)
        if today > self.today:
            self.today = today
            for bucket in [one for one in self.counts if not self._kept(one[1], one[2])]:
                del self.counts[bucket]

    def _kept(self, what: str, number: int) -> bool:
        if what == "m":
            return number >= (self.today - BAN_MINUTES_DAYS) * _DAY_MINUTES
        return what != "h" or number >= (self.today - BAN_HOURS_DAYS) * 24

    def add(self, dated: Dated | None) -> None:
        """Counts a ban."""
        if dated is None:
            return
        if dated.policy not in self._policies and len(self._policies) < BAN_POLICIES:
            self._policies[dated.policy] = None
        if dated.cluster:
            place = self._place(dated)
            bans, minute = self._clusters.get(place, (0, dated.minute))
            self._clusters[place] = bans + 1, minute
            if bans:
                return
        self._count(dated, 1)

    def remove(self, dated: Dated | None) -> None:
        """Counts it no more."""
        if dated is None:
            return
        if dated.cluster:
            place = self._place(dated)
            bans, minute = self._clusters[place]
            if bans > 1:
                self._clusters[place] = bans - 1, minute
                return
            del self._clusters[place]
            dated = dated._replace(minute=minute)
        self._count(dated, -1)

    def _place(self, dated: Dated) -> tuple[str | None, bool, int, bytes]:
        return self._policy(dated), dated.day_only, dated.minute // _HOUR_MINUTES, dated.cluster

    def _policy(self, dated: Dated) -> str | None:
        return dated.policy if dated.policy in self._policies else None

    def _count(self, dated: Dated, by: int) -> None:
        policy = self._policy(dated)
        for what, number in _buckets(dated):
            if self._kept(what, number):
                self.counts[policy, what, number] += by
                if not self.counts[policy, what, number]:
                    del self.counts[policy, what, number]


def _buckets(dated: Dated) -> Iterator[tuple[str, int]]:
    if dated.day_only:
        yield "u", dated.minute // _DAY_MINUTES
    else:
        yield "m", dated.minute
        yield "h", dated.minute // _HOUR_MINUTES
        yield "d", dated.minute // _DAY_MINUTES


def calendars(shards: Iterable[tuple[int, Mapping[Bucket, int]]]) -> Calendars:
    """The calendars of all shards together, from the day of each and its counts."""
    today, by_policy = (
        0,
        defaultdict[str | None, dict[str, dict[int, int]]](
            lambda: {what: defaultdict(int) for what in "mhdu"}
        ),
    )
    for day, counts in shards:
        today = max(today, day)
        for (policy, what, number), count in counts.items():
            by_policy[policy][what][number] += count
    made = {
        policy: Calendar.of(
            minutes=counts["m"],
            hours=counts["h"],
            days=counts["d"],
            days_only=counts["u"],
            minutes_from=today - BAN_MINUTES_DAYS,
            hours_from=today - BAN_HOURS_DAYS,
        )
        for policy, counts in by_policy.items()
    }
    return Calendars({policy: one for policy, one in made.items() if policy is not None}, made.get(None))
