"""What the people who judge say back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from schemas import fields
from schemas.accounts import Version
from schemas.record import Record

Verdict = Literal["mirror", "not_mirror", "unsure"]


class VerdictGiven(Record, frozen=True, kw_only=True):
    """A reviewer judged an alert as it stood at `revision`."""

    MOMENTS: ClassVar[tuple[str, ...]] = ("decided_at",)

    VITAL: ClassVar[frozenset[str]] = frozenset({"alert_id", "revision", "verdict", "decided_at", "version"})

    alert_id: fields.Opaque
    revision: fields.Revision
    verdict: Annotated[
        Verdict, Meta(description="mirror: joins the family; not_mirror: this pair is never alerted again.")
    ]
    reason_code: Annotated[fields.Slug, Meta(description="Why, from the platform's own list of codes.")]
    reviewer: Annotated[
        fields.Opaque, Meta(description="Opaque id of the reviewer, never a name or an address.")
    ]
    decided_at: fields.Moment
    blind: Annotated[
        bool, Meta(description="Judged without seeing score and band: the sample that calibration trusts.")
    ] = False
    version: Version = 1

    @classmethod
    def stand_in(cls, field: str, known: Mapping[str, Any]) -> str:
        """For `reason_code` and `reviewer`: a verdict holds without them."""
        return "unusable"

    @property
    def at(self) -> float:
        """When it was decided, in Unix seconds."""
        return self.decided_at.timestamp()
