"""Tombstones: records without a value that take a ban out of the compacted topic of bans."""

from __future__ import annotations

from streams.outcomes import Arrival, Emit

OCCURRED_AT_HEADER = "samehand-occurred-at"
"""When the reinstatement behind a tombstone occurred, in Unix seconds: a tombstone has no value to say it."""


def tombstone(account: str, occurred_at: float, topic: str) -> Emit:
    """The record that removes a ban from the topic, so that a rebuild does not enrol it again."""
    return Emit(topic, account.encode(), None, headers=((OCCURRED_AT_HEADER, repr(occurred_at).encode()),))


def occurred_at(arrival: Arrival) -> float:
    """When the reinstatement behind a tombstone occurred: by its header, else Kafka's timestamp."""
    for name, value in arrival.headers:
        if name == OCCURRED_AT_HEADER:
            try:
                return float(value)
            except ValueError:
                break
    return arrival.timestamp
