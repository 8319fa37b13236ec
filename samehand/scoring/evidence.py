"""The score of a pair, and its evidence: lines of reason, each with its share of the score."""

from __future__ import annotations

import msgspec

from samehand.scoring.caps import Band, Ground
from samehand.signals.comparison import Comparison


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """One line of reason. ``weight`` is what it adds (nats), after grouping and caps.

    Lines of positive weight speak for the pair, the others against it; all of them and the prior sum
    to the score's log-odds.
    """

    signal: str
    weight: float
    level: str
    because: str


class Score(msgspec.Struct, frozen=True, gc=False):
    """The result of comparing two accounts.

    ``prior`` and ``log_odds`` are in nats, ``probability`` is calibrated; ``band`` follows from it by the
    policy's thresholds.
    """

    prior: float
    lines: tuple[Evidence, ...]
    log_odds: float
    probability: float
    band: Band

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The lines that speak for the pair, strongest first."""
        return tuple(sorted((x for x in self.lines if x.weight > 0), key=lambda x: -x.weight))

    @property
    def counter_evidence(self) -> tuple[Evidence, ...]:
        """The lines that speak against the pair or are worth nothing, strongest first."""
        return tuple(sorted((x for x in self.lines if x.weight <= 0), key=lambda x: x.weight))


class Line(msgspec.Struct, gc=False):
    """A comparison with its weight (nats), before grouping and caps make evidence of it.

    ``beyond`` names signals that say the same: this line counts only for what exceeds the best of them.
    ``whole`` is the most that a name which agrees as a whole weighs, in the comparison or in a laxer one that
    holds too; 0 without one.
    """

    signal: str
    group: str | None
    ground: Ground | None
    finding: Comparison
    weight: float
    unshared: float  # the weight if nobody else had been counted with the value
    beyond: frozenset[str] = frozenset()
    whole: float = 0.0
