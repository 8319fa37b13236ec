"""Copies of an alert's evidence, taken when somebody decided it.

A copy survives a withdrawal that overwrites the alert's own evidence, and is erased under the same rules.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import bindparam, delete, exists, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.erasing import mark
from desk.database.rows import all_of, copy_new
from desk.database.schema import DecidedEvidenceRow

_decided, _evidence, _alerts, _verdicts = (
    schema.decided_evidence,
    schema.evidence,
    schema.alerts,
    schema.verdicts,
)


async def keep(connection: AsyncConnection, revisions: Mapping[str, int], *, now: float) -> None:
    """Copies the current evidence of open alerts, each under its revision, unless a copy exists or the quotes
    were erased."""
    await copy_new(
        connection,
        _decided,
        ("alert_id", "revision", "payload", "kept_at"),
        select(
            _evidence.c.alert_id,
            bindparam("decided_on", type_=_decided.c.revision.type),
            _evidence.c.payload,
            literal(now, _decided.c.kept_at.type),
        )
        .join(_alerts, _alerts.c.alert_id == _evidence.c.alert_id)
        .where(
            _evidence.c.alert_id == bindparam("decided"),
            _evidence.c.erased_at.is_(None),
            _alerts.c.status == "open",
        ),
        [{"decided": alert_id, "decided_on": revision} for alert_id, revision in revisions.items()],
    )


async def latest(connection: AsyncConnection, alert_ids: Collection[str]) -> dict[str, DecidedEvidenceRow]:
    """Returns the newest copy of each alert: one that still quotes if there is any, else an erased one."""
    rows = await all_of(
        connection,
        DecidedEvidenceRow,
        select(_decided)
        .where(_decided.c.alert_id.in_(alert_ids))
        .order_by(_decided.c.erased_at.is_(None), _decided.c.revision),
    )
    return {row.alert_id: row for row in rows}  # the preferred copy of an alert comes last


async def quoting(
    connection: AsyncConnection, alert_id: str, *, before: int | None = None
) -> list[DecidedEvidenceRow]:
    """Returns an alert's copies that still quote, oldest first; with `before`, those of earlier revisions."""
    conditions = [_decided.c.alert_id == alert_id, _decided.c.erased_at.is_(None)]
    if before is not None:
        conditions.append(_decided.c.revision < before)
    return await all_of(
        connection, DecidedEvidenceRow, select(_decided).where(*conditions).order_by(_decided.c.revision)
    )


async def erase(
    connection: AsyncConnection, row: DecidedEvidenceRow, without_quotes: bytes, *, now: float, reason: str
) -> None:
    """Overwrites a copy's payload, and records when and why."""
    mark(connection)
    await connection.execute(
        update(_decided)
        .where(_decided.c.alert_id == row.alert_id, _decided.c.revision == row.revision)
        .values(payload=without_quotes, erased_at=now, erased_reason=reason)
    )


async def drop_undone(connection: AsyncConnection, revisions: Mapping[str, int]) -> None:
    """Deletes the copies of alerts' revisions on which no verdict is left, if the alert is still open.

    After a withdrawal the copy stays: the reopened reading has nothing else to show.
    """
    rests = exists().where(
        _verdicts.c.alert_id == _decided.c.alert_id,
        _verdicts.c.revision == _decided.c.revision,
        _verdicts.c.undone_at.is_(None),
    )
    is_open = exists().where(_alerts.c.alert_id == _decided.c.alert_id, _alerts.c.status == "open")
    await connection.execute(
        delete(_decided).where(
            _decided.c.alert_id == bindparam("undone"),
            _decided.c.revision == bindparam("undone_on"),
            ~rests,
            is_open,
        ),
        [{"undone": alert_id, "undone_on": revision} for alert_id, revision in revisions.items()],
    )
