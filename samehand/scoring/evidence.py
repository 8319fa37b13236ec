"""The score of a pair, and its evidence: lines of reason, each with its share of the score."""

from __future__ import annotations

import msgspec

from samehand.scoring.caps import Band, Ground
from samehand.signals.comparison import Comparison


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """One reason. ``weight`` is in nats (natural-log odds), after grouping, caps and rules.

    Lines of positive weight speak for the pair, the others against it; all of them and the prior sum
    to the score's log-odds.
    """

    signal: str
    weight: float
    level: str
    because: str


class Score(msgspec.Struct, frozen=True, gc=False):
    """How much two accounts resemble each other. Natural-log odds; ``band`` by the policy's thresholds."""

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
        """The lines that speak against it (or are worth nothing), strongest first."""
        return tuple(sorted((x for x in self.lines if x.weight <= 0), key=lambda x: x.weight))


class Line(msgspec.Struct, gc=False):
    """A finding as it is weighed (nats): grouping and caps decide what of it is shown as evidence.

    ``beyond`` names the signals of which this one says the same again: what exceeds the best of them counts.
    ``whole`` is the most that a name which agrees whole weighs, be it in a laxer finding that holds too.
    """

    signal: str
    group: str | None
    ground: Ground | None
    finding: Comparison
    weight: float
    unshared: float  # the weight had nobody else been counted with the value
    beyond: frozenset[str] = frozenset()
    whole: float = 0.0
