"""The list of decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from desk.database import alerts, users, verdicts
from desk.database.filters import DecidedFilters, DecidedPlace
from desk.database.verdicts import TAKE_BACK, VerdictRow
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
