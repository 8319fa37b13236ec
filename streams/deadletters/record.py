"""Makes the dead letter of a record that cannot be processed, for the topic `deadletters`."""

from __future__ import annotations

from schemas.decoding.dates import from_seconds
from schemas.letters import KEY_BYTES_MAX, VALUE_BYTES_MAX, DeadLetter
from streams.outcomes import Arrival, Dead


def letter_of(arrival: Arrival, dead: Dead, now: float) -> DeadLetter:
    """The letter, with the record's bytes unless they are too large; `now` in Unix seconds."""
    return DeadLetter(
        topic=arrival.topic,
        partition=arrival.partition,
        offset=arrival.offset,
        key=_within(arrival.key, KEY_BYTES_MAX),
        value=_within(arrival.value, VALUE_BYTES_MAX),
        value_bytes=len(arrival.value or b""),
        reason=dead.reason,
        path=dead.path[:256],
        detail=dead.detail[:256],
        at=from_seconds(now),
        endpoint=dead.endpoint,
    )


def _within(raw: bytes | None, bytes_max: int) -> bytes | None:
    return raw if raw is not None and len(raw) <= bytes_max else None
