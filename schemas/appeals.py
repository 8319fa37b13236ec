"""An account holder's appeal on its way to the desk, and what came of it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal, get_args

from msgspec import Meta

from schemas import fields
from schemas.accounts import Version
from schemas.record import Record

WORDS_CHARS_MAX: Final = 4_000
"""Two printed pages, as for a note at the desk; in the longest JSON escapes that is below 64 KiB."""

Outcome = Literal["upheld", "partly", "reversed", "lapsed"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)

Refusal = Literal["unknown-alert", "other-body", "open-appeal", "not-decided", "evidence-erased", "too-many"]
"""Why the desk does not take an appeal, a closed list.

unknown-alert  no alert has this id, or is about this account
other-body     an appeal of this id was taken that says something else
open-appeal    another appeal on the alert waits for its decision
not-decided    no verdict that it is a mirror holds
evidence-erased  what it was decided on was forgotten, or kept long enough: nobody could read it anew
too-many       the alert has been read anew so often that nothing would be added
"""

AppealId = Annotated[
    fields.Opaque, Meta(description="The platform's own id of the appeal; the same when it is sent again.")
]

HolderWords = Annotated[
    str, Meta(max_length=WORDS_CHARS_MAX, description="What the holder says. Only the desk keeps it.")
]


class AppealMade(Record, frozen=True, kw_only=True):
    """A holder contests a decision, named by its alert or by the account that it was about.

    Goes from the platform to the gate and from there to the desk, and never to Kafka.
    """

    appeal_id: AppealId
    alert_id: Annotated[fields.Opaque, Meta(description="The alert that was decided.")] | None = None
    platform: fields.Platform | None = None
    account_id: (
        Annotated[fields.AccountId, Meta(description="Instead of an alert: its latest one that holds.")]
        | None
    ) = None
    words: HolderWords = ""
    version: Version = 1

    def fault(self) -> tuple[str, str] | None:
        """An alert, an account or both; of an account platform and id."""
        if (self.platform is None) != (self.account_id is None):
            return "$.account_id", "expected together with `platform`"
        if self.alert_id is None and self.account_id is None:
            return "$.alert_id", "expected, or `platform` and `account_id`"
        return None


class AppealTaken(Record, frozen=True, kw_only=True):
    """The desk has stored an appeal; `alert_id` names the decision that is read anew."""

    appeal_id: AppealId
    alert_id: fields.Opaque


class AppealDecided(Record, frozen=True, kw_only=True):
    """Another person than the one who decided has read the alert anew.

    A repeat of an `appeal_id` counts once.
    """

    MOMENTS: ClassVar[tuple[str, ...]] = ("decided_at",)

    appeal_id: AppealId
    alert_id: fields.Opaque
    platform: fields.Platform
    account_id: fields.AccountId
    outcome: Annotated[
        Outcome,
        Meta(
            description="upheld: the verdict stands; partly: it stands, and a milder action is asked for; "
            "reversed: `not_mirror` replaces it; lapsed: the evidence was erased before anybody decided."
        ),
    ]
    reason_code: Annotated[
        fields.Slug, Meta(description="As of the verdict; of a lapsed appeal why the evidence was erased.")
    ]
    decided_at: fields.Moment
    verdict_id: Annotated[fields.Opaque, Meta(description="Of the verdict that decided it.")] | None = None
    policy: fields.Slug | None = None
    queue: fields.Slug | None = None
    version: Version = 1

    @property
    def key(self) -> str:
        return f"{self.platform}:{self.account_id}"
