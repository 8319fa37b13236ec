"""Which weights are in force: the base of the settings, adjusted by what a person adopted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

from samehand.errors import UnusableWeights
from samehand.scoring.adjust import Adjustment, adjusted
from samehand.scoring.weights import Weights
from schemas.internal.weights import Multiplier, RateFactor, Stage, WeightsAdjustment, WeightsAdopted
from schemas.malformed import Malformed
from schemas.wire import decode_weights, encode

STAGES: Final[tuple[Stage, ...]] = ("live", "shadow")


def in_force(base: Weights, adjustment: WeightsAdjustment | None) -> Weights:
    """The table that workers weigh by: the base itself where nothing is adopted, and where what is adopted
    cannot be used here, since it was learnt on another table."""
    return (None if adjustment is None else table_of(base, adjustment)) or base


def table_of(base: Weights, adjustment: WeightsAdjustment) -> Weights | None:
    """The table that an adjustment makes of a base; None where it was learnt on another one."""
    try:
        return adjusted(base, Adjustment.read(adjustment))
    except UnusableWeights:
        return None


def as_sent(adjustment: Adjustment) -> WeightsAdjustment:
    """An adjustment as it travels."""
    return WeightsAdjustment(
        base_version=adjustment.base,
        base_digest=adjustment.base_digest,
        weights_version=adjustment.version,
        multipliers=tuple(
            Multiplier(signal=signal, level=level, multiplier=value)
            for (signal, _, level), value in sorted(
                (row.partition("."), value) for row, value in adjustment.multipliers.items()
            )
        ),
        slope=adjustment.slope,
        intercept=adjustment.intercept,
        knots=adjustment.knots,
        rates=tuple(
            RateFactor(rival=name, factor=factor) for name, factor in sorted(adjustment.rates.items())
        ),
    )


def can_travel(record: WeightsAdopted) -> bool:
    """Whether those who read the topic take a record: what was learnt may lie beyond what they take."""
    return not isinstance(decode_weights(encode(record), now=math.inf), Malformed)


class Highest(NamedTuple):
    """Of each stage the record that holds on the topic; of what cannot be read, by address, the reason."""

    records: dict[Stage, WeightsAdopted]
    refused: dict[str, str]


def highest(records: Iterable[tuple[str, bytes | None]]) -> Highest:
    """What holds of the records of the topic, each with its address, in whatever order."""
    held = Highest({}, {})
    for address, value in records:
        decoded = decode_weights(value, now=math.inf)
        if isinstance(decoded, Malformed):
            held.refused[address] = decoded.reason
            continue
        record = decoded.record
        known = held.records.get(record.stage)
        if known is None or known.number < record.number:
            held.records[record.stage] = record
    return held
