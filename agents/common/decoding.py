"""Decodes a batch: readable records are prepared, unreadable ones become dead letters with a reason."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from agents.common.context import AgentContext
from agents.common.yielder import Yielder, offload
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.unusable import UNKNOWN_FIELD, FieldFault
from schemas.wire import Decoded, Decoder
from streams.outcomes import NOTHING, Arrival, Dead, Outcome, contained
from streams.telemetry.metrics import Metrics
from streams.tracing import stage

R = TypeVar("R", bound=Record)
T = TypeVar("T")


def dead(fault: Malformed) -> Dead:
    """A record that no decoder could read, as the outcome of its delivery."""
    return Dead(fault.reason, fault.path, fault.detail)


def reading_moment(arrival: Arrival, now: float) -> float:
    """The moment to check a record's dates against, in Unix seconds: now, or Kafka's timestamp if later.

    Nothing in a record occurred after Kafka stored it, so a worker whose clock is slow makes no dead letters
    of good records. Brokers refuse a timestamp over an hour ahead (``log.message.timestamp.after.max.ms``).
    """
    return max(now, arrival.timestamp)


def earliest(arrivals: Sequence[Arrival]) -> float:
    """Kafka's earliest timestamp in a batch, Unix seconds: every record of it may use counts up to then."""
    return min((arrival.timestamp for arrival in arrivals), default=0.0)


def read_all(
    arrivals: Sequence[Arrival],
    decode: Decoder[R],
    context: AgentContext,
    prepare: Callable[[Decoded[R]], T],
    *,
    ours: bool = False,
) -> tuple[list[Outcome], list[tuple[int, T]]]:
    """Returns the outcomes so far, and each readable record as prepared, with its place in the batch.

    ``prepare`` is pure (distilling, for instance): where it raises, only its record can be to blame and
    becomes a dead letter too, so that one strange record cannot stop a partition. ``ours``: a worker wrote
    the record, perhaps one whose clock is ahead; its dates were checked when its event came in.
    """
    now = context.now()

    def read(arrival: Arrival) -> T | Dead:
        decoded = decode(arrival.value, now=math.inf if ours else reading_moment(arrival, now))
        if isinstance(decoded, Malformed):
            return dead(decoded)
        count(decoded, arrival.topic, context.metrics)
        return prepare(decoded)

    with stage("distil"):
        results = [contained(read, arrival) for arrival in arrivals]
    outcomes: list[Outcome] = [result if isinstance(result, Dead) else NOTHING for result in results]
    return outcomes, [(place, result) for place, result in enumerate(results) if not isinstance(result, Dead)]


async def read_in_turns(
    arrivals: Sequence[Arrival],
    decode: Decoder[R],
    context: AgentContext,
    prepare: Callable[[Decoded[R]], T | None],
) -> tuple[list[Outcome], list[tuple[int, T]]]:
    """As :func:`read_all`, in parts between which the event loop has its turn.

    Without the records of which ``prepare`` makes ``None``.
    """
    outcomes: list[Outcome] = []
    prepared: list[tuple[int, T]] = []
    for first, (some, read) in await offload(
        arrivals, lambda part: read_all(part, decode, context, prepare), Yielder(context.ticks)
    ):
        outcomes += some
        prepared += [(first + place, item) for place, item in read if item is not None]
    return outcomes, prepared


def count(decoded: Decoded[R], topic: str, metrics: Metrics) -> None:
    """Counts what was odd about a record that was read: fields unknown or unusable, a clock ahead."""
    metrics.decoded(topic, decoded.unknown_fields, clamped=decoded.clamped)
    unusable = [(unread.field, unread.reason) for unread in decoded.unusable]
    if decoded.unknown_fields:
        unusable.append((UNKNOWN_FIELD, FieldFault.UNKNOWN_FIELD))  # once, however many: a share of records
    metrics.unusable(topic, unusable)


def itself(decoded: Decoded[R]) -> R:
    """Returns the record unchanged, for agents that prepare nothing."""
    return decoded.record
