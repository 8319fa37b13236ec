"""What learning changed of a table of weights, as it travels to whoever weighs by that table.

An adjustment holds nothing else: whoever may send one can change no row, no cap and no threshold.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import msgspec
from msgspec.structs import replace

from samehand.errors import UnusableWeights
from samehand.scoring.weights import Bands, Weights, check

MULTIPLIER_MAX: Final = 10.0
"""Learning holds multipliers to 1 with a standard deviation of 0.3: a tenfold one is a slip or an attack."""


class Adjustment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of the table ``base`` under the name ``version``.

    ``base_digest`` is the base's :func:`table_digest`: a table that somebody edited keeps its version.
    ``multipliers`` are those of the whole way from the base, by signal; a signal without one keeps its own.
    ``slope``, ``intercept`` (nats) and ``knots`` take the place of the table's.
    """

    base: str
    base_digest: str
    version: str
    multipliers: dict[str, float]
    slope: float
    intercept: float
    knots: tuple[tuple[float, float], ...] = ()


def table_digest(table: Weights) -> str:
    """What tells a table from any other one, whatever its version says; thresholds are no part of it."""
    numbers = replace(table, bands=Bands(), policy_bands={})
    return blake2b(msgspec.json.encode(numbers, order="sorted"), digest_size=16).hexdigest()


def adjustment_of(table: Weights, base: Weights) -> Adjustment:
    """What leads from a table to one that was learnt from it, in one step or in several."""
    return Adjustment(
        base=base.version,
        base_digest=table_digest(base),
        version=table.version,
        multipliers={
            name: one.multiplier
            for name, one in table.signals.items()
            if one.multiplier != base.signals[name].multiplier
        },
        slope=table.slope,
        intercept=table.intercept,
        knots=table.knots,
    )


def adjusted(base: Weights, adjustment: Adjustment) -> Weights:
    """The table that an adjustment makes of its base.

    Raises:
        UnusableWeights: it was learnt on another table, names a signal that the table lacks, or a number of
            it is out of its range.
    """
    if adjustment.base != base.version:
        raise UnusableWeights(
            f"it was learnt on the table {adjustment.base}, and the table here is {base.version}"
        )
    if not adjustment.base_digest:
        raise UnusableWeights("it is of a former release, which learnt multipliers: learn and adopt anew")
    if adjustment.base_digest != table_digest(base):
        raise UnusableWeights(
            f"it was learnt on another table that is called {base.version} too: give the desk and workers "
            "one file, and an edited one a version of its own"
        )
    unknown = sorted(adjustment.multipliers.keys() - base.signals.keys())
    if unknown:
        raise UnusableWeights(f"the table {base.version} has no signal {unknown[0]}")
    for name, multiplier in adjustment.multipliers.items():
        if not 0 <= multiplier <= MULTIPLIER_MAX:
            told = f"must lie between 0 and {MULTIPLIER_MAX:g}; it is {multiplier:g}"
            raise UnusableWeights(f"multipliers.{name} {told}")
    table = replace(
        base,
        version=adjustment.version,
        signals={
            name: replace(one, multiplier=adjustment.multipliers.get(name, one.multiplier))
            for name, one in base.signals.items()
        },
        slope=adjustment.slope,
        intercept=adjustment.intercept,
        knots=adjustment.knots,
    )
    check(table)
    return table
