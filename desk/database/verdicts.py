"""What people said, here and elsewhere. The latest by `decided_at` holds; a ban's, if there is no other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    case,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.filters import DecidedFilters, DecidedPlace
from desk.database.reach import reads_policy
from desk.database.rows import all_of, insert_new, one_of
from desk.database.schema import VerdictRow
from desk.database.seals import hides_words

TAKE_BACK: Final = "take-back"
"""The kind of a verdict that takes back the one that held."""

RESTORED: Final = "restored"
"""The kind of a verdict that repeats one which was taken back by mistake."""

BY_BAN: Final = "ban"
"""The kind of a verdict that a ban gave by its `because_of`: it holds as long as nobody decided the alert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRow(VerdictRow):
    """A verdict with columns of its alert, all None if the alert is unknown.

    `policy` is the verdict's, `alert_policy` the ban's.
    """

    band: str | None
    language: str | None
    platform: str | None
    basis: str | None
    direction: str | None
    sampled: float | None
    stratum: int | None
    script: str | None
    signals: str | None
    seconds_to_detect: float | None
    detected_at: float | None
    arrived_at: float | None
    alert_policy: str | None


_verdicts = schema.verdicts


async def add(connection: AsyncConnection, verdict: VerdictRow) -> bool:
    """Keeps a verdict. Returns False if it is known already."""
    return await insert_new(connection, _verdicts, asdict(verdict))


async def add_all(connection: AsyncConnection, given: Sequence[VerdictRow]) -> None:
    """Keeps verdicts that are new."""
    await connection.execute(insert(_verdicts), [asdict(verdict) for verdict in given])


async def find(connection: AsyncConnection, verdict_id: str) -> VerdictRow | None:
    return await one_of(connection, VerdictRow, select(_verdicts).where(_verdicts.c.verdict_id == verdict_id))


async def of_alert(connection: AsyncConnection, alert_id: str) -> Sequence[VerdictRow]:
    """All verdicts on an alert, that of a ban and then the earliest first, those undone too."""
    return (await of_alerts(connection, [alert_id]))[alert_id]


async def judged_at(connection: AsyncConnection, keys: Collection[str], user_id: str) -> dict[str, float]:
    """Returns when somebody else than a person first decided an alert on each account (Unix seconds), undone
    or not; without the accounts of which nobody did."""
    sides = schema.alerts.c.account, schema.alerts.c.banned
    result = await connection.execute(
        select(*sides, func.min(_verdicts.c.decided_at).label("first"))
        .join(schema.alerts, schema.alerts.c.alert_id == _verdicts.c.alert_id)
        .where(or_(*(side.in_(keys) for side in sides)), _verdicts.c.reviewer != user_id)
        .group_by(*sides)
    )
    first: dict[str, float] = {}
    for row in result:
        for key in {row.account, row.banned} & set(keys):
            first[key] = min(first.get(key, row.first), row.first)
    return first


async def of_alerts(connection: AsyncConnection, alert_ids: Collection[str]) -> dict[str, list[VerdictRow]]:
    """Returns the verdicts of each alert, ordered as by :func:`of_alert`, with one query for all."""
    query = (
        select(_verdicts)
        .where(_verdicts.c.alert_id.in_(alert_ids))
        .order_by(_verdicts.c.kind != BY_BAN, _verdicts.c.decided_at, _verdicts.c.verdict_id)
    )
    by_alert: dict[str, list[VerdictRow]] = {alert_id: [] for alert_id in alert_ids}
    for verdict in await all_of(connection, VerdictRow, query):
        by_alert[verdict.alert_id].append(verdict)
    return by_alert


async def holding(connection: AsyncConnection, alert_id: str) -> VerdictRow | None:
    """Returns the verdict that holds on an alert, or None."""
    return holding_of(await of_alert(connection, alert_id))


def holding_of(rows: Sequence[VerdictRow]) -> VerdictRow | None:
    """Returns the verdict that holds of an alert's, the earliest first: the latest that may hold, or None."""
    return next((row for row in reversed(rows) if row.may_hold), None)


def held(alert_id: ColumnElement[str], column: str) -> ColumnElement[str]:
    """A column of the verdict that holds on an alert, as a part of a query; NULL where none does."""
    verdict = _verdicts.alias()
    return (
        select(verdict.c[column])
        .where(verdict.c.alert_id == alert_id, verdict.c.undone_at.is_(None))
        .order_by((verdict.c.kind != BY_BAN).desc(), verdict.c.decided_at.desc(), verdict.c.verdict_id.desc())
        .limit(1)
        .scalar_subquery()
    )


async def of_batch(connection: AsyncConnection, batch: str) -> Sequence[VerdictRow]:
    """Returns the verdicts that one press of a key gave."""
    return await all_of(
        connection,
        VerdictRow,
        select(_verdicts).where(_verdicts.c.batch == batch).order_by(_verdicts.c.verdict_id),
    )


async def undo(connection: AsyncConnection, verdict_ids: Collection[str], *, now: float) -> None:
    await connection.execute(
        update(_verdicts).where(_verdicts.c.verdict_id.in_(verdict_ids)).values(undone_at=now)
    )


_alerts = schema.alerts
_OF_ALERT: Final = (
    *(_alerts.c[name] for name in JudgedRow.__annotations__ if name != "alert_policy"),
    _alerts.c.policy.label("alert_policy"),
)


