"""Chooses the evidence to show for an alert: its own, or the copy kept when it was decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import decided_evidence
from desk.database.alerts import QuotedAlertRow
from desk.database.schema import AlertRow
from desk.review.facts import alert_of
from desk.review.people import Person, people, person_of
from schemas.alerts import MirrorAlert


@dataclass(frozen=True, slots=True)
class ShownEvidence:
    """An alert as it is shown.

    `decided_at`: when the shown copy was kept (Unix seconds), None if the alert's own evidence is shown;
    `erased_at`, `erased_reason`: when and why its quotes were erased.
    """

    alert: MirrorAlert
    decided_at: float | None
    erased_at: float | None
    erased_reason: str | None


async def shown_evidence(
    connection: AsyncConnection, rows: Iterable[QuotedAlertRow], *, as_decided: bool = False
) -> dict[str, ShownEvidence]:
    """Returns what to show for each alert: the copy kept at a decision if its own quotes are gone, or always
    (`as_decided`).

    Alerts that this version cannot read are left out.
    """
    standing, gone = {}, set()
    for row in rows:
        alert = alert_of(row.payload)
        if alert is None:
            continue
        standing[row.alert_id] = ShownEvidence(alert, None, row.erased_at, row.erased_reason)
        if as_decided or not (quotes(alert) or (alert.status == "open" and row.erased_at is None)):
            gone.add(row.alert_id)
    decided = await decided_evidence.latest(connection, gone) if gone else {}
    for alert_id, copy in decided.items():
        alert = standing[alert_id].alert
        if copy.erased_at is not None:
            standing[alert_id] = ShownEvidence(alert, None, copy.erased_at, copy.erased_reason)
        elif (kept := alert_of(copy.payload)) is not None:
            now_known = replace(
                kept,
                revision=alert.revision,
                status=alert.status,
                withdrawn_at=alert.withdrawn_at,
                withdrawn_reason=alert.withdrawn_reason,
            )
            standing[alert_id] = ShownEvidence(now_known, copy.kept_at, None, None)
    return standing


async def evidence_as_decided(
    connection: AsyncConnection, rows: Sequence[QuotedAlertRow], decided: Collection[str]
) -> dict[str, ShownEvidence]:
    """As `shown_evidence`, but of alerts in `decided` the copy wherever it still quotes, with the status that
    it had then.
    """
    copies = await decided_evidence.latest(connection, decided)
    quoting = {alert_id: copy for alert_id, copy in copies.items() if copy.erased_at is None}
    shown = await shown_evidence(connection, [row for row in rows if row.alert_id not in quoting])
    for alert_id, copy in quoting.items():
        alert = alert_of(copy.payload)
        if alert is not None:
            shown[alert_id] = ShownEvidence(alert, copy.kept_at, None, None)
    return shown


def pair_of(row: AlertRow, shown: Mapping[str, ShownEvidence]) -> tuple[Person, Person]:
    """Returns the new account and the banned one of a row, named as its page shows them."""
    evidence = shown.get(row.alert_id)
    if evidence is None:
        return person_of(row.account), person_of(row.banned)
    return people(evidence.alert)


def quotes(alert: MirrorAlert) -> bool:
    """Returns whether a line of the alert quotes either account."""
    return any(line.ours or line.theirs for line in (*alert.evidence, *alert.counter_evidence))
