"""The audit as rows, each chained to the one before by its hash. `desk.review.audit` verifies them.

A line holds identifiers, codes and digests only; what may have to be erased is never in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any, Final

import msgspec
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import all_of, hold_lock, insert_new, one_of
from desk.database.schema import AuditRow, HeadRow
from desk.database.seals import hides_words
from desk.readers import ROLES, may

_audit, _heads = schema.audit, schema.heads
_answering = select(schema.users.c.user_id).where(
    schema.users.c.role.in_([role for role in ROLES if may(role, "request")])
)

START: Final = "0" * 64
"""The hash before the first line."""

SYSTEM: Final = "desk"
"""The actor in lines that no person caused."""

_encode: Final = msgspec.json.Encoder(order="deterministic").encode

CHAIN_LOCK: Final = 7_265_002
"""As `migrate.MIGRATION_LOCK`: each line needs the hash of the one before."""


async def lock(connection: AsyncConnection) -> None:
    """Holds the end of the chain until the transaction ends."""
    await hold_lock(connection, CHAIN_LOCK)


async def last(connection: AsyncConnection) -> AuditRow | None:
    """Returns the last line, or None before the first."""
    return await one_of(connection, AuditRow, select(_audit).order_by(_audit.c.number.desc()).limit(1))


def digest_of(text: str) -> str:
    """Returns what a line holds in place of a text that is kept elsewhere, or was."""
    return sha256(text.encode(errors="surrogatepass")).hexdigest()


def hash_of(previous: str, number: int, at: float, actor: str, action: str, subject: str, detail: str) -> str:
    """Returns the hash of a line, which covers the line and the hash before it."""
    return sha256(_encode([previous, number, repr(at), actor, action, subject, detail])).hexdigest()


async def note(
    connection: AsyncConnection, actor: str, action: str, subject: str, *, now: float, **detail: Any
) -> None:
    """Adds a line, in the transaction of the change that it records."""
    await note_each(connection, actor=actor, action=action, details={subject: detail}, now=now)


async def note_each(
    connection: AsyncConnection,
    *,
    actor: str,
    action: str,
    details: Mapping[str, Mapping[str, Any]],
    now: float,
) -> None:
    """Adds a line for each subject, with its detail, in the transaction of the change that they record."""
    await lock(connection)
    before = await last(connection)
    number, previous = (0, START) if before is None else (before.number, before.hash)
    added = []
    for subject, detail in details.items():
        number += 1
        text = _encode(detail).decode()
        previous = hash_of(previous, number, now, actor, action, subject, text)
        line = AuditRow(number, now, actor, action, subject, text, previous)
        added.append(asdict(line))
    await connection.execute(insert(_audit), added)


async def lines(connection: AsyncConnection, after: int, limit: int) -> list[AuditRow]:
    """Returns lines after a number, in order."""
    return await all_of(
        connection,
        AuditRow,
        select(_audit).where(_audit.c.number > after).order_by(_audit.c.number).limit(limit),
    )


async def latest(
    connection: AsyncConnection, *, before: int, limit: int, requests: bool, user_id: str | None
) -> list[AuditRow]:
    """Returns lines below a number, the newest first; without `requests` none on lawful requests or of people
    who answer them; none on alerts of which others' words are hidden from a person, if one is named."""
    query = select(_audit).where(_audit.c.number < before).order_by(_audit.c.number.desc()).limit(limit)
    if not requests:
        query = query.where(~_audit.c.subject.startswith("request-"), _audit.c.actor.not_in(_answering))
    if user_id is not None:
        query = query.where(~hides_words(user_id, _audit.c.subject))
    return await all_of(connection, AuditRow, query)


async def about(connection: AsyncConnection, subject: str, limit: int) -> list[AuditRow]:
    """Returns lines about one alert, account or user, in order."""
    return await all_of(
        connection,
        AuditRow,
        select(_audit).where(_audit.c.subject == subject).order_by(_audit.c.number).limit(limit),
    )


async def last_at(connection: AsyncConnection, subject: str, action: str) -> float | None:
    """Returns when an action on a subject was noted last (Unix seconds), or None."""
    result = await connection.execute(
        select(func.max(_audit.c.at)).where(_audit.c.subject == subject, _audit.c.action == action)
    )
    at: float | None = result.scalar_one()
    return at


async def published_head(connection: AsyncConnection) -> HeadRow | None:
    """Returns the number and hash of the line that was published last, or None."""
    return await one_of(connection, HeadRow, select(_heads).order_by(_heads.c.number.desc()).limit(1))


async def note_head(connection: AsyncConnection, number: int, digest: str) -> None:
    """Notes that all lines up to one are on their topic."""
    await insert_new(connection, _heads, {"number": number, "hash": digest})
    await connection.execute(delete(_heads).where(_heads.c.number < number))
