"""The reference of counted frequencies: exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from samehand.keys import KeyKind
from store.counting import Sighting
from store.limits import HALF_LIFE_SECONDS

_T = TypeVar("_T")
_Value = tuple[KeyKind, bytes, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts as they were at a freeze; a :class:`samehand.frequency.Frequencies`."""

    bans: int
    strata: Counter[str] = field(default_factory=Counter)
    values: Counter[_Value] = field(default_factory=Counter)

    def accounts(self, stratum: str) -> int:
        """How many accounts were counted in a stratum; in all of them where it is empty."""
        return self.strata[stratum]

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """How many clusters of accounts bear the value."""
        return self.values[kind, value, stratum]


@dataclass(slots=True)
class Counts:
    """Counts since the last freeze, and the snapshot before."""

    interval_seconds: float
    live_bans: Callable[[], int]
    since: float | None = None
    halved: float | None = None
    frozen: Snapshot | None = None
    strata: Counter[str] = field(default_factory=Counter)
    values: Counter[_Value] = field(default_factory=Counter)
    seen: set[object] = field(default_factory=set)

    def add(self, sighting: Sighting, stratum: str, now: float) -> None:
        """Counts an account in its seat, and its values, each once a cluster."""
        self.since = now if self.since is None else self.since
        self.halved = now if self.halved is None else self.halved
        seat = sighting.seat, stratum
        if seat not in self.seen:
            self.seen.add(seat)
            self.strata.update({"": 1, stratum: 1})
        for value in sighting.values:
            if value not in self.seen:
                self.seen.add(value)
                self.values[value.kind, value.value, value.stratum] += 1

    def freeze(self, now: float) -> bool:
        """Makes the next snapshot if an interval has passed since the last."""
        if self.since is None or now - self.since < self.interval_seconds:
            return False
        before = self.frozen or Snapshot(0)
        strata, values = before.strata, before.values
        if self.halved is None or now - self.halved >= HALF_LIFE_SECONDS:
            strata, values, self.halved, self.seen = _half(strata), _half(values), now, set()
        self.frozen = Snapshot(self.live_bans(), strata + self.strata, values + self.values)
        self.since, self.strata, self.values = now, Counter(), Counter()
        return True

    @property
    def snapshot(self) -> Snapshot:
        """The last snapshot; before the first, nothing counted and the bans of now."""
        return self.frozen or Snapshot(self.live_bans())


def _half(counts: Counter[_T]) -> Counter[_T]:
    return Counter({it: half for it, count in counts.items() if (half := count // 2)})
