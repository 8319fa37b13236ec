"""The list of decisions, and of the audit's lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from desk.database import alerts, audit, users, verdicts
from desk.database.filters import DecidedFilters, DecidedPlace
from desk.database.schema import VerdictRow
from desk.database.verdicts import TAKE_BACK
from desk.review.deciding.review import Review
from desk.review.evidence import pair_of, shown_evidence
from desk.review.people import Person
from desk.review.views import signed


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision. `holds`: no later verdict replaced it; `by`: initials, or the beginning of an opaque id."""

    verdict_id: str
    alert_id: str
    account: Person
    banned: Person
    verdict: str
    reason_code: str
    policy: str | None
    by: str
    decided_at: float
    holds: bool
    taken_back: bool


async def decided(
    review: Review, filters: DecidedFilters, *, limit: int, after: DecidedPlace | None = None
) -> list[DecisionView]:
    """Returns decisions, newest first: the reader's own, or everybody's with the right to `figures`; without
    what the reader must not know yet.
    """
    connection, reader = review.connection, review.reader
    rows = await verdicts.decided(
        connection,
        filters,
        reader.user_id,
        own=not reader.may("figures"),
        seals=reader.may("decide"),
        limit=limit,
        after=after,
    )
    alert_ids = {row.alert_id for row in rows}
    quoted = await alerts.with_payloads(connection, alert_ids)
    shown = await shown_evidence(connection, quoted.values())
    given = await verdicts.of_alerts(connection, alert_ids)
    seals = await review.seals(alert_ids)
    names = await users.initials(connection)
    return [
        _view(
            row,
            pair_of(quoted[row.alert_id], shown),
            seals[row.alert_id].verdicts(given[row.alert_id]),
            names,
        )
        for row in rows
    ]


LINES: Final = 100
"""Of the audit on one page."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A line of the audit, without its detail. `by`: initials, a name for leads, or who else caused it;
    `sought`: whether the subject can be looked for; a person is not."""

    number: int
    at: float
    by: str
    action: str
    subject: str
    sought: bool


async def audit_lines(review: Review, before: int) -> tuple[list[AuditLine], int]:
    """Returns lines of the audit below a number, the newest first, and the number to go on from, 0 at the
    end; without what the person must not know yet, or at all. Raises `Forbidden`."""
    connection, reader = review.connection, review.reader
    reader.need("figures")
    user_id = reader.user_id if reader.may("decide") else None
    rows = await audit.latest(
        connection, before=before, limit=LINES, requests=reader.sees_requests, user_id=user_id
    )
    hidden = await review.hidden_accounts({row.subject for row in rows if ":" in row.subject})
    names = await users.initials(connection, in_full=True)
    lines = [
        AuditLine(
            row.number,
            row.at,
            names.get(row.actor, row.actor[:8]),
            row.action,
            names.get(row.subject, row.subject),
            row.subject not in names,
        )
        for row in rows
        if row.subject not in hidden
    ]
    return lines, rows[-1].number if len(rows) == LINES else 0


def _view(
    row: VerdictRow, pair: tuple[Person, Person], seen: Sequence[VerdictRow], names: Mapping[str, str]
) -> DecisionView:
    held = [verdict for verdict in seen if verdict.may_hold]
    return DecisionView(
        verdict_id=row.verdict_id,
        alert_id=row.alert_id,
        account=pair[0],
        banned=pair[1],
        verdict=row.verdict,
        reason_code=row.reason_code,
        policy=row.policy,
        by=signed(row, names),
        decided_at=row.decided_at,
        holds=bool(held) and held[-1].verdict_id == row.verdict_id,
        taken_back=any(verdict.kind == TAKE_BACK and verdict.decided_at > row.decided_at for verdict in held),
    )
