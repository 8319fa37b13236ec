"""What workers note beside an alert, so that a store that lost it knows it again."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from schemas import fields
from schemas.accounts import Version
from schemas.alerts import AlertSummary, MirrorAlert, without_quotes
from schemas.record import Record


class AlertState(Record, frozen=True, kw_only=True):
    """How an alert stands, by its `alert_id`: open, or withdrawn and a verdict may still name it.

    The topic is compacted. A record without a value says that the alert is forgotten, since its ban or an
    account is gone. Quotes neither account.
    """

    MOMENTS: ClassVar[tuple[str, ...]] = ("seen_at", "since")

    alert: Annotated[MirrorAlert | None, Meta(description="Without quotes and without other candidates.")] = (
        None
    )
    summary: Annotated[AlertSummary | None, Meta(description="Instead of an alert.")] = None
    seen_at: Annotated[
        fields.Moment | None,
        Meta(description="When the account had the state that was compared; null for a summary."),
    ] = None
    since: Annotated[fields.Moment, Meta(description="When a worker noted it.")]
    version: Version = 1

    @property
    def record(self) -> MirrorAlert | AlertSummary:
        record = self.alert or self.summary
        if record is None:
            raise ValueError("a state of neither an alert nor a summary")
        return record

    @property
    def key(self) -> str:
        return self.record.alert_id

    def fault(self) -> tuple[str, str] | None:
        """One of the two; an alert as it could be published."""
        if (self.alert is None) == (self.summary is None):
            return "$", "expected either an alert or a summary"
        fault = self.record.fault()
        if fault is not None:
            return fault[0].replace("$", "$.alert", 1), fault[1]
        if (self.record.status == "open") != (self.record.withdrawn_reason is None):
            return "$.alert.withdrawn_reason", "expected for a withdrawn alert, and for no other"
        return None


def unquoted_alert(alert: MirrorAlert) -> MirrorAlert:
    """The same alert without a word of either account, and without other accounts."""
    return replace(
        alert,
        evidence=tuple(without_quotes(line) for line in alert.evidence),
        counter_evidence=tuple(without_quotes(line) for line in alert.counter_evidence),
        others=(),
    )
