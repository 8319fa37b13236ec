"""What people said, here and elsewhere. The latest by `decided_at` holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import all_of, one_of
from desk.database.upsert import insert_new


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One verdict, as `schema.verdicts` describes it."""

    verdict_id: str
    alert_id: str
    revision: int
    verdict: str
    reason_code: str
    policy: str | None
    reviewer: str
    decided_at: float
    blind: bool
    golden: bool
    kind: str
    read_id: int | None
    batch: str | None
    undone_at: float | None
    seen_on_topic_at: float | None
    independent: bool | None

    @property
    def may_hold(self) -> bool:
        """Whether it holds unless a later one does: it was not undone, and is no exercise."""
        return self.undone_at is None and not self.golden


_verdicts = schema.verdicts


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> bool:
    """Keeps a verdict. Returns False if it is known already."""
    return await insert_new(connection, _verdicts, values)


async def find(connection: AsyncConnection, verdict_id: str) -> VerdictRow | None:
    return await one_of(connection, VerdictRow, select(_verdicts).where(_verdicts.c.verdict_id == verdict_id))


async def of_alert(connection: AsyncConnection, alert_id: str) -> Sequence[VerdictRow]:
    """All verdicts on an alert, the earliest first, those undone too."""
    return await all_of(
        connection,
        VerdictRow,
        select(_verdicts)
        .where(_verdicts.c.alert_id == alert_id)
        .order_by(_verdicts.c.decided_at, _verdicts.c.verdict_id),
    )


async def of_alerts(connection: AsyncConnection, alert_ids: Collection[str]) -> dict[str, list[VerdictRow]]:
    """Returns the verdicts of each alert, ordered as by :func:`of_alert`, with one query for all."""
    query = (
        select(_verdicts)
        .where(_verdicts.c.alert_id.in_(alert_ids))
        .order_by(_verdicts.c.decided_at, _verdicts.c.verdict_id)
    )
    by_alert: dict[str, list[VerdictRow]] = {alert_id: [] for alert_id in alert_ids}
    for verdict in await all_of(connection, VerdictRow, query):
        by_alert[verdict.alert_id].append(verdict)
    return by_alert


async def holding(connection: AsyncConnection, alert_id: str) -> VerdictRow | None:
    """The verdict that holds: the latest that was not undone and is no exercise."""
    return await one_of(
        connection,
        VerdictRow,
        select(_verdicts)
        .where(
            _verdicts.c.alert_id == alert_id,
            _verdicts.c.undone_at.is_(None),
            _verdicts.c.golden.is_(False),
        )
        .order_by(_verdicts.c.decided_at.desc(), _verdicts.c.verdict_id.desc())
        .limit(1),
    )


async def of_batch(connection: AsyncConnection, batch: str) -> Sequence[VerdictRow]:
    """Returns the verdicts that one press of a key gave."""
    return await all_of(
        connection,
        VerdictRow,
        select(_verdicts).where(_verdicts.c.batch == batch).order_by(_verdicts.c.verdict_id),
    )


async def undo(connection: AsyncConnection, verdict_id: str, *, now: float) -> None:
    """Marks a verdict as undone."""
    await connection.execute(
        update(_verdicts).where(_verdicts.c.verdict_id == verdict_id).values(undone_at=now)
    )


async def seen(connection: AsyncConnection, verdict_id: str, *, now: float) -> None:
    """Marks a verdict as come back from the topic."""
    await connection.execute(
        update(_verdicts)
        .where(_verdicts.c.verdict_id == verdict_id, _verdicts.c.seen_on_topic_at.is_(None))
        .values(seen_on_topic_at=now)
    )


_alerts = schema.alerts
_BESIDE: Final = (
    _alerts.c.band,
    _alerts.c.language,
    _alerts.c.platform,
    _alerts.c.direction,
    _alerts.c.sampled,
    _alerts.c.stratum,
    _alerts.c.script,
    _alerts.c.signals,
    _alerts.c.seconds_to_detect,
    _alerts.c.detected_at,
    _alerts.c.arrived_at,
    _alerts.c.log_odds,
    _alerts.c.policy.label("alert_policy"),
)


async def latest(
    connection: AsyncConnection, *, since: float, until: float | None = None, limit: int
) -> Sequence[Row[Any]]:
    """Verdicts decided since a moment, beside what their alerts were, the latest first.

    For figures: of an alert that is not known its columns are None.
    """
    conditions = [_verdicts.c.decided_at >= since, _verdicts.c.undone_at.is_(None)]
    if until is not None:
        conditions.append(_verdicts.c.decided_at < until)
    result = await connection.execute(
        select(_verdicts, *_BESIDE)
        .join(_alerts, _alerts.c.alert_id == _verdicts.c.alert_id, isouter=True)
        .where(*conditions)
        .order_by(_verdicts.c.decided_at.desc(), _verdicts.c.verdict_id)
        .limit(limit)
    )
    return result.all()


async def of_judged_blind(connection: AsyncConnection, *, until: float, limit: int) -> Sequence[Row[Any]]:
    """Every verdict decided up to a moment, but exercises, on so many alerts that were judged blind last.

    Beside what their alerts were, as of :func:`latest`; the earliest first.
    """
    counts = (
        _verdicts.c.decided_at <= until,
        _verdicts.c.undone_at.is_(None),
        _verdicts.c.golden.is_(False),
    )
    last = func.max(_verdicts.c.decided_at)
    several = (
        select(_verdicts.c.alert_id)
        .where(_verdicts.c.blind.is_(True), *counts)
        .group_by(_verdicts.c.alert_id)
        .order_by(last.desc(), _verdicts.c.alert_id)
        .limit(limit)
        .subquery()
    )
    result = await connection.execute(
        select(_verdicts, *_BESIDE)
        .join(several, several.c.alert_id == _verdicts.c.alert_id)
        .join(_alerts, _alerts.c.alert_id == _verdicts.c.alert_id, isouter=True)
        .where(*counts)
        .order_by(_verdicts.c.decided_at, _verdicts.c.verdict_id)
    )
    return result.all()
