"""Reading a batch: what can be read is handed on, what cannot is a dead letter with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from agents.house import House
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.wire import Decoder
from streams.outcomes import NOTHING, Arrival, Dead, Outcome, contained

R = TypeVar("R", bound=Record)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Ready(Generic[T]):
    value: T


def dead(fault: Malformed) -> Dead:
    """A record that no decoder could read, as the outcome of its delivery."""
    return Dead(fault.reason, fault.path, fault.detail)


def read_all(
    arrivals: Sequence[Arrival], decode: Decoder[R], house: House, prepare: Callable[[R], T]
) -> tuple[list[Outcome], list[tuple[int, T]]]:
    """The outcomes so far, and what was prepared of each readable record with its place in the batch.

    ``prepare`` is pure (distilling, for instance): where it raises, its record alone is to blame and is
    a dead letter too, so that one strange record cannot stop a partition.
    """
    now = house.now()

    def read(arrival: Arrival) -> _Ready[T] | Dead:
        found = decode(arrival.value, now=now)
        if isinstance(found, Malformed):
            return dead(found)
        house.meters.decoded(arrival.topic, found.unknown_fields, clamped=found.clamped)
        return _Ready(prepare(found.record))

    results = [contained(read, arrival) for arrival in arrivals]
    outcomes: list[Outcome] = [it if isinstance(it, Dead) else NOTHING for it in results]
    return outcomes, [(place, it.value) for place, it in enumerate(results) if isinstance(it, _Ready)]


def itself(record: R) -> R:
    """For agents that need nothing prepared."""
    return record
