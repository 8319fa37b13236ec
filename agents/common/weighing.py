"""A table of weights with the upper bound that it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from samehand.scoring.upper_bound import UpperBound
from samehand.scoring.weights import Weights


@dataclass(frozen=True, slots=True)
class Weighing:
    """The table that a process weighs by, and its upper bound."""

    weights: Weights
    bound: UpperBound

    @classmethod
    def by(cls, weights: Weights) -> Self:
        """Prepares a table; builds its bound once."""
        return cls(weights, UpperBound(weights))
