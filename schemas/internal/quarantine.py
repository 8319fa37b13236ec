"""What the desk tells workers and gates about values that a lead put in quarantine."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from schemas import fields
from schemas.accounts import Version
from schemas.record import Record

ValueDigest = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{20}$(?!\n)",
        description="Keyed digest of a value, of a key domain of its own: it finds nothing in the store.",
    ),
]


class ValueQuarantined(Record, frozen=True, kw_only=True):
    """A lead put a value in quarantine, in which it weighs nothing, or ended that.

    Of one digest the record with the highest `revision` holds. A value has a digest for each pepper, and a
    record for each digest.
    """

    FORESEEN: ClassVar[tuple[str, ...]] = ("until",)

    digest: ValueDigest
    revision: fields.Revision
    until: Annotated[
        fields.Moment | None, Meta(description="When it ends by itself; null: a person ended it.")
    ]
    by: Annotated[fields.Opaque, Meta(description="The desk's id of who decided it.")]
    reason: Annotated[fields.Text1024, Meta(description="In the lead's own words.")] = ""
    version: Version = 1
