"""What learning changed in a table of weights, in the form in which the desk sends it to workers and gates.

An adjustment holds nothing else: its sender can change no row, no cap and no threshold.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from samehand.errors import UnusableWeights
from samehand.scoring.weights import Bands, RivalRate, Weights, check

FACTOR_MAX: Final = 4.0
"""By so much at most a learnt number may differ from the assumed one: more is a slip or an attack."""


class Adjustment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The changes that turn the table ``base`` into the table ``version``.

    ``base_digest`` is the base's :func:`table_digest`: a table that somebody edited keeps its version.
    ``multipliers`` are those of the whole way from the base, by row (`signal.level`); others keep the base's.
    ``rates``: by which factor each rival's rates differ from the base's.
    ``slope``, ``intercept`` (nats) and ``knots`` take the place of the table's.
    """

    base: str
    base_digest: str
    version: str
    multipliers: dict[str, float]
    slope: float
    intercept: float
    knots: tuple[tuple[float, float], ...] = ()
    rates: dict[str, float] = {}

    @classmethod
    def read(cls, record: AdjustmentRecord) -> Adjustment:
        """Reads an adjustment as it travels."""
        return cls(
            base=record.base_version,
            base_digest=record.base_digest,
            version=record.weights_version,
            multipliers={f"{row.signal}.{row.level}": row.multiplier for row in record.multipliers},
            slope=record.slope,
            intercept=record.intercept,
            knots=record.knots,
            rates={rate.rival: rate.factor for rate in record.rates},
        )


class LevelMultiplier(Protocol):
    """A multiplier as it travels."""

    @property
    def signal(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def multiplier(self) -> float: ...


class RivalFactor(Protocol):
    """The factor of a rival's rates as it travels."""

    @property
    def rival(self) -> str: ...
    @property
    def factor(self) -> float: ...


class AdjustmentRecord(Protocol):
    """An adjustment as it travels: what the topic's record holds, which the mind does not know."""

    @property
    def base_version(self) -> str: ...
    @property
    def base_digest(self) -> str: ...
    @property
    def weights_version(self) -> str: ...
    @property
    def multipliers(self) -> Iterable[LevelMultiplier]: ...
    @property
    def slope(self) -> float: ...
    @property
    def intercept(self) -> float: ...
    @property
    def knots(self) -> tuple[tuple[float, float], ...]: ...
    @property
    def rates(self) -> Iterable[RivalFactor]: ...


_FACTOR_LIMIT: Final = FACTOR_MAX * (1 + 1e-9)  # a ratio of floats may miss it by their last digit


def multiplier_range(assumed: float) -> tuple[float, float]:
    """Between which a learnt multiplier lies, by the assumed one."""
    return min(1 / FACTOR_MAX, assumed), max(FACTOR_MAX, assumed)


def with_factor(rate: RivalRate, factor: float) -> RivalRate:
    """A rival that occurs so many times as often, and in no more than all sign-ups."""
    of_lists = None if rate.of_lists is None else min(rate.of_lists * factor, 1.0)
    return rate if factor == 1.0 else replace(rate, rate=min(rate.rate * factor, 1.0), of_lists=of_lists)


def table_digest(table: Weights) -> str:
    """Returns a digest of all numbers of a table but its thresholds; its version does not count."""
    numbers = replace(table, bands=Bands(), policy_bands={})
    return blake2b(msgspec.json.encode(numbers, order="sorted"), digest_size=16).hexdigest()


def adjustment_of(table: Weights, base: Weights) -> Adjustment:
    """Returns the changes from ``base`` to a table that was learnt from it, in one step or in several."""
    return Adjustment(
        base=base.version,
        base_digest=table_digest(base),
        version=table.version,
        multipliers={
            row: multiplier
            for row, multiplier in table.multipliers.items()
            if multiplier != base.multipliers[row]
        },
        slope=table.slope,
        intercept=table.intercept,
        knots=table.knots,
        rates={
            name: table.rivals[name].rate / rival.rate
            for name, rival in base.rivals.items()
            if table.rivals[name].rate != rival.rate
        },
    )


def adjusted(base: Weights, adjustment: Adjustment) -> Weights:
    """The table that an adjustment makes of its base.

    Raises:
        UnusableWeights: it was learnt on another table, names a row that the table lacks, or a number of it
            is out of its range.
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
    unknown = sorted(adjustment.multipliers.keys() - base.multipliers.keys())
    if unknown:
        raise UnusableWeights(f"the table {base.version} has no row {unknown[0]}")
    for name, multiplier in adjustment.multipliers.items():
        least, most = multiplier_range(base.multipliers[name])
        if not least <= multiplier <= most:
            fault = f"must lie between {least:g} and {most:g}; it is {multiplier:g}"
            raise UnusableWeights(f"multipliers.{name} {fault}")
    for name, factor in adjustment.rates.items():
        if name not in base.rivals:
            raise UnusableWeights(f"the table {base.version} has no rival {name}")
        if not 1 / _FACTOR_LIMIT <= factor <= _FACTOR_LIMIT:
            fault = f"must lie between {1 / FACTOR_MAX:g} and {FACTOR_MAX:g}; it is {factor:g}"
            raise UnusableWeights(f"rates.{name} {fault}")
    table = replace(
        base,
        version=adjustment.version,
        signals=base.multiplied(adjustment.multipliers),
        rivals={
            name: with_factor(rival, adjustment.rates.get(name, 1.0)) for name, rival in base.rivals.items()
        },
        slope=adjustment.slope,
        intercept=adjustment.intercept,
        knots=adjustment.knots,
    )
    check(table)
    return table
