"""Families to review: bans that were lifted, and whether a lead has looked at their descendants since."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.finding.families import has_descendants
from desk.database.rows import all_of, one_of, upsert


@dataclass(frozen=True, slots=True)
class FamilyReviewRow:
    """One lifted ban, as `schema.family_reviews` describes it."""

    banned: str
    lifted_at: float
    closed_at: float | None = None
    closed_by: str | None = None
    reason_code: str | None = None


_reviews = schema.family_reviews


async def lifted(connection: AsyncConnection, banned: str, *, at: float) -> None:
    """Notes that a ban was lifted. A review that is known stays, unless it was closed before that."""
    known = await find(connection, banned)
    if known is None or (known.closed_at is not None and known.closed_at < at):
        await upsert(connection, _reviews, asdict(FamilyReviewRow(banned, at)))


async def find(connection: AsyncConnection, banned: str) -> FamilyReviewRow | None:
    return await one_of(connection, FamilyReviewRow, select(_reviews).where(_reviews.c.banned == banned))


async def shown(connection: AsyncConnection, banned: str, *, seen_by: str | None) -> FamilyReviewRow | None:
    """Returns the review of a ban, if a person may know of a descendant; `seen_by`: as in :func:`listed`."""
    query = select(_reviews).where(_reviews.c.banned == banned, has_descendants(_reviews.c.banned, seen_by))
    return await one_of(connection, FamilyReviewRow, query)


async def close(
    connection: AsyncConnection, banned: str, *, by: str | None, reason_code: str | None, now: float | None
) -> None:
    """Closes a review, or opens it again where all of these are None."""
    await connection.execute(
        update(_reviews)
        .where(_reviews.c.banned == banned)
        .values(closed_at=now, closed_by=by, reason_code=reason_code)
    )


async def listed(
    connection: AsyncConnection, *, closed: bool, seen_by: str | None, limit: int
) -> list[FamilyReviewRow]:
    """Returns reviews of bans with descendants that a person may know of: open ones, the longest open first,
    or closed ones, the last first. `seen_by`: a person who decides; None: one who sees all."""
    which = _reviews.c.closed_at.is_not(None) if closed else _reviews.c.closed_at.is_(None)
    order = _reviews.c.closed_at.desc() if closed else _reviews.c.lifted_at
    return await all_of(
        connection,
        FamilyReviewRow,
        select(_reviews)
        .where(which, has_descendants(_reviews.c.banned, seen_by))
        .order_by(order, _reviews.c.banned)
        .limit(limit),
    )
