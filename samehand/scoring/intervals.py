"""Estimated shares with their 95 % intervals.

Weights are those of a sample drawn with known probabilities: each case stands for ``1 / probability`` cases
(Horvitz and Thompson 1952). All functions are pure; where an interval is simulated, its seed is fixed, so
that the same cases have the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

Z: Final = 1.959964
"""The normal distribution's 97.5 % point."""

_DRAWS: Final = 4_000
_SEED: Final = 20_261_127
_JEFFREYS: Final = 0.5  # added to both sides of a stratum (Jeffreys' prior): it may hold mirrors nobody drew


class Estimate(NamedTuple):
    """An estimated share and the bounds of its 95 % interval, all within 0 and 1."""

    value: float
    low: float
    high: float


def wilson(hits: float, of: float) -> Estimate | None:
    """The share ``hits / of`` with Wilson's interval (1927), which suits few cases; ``None`` of no cases."""
    if of <= 0:
        return None
    share, z2 = min(1.0, hits / of), Z * Z
    middle = share + z2 / (2 * of)
    half = Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    scale = 1 + z2 / of
    low, high = (middle - half) / scale, (middle + half) / scale
    return Estimate(share, min(share, max(0.0, low)), max(share, min(1.0, high)))


def effective_size(weights: Sequence[float]) -> float:
    """The number of equally weighted cases that say as much (Kish 1965); 0 of no cases."""
    total = math.fsum(weights)
    return total * total / math.fsum(weight * weight for weight in weights) if total > 0 else 0.0


def weighted_share(hits: Sequence[bool], weights: Sequence[float]) -> Estimate | None:
    """The weighted share of hits, with Wilson's interval for :func:`effective_size` cases.

    With equal weights this is :func:`wilson` of the counts. ``None`` of no cases.
    """
    total = math.fsum(weights)
    if total <= 0:
        return None
    share = math.fsum(weight for hit, weight in zip(hits, weights, strict=True) if hit) / total
    size = effective_size(weights)
    return wilson(share * size, size)


@dataclass(frozen=True, slots=True)
class Stratum:
    """Cases drawn with the same rule: which are mirrors, their weights, and whether all count as found."""

    found: bool
    mirrors: Sequence[bool]
    weights: Sequence[float]


def found_share(strata: Sequence[Stratum]) -> Estimate | None:
    """Recall: the weighted share of all strata's mirrors that lie in strata that count as found.

    For the interval each stratum's share of mirrors is drawn from its posterior under Jeffreys' prior, a beta
    distribution for :func:`effective_size` cases: where people read forty of a million pairs and none was a
    mirror, some thousands may still be there, and the lower bound says so. ``None`` where no mirror was read,
    or where nothing was read among the found or among the others.
    """
    if {stratum.found for stratum in strata if len(stratum.mirrors)} != {True, False}:
        return None
    sides = {True: 0.0, False: 0.0}
    drawn: dict[bool, Floats] = {True: np.zeros(_DRAWS), False: np.zeros(_DRAWS)}
    random = np.random.Generator(np.random.PCG64(_SEED))
    for stratum in strata:
        share = weighted_share(stratum.mirrors, stratum.weights)
        if share is None:
            continue
        population, size = math.fsum(stratum.weights), effective_size(stratum.weights)
        sides[stratum.found] += share.value * population
        hits = share.value * size
        drawn[stratum.found] += population * random.beta(
            hits + _JEFFREYS, max(0.0, size - hits) + _JEFFREYS, size=_DRAWS
        )
    if sides[True] + sides[False] <= 0:
        return None
    value = sides[True] / (sides[True] + sides[False])
    low, high = np.quantile(drawn[True] / (drawn[True] + drawn[False]), (0.025, 0.975))
    return Estimate(value, min(value, float(low)), max(value, float(high)))
