"""How far behind the worker is, in records and in seconds.

Faust's `consumer.position()` is how far it has *fetched*: it reads 0 behind with a thousand events stuck in
front of an agent. Lag is what has no durable outcome yet: the high water mark minus the offset after the last
acknowledged record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streams.progress import Partition


@dataclass(frozen=True, slots=True)
class Lag:
    """Of one partition. `seconds` is the age of the last acknowledged record while there is a lag, otherwise
    0.

    It is an upper bound on the age of the oldest waiting one, which may be younger than the last
    acknowledged.
    """

    records: int
    seconds: float


def lag(high_water: int, next_offset: int, last_timestamp: float | None, now: float) -> Lag:
    """`next_offset` is the last acknowledged plus 1; times in Unix seconds.

    Never negative: clocks and marks jump.
    """
    records = max(0, high_water - next_offset)
    if records == 0 or last_timestamp is None:
        return Lag(records, 0.0)
    return Lag(records, max(0.0, now - last_timestamp))


def lags(
    high_waters: Mapping[Partition, int],
    next_offsets: Mapping[Partition, int],
    last_timestamps: Mapping[Partition, float],
    now: float,
) -> dict[Partition, Lag]:
    """Of every partition whose end and whose progress are known."""
    return {
        partition: lag(high_waters[partition], following, last_timestamps.get(partition), now)
        for partition, following in next_offsets.items()
        if partition in high_waters
    }
