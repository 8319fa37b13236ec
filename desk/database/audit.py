"""The audit as rows. What a line says and how it is chained is `desk.review.audit`'s."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.upsert import insert_new

_audit, _heads = schema.audit, schema.heads

CHAIN_LOCK: Final = 7_265_002
"""As `migrate.MIGRATION_LOCK`: each line needs the hash of the one before."""


async def lock(connection: AsyncConnection) -> None:
    """Holds the end of the chain until the transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": CHAIN_LOCK})


async def last(connection: AsyncConnection) -> Row[Any] | None:
    """The last line, or None before the first."""
    found = await connection.execute(select(_audit).order_by(_audit.c.number.desc()).limit(1))
    return found.one_or_none()


async def add(connection: AsyncConnection, **values: Any) -> None:
    """One more line."""
    await connection.execute(insert(_audit).values(**values))


async def lines(connection: AsyncConnection, after: int, limit: int) -> Sequence[Row[Any]]:
    """Lines after a number, in order."""
    found = await connection.execute(
        select(_audit).where(_audit.c.number > after).order_by(_audit.c.number).limit(limit)
    )
    return found.all()


async def about(connection: AsyncConnection, subject: str, limit: int) -> Sequence[Row[Any]]:
    """Lines about one alert, account or user, in order."""
    found = await connection.execute(
        select(_audit).where(_audit.c.subject == subject).order_by(_audit.c.number).limit(limit)
    )
    return found.all()


async def published_head(connection: AsyncConnection) -> Row[Any] | None:
    """The head that was published last, or None."""
    found = await connection.execute(select(_heads).order_by(_heads.c.number.desc()).limit(1))
    return found.one_or_none()


async def note_head(connection: AsyncConnection, number: int, digest: str, *, now: float) -> None:
    """Notes that a head is on its topic."""
    await insert_new(connection, _heads, {"number": number, "hash": digest, "published_at": now})


async def forget_heads(connection: AsyncConnection, heads: Sequence[tuple[int, str]]) -> None:
    """Forgets that heads, by number and hash, were published."""
    for number, digest in heads:
        await connection.execute(delete(_heads).where(_heads.c.number == number, _heads.c.hash == digest))
