"""Counted frequencies, exactly: the reference implementation."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from samehand.frequency.rates import LATELY, SignUpRates
from samehand.keys import KeyKind
from store.common.count_lag import (
    HANDED_OUT,
    NOTHING,
    Version,
    accounts_in,
    arrives,
    halved,
    kept_beside,
    lately,
    latest_moment,
    matured,
)
from store.common.counted_values import Sighting
from store.common.sign_ups import SIGN_UPS, Tally, rates_of, tallied
from store.limits import HALF_LIFE_SECONDS

_Value = tuple[KeyKind, bytes, str]


class _Step(NamedTuple):
    """How often a value had been counted from one version on, until the next step."""

    version: int
    times: int


@dataclass(slots=True)
class _History:
    """How often values had been counted at each freeze: a step where it changed, so nothing is copied."""

    values: dict[_Value, list[_Step]] = field(default_factory=dict)

    def at(self, value: _Value, version: int) -> int:
        """How often a value had been counted in a version."""
        steps = self.values.get(value, [])
        place = bisect_right(steps, version, key=lambda step: step.version)
        return steps[place - 1].times if place else 0

    def add(self, value: _Value, version: int) -> None:
        """Counts a value once more, for the next version."""
        self._put(self.values.setdefault(value, []), version, self.at(value, version) + 1)

    def halve(self, version: int) -> None:
        """Halves every count made before the next version."""
        for value, steps in self.values.items():
            before = self.at(value, version - 1)
            self._put(steps, version, self.at(value, version) - before + before // 2)

    @staticmethod
    def _put(steps: list[_Step], version: int, times: int) -> None:
        if steps and steps[-1].version == version:
            steps.pop()
        steps.append(_Step(version, times))


@dataclass(frozen=True, slots=True)
class CountsSnapshot:
    """Counts as they were at a freeze; a :class:`samehand.frequency.rates.Frequencies`."""

    bans: int
    newest: Version
    matured: Version
    history: _History
    sign_ups: SignUpRates

    def accounts(self, stratum: str) -> int:
        """How many accounts were counted in a stratum; "" means in all strata, by the newest version."""
        return accounts_in(stratum, self.newest, self.matured)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """How many clusters of accounts bear the value."""
        new, old = self.newest, self.matured
        if stratum != LATELY:
            version = new if kind in HANDED_OUT else old
            return self.history.at((kind, value, stratum), version.number)
        if kind not in HANDED_OUT:
            return 0
        now, before = (self.history.at((kind, value, ""), number) for number in (new.number, old.number))
        return lately(now, before, (new, old))


@dataclass(slots=True)
class Counts:
    """The counts since the last freeze, and all earlier snapshots."""

    interval_seconds: float
    lag_seconds: float
    live_bans: Callable[[], int]
    since: float | None = None
    halved: float | None = None
    bans: int | None = None
    latest: float = 0.0
    newest: Version = NOTHING
    kept: tuple[Version, ...] = ()
    tallies: tuple[Tally, ...] = ()
    sign_ups: SignUpRates = field(default_factory=SignUpRates)
    strata: Counter[str] = field(default_factory=Counter)
    history: _History = field(default_factory=_History)
    seen: set[object] = field(default_factory=set)

    def add(
        self, sighting: Sighting, stratum: str, seen_at: float, now: float, *, signs_up_at: str = ""
    ) -> None:
        """Counts an account once per seat, and its values once per cluster.

        ``signs_up_at``: the platform where it signs up, if it does.
        """
        self.since = now if self.since is None else self.since
        self.halved = now if self.halved is None else self.halved
        self.latest = max(self.latest, latest_moment(seen_at))
        if signs_up_at and arrives(seen_at, self.newest):
            self.strata[SIGN_UPS + signs_up_at] += 1
        seat = sighting.seat, stratum
        if seat not in self.seen:
            self.seen.add(seat)
            self.strata.update({"": 1, stratum: 1})
        for value in sighting.values:
            if value not in self.seen:
                self.seen.add(value)
                self.history.add((value.kind, value.value, value.stratum), self.newest.number + 1)

    def freeze(self, now: float) -> bool:
        """Makes the next snapshot if an interval has passed since the last; returns whether it did."""
        if self.since is None or now - self.since < self.interval_seconds:
            return False
        number, strata = self.newest.number + 1, Counter(self.newest.strata)
        halvings = self.newest.halvings
        if self.halved is None or now - self.halved >= HALF_LIFE_SECONDS:
            strata = Counter(halved(strata))
            self.history.halve(number)
            self.halved, self.seen, halvings = now, set(), halvings + 1
        newest = Version(number, self.latest, strata + self.strata, halvings)
        # Keeps all that ever qualified, one per lag: of each it holds no more than the strata.
        self.kept = kept_beside(self.kept, self.newest, newest, -math.inf, self.lag_seconds)
        self.bans, self.since, self.newest, self.strata = self.live_bans(), now, newest, Counter()
        self.tallies = tallied(self.tallies, newest.until, newest.strata)
        self.sign_ups = rates_of(self.tallies)
        return True

    def snapshot(self, at: float) -> CountsSnapshot:
        """The counts that apply at a moment; before the first freeze none, and the current number of bans."""
        bans = self.live_bans() if self.bans is None else self.bans
        old = matured((*self.kept, self.newest), at, self.lag_seconds)
        return CountsSnapshot(bans, self.newest, old, self.history, self.sign_ups)
