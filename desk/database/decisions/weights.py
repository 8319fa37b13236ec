"""What people decided about weights, and what the topic said of it last. Which number a decision has, and
what follows from it, is `desk.review.weighing.weights`'s."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import all_of, hold_lock, one_of, upsert
from schemas.internal.weights import Stage


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision about weights, as `schema.weights` describes it."""

    number: int
    stage: Stage
    decided_at: float
    user_id: str
    action: str
    reason: str
    version: str
    adjustment: str | None
    learnt_on: str | None
    former: int | None
    figures: str | None


@dataclass(frozen=True, slots=True)
class SignedDecisionRow(DecisionRow):
    """One decision with the initials of who made it; None where nobody here has the id."""

    initials: str | None


@dataclass(frozen=True, slots=True)
class TopicRow:
    """What the topic of weights said last of a stage; number 0: nothing."""

    stage: Stage
    number: int
    version: str
    read_at: float


_weights, _topic, _users = schema.weights, schema.weights_topic, schema.users

DECISION_LOCK: Final = 7_265_004
"""As `migrate.MIGRATION_LOCK`: each decision is made knowing the one before."""


async def lock(connection: AsyncConnection) -> None:
    """Lets nobody else decide until the transaction ends."""
    await hold_lock(connection, DECISION_LOCK)


async def add(connection: AsyncConnection, decision: DecisionRow) -> None:
    await connection.execute(insert(_weights).values(**asdict(decision)))


async def newest(connection: AsyncConnection) -> int:
    """The highest number, 0 before the first."""
    return (await connection.execute(select(func.max(_weights.c.number)))).scalar_one() or 0


async def find(connection: AsyncConnection, number: int) -> DecisionRow | None:
    return await one_of(connection, DecisionRow, select(_weights).where(_weights.c.number == number))


async def current(connection: AsyncConnection) -> dict[str, DecisionRow]:
    """The decision that holds, of each stage that has one."""
    last = select(func.max(_weights.c.number)).group_by(_weights.c.stage)
    held = await all_of(connection, DecisionRow, select(_weights).where(_weights.c.number.in_(last)))
    return {decision.stage: decision for decision in held}


async def history(connection: AsyncConnection, limit: int) -> list[SignedDecisionRow]:
    """Returns decisions, the latest first."""
    return await all_of(
        connection,
        SignedDecisionRow,
        select(_weights, _users.c.initials)
        .join(_users, _users.c.user_id == _weights.c.user_id, isouter=True)
        .order_by(_weights.c.number.desc())
        .limit(limit),
    )


async def see(connection: AsyncConnection, stage: str, number: int, version: str, *, now: float) -> None:
    """Notes what the topic says of a stage."""
    values = {"stage": stage, "number": number, "version": version, "read_at": now}
    await upsert(connection, _topic, values)


async def seen(connection: AsyncConnection) -> dict[str, TopicRow]:
    """What the topic said last (`number`, `version`, `read_at`), of each stage; empty before it was read."""
    return {row.stage: row for row in await all_of(connection, TopicRow, select(_topic))}
