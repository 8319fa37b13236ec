"""How sure an estimated share is: intervals that hold the truth 19 times in 20.

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
_JEFFREYS: Final = 0.5  # what Jeffreys' prior adds to either side of a stratum: none found is not none there


class Estimate(NamedTuple):
    """An estimate and the bounds of its 95 % interval: a share within 0 and 1, or kappa within -1 and 1."""

    value: float
    low: float
    high: float


def wilson(hits: float, of: float) -> Estimate | None:
    """The share with the interval of Wilson (1927), which holds for few cases too; ``None`` of nothing."""
    if of <= 0:
        return None
    share, z2 = min(1.0, hits / of), Z * Z
    middle = share + z2 / (2 * of)
    half = Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    scale = 1 + z2 / of
    low, high = (middle - half) / scale, (middle + half) / scale
    return Estimate(share, min(share, max(0.0, low)), max(share, min(1.0, high)))


def effective_size(weights: Sequence[float]) -> float:
    """How many cases of equal weight say as much (Kish 1965); 0 of nothing."""
    total = math.fsum(weights)
    return total * total / math.fsum(weight * weight for weight in weights) if total > 0 else 0.0


def weighted_share(hits: Sequence[bool], weights: Sequence[float]) -> Estimate | None:
    """The share of hits by weight, with Wilson's interval for as many cases as the weights amount to.

    With equal weights this is :func:`wilson` of the counts. ``None`` of nothing.
    """
    total = math.fsum(weights)
    if total <= 0:
        return None
    share = math.fsum(weight for hit, weight in zip(hits, weights, strict=True) if hit) / total
    size = effective_size(weights)
    return wilson(share * size, size)


@dataclass(frozen=True, slots=True)
class Stratum:
    """Cases drawn alike: whether each is a mirror, its weight, and whether the stratum counts as found."""

    found: bool
    mirrors: Sequence[bool]
    weights: Sequence[float]


def found_share(strata: Sequence[Stratum]) -> Estimate | None:
    """Recall: of the mirrors of all strata, by weight, those that lie in strata that count as found.

    The interval draws each stratum's share of mirrors from its posterior under Jeffreys' prior, a beta
    distribution with as many cases as the weights amount to: a stratum of a million pairs of which forty were
    read without a mirror may still hold some thousands, and the lower bound says so. ``None`` where nobody
    read a mirror, or nothing was read on either side.
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


def agreement(counts: Sequence[Sequence[int]]) -> Estimate | None:
    """Cohen's kappa (1960) of two readers: agreement beyond chance, 1 for all, 0 for as much as chance.

    ``counts[i][j]``: cases that the first reader put into category ``i`` and the second into ``j``. The
    interval is that of Fleiss, Cohen and Everitt (1969), kept within -1 and 1. ``None`` of nothing, and where
    chance alone agrees always (both used one category only): then kappa says nothing.
    """
    table = np.array(counts, dtype=np.float64)
    total = float(table.sum())
    if total <= 0:
        return None
    table /= total
    first, second = table.sum(axis=1), table.sum(axis=0)
    agreed, chance = float(np.trace(table)), float(first @ second)
    if chance >= 1 - 1e-12:
        return None
    kappa = (agreed - chance) / (1 - chance)
    both = first[:, None] + second[None, :]
    same = float((np.diag(table) * (1 - np.diag(both) * (1 - kappa)) ** 2).sum())
    # off the diagonal: p_ij (p_.i + p_j.)^2
    crossed = table * (second[:, None] + first[None, :]) ** 2
    apart = (1 - kappa) ** 2 * float(crossed.sum() - np.trace(crossed))
    variance = (same + apart - (kappa - chance * (1 - kappa)) ** 2) / (total * (1 - chance) ** 2)
    half = Z * math.sqrt(max(0.0, variance))
    return Estimate(kappa, max(-1.0, kappa - half), min(1.0, kappa + half))
