"""Scores two new accounts: log-odds that one hand made both in one wave, against all rivals.

Only agreements count. Accounts of one script differ by design in what a person would have kept, so that a
difference says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Set
from typing import Final, NamedTuple

from samehand.fingerprint.distil import Fingerprint
from samehand.frequency.rates import Frequencies
from samehand.scoring.ceilings import SPEAKS_NATS
from samehand.scoring.score import ChanceLine, against_chance
from samehand.scoring.weights import Weights
from samehand.waves.rivals import APART_NATS, LINKS, PLACES, RIVALS, TOGETHER, WaveRival

ALIKE_FROM: Final = 2.2
"""Log-odds from which two new accounts count as alike: nine to one, as a pair that is ``likely``."""


class Likeness(NamedTuple):
    """``signals``: those that agree, as `signal.level`, the heaviest first."""

    log_odds: float
    signals: tuple[str, ...]

    @property
    def alike(self) -> bool:
        return self.log_odds >= ALIKE_FROM


def likeness(
    first: Fingerprint, second: Fingerprint, weights: Weights, frequencies: Frequencies
) -> Likeness | None:
    """Compares two new accounts; ``None`` where they share no pepper."""
    if first.pepper_id != second.pepper_id:
        return None
    found = against_chance(first, second, weights, frequencies)
    lines = [line for line in found if line.nats > 0.0]
    apart = 0.0 if any(_is_of(TOGETHER, line) for line in lines) else APART_NATS
    handed_out = LINKS | {"device"} if any(_is_of(PLACES, line) for line in lines) else LINKS
    own = [line for line in lines if not _is_of(handed_out, line)]
    chance, *others = RIVALS
    terms = [chance.commoner - math.fsum([line.nats for line in lines])] + [
        rival.commoner - (apart if rival.together else 0.0) - _unexplained(own, rival) for rival in others
    ]
    most = max(terms)
    total = math.fsum([math.exp(term - most) for term in terms])
    speaking = sorted(lines, key=lambda line: -line.nats)
    return Likeness(
        -most - math.log(total),
        tuple([f"{line.signal}.{line.level}" for line in speaking if line.nats >= SPEAKS_NATS]),
    )


def _is_of(named: Set[str], line: ChanceLine) -> bool:
    return line.signal in named or f"{line.signal}.{line.level}" in named


def _unexplained(lines: list[ChanceLine], rival: WaveRival) -> float:
    """What the agreements weigh (nats) against a rival."""
    limits = rival.limits
    return math.fsum(
        [
            min(line.nats, limits.get(f"{line.signal}.{line.level}", limits.get(line.signal, math.inf)))
            for line in lines
        ]
    )
