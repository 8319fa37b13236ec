"""Preservation holds: copies of what alerts quote, notes and holders' words, taken for a lawful request.

Whatever erases the originals leaves the copies, and notes on them that it did (`note_erasure`). The end of
the hold deletes them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Integer,
    LargeBinary,
    String,
    Text,
    and_,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.erasing import mark
from desk.database.rows import all_of
from desk.database.schema import ALERT_ID_CHARS


@dataclass(frozen=True, slots=True)
class HeldCopyRow:
    """One copy. `kind`: evidence, decided, note or appeal; `erased_at`, `erased_reason`: when and why its
    original was erased, which the hold outlasts."""

    kind: str
    key: str
    revision: int | None
    written_at: float | None
    payload: bytes | None
    words: str | None
    erased_at: float | None
    erased_reason: str | None


@dataclass(frozen=True, slots=True)
class HoldRow:
    """What a hold keeps of an account: `erased` of its `copies` have no original any more."""

    request_id: int
    hold_until: float
    copies: int
    erased: int


_held, _alerts, _requests, _accounts = (
    schema.held_copies,
    schema.alerts,
    schema.requests,
    schema.request_accounts,
)
_COLUMNS = ("request_id", "alert_id", "kind", "key", "revision", "written_at", "payload", "words")


async def copy(
    connection: AsyncConnection, request_id: int, accounts: Collection[str], *, forgotten: Collection[str]
) -> None:
    """Copies everything that alerts naming one of some accounts quote, and counts the copies by account.

    `forgotten`: reasons of withdrawals whose records quote nobody.
    """
    named = or_(_alerts.c.account.in_(accounts), _alerts.c.banned.in_(accounts))
    quoting = or_(_alerts.c.withdrawn_reason.is_(None), _alerts.c.withdrawn_reason.not_in(forgotten))
    evidence, decided, notes, appeals = (
        schema.evidence.c,
        schema.decided_evidence.c,
        schema.notes.c,
        schema.appeals.c,
    )
    no_key, no_number, no_moment, no_payload, no_words = (
        literal("", String),
        cast(null(), Integer),
        cast(null(), Float),
        cast(null(), LargeBinary),
        cast(null(), Text),
    )
    sources: dict[str, tuple[Any, tuple[Any, ...], ColumnElement[bool]]] = {
        "evidence": (evidence, (no_key, _alerts.c.revision, no_moment, evidence.payload, no_words), quoting),
        "decided": (
            decided,
            (_text(decided.revision), decided.revision, no_moment, decided.payload, no_words),
            named,
        ),
        "note": (notes, (_text(notes.note_id), no_number, notes.written_at, no_payload, notes.text), named),
        "appeal": (
            appeals,
            (appeals.appeal_id, no_number, appeals.received_at, no_payload, appeals.words),
            named,
        ),
    }
    for kind, (source, rest, condition) in sources.items():
        rows = (
            select(literal(request_id, BigInteger), source.alert_id, literal(kind, String), *rest)
            .join(_alerts, _alerts.c.alert_id == source.alert_id)
            .where(named, condition, source.erased_at.is_(None))
        )
        await connection.execute(insert(_held).from_select(_COLUMNS, rows))
    copies = (
        select(func.count())
        .select_from(_held.join(_alerts, _alerts.c.alert_id == _held.c.alert_id))
        .where(
            _held.c.request_id == _accounts.c.request_id,
            or_(_alerts.c.account == _accounts.c.account, _alerts.c.banned == _accounts.c.account),
        )
        .correlate(_accounts)
        .scalar_subquery()
    )
    await connection.execute(
        update(_accounts).where(_accounts.c.request_id == request_id).values(copies=copies)
    )


async def of_alert(connection: AsyncConnection, request_id: int, alert_id: str) -> list[HeldCopyRow]:
    """Returns the copies of an alert under a request."""
    return await all_of(
        connection,
        HeldCopyRow,
        select(*(column for column in _held.c if column.name not in ("request_id", "alert_id")))
        .where(_held.c.request_id == request_id, _held.c.alert_id == alert_id)
        .order_by(_held.c.kind, _held.c.written_at, _held.c.revision, _held.c.key),
    )


async def of_account(connection: AsyncConnection, account: str) -> list[HoldRow]:
    """Returns the holds with a copy of an alert that names an account, also where the request names the other
    account of that alert alone."""
    named = or_(_alerts.c.account == account, _alerts.c.banned == account)
    return await all_of(
        connection,
        HoldRow,
        select(
            _held.c.request_id,
            _requests.c.hold_until,
            func.count().label("copies"),
            func.count(_held.c.erased_at).label("erased"),
        )
        .join(_alerts, _alerts.c.alert_id == _held.c.alert_id)
        .join(_requests, _requests.c.request_id == _held.c.request_id)
        .where(named)
        .group_by(_held.c.request_id, _requests.c.hold_until)
        .order_by(_held.c.request_id),
    )


async def erasures(connection: AsyncConnection, request_id: int) -> dict[str | None, int]:
    """Counts the copies of a request by the reason for which the original was erased; None: it was not."""
    rows = await connection.execute(
        select(_held.c.erased_reason, func.count())
        .where(_held.c.request_id == request_id)
        .group_by(_held.c.erased_reason)
    )
    return {reason: int(count) for reason, count in rows}


async def note_erasure(
    connection: AsyncConnection,
    alert_id: str,
    *,
    now: float,
    reason: str,
    before: int | None = None,
    until: float | None = None,
) -> int:
    """Notes on the copies of an alert that their originals are erased: all, or those of revisions before one
    and what was written until a moment. Returns how many copies outlast their original by this."""
    conditions = [_held.c.alert_id == alert_id, _held.c.erased_at.is_(None)]
    if before is not None:
        conditions.append(
            or_(_held.c.revision < before, and_(_held.c.revision.is_(None), _held.c.written_at <= until))
        )
    done = await connection.execute(
        update(_held).where(*conditions).values(erased_at=now, erased_reason=reason)
    )
    return done.rowcount


async def drop(connection: AsyncConnection, request_id: int) -> None:
    """Deletes the copies of a request."""
    mark(connection)
    await connection.execute(delete(_held).where(_held.c.request_id == request_id))


async def due(connection: AsyncConnection, now: float, limit: int) -> list[int]:
    """Returns requests whose hold has come to its date, the earliest first."""
    rows = await connection.execute(
        select(_requests.c.request_id)
        .where(_requests.c.hold_ended_at.is_(None), _requests.c.hold_until <= now)
        .order_by(_requests.c.hold_until)
        .limit(limit)
    )
    return list(rows.scalars())


def _text(column: Any) -> ColumnElement[str]:
    return cast(column, String(ALERT_ID_CHARS))
