"""A wave: new accounts that resemble each other, as one record for people to judge as a whole."""

from __future__ import annotations

from math import isfinite
from typing import Annotated, ClassVar, Final, Literal, get_args

from msgspec import Meta, Struct

from schemas import fields
from schemas.accounts import Version
from schemas.alerts import NOTICE, Status
from schemas.record import Record

WaveReason = Literal["merged", "no-longer-resembles", "account-deleted", "reinstated", "verdict"]
WAVE_REASONS: Final[tuple[WaveReason, ...]] = get_args(WaveReason)

MEMBERS_MAX: Final = 500  # as many as join a wave (samehand/waves/membership.py)
_SIGNALS_MAX: Final = 32  # there are about twenty, each at one level
_PATTERN_MAX: Final = 32

Signal = Annotated[str, Meta(max_length=128, description="`signal.level`, as in `bio.almost-same`.")]


class WaveMember(Struct, frozen=True, kw_only=True):
    """An account of a wave, with its own evidence."""

    account: fields.AccountKey
    handle: Annotated[
        fields.Handle, Meta(description="As it was when it joined, masked where it is personal.")
    ]
    seen_at: fields.Moment
    log_odds: Annotated[
        float, Meta(description="Of the fourth nearest member: natural-log odds that one hand made both.")
    ]
    signals: Annotated[
        tuple[Signal, ...],
        Meta(max_length=_SIGNALS_MAX, description="How it resembles members, the heaviest first."),
    ]

    banned: Annotated[
        bool, Meta(description="Banned since; a lifted ban takes that back, one that expires does not.")
    ] = False

    def __post_init__(self) -> None:
        """Refuse a number that JSON cannot carry."""
        if not isfinite(self.log_odds):
            raise ValueError("log_odds is not a finite number")


class WavePattern(Struct, frozen=True, kw_only=True):
    """What at least half of the members share."""

    signal: fields.Slug
    level: fields.Text64
    members: Annotated[int, Meta(ge=1, le=MEMBERS_MAX, description="How many members show it.")]


class WaveAlert(Record, frozen=True, kw_only=True):
    """New accounts of one day that resemble each other, whether or not anybody like them is banned.

    Consumers upsert by (`wave_id`, `revision`). A withdrawal is a wave of a higher revision; but for
    `verdict` it names no member. A record without a value says that the wave is forgotten.
    """

    MOMENTS: ClassVar[tuple[str, ...]] = ("began_at", "changed_at", "withdrawn_at")

    kind: Literal["wave"] = "wave"
    wave_id: Annotated[
        fields.Opaque, Meta(description="The same while the wave lasts; of two that merge, the older one's.")
    ]
    revision: fields.Revision
    status: Status
    began_at: Annotated[fields.Moment, Meta(description="When its first member was seen.")]
    changed_at: Annotated[fields.Moment, Meta(description="When its last change was noted.")]
    members: Annotated[
        tuple[WaveMember, ...], Meta(max_length=MEMBERS_MAX, description="By the moment they were seen.")
    ]
    pattern: Annotated[tuple[WavePattern, ...], Meta(max_length=_PATTERN_MAX)] = ()
    handle_pattern: (
        Annotated[fields.Text256, Meta(description="How all handles begin and end, as in `nicole_*`.")] | None
    ) = None
    withdrawn_at: fields.Moment | None = None
    withdrawn_reason: (
        Annotated[WaveReason, Meta(description="Why it was withdrawn; null while it is open.")] | None
    ) = None
    merged_into: (
        Annotated[
            fields.Opaque,
            Meta(description="The wave that its members are in: the older one, or after a dismissal."),
        ]
        | None
    ) = None
    notice: fields.Text256 = NOTICE
    version: Version = 1

    @property
    def key(self) -> str:
        return self.wave_id
