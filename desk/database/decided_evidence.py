"""What decisions rest on: the evidence of an alert as it stood when somebody decided.

It outlives the alert's own, which a withdrawal may overwrite, and is erased as quotes are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, exists, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.erasing import mark
from desk.database.rows import all_of
from desk.database.upsert import copy_new


@dataclass(frozen=True, slots=True)
class DecidedEvidenceRow:
    """The evidence behind verdicts on one revision, as `schema.decided_evidence` describes it."""

    alert_id: str
    revision: int
    payload: bytes
    kept_at: float
    erased_at: float | None
    erased_reason: str | None


_decided, _evidence, _alerts, _verdicts = (
    schema.decided_evidence,
    schema.evidence,
    schema.alerts,
    schema.verdicts,
)


async def keep(connection: AsyncConnection, alert_id: str, revision: int, *, now: float) -> None:
    """Copies the evidence of an open alert for verdicts on `revision`, once; nothing if it was erased."""
    await copy_new(
        connection,
        _decided,
        ("alert_id", "revision", "payload", "kept_at"),
        select(
            _evidence.c.alert_id,
            literal(revision, _decided.c.revision.type),
            _evidence.c.payload,
            literal(now, _decided.c.kept_at.type),
        )
        .join(_alerts, _alerts.c.alert_id == _evidence.c.alert_id)
        .where(
            _evidence.c.alert_id == alert_id,
            _evidence.c.erased_at.is_(None),
            _alerts.c.status == "open",
        ),
    )


async def latest(connection: AsyncConnection, alert_ids: Collection[str]) -> dict[str, DecidedEvidenceRow]:
    """Returns by alert the evidence that the last decision rests on; what was erased only if nothing else is
    left."""
    rows = await all_of(
        connection,
        DecidedEvidenceRow,
        select(_decided)
        .where(_decided.c.alert_id.in_(alert_ids))
        .order_by(_decided.c.erased_at.is_(None), _decided.c.revision),
    )
    return {row.alert_id: row for row in rows}  # the last of each holds


async def quoting(
    connection: AsyncConnection, alert_id: str, *, before: int | None = None
) -> list[DecidedEvidenceRow]:
    """Returns what is not erased, of revisions below `before`."""
    conditions = [_decided.c.alert_id == alert_id, _decided.c.erased_at.is_(None)]
    if before is not None:
        conditions.append(_decided.c.revision < before)
    return await all_of(
        connection, DecidedEvidenceRow, select(_decided).where(*conditions).order_by(_decided.c.revision)
    )


async def erase(
    connection: AsyncConnection, row: DecidedEvidenceRow, without_quotes: bytes, *, now: float, reason: str
) -> None:
    """Replaces a payload by one without quotes, and notes that it was erased."""
    mark(connection)
    await connection.execute(
        update(_decided)
        .where(_decided.c.alert_id == row.alert_id, _decided.c.revision == row.revision)
        .values(payload=without_quotes, erased_at=now, erased_reason=reason)
    )


async def drop_undone(connection: AsyncConnection, alert_id: str, revision: int) -> None:
    """Removes what no verdict rests on any more, while the alert itself shows it.

    Once the alert quotes nothing, the reading that was opened again has nothing else to go by.
    """
    rests = exists().where(
        _verdicts.c.alert_id == alert_id,
        _verdicts.c.revision == revision,
        _verdicts.c.undone_at.is_(None),
        _verdicts.c.golden.is_(False),
    )
    is_open = exists().where(_alerts.c.alert_id == alert_id, _alerts.c.status == "open")
    await connection.execute(
        delete(_decided).where(
            _decided.c.alert_id == alert_id, _decided.c.revision == revision, ~rests, is_open
        )
    )
