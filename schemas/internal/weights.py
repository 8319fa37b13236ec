"""What the desk tells workers and gates about the weights that a person adopted."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas import fields
from schemas.record import Record

Stage = Literal["live", "shadow"]

_Nats = Annotated[float, Meta(ge=-100.0, le=100.0)]  # e to the power of 100 is beyond any odds of accounts


class Multiplier(Struct, frozen=True, kw_only=True):
    """By how much what one level of a signal says is multiplied."""

    signal: fields.Text64
    level: Annotated[str, Meta(max_length=64, description="Empty in version 1: all levels.")] = ""
    multiplier: Annotated[float, Meta(ge=0.0, le=10.0)]


class RateFactor(Struct, frozen=True, kw_only=True):
    """How many times as often as the base says a rival explanation occurs."""

    rival: fields.Text64
    factor: Annotated[float, Meta(ge=0.2, le=5.0)]


class WeightsAdjustment(Struct, frozen=True, kw_only=True):
    """What learning changed of the table `base_version`, and what the result is called."""

    base_version: fields.Text64
    base_digest: Annotated[
        str,
        Meta(
            max_length=64,
            description="Of the base's numbers, since two tables may have one version; empty in version 1.",
        ),
    ] = ""
    weights_version: fields.Text64
    multipliers: Annotated[
        tuple[Multiplier, ...], Meta(max_length=200, description="Levels without one keep the base's.")
    ]
    slope: Annotated[float, Meta(ge=0.01, le=10.0)]
    intercept: _Nats
    knots: Annotated[
        tuple[tuple[_Nats, _Nats], ...],
        Meta(max_length=200, description="Pairs of log-odds before and after, both rising."),
    ] = ()
    rates: Annotated[
        tuple[RateFactor, ...], Meta(max_length=100, description="Rivals without one keep the base's.")
    ] = ()


class WeightsAdopted(Record, frozen=True, kw_only=True):
    """A person adopted weights, or took them back.

    Of one stage the record with the highest `number` holds, wherever it stands: a desk that was held up may
    send an earlier one late. It tells no moment: no clock decides which holds.
    """

    stage: Annotated[
        Stage,
        Meta(description="live: alerts are made by it; shadow: it is counted beside, and alerts nobody."),
    ]
    number: Annotated[int, Meta(ge=1, le=2**53 - 1, description="Of decisions about weights, in order.")]
    adjustment: Annotated[
        WeightsAdjustment | None,
        Meta(description="null: the table of the settings as it is, or no table in shadow."),
    ] = None
    version: Annotated[
        Literal[1, 2],
        Meta(
            description="2 where something is adjusted; 1 where nothing is, which former releases understand."
            " Adjustments of version 1 are theirs, and are set aside."
        ),
    ] = 1
