"""What the people who judge say back."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from schemas import fields
from schemas.accounts import Version
from schemas.record import Record

Verdict = Literal["mirror", "not_mirror", "unsure"]


class VerdictGiven(Record, frozen=True, kw_only=True):
    """A reviewer judged an alert as it stood at `revision`."""

    MOMENTS: ClassVar[tuple[str, ...]] = ("decided_at",)

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

    @property
    def at(self) -> float:
        """When it was decided, in Unix seconds."""
        return self.decided_at.timestamp()