async def latest(
    connection: AsyncConnection, *, since: float, until: float | None = None, limit: int
) -> list[JudgedRow]:
    """Returns verdicts decided since a moment, the latest first."""
    conditions = [_verdicts.c.decided_at >= since, _verdicts.c.undone_at.is_(None)]
    if until is not None:
        conditions.append(_verdicts.c.decided_at < until)
    return await all_of(
        connection,
        JudgedRow,
        select(_verdicts, *_OF_ALERT)
        .join(_alerts, _alerts.c.alert_id == _verdicts.c.alert_id, isouter=True)
        .where(*conditions)
        .order_by(_verdicts.c.decided_at.desc(), _verdicts.c.verdict_id)
        .limit(limit),
    )


async def blind_agreement(
    connection: AsyncConnection, band: str, policy: str | None, *, since: float, before: float
) -> tuple[int, int]:
    """Returns of how many alerts of a band and policy every blind verdict since a moment says mirror, and of
    how many there is one; without alerts with a reading that is open, or closed after `before`."""
    reading = schema.reads
    unsettled = or_(reading.c.state == "open", reading.c.closed_at > before)
    says_mirror = func.min(case((_verdicts.c.verdict == "mirror", 1), else_=0))
    of_each = (
        select(says_mirror.label("agrees"))
        .join(_alerts, _alerts.c.alert_id == _verdicts.c.alert_id)
        .where(
            _verdicts.c.decided_at >= since,
            _verdicts.c.blind.is_(True),
            _verdicts.c.undone_at.is_(None),
            _alerts.c.band == band,
            _alerts.c.policy.is_(None) if policy is None else _alerts.c.policy == policy,
            _alerts.c.sampled.is_(None),
            ~exists().where(reading.c.alert_id == _verdicts.c.alert_id, unsettled),
        )
        .group_by(_verdicts.c.alert_id)
        .subquery()
    )
    counts = select(func.coalesce(func.sum(of_each.c.agrees), 0), func.count()).select_from(of_each)
    agreed, read = (await connection.execute(counts)).one()
    return int(agreed), int(read)


_PASSED_MAX: Final = 2_000
"""The newest matches that are held against the seal: a page is cut short only if nearly all are hidden."""


async def decided(
    connection: AsyncConnection,
    filters: DecidedFilters,
    user_id: str,
    *,
    own: bool,
    seals: bool,
    limit: int,
    after: DecidedPlace | None = None,
) -> list[VerdictRow]:
    """Returns decisions on known alerts, newest first, without undone ones.

    `own`: only those by `user_id`; `seals`: without what this person, who decides, must not know yet.
    """
    columns = _verdicts.c
    mine = columns.reviewer == user_id
    conditions: list[ColumnElement[bool]] = [
        columns.undone_at.is_(None),
        columns.kind != TAKE_BACK,
        reads_policy(user_id, _alerts.c.policy),
    ]
    for column, value in (
        (columns.verdict, filters.verdict),
        (columns.reason_code, filters.reason),
        (columns.policy, filters.policy),
        (columns.reviewer, filters.reviewer),
    ):
        if value is not None:
            conditions.append(column == value)
    if own:
        conditions.append(mine)
    if filters.since is not None:
        conditions.append(columns.decided_at >= filters.since)
    if filters.until is not None:
        conditions.append(columns.decided_at < filters.until)
    if after is not None:
        place = tuple_(columns.decided_at, columns.verdict_id)
        conditions.append(place < tuple_(after.decided_at, after.verdict_id))
    if filters.taken_back is not None:
        taken = _taken_back()
        conditions.append(taken if filters.taken_back else or_(~taken, mine))
    # The limit bounds for how many rows the seal, which costs most, is asked.
    passed = (
        select(_verdicts)
        .join(_alerts, _alerts.c.alert_id == columns.alert_id)
        .where(*conditions)
        .order_by(columns.decided_at.desc(), columns.verdict_id.desc())
        .limit(_PASSED_MAX)
        .subquery("verdicts")
    )
    shown_of = select(passed.c.alert_id)
    hidden = hides_words(user_id, passed.c.alert_id, shown_of) if seals else false()
    shown = [or_(passed.c.reviewer == user_id, ~hidden)]
    if filters.taken_back is True:
        shown.append(~hidden)
    elif filters.taken_back is False:
        shown.append(or_(~_taken_back(passed), hidden))
    return await all_of(
        connection,
        VerdictRow,
        select(passed)
        .where(*shown)
        .order_by(passed.c.decided_at.desc(), passed.c.verdict_id.desc())
        .limit(limit),
    )


def _taken_back(of: FromClause = _verdicts) -> ColumnElement[bool]:
    """Returns whether a later verdict took one back."""
    back, some = _verdicts.alias(), _verdicts.alias()
    later = (
        select(back.c.verdict_id)
        .where(
            back.c.alert_id == of.c.alert_id,
            back.c.kind == TAKE_BACK,
            back.c.undone_at.is_(None),
            back.c.decided_at > of.c.decided_at,
        )
        .exists()
    )
    # Few alerts have a take-back: the list spares most verdicts the subquery of their own.
    return and_(of.c.alert_id.in_(select(some.c.alert_id).where(some.c.kind == TAKE_BACK)), later)
