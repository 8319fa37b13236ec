"""What the queue and the list of decisions are narrowed by, and where in them a page begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Order = Literal["pressing", "oldest", "newest"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)

WaveState = Literal["waiting", "decided", "withdrawn"]

SLUG_CHARS: Final = 64


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the queue is wanted; None: all of it, the most pressing first. A band leaves out what is read
    blind.
    """

    band: str | None = None
    policy: str | None = None
    platform: str | None = None
    direction: str | None = None
    basis: str | None = None
    language: str | None = None
    kind: str | None = None
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the queue a page begins, in any order: after this read."""

    rank: int
    waits_since: float
    read_id: int


@dataclass(frozen=True, slots=True)
class DecidedFilters:
    """Which decisions are wanted; None: all. `since`, `until`: Unix seconds, the latter excluded."""

    since: float | None = None
    until: float | None = None
    verdict: str | None = None
    reason: str | None = None
    policy: str | None = None
    taken_back: bool | None = None
    reviewer: str | None = None


@dataclass(frozen=True, slots=True)
class DecidedPlace:
    """Where among decisions a page begins: after this one."""

    decided_at: float
    verdict_id: str
