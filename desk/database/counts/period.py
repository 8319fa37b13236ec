"""Counts of a period for reports: its alerts by what they have in common, and what was overturned in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.actions import ENDING
from desk.database.rows import all_of
from desk.database.verdicts import TAKE_BACK, held

GROUPS_MAX: Final = 50_000
"""Combinations of band, policy, basis, script and so on: more than any platform has, and 20 MB of memory."""

_alerts, _verdicts, _appeals, _actions = schema.alerts, schema.verdicts, schema.appeals, schema.actions


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """How many alerts are alike in the rest. ``verdict``: the one that holds, None of undecided alerts."""

    band: str
    direction: str
    policy: str | None
    basis: str | None
    script: str | None
    language: str | None
    withdrawn_reason: str | None
    verdict: str | None
    alerts: int


@dataclass(frozen=True, slots=True)
class Distinct:
    """Accounts among the alerts of a period: all, those found to be mirrors, and the banned ones."""

    accounts: int
    mirrors: int
    banned: int


@dataclass(frozen=True, slots=True)
class AppealGroup:
    """How many appeals against alerts of a policy have an outcome, None while they are open."""

    outcome: str | None
    policy: str | None
    appeals: int


def _raised(since: float, until: float) -> list[ColumnElement[bool]]:
    """Alerts of a period; pairs that were only drawn for the sample are none."""
    columns = _alerts.c
    return [columns.sampled.is_(None), columns.detected_at >= since, columns.detected_at < until]


async def alert_groups(connection: AsyncConnection, *, since: float, until: float) -> list[AlertGroup]:
    """Returns the alerts of a period, grouped; the largest groups first."""
    columns = _alerts.c
    shared = (
        columns.band,
        columns.direction,
        schema.alerts.c.policy.label("policy"),
        columns.basis,
        columns.script,
        columns.language,
        columns.withdrawn_reason,
    )
    raised = (
        select(*shared, held(columns.alert_id, "verdict").label("verdict"))
        .where(*_raised(since, until))
        .subquery()
    )
    count = func.count()
    return await all_of(
        connection,
        AlertGroup,
        select(*raised.c, count.label("alerts"))
        .group_by(*raised.c)
        .order_by(count.desc(), *raised.c)
        .limit(GROUPS_MAX),
    )


async def distinct(connection: AsyncConnection, *, since: float, until: float) -> Distinct:
    """Counts the accounts of a period, each once."""
    columns = _alerts.c
    mirror = or_(columns.withdrawn_reason == "account-banned", held(columns.alert_id, "verdict") == "mirror")
    result = await connection.execute(
        select(
            func.count(columns.account.distinct()),
            func.count(columns.account.distinct()).filter(mirror),
            func.count(columns.banned.distinct()),
        ).where(*_raised(since, until))
    )
    return Distinct(*result.one())


async def alerts_between(connection: AsyncConnection, moments: Sequence[float]) -> list[int]:
    """Counts the alerts between each moment and the next."""
    counts = []
    for since, until in pairwise(moments):
        result = await connection.execute(
            select(func.count()).select_from(_alerts).where(*_raised(since, until))
        )
        counts.append(int(result.scalar_one()))
    return counts


async def taken_back(connection: AsyncConnection, *, since: float, until: float) -> int:
    """Counts the decisions on alerts that people took back in a period; waves have decisions of their own."""
    columns = _verdicts.c
    result = await connection.execute(
        select(func.count())
        .select_from(_verdicts)
        .where(
            columns.kind == TAKE_BACK,
            exists().where(_alerts.c.alert_id == columns.alert_id),
            columns.undone_at.is_(None),
            columns.decided_at >= since,
            columns.decided_at < until,
        )
    )
    return int(result.scalar_one())


async def appeal_groups(connection: AsyncConnection, *, since: float, until: float) -> list[AppealGroup]:
    """Returns the appeals received in a period, grouped by outcome and policy."""
    columns = _appeals.c
    by = (columns.outcome, schema.alerts.c.policy)
    return await all_of(
        connection,
        AppealGroup,
        select(columns.outcome, schema.alerts.c.policy.label("policy"), func.count().label("appeals"))
        .join(_alerts, _alerts.c.alert_id == columns.alert_id)
        .where(columns.received_at >= since, columns.received_at < until)
        .group_by(*by)
        .order_by(*by)
        .limit(GROUPS_MAX),
    )


async def seconds_to_detect(
    connection: AsyncConnection, policies: Collection[str], *, since: float, until: float, limit: int
) -> list[float]:
    """Returns how long after the ban each mirror of some policies was found; the latest ones."""
    columns = _alerts.c
    result = await connection.execute(
        select(columns.seconds_to_detect)
        .where(
            *_raised(since, until),
            schema.alerts.c.policy.in_(policies),
            columns.seconds_to_detect.is_not(None),
            held(columns.alert_id, "verdict") == "mirror",
        )
        .order_by(columns.detected_at.desc())
        .limit(limit)
    )
    return [float(seconds) for seconds in result.scalars()]


@dataclass(frozen=True, slots=True)
class ComplaintRow:
    """A complaint of a period: what came of it, in how many seconds, and whether it concerns an account that
    the platform suspended or terminated."""

    outcome: str | None
    seconds: float | None
    account_ended: bool


async def actions_between(
    connection: AsyncConnection, *, since: float, until: float
) -> AsyncIterator[tuple[bytes, str | None]]:
    """Yields each action that took effect in a period, as JSON, with the policy of the ban behind it."""
    columns = _actions.c
    result = await connection.stream(
        select(columns.payload, schema.alerts.c.policy)
        .join(_alerts, _alerts.c.alert_id == columns.alert_id, isouter=True)
        .where(columns.at >= since, columns.at < until)
    )
    async for payload, policy in result:
        yield bytes(payload), policy


async def complaints(
    connection: AsyncConnection, *, since: float, until: float, limit: int
) -> list[ComplaintRow]:
    """Returns the appeals received in a period, the latest first."""
    columns = _appeals.c
    ended = exists().where(_actions.c.account == _alerts.c.account, _actions.c.action.in_(ENDING))
    return await all_of(
        connection,
        ComplaintRow,
        select(
            columns.outcome,
            (columns.decided_at - columns.received_at).label("seconds"),
            ended.label("account_ended"),
        )
        .join(_alerts, _alerts.c.alert_id == columns.alert_id)
        .where(columns.received_at >= since, columns.received_at < until)
        .order_by(columns.received_at.desc(), columns.appeal_id)
        .limit(limit),
    )
