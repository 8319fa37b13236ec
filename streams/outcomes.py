"""A record as it arrives from a topic, and the outcomes that a handler may give it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeAlias, TypeVar

T = TypeVar("T")

Headers: TypeAlias = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record as it came: its address and its bytes. `timestamp` is Kafka's, in Unix seconds."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp: float = 0.0

    @property
    def address(self) -> str:
        """Returns the record's address, `topic:partition:offset`."""
        return f"{self.topic}:{self.partition}:{self.offset}"

    def __repr__(self) -> str:
        # Keys and values hold personal data; a traceback or a log line may hold the repr.
        return f"Arrival({self.address})"


@dataclass(frozen=True, slots=True)
class Emit:
    """One record to publish. `value` None is a tombstone.

    `marker` is what must be remembered once the broker has confirmed it (a dedup key); `after` receives it.
    `last`: it is sent once all others of the same batch are confirmed, since it speaks of them.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    marker: object | None = None
    headers: Headers = ()
    last: bool = False

    def __repr__(self) -> str:
        return f"Emit(topic={self.topic!r}, marker={self.marker!r})"


@dataclass(frozen=True, slots=True)
class Published:
    """The record was processed, and these records are to be published for it.

    All of it is confirmed by the broker before the record is acknowledged.
    """

    emits: tuple[Emit, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """The record was processed and there is nothing to publish."""


@dataclass(frozen=True, slots=True)
class Dead:
    """The record cannot be processed.

    `reason` is a code fit for a metric label (`[a-z0-9-]`, at most 64 characters), `path` the JSON path of
    the fault, `detail` one phrase that quotes no value. `endpoint` is the one of `samehand deliver` that
    refused the record; others may have taken it.
    """

    reason: str
    path: str = "$"
    detail: str = ""
    endpoint: str | None = None


Outcome: TypeAlias = Published | Nothing | Dead

NOTHING = Nothing()

Handle: TypeAlias = Callable[[Sequence[Arrival]], Awaitable[Sequence[Outcome]]]
"""Decides a batch: one outcome per arrival, in order. May be called again for the same arrivals."""

After: TypeAlias = Callable[[Sequence[Emit]], Awaitable[None]]
"""Runs once everything a batch published is confirmed, before it is acknowledged. May be called again."""


async def nothing_after(emits: Sequence[Emit]) -> None:
    """For a handler that has nothing to remember."""


def contained(decide: Callable[[Arrival], T], arrival: Arrival) -> T | Dead:
    """`decide(arrival)`, or a dead letter when it raises: for pure code, where only this record can be to
    blame.

    Without it one record that trips a bug would end the process at every start. The detail names the
    exception's type alone, since its message may quote the record. Nothing that does I/O may be contained.
    """
    try:
        return decide(arrival)
    except Exception as fault:
        return Dead("logic-fault", detail=type(fault).__name__)


BATCH_RECORDS: Final = 500
"""As many as a worker takes at once."""


def batches(items: Iterable[T], size: int = BATCH_RECORDS) -> Iterator[list[T]]:
    """``items`` in lists of ``size``, the last one shorter."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
