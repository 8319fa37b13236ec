"""What the people who judge say back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta

from schemas import fields
from schemas.accounts import Version
from schemas.record import Record

Verdict = Literal["mirror", "not_mirror", "unsure"]
GivenBy = Literal["reviewer", "ban"]

EXCEPTIONS_MAX: Final = 100  # who would leave out more of a wave judges its accounts one by one


class VerdictGiven(Record, frozen=True, kw_only=True):
    """A reviewer judged an alert as it stood at `revision`.

    Of the verdicts on one alert the latest by `decided_at` holds, in whatever order they arrive: a later one
    takes an earlier one back, `unsure` without putting anything in its place. A repeat of a `verdict_id`
    counts once. What a ban says by its `because_of` holds only while no reviewer has decided, whatever the
    moments.
    """

    MOMENTS: ClassVar[tuple[str, ...]] = ("decided_at",)

    # `golden` too: a reading of a test item taken for a decision would silence a pair, or make a family.
    # `given_by`: a ban taken for a reviewer would join again what a reviewer cut.
    # `exceptions`: without them a verdict would be about accounts that its reader left out.
    VITAL: ClassVar[frozenset[str]] = frozenset(
        {"alert_id", "revision", "verdict", "decided_at", "golden", "given_by", "exceptions", "version"}
    )

    alert_id: fields.Opaque
    revision: fields.Revision
    verdict: Annotated[
        Verdict,
        Meta(
            description="mirror: joins the family; not_mirror: what the alert showed never alerts again;"
            " unsure: neither."
        ),
    ]
    reason_code: Annotated[fields.Slug, Meta(description="Why, from the platform's own list of codes.")]
    reviewer: Annotated[
        fields.Opaque, Meta(description="Opaque id of the reviewer, never a name or an address.")
    ]
    decided_at: fields.Moment
    blind: Annotated[
        bool, Meta(description="Judged without seeing score and band: the sample that calibration trusts.")
    ] = False
    verdict_id: (
        Annotated[fields.Opaque, Meta(description="The decision's own id, the same when it is sent again.")]
        | None
    ) = None
    policy: Annotated[fields.Slug, Meta(description="The policy under which the reader decided.")] | None = (
        None
    )
    golden: Annotated[
        bool,
        Meta(description="A test item whose answer was known: it measures the reader and decides nothing."),
    ] = False
    given_by: Annotated[
        GivenBy, Meta(description="`ban`: a worker wrote it, since a ban names the alert that led to it.")
    ] = "reviewer"
    exceptions: Annotated[
        tuple[fields.AccountKey, ...],
        Meta(
            max_length=EXCEPTIONS_MAX,
            description="Of a verdict on a wave: members that it does not apply to. Consumers that act on a"
            " `mirror` leave them alone.",
        ),
    ] = ()
    version: Version = 1

    @classmethod
    def stand_in(cls, field: str, known: Mapping[str, Any]) -> str:
        """For `reason_code` and `reviewer`: a verdict holds without them."""
        return "unusable"

    @property
    def identity(self) -> str:
        """What tells it from other verdicts: its id, or for want of one who gave it and when."""
        return self.verdict_id or f"{self.reviewer} {self.decided_at.isoformat()}"

    @property
    def at(self) -> float:
        """When it was decided, in Unix seconds."""
        return self.decided_at.timestamp()

    @property
    def rank(self) -> float:
        """Orders verdicts on one alert, of which the highest holds: the moment, or 0 for that of a ban."""
        return 0.0 if self.given_by == "ban" else self.at
