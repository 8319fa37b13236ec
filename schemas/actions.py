"""What a platform did about an account, as it publishes it: its decision, which samehand documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, get_args

from msgspec import Meta

from schemas import fields
from schemas.accounts import Version, unnamed
from schemas.keys import OfKind
from schemas.record import Record

Action = Literal["suspended", "terminated", "restricted", "nothing"]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

Ground = Literal["illegal", "terms"]
Source = Literal["own-initiative", "notice", "trusted-flagger", "other-notice", "order"]
AutomatedDecision = Literal["fully", "partially", "no"]

Territory = Annotated[
    tuple[
        # ISO 3166-1 alpha-2, or EU, EEA and their like
        Annotated[str, Meta(pattern=r"^[A-Z]{2,3}$(?!\n)")], ...
    ],
    Meta(max_length=300, description="Where it holds: codes of countries, `EU`, `EEA`. Empty: everywhere."),
]


class AccountActioned(OfKind, Record, frozen=True, kw_only=True, omit_defaults=True):
    """A platform suspended, terminated or restricted an account, or decided to do nothing.

    A correction has the same `event_id` and a later `occurred_at`, in whatever order the two arrive. It says
    nothing of bans: those are on `accounts.banned`.
    """

    MOMENTS: ClassVar[tuple[str, ...]] = ("occurred_at", "actioned_at", "registered_at")
    FORESEEN: ClassVar[tuple[str, ...]] = ("until",)
    # Without its end or its territory a person would read that it holds for ever, or everywhere.
    VITAL: ClassVar[frozenset[str]] = frozenset(
        {"version", "occurred_at", "platform", "account_id", "action", "until", "territory"}
    )

    event_id: fields.EventId
    version: Version
    occurred_at: fields.Moment
    platform: fields.Platform
    account_id: fields.AccountId
    kind: fields.AccountKind = "account"
    action: Annotated[Action, Meta(description="`nothing`: it was looked at and left as it is.")]
    actioned_at: (
        Annotated[fields.Moment, Meta(description="When it took effect, if not at `occurred_at`.")] | None
    ) = None
    until: Annotated[fields.Moment, Meta(description="When it ends by itself.")] | None = None
    territory: Territory = ()
    ground: (
        Annotated[Ground, Meta(description="illegal: against a law; terms: against the platform's terms.")]
        | None
    ) = None
    clause: (
        Annotated[
            str,
            # as the Commission's database takes a ground
            Meta(
                max_length=500,
                description="The law or the clause, as the person is told it: no personal value.",
                extra=fields.CUT,
            ),
        ]
        | None
    ) = None
    source: (
        Annotated[
            Source,
            Meta(
                description="What led to it; notice: of Article 16 of the DSA; order: an authority's (Article"
                " 9), of which no statement of reasons is made."
            ),
        ]
        | None
    ) = None
    automated_detection: (
        Annotated[Literal["yes", "no"], Meta(description="Whether a machine found the account.")] | None
    ) = None
    automated_decision: (
        Annotated[AutomatedDecision, Meta(description="How far a machine decided it.")] | None
    ) = None
    decided_by: (
        Annotated[
            fields.Opaque, Meta(description="Opaque id of the person or team, never a name; shown to nobody.")
        ]
        | None
    ) = None
    alert_id: Annotated[fields.Opaque, Meta(description="The alert that led to it.")] | None = None
    registered_at: (
        Annotated[
            fields.Moment,
            Meta(
                description="When the platform made the account: the Commission's database asks for the day."
            ),
        ]
        | None
    ) = None

    @classmethod
    def stand_in(cls, field: str, known: Mapping[str, Any]) -> str:
        return unnamed(known["occurred_at"])

    def fault(self) -> tuple[str, str] | None:
        """An action does not end before it takes effect."""
        if self.until is not None and self.until < (self.actioned_at or self.occurred_at):
            return "$.until", "before the action takes effect"
        return None

    @property
    def at(self) -> float:
        """When it took effect, in Unix seconds."""
        return (self.actioned_at or self.occurred_at).timestamp()
