"""How far the workers' group is in its topics, for a store that is filled beside the live one.

What is acknowledged may still matter to what waits. A sign-up may wait while the deletion of its account, on
another topic, is acknowledged: a store that knows of no deletion would remember the account. So no position
is later than the oldest record that waits.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, TypeAlias

from streams.kafka.client import reader
from streams.settings import Settings

Positions: TypeAlias = dict[str, dict[int, int]]
"""Offsets by topic and partition."""

BACK_SECONDS_MAX: Final = 2 * 86_400.0
"""For so long a store keeps that an account was deleted: what is older matters to nothing that waits. A
record may bear any timestamp, and one of 1970 is not to have every topic delivered again."""


def has_acknowledged(settings: Settings, topic: str) -> bool:
    """Returns whether the workers' group has acknowledged any record. Raises `BrokerUnavailable`,
    `BrokerRefused`.
    """
    with reader(settings, grouped=True) as opened:
        return any(opened.committed(topic, partition) for partition in opened.partitions(topic))


def group_position(settings: Settings, topics: Sequence[str]) -> Positions:
    """The offsets up to which no acknowledged record matters to one that waits, by topic and partition.

    Topics that do not exist are left out. Raises `BrokerUnavailable`, `BrokerRefused`.
    """
    with reader(settings, grouped=True) as opened:
        acknowledged = {
            topic: {partition: opened.committed(topic, partition) for partition in partitions}
            for topic in topics
            if (partitions := opened.partitions(topic))
        }
        waiting = [
            following.timestamp
            for topic, by_partition in acknowledged.items()
            for partition, offset in by_partition.items()
            if (following := next(opened.read(topic, partition, offset), None)) is not None
        ]
        if not waiting:
            return acknowledged
        oldest = max(min(waiting), time.time() - BACK_SECONDS_MAX)
        return {
            topic: {
                partition: min(offset, opened.offset_at(topic, partition, oldest))
                for partition, offset in by_partition.items()
            }
            for topic, by_partition in acknowledged.items()
        }
