"""Which alerts share a value, what blind readers said of them, and what leads decided about the value."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

from sqlalchemy import case, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import all_of, hold_lock, insert_new_rows
from desk.database.verdicts import VerdictRow

_values, _verdicts, _alerts, _quarantines = (
    schema.alert_values,
    schema.verdicts,
    schema.alerts,
    schema.quarantines,
)

DECISION_LOCK: Final = 7_265_018
"""As `migrate.MIGRATION_LOCK`: each decision is made knowing the one before."""


class ValueRow(NamedTuple):
    """A digest of a value, the value's first digest, and the signal that compares it."""

    digest: str
    value: str
    signal: str


@dataclass(frozen=True, slots=True)
class PairRow:
    """An alert that has a value, by the digest that was asked for."""

    digest: str
    value: str
    signal: str
    alert_id: str
    account: str
    banned: str


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """One decision about a value, as `schema.quarantines` describes it."""

    number: int
    digest: str
    signal: str
    decided_at: float
    user_id: str
    action: str
    reason: str
    until: float | None
    figures: str


async def lock(connection: AsyncConnection) -> None:
    """Lets nobody else decide until the transaction ends."""
    await hold_lock(connection, DECISION_LOCK)


async def note(connection: AsyncConnection, alert_id: str, values: Sequence[ValueRow]) -> None:
    """Adds the values of an alert; those of its former revisions stay."""
    rows = [{"alert_id": alert_id, **value._asdict()} for value in values]
    await insert_new_rows(connection, _values, rows)


async def forget(connection: AsyncConnection, alert_id: str) -> None:
    """Removes the values of an alert."""
    await connection.execute(delete(_values).where(_values.c.alert_id == alert_id))


async def most_dismissed(connection: AsyncConnection, *, least: int, limit: int) -> list[str]:
    """Returns the digests on which at least so many alerts were dismissed blind at this desk since the last
    decision on them. First comes what has most dismissals beyond four for each mirror: those of a value that
    is often right would otherwise leave no place for others."""
    decided = (
        select(func.coalesce(_quarantines.c.until, _quarantines.c.decided_at))
        .where(_quarantines.c.digest == _values.c.digest)
        .order_by(_quarantines.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    dismissed, mirrors = (
        func.count(func.distinct(case((_verdicts.c.verdict == verdict, _values.c.alert_id))))
        for verdict in ("not_mirror", "mirror")
    )
    rows = await connection.execute(
        select(_values.c.digest)
        .join(_verdicts, _verdicts.c.alert_id == _values.c.alert_id)
        .where(
            _verdicts.c.blind.is_(True),
            _verdicts.c.undone_at.is_(None),
            _verdicts.c.kind != "elsewhere",
            _verdicts.c.decided_at > func.coalesce(decided, 0.0),
        )
        .group_by(_values.c.digest)
        .having(dismissed >= least)
        .order_by((dismissed - 4 * mirrors).desc(), _values.c.digest)
        .limit(limit)
    )
    return list(rows.scalars())


async def pairs(connection: AsyncConnection, digest: str, *, limit: int) -> list[PairRow]:
    """Returns the latest alerts that have a value."""
    return await all_of(
        connection,
        PairRow,
        select(
            _values.c.digest,
            _values.c.value,
            _values.c.signal,
            _values.c.alert_id,
            _alerts.c.account,
            _alerts.c.banned,
        )
        .join(_alerts, _alerts.c.alert_id == _values.c.alert_id)
        .where(_values.c.digest == digest)
        .order_by(_alerts.c.detected_at.desc(), _values.c.alert_id)
        .limit(limit),
    )


async def verdicts_on(connection: AsyncConnection, digest: str, *, after: float) -> list[VerdictRow]:
    """Returns what was said of alerts that have a value, later than a moment, and was not undone."""
    return await all_of(
        connection,
        VerdictRow,
        select(_verdicts)
        .join(_values, _values.c.alert_id == _verdicts.c.alert_id)
        .where(_values.c.digest == digest, _verdicts.c.undone_at.is_(None), _verdicts.c.decided_at > after)
        .order_by(_verdicts.c.decided_at.desc())
        .limit(VERDICTS_MAX),
    )


VERDICTS_MAX: Final = 10_000
"""Verdicts on one value that count, the latest: a hundred times what a proposal takes."""


async def linked(connection: AsyncConnection, digest: str) -> set[str]:
    """Returns the digests of a value under other peppers, as far as alerts had both, and its own."""
    firsts = select(_values.c.value).where(or_(_values.c.digest == digest, _values.c.value == digest))
    rows = await connection.execute(
        select(_values.c.digest).where(_values.c.value.in_(firsts)).distinct().limit(LINKED_MAX)
    )
    return {digest, *rows.scalars()}


LINKED_MAX: Final = 16
"""Digests of one value: four peppers at most are in force at once, and a rotation adds one."""


async def add(connection: AsyncConnection, row: QuarantineRow) -> None:
    await connection.execute(insert(_quarantines).values(**asdict(row)))


async def newest(connection: AsyncConnection) -> int:
    """The highest number, 0 before the first."""
    return (await connection.execute(select(func.max(_quarantines.c.number)))).scalar_one() or 0


async def current(
    connection: AsyncConnection, digests: Collection[str] | None = None
) -> dict[str, QuarantineRow]:
    """The decision that holds on each digest, or on those asked for, the latest first."""
    last = select(func.max(_quarantines.c.number)).group_by(_quarantines.c.digest)
    query = select(_quarantines).where(_quarantines.c.number.in_(last))
    if digests is not None:
        query = query.where(_quarantines.c.digest.in_(digests))
    rows = await all_of(connection, QuarantineRow, query.order_by(_quarantines.c.number.desc()))
    return {row.digest: row for row in rows}


async def history(connection: AsyncConnection, *, limit: int) -> list[QuarantineRow]:
    """Returns decisions, the latest first."""
    return await all_of(
        connection, QuarantineRow, select(_quarantines).order_by(_quarantines.c.number.desc()).limit(limit)
    )
