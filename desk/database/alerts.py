"""Alerts as the worker wrote them last, and what they quote."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import func, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.erasing import mark
from desk.database.finding import findable
from desk.database.reach import reads_policy
from desk.database.rows import all_of, one_of, upsert
from desk.database.schema import AlertRow, EvidenceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedAlertRow(AlertRow):
    """One alert with what it quotes, as in :class:`EvidenceRow`."""

    payload: bytes
    erased_at: float | None
    erased_reason: str | None


async def ids_after(connection: AsyncConnection, after: str, limit: int) -> list[str]:
    """Returns the ids of alerts after one, in order, and locks these alerts until the transaction ends."""
    alert_id = schema.alerts.c.alert_id
    query = select(alert_id).where(alert_id > after).order_by(alert_id)
    return list((await connection.execute(query.limit(limit).with_for_update())).scalars())


async def find(connection: AsyncConnection, alert_id: str, *, user_id: str | None = None) -> AlertRow | None:
    """Returns an alert, if it is known and a person may read it."""
    alerts = schema.alerts
    return await one_of(
        connection,
        AlertRow,
        select(alerts).where(alerts.c.alert_id == alert_id, reads_policy(user_id, alerts.c.policy)),
    )


async def put(connection: AsyncConnection, alert: AlertRow, payload: bytes) -> None:
    """Inserts or replaces an alert and its evidence. A withdrawal may overwrite quotes, so SQLite's log is
    truncated after it."""
    if alert.status == "withdrawn":
        mark(connection, everywhere=False)
    await upsert(connection, schema.alerts, asdict(alert))
    stored = {"alert_id": alert.alert_id, "payload": payload, "erased_at": None, "erased_reason": None}
    await upsert(connection, schema.evidence, stored)


async def evidence_of(connection: AsyncConnection, alert_id: str) -> EvidenceRow | None:
    return await one_of(
        connection, EvidenceRow, select(schema.evidence).where(schema.evidence.c.alert_id == alert_id)
    )


async def with_payload(
    connection: AsyncConnection, alert_id: str, *, user_id: str | None = None
) -> QuotedAlertRow | None:
    """Returns an alert and what it quotes, if it is known and a person may read it."""
    evidence = schema.evidence.c
    return await one_of(
        connection,
        QuotedAlertRow,
        select(schema.alerts, evidence.payload, evidence.erased_at, evidence.erased_reason)
        .join(schema.evidence, evidence.alert_id == schema.alerts.c.alert_id)
        .where(schema.alerts.c.alert_id == alert_id, reads_policy(user_id, schema.alerts.c.policy)),
    )


async def with_payloads(connection: AsyncConnection, alert_ids: Collection[str]) -> dict[str, QuotedAlertRow]:
    """Returns some hundred alerts by id, with what they quote."""
    evidence = schema.evidence.c
    rows = await all_of(
        connection,
        QuotedAlertRow,
        select(schema.alerts, evidence.payload, evidence.erased_at, evidence.erased_reason)
        .join(schema.evidence, evidence.alert_id == schema.alerts.c.alert_id)
        .where(schema.alerts.c.alert_id.in_(alert_ids)),
    )
    return {row.alert_id: row for row in rows}


async def erase(
    connection: AsyncConnection, alert_id: str, without_quotes: bytes, *, now: float, reason: str
) -> None:
    """Replaces an alert's payload by one that quotes nothing, unless that was done before, deletes its names
    and handles from search, and records when and why."""
    mark(connection)
    await findable.erase(connection, alert_id)
    await connection.execute(
        update(schema.evidence)
        .where(schema.evidence.c.alert_id == alert_id, schema.evidence.c.erased_at.is_(None))
        .values(payload=without_quotes, erased_at=now, erased_reason=reason)
    )


async def due_for_erasure(connection: AsyncConnection, before: float, limit: int) -> list[tuple[str, bytes]]:
    """Returns id and payload of alerts due for erasure by age, whose quotes or whose holders' words stand: no
    reading is open, and both arrival and last decision were before a moment."""
    quoting = select(schema.evidence.c.alert_id).where(schema.evidence.c.erased_at.is_(None))
    contested = select(schema.appeals.c.alert_id).where(schema.appeals.c.erased_at.is_(None))
    waiting = (
        select(schema.reads.c.read_id)
        .where(schema.reads.c.alert_id == schema.alerts.c.alert_id, schema.reads.c.state == "open")
        .exists()
    )
    given = schema.verdicts.c
    decided_since = (
        select(given.verdict_id)
        .where(
            given.alert_id == schema.alerts.c.alert_id, given.undone_at.is_(None), given.decided_at >= before
        )
        .exists()
    )
    result = await connection.execute(
        select(schema.alerts.c.alert_id, schema.evidence.c.payload)
        .join(schema.evidence, schema.evidence.c.alert_id == schema.alerts.c.alert_id)
        .where(
            schema.alerts.c.alert_id.in_(union_all(quoting, contested)),  # each of them by its index
            schema.alerts.c.arrived_at < before,
            ~waiting,
            ~decided_since,
        )
        .order_by(schema.alerts.c.arrived_at)
        .limit(limit)
    )
    return [(row.alert_id, row.payload) for row in result]


async def of_account(
    connection: AsyncConnection, key: str, limit: int, *, as_banned: bool = True, user_id: str | None = None
) -> Sequence[AlertRow]:
    """Alerts about an account, the newest first: as the new one and, with `as_banned`, as the banned one; of
    the policies that a person reads."""
    alerts = schema.alerts
    about = alerts.c.account == key
    return await all_of(
        connection,
        AlertRow,
        select(alerts)
        .where(
            about | (alerts.c.banned == key) if as_banned else about, reads_policy(user_id, alerts.c.policy)
        )
        .order_by(alerts.c.detected_at.desc(), alerts.c.alert_id)
        .limit(limit),
    )


async def of_family(
    connection: AsyncConnection, root: str, limit: int, *, user_id: str | None = None
) -> Sequence[AlertRow]:
    """Alerts whose banned account is of one family, the newest first, of the policies that a person reads."""
    alerts = schema.alerts
    return await all_of(
        connection,
        AlertRow,
        select(alerts)
        .where(alerts.c.root == root, reads_policy(user_id, alerts.c.policy))
        .order_by(alerts.c.detected_at.desc(), alerts.c.alert_id)
        .limit(limit),
    )


async def count(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(func.count()).select_from(schema.alerts))).scalar_one())
