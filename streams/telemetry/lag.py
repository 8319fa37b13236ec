"""How far behind the worker is, in records and in seconds.

Faust's `consumer.position()` is how far it has *fetched*: it reads 0 behind with a thousand events stuck in
front of an agent. Lag is what has no durable outcome yet: the high water mark minus the offset after the last
acknowledged record.

In seconds it is the age of the oldest record that waits. Three facts give it, and the best one known is used:

1. the time stamp of the record in hand, which is the oldest: exact;
2. the look at which the high water mark first lay beyond it, when an earlier look saw it end before: late by
   one look at most. Without this a single record after a quiet night would show the night as its age;
3. the time stamp of the last acknowledged record (a backlog found at the start, caught up with): early by the
   distance of two records.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from streams.delivery.progress import Partition

MARKS_MAX: Final = 512
"""Of one partition: 17 minutes of looks every two seconds. Beyond it every other one is dropped, so that a
long standstill is measured less finely, but is wrong by no more than the distance of two looks that are left.
"""


class Lag(NamedTuple):
    """Of one partition: records without an outcome, and since when (Unix seconds) the oldest of them waits.

    `since` is None without any.
    """

    records: int
    since: float | None

    def seconds(self, now: float) -> float:
        """The age of the oldest waiting record; 0 without any. Never negative: clocks differ."""
        return 0.0 if self.since is None else max(0.0, now - self.since)


class Known(NamedTuple):
    """What one look found out of a partition. Times in Unix seconds."""

    high_water: int
    next_offset: int  # the last acknowledged plus 1
    in_hand_at: float | None  # the time stamp of the oldest record that is being decided
    acknowledged_at: float | None  # the time stamp of the last acknowledged one


@dataclass(slots=True)
class HighWaterMarks:
    """High water marks as they were seen, by partition: what is still needed of them, in order."""

    seen: dict[Partition, deque[tuple[float, int]]] = field(default_factory=dict)

    def lags(self, known: dict[Partition, Known], now: float) -> dict[Partition, Lag]:
        """The lag of every partition; what was seen of others (they went to another worker) is forgotten."""
        self.seen = {partition: self.seen.get(partition, deque()) for partition in known}
        return {partition: self._lag(partition, facts, now) for partition, facts in known.items()}

    def _lag(self, partition: Partition, facts: Known, now: float) -> Lag:
        seen = self.seen[partition]
        if seen and facts.high_water < seen[-1][1]:
            seen.clear()
        if not seen or facts.high_water > seen[-1][1]:
            seen.append((now, facts.high_water))
        if len(seen) > MARKS_MAX:
            kept = list(seen)[::2]
            seen.clear()
            seen.extend(kept)
        # All but the last look at which nothing beyond `next_offset` was there, and those after it.
        while len(seen) > 1 and seen[1][1] <= facts.next_offset:
            seen.popleft()
        records = max(0, facts.high_water - facts.next_offset)  # marks jump when a topic is created again
        if records == 0:
            return Lag(0, None)
        if facts.in_hand_at is not None:
            return Lag(records, facts.in_hand_at)
        ended_before = seen[0][1] <= facts.next_offset
        if not ended_before and facts.acknowledged_at is not None:
            return Lag(records, facts.acknowledged_at)
        return Lag(records, next((at for at, high_water in seen if high_water > facts.next_offset), now))
