"""The tables of weights that a process weighs by, which people may change while it runs.

All of a batch is looked up, scored and named by the table that was in force when the batch was taken
(:mod:`agents.common.snapshot`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from samehand.scoring.adjust import Adjustment, adjusted
from samehand.scoring.upper_bound import UpperBound
from samehand.scoring.weights import Weights
from schemas.internal.weights import Stage, WeightsAdopted


@dataclass(frozen=True, slots=True)
class Weighing:
    """A table of weights, and the upper bound that it gives."""

    weights: Weights
    bound: UpperBound

    @classmethod
    def by(cls, weights: Weights) -> Self:
        """Prepares a table; builds its bound once."""
        return cls(weights, UpperBound(weights))


@dataclass(slots=True)
class WeightsInForce:
    """``base``: the table of the settings; ``shadow``: another one whose alerts are only counted, if any.

    Both are under the thresholds of the settings, and so is whatever is adopted.
    """

    base: Weights
    shadow_weights: Weights | None = None
    live: Weighing = field(init=False)
    shadow: Weighing | None = field(init=False)
    _numbers: dict[Stage, int] = field(init=False)

    def __post_init__(self) -> None:
        """Begins with the tables of the settings."""
        self.begin_again()

    def begin_again(self) -> None:
        """Returns to the tables of the settings and forgets every decision."""
        self._numbers = {}
        self.live = Weighing.by(self.base)
        self.shadow = None if self.shadow_weights is None else Weighing.by(self.shadow_weights)

    def adopt(self, adopted: WeightsAdopted) -> bool:
        """Takes a decision into force; returns whether it was new.

        Raises:
            UnusableWeights: it cannot be used with our base. The base is then in force, or nothing in shadow:
                a worker that starts later knows no earlier decision either.
        """
        stage = adopted.stage
        if adopted.number <= self._numbers.get(stage, 0):
            return False
        self._numbers[stage] = adopted.number
        weighing: Weighing | None = None
        try:
            if adopted.adjustment is not None:
                weighing = Weighing.by(adjusted(self.base, Adjustment.read(adopted.adjustment)))
        finally:
            if stage == "shadow":
                self.shadow = weighing
            else:
                self.live = weighing or Weighing.by(self.base)
        return True

    def version(self, stage: Stage) -> str | None:
        """What the table of a stage is called; ``None``: nothing is in shadow."""
        weighing = self.live if stage == "live" else self.shadow
        return None if weighing is None else weighing.weights.version
