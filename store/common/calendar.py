"""Counts when bans took effect, for each policy: what is counted, and the reference implementation.

A ban with a time counts in the buckets of its minute, its hour and its day; one whose moment is known only to
the day counts in separate buckets of days; one without a moment does not count. Of a policy's bans in one
hour that share a family (or, where none is known, a device) only one counts: they are of one person. Those of
one network count each, since strangers share networks (docs/adr/0035-calendar-of-bans.md).
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from samehand.errors import UnreadableFingerprint
from samehand.fingerprint.distil import Fingerprint, is_day, unpack
from samehand.frequency.ban_calendar import Buckets, Calendar, Calendars
from store.common.records import BanQuote, read_ban_quote, read_frame
from store.limits import BAN_HOURS_DAYS, BAN_MINUTES_DAYS, BAN_POLICIES

DAY_SECONDS = 86_400
_DAY_MINUTES = 1_440
_HOUR_MINUTES = 60
_CLUSTER_BYTES = 6
_LAST_MINUTE = (1 << 32) - 1


class BucketRow(NamedTuple):
    """How one kind of bucket is kept: its length in minutes, and how many of them make a row."""

    minutes: int
    together: int


BUCKET_ROWS = {
    "m": BucketRow(1, 1_440),
    "h": BucketRow(60, 768),
    "d": BucketRow(1_440, 256),
    "u": BucketRow(1_440, 256),
}
"""Minutes (`m`), hours (`h`) and days (`d`) of bans with a time, and days (`u`) of those without. The buckets
of a row are packed, and dropped, together."""

Counted = Mapping[tuple[str | None, str], Buckets]
"""What a shard counted, by policy (``None``: all without a calendar of their own) and kind of bucket."""


def first_kept(what: str, today: int) -> int:
    """The number of the first bucket of a kind that is kept on a Unix day; only whole rows are dropped."""
    if what in "du":
        return 0
    days = BAN_MINUTES_DAYS if what == "m" else BAN_HOURS_DAYS
    row = BUCKET_ROWS[what]
    first = (today - days) * _DAY_MINUTES // row.minutes
    return first - first % row.together


class Dated(NamedTuple):
    """What a ban counts: its Unix minute (with ``day_only`` the first of its day), policy and cluster."""

    minute: int
    day_only: bool
    policy: str
    cluster: bytes

    @classmethod
    def of(cls, fingerprint: Fingerprint, policy: str | None, root: bytes | None) -> Dated | None:
        """What this ban counts; ``root``: the digest of the family's founder, if it descends from another."""
        if fingerprint.at is None:
            return None
        device = fingerprint.trait("device")
        cluster = root or (device if isinstance(device, bytes) else b"")
        seconds = max(1, int(fingerprint.at))  # as a record keeps it
        minute = min(seconds // 60, _LAST_MINUTE)
        return cls(minute, is_day(seconds), policy or "", cluster[:_CLUSTER_BYTES])

    @property
    def packed(self) -> bytes:
        """As the scripts read it: minute, ``day_only``, length of the cluster, cluster, policy."""
        head = struct.pack(">IBB", self.minute, self.day_only, len(self.cluster))
        return head + self.cluster + self.policy.encode()


def dated_in(frame: bytes, quote: bytes) -> Dated | None:
    """What a stored ban counts; ``None`` if it has no moment, or is unreadable and so was never counted."""
    try:
        first = unpack(read_frame(frame).records[0])
    except UnreadableFingerprint:
        return None
    read: BanQuote = read_ban_quote(quote)
    return Dated.of(first, read.facts.policy, read.root)


@dataclass(slots=True)
class BanTimes:
    """The calendar of one shard, in dictionaries."""

    today: int = 0  # the latest Unix day on which it changed
    since: int = 0  # the first of which minutes and hours are whole
    _counts: dict[tuple[str | None, str], dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    _policies: dict[str, None] = field(default_factory=dict)
    _clusters: dict[tuple[str | None, bool, int, bytes], tuple[int, int]] = field(default_factory=dict)
    """By policy, ``day_only``, hour and cluster: how many bans there are, and the minute that counts."""

    def turn(self, now: float) -> None:
        """Once a day, drops minutes and hours so old that only their days are kept.

        A day far ahead was noted by a wrong clock, which had them dropped, too: until tomorrow bans count by
        the day. Clocks of workers may differ by a day.
        """
        today = int(now // DAY_SECONDS)
        if self.today > today + 1:
            self.today, self.since = today, max(self.since, today + 1)
        elif today > self.today:
            self.today = today
            for (_, what), counts in self._counts.items():
                for number in [bucket for bucket in counts if bucket < first_kept(what, today)]:
                    del counts[number]

    @property
    def counted(self) -> Counted:
        """The counts, by policy and kind of bucket."""
        return {
            of: (np.array(sorted(counts)), np.array([counts[number] for number in sorted(counts)]))
            for of, counts in self._counts.items()
            if counts
        }

    def add(self, dated: Dated | None) -> None:
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
        """Takes a ban out of the counts."""
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
        for what in "u" if dated.day_only else "mhd":
            number = dated.minute // BUCKET_ROWS[what].minutes
            counts = self._counts[self._policy(dated), what]
            if what in "mh" and (
                number < first_kept(what, self.today) or dated.minute < self.since * _DAY_MINUTES
            ):
                continue
            # Not below none: a ban of a day to come, noted while a clock was wrong, counts by the day alone.
            if count := max(0, counts.get(number, 0) + by):
                counts[number] = count
            else:
                counts.pop(number, None)


def calendars(shards: Iterable[tuple[int, int, Counted]]) -> Calendars:
    """Merges the calendars of all shards.

    Takes for each its latest day, the first day of which minutes and hours are whole, and its counts.
    """
    today, since, by_policy = (
        0,
        0,
        defaultdict[str | None, dict[str, list[Buckets]]](lambda: {what: [] for what in BUCKET_ROWS}),
    )
    for day, whole, counted in shards:
        today, since = max(today, day), max(since, whole)
        for (policy, what), buckets in counted.items():
            by_policy[policy][what].append(buckets)
    made = {
        policy: Calendar.of(
            minutes=_together(several["m"]),
            hours=_together(several["h"]),
            days=_together(several["d"]),
            days_only=_together(several["u"]),
            minutes_from=max(today - BAN_MINUTES_DAYS, since),
            hours_from=max(first_kept("h", today) // 24, since),
        )
        for policy, several in by_policy.items()
    }
    return Calendars(
        {policy: calendar for policy, calendar in made.items() if policy is not None}, made.get(None)
    )


def _together(several: Sequence[Buckets]) -> Buckets:
    if len(several) == 1:
        return several[0]
    if not several:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    numbers, which = np.unique(
        np.concatenate([bucket_numbers for bucket_numbers, _ in several]), return_inverse=True
    )
    counts = np.zeros(len(numbers), np.int64)
    np.add.at(counts, which, np.concatenate([counted for _, counted in several]))
    return numbers, counts
