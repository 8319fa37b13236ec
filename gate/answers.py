"""What the gate answers: records of its own, beside the ones that cross the topics."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct
from msgspec.structs import replace

from agents.common.queries.preview import Foreseen
from schemas import fields
from schemas.alerts import NOTICE, Band, InnocentReason, MirrorAlert
from schemas.malformed import Malformed

Outcome = Literal["match", "no_match", "undecided"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)

Undecided = Literal["deadline", "overloaded", "store-away", "unprocessable"]
UNDECIDED: Final[tuple[Undecided, ...]] = get_args(Undecided)
"""Why nobody could tell, a closed list.

deadline       the answer was not there within the caller's deadline
overloaded     so many calls were being answered that this one was not begun
store-away     the store did not answer, or was emptied and is not rebuilt yet
unprocessable  a legal record on which our own logic failed: a defect of ours to look into
"""


class Reason(Struct, frozen=True, kw_only=True):
    """One line of the evidence without either account's values."""

    signal: fields.Slug
    level: Annotated[str, Meta(max_length=64, description="How far the two agree, in the signal's levels.")]
    weight: Annotated[float, Meta(description="Nats, to a tenth; negative where it speaks against a mirror.")]
    explained: Annotated[bool, Meta(description="The two agree, and something else explains it.")] = False


class WaveTrait(Struct, frozen=True, kw_only=True):
    """A signal that members of the wave share, at its commonest level."""

    signal: fields.Slug
    level: fields.Text64


class ResembledWave(Struct, frozen=True, kw_only=True):
    """An open wave that the account would join: new accounts of a day that resemble each other."""

    wave_id: Annotated[fields.Opaque, Meta(description="Only for keys that may see `alerts`.")] | None = None
    members: (
        Annotated[int, Meta(ge=1, description="How many; only for keys that may see `alerts`.")] | None
    ) = None
    pattern: Annotated[
        tuple[WaveTrait, ...], Meta(description="What members that the account resembles share.")
    ]
    handle_pattern: (
        Annotated[
            fields.Text256,
            Meta(description="How their handles begin and end; only for keys that may see `alerts`."),
        ]
        | None
    ) = None


class Score(Struct, frozen=True, kw_only=True):
    """Whether an account resembles a banned one, asked before its event is published.

    `match` advises friction (a further check, a person's look) and never refusal.
    """

    outcome: Outcome
    reason: Annotated[Undecided | None, Meta(description="Why it is undecided.")] = None
    band: Annotated[Band, Meta(description="Of the strongest match.")] = "none"
    reasons: Annotated[tuple[Reason, ...], Meta(description="Of the strongest match, by weight.")] = ()
    rivals: Annotated[
        tuple[InnocentReason, ...],
        Meta(description="What else it could be, the strongest first; nats to a tenth."),
    ] = ()
    alerts: Annotated[
        tuple[MirrorAlert, ...],
        Meta(description="What would be alerted, not published; only for keys that may see `alerts`."),
    ] = ()
    wave: Annotated[
        ResembledWave | None,
        Meta(description="The open wave that it resembles; `outcome` and `band` are about bans alone."),
    ] = None
    weights_version: fields.Text64
    took_ms: Annotated[float, Meta(ge=0, description="Milliseconds from the request's body to the answer.")]
    notice: fields.Text256 = NOTICE


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request was not served; quotes nothing of it."""

    reason: Annotated[str, Meta(max_length=64, description="A word of a closed list.")]
    path: Annotated[str, Meta(description="JSON path of the fault in the body, `$` for the whole.")] = "$"
    detail: Annotated[str, Meta(description="One phrase for a person.")] = ""


class Became(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one record: Kafka has acknowledged it, or why not and where."""

    accepted: bool
    event_id: fields.Text256 | None = None
    unusable: Annotated[
        tuple[str, ...], Meta(description="Fields that were left out or cut, each with its reason.")
    ] = ()
    reason: Annotated[str, Meta(max_length=64, description="Why it is not accepted.")] = ""
    path: Annotated[str, Meta(description="JSON path of the fault in the record.")] = ""
    detail: Annotated[str, Meta(description="One phrase for a person.")] = ""


class IntakeReport(Struct, frozen=True, kw_only=True):
    """What became of each record of a request, in its order."""

    accepted: fields.Count
    refused: fields.Count
    records: tuple[Became, ...]


def scored(foreseen: Foreseen, weights_version: str, took_ms: float, *, sees_alerts: bool) -> Score:
    """The answer to a sign-up; a caller without `alerts` sees no account and no count."""
    alerts, near = foreseen.alerts, foreseen.wave
    wave: ResembledWave | None = None
    if near is not None:
        pattern = tuple(WaveTrait(signal=line.signal, level=line.level) for line in near.pattern)
        wave = ResembledWave(pattern=pattern)
        if sees_alerts:
            wave = replace(
                wave, wave_id=near.wave_id, members=near.members, handle_pattern=near.handle_pattern
            )
    if not alerts:
        return Score(outcome="no_match", wave=wave, weights_version=weights_version, took_ms=took_ms)
    first = alerts[0]
    lines = sorted((*first.evidence, *first.counter_evidence), key=lambda line: -line.weight)
    return Score(
        outcome="match",
        band=first.band,
        reasons=tuple(
            Reason(
                signal=line.signal, level=line.level, weight=round(line.weight, 1), explained=line.explained
            )
            for line in lines
        ),
        rivals=tuple(replace(reason, takes=round(reason.takes, 1)) for reason in first.rivals),
        alerts=alerts if sees_alerts else (),
        wave=wave,
        weights_version=first.weights_version,  # others may have come into force since
        took_ms=took_ms,
    )


def problem_of(fault: Malformed) -> Problem:
    """The answer to a record that cannot be read."""
    return Problem(reason=fault.reason, path=fault.path, detail=fault.detail)
