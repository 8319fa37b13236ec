"""Readings of alerts: each one's life, from its opening over claims to its end, and figures of all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, bindparam, case, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.reach import reads_alert
from desk.database.rows import all_of, one_of, upsert
from desk.database.schema import ReadRow


@dataclass(frozen=True, slots=True)
class BacklogRow:
    """How many open reads of a kind there are, and since when the oldest waits (Unix seconds)."""

    kind: str
    waiting: int
    oldest: float


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """How many alerts of a band, or pairs `below` the bands of a stratum, were laid out to be read blind."""

    band: str
    below: bool
    stratum: int | None
    drawn: int


@dataclass(frozen=True, slots=True)
class ClaimsRow:
    """How many open reads a person has in hand, and since when the oldest waits (Unix seconds)."""

    user_id: str
    claims: int
    oldest: float


_reads, _alerts, _skips, _appeals = schema.reads, schema.alerts, schema.skips, schema.appeals

RANKS: Final = {"likely": 0, "possible": 1}
"""By band: the queue's first order. What has no band (the sample) is read blind and ranks by lot."""


async def find(connection: AsyncConnection, read_id: int, user_id: str) -> ReadRow | None:
    """Returns a read, if a person may know of it."""
    return await one_of(
        connection,
        ReadRow,
        select(_reads).where(_reads.c.read_id == read_id, reads_alert(user_id, _reads.c.alert_id)),
    )


async def of_alert(connection: AsyncConnection, alert_id: str) -> Sequence[ReadRow]:
    """All reads of an alert, in the order in which they were opened."""
    return await all_of(
        connection, ReadRow, select(_reads).where(_reads.c.alert_id == alert_id).order_by(_reads.c.read_id)
    )


async def add(
    connection: AsyncConnection,
    alert_id: str,
    *,
    kind: str,
    blind: bool,
    rank: int,
    waits_since: float,
    now: float,
) -> int:
    """Opens a read. Returns its number."""
    done = await connection.execute(
        insert(_reads)
        .values(
            alert_id=alert_id,
            kind=kind,
            blind=blind,
            state="open",
            rank=rank,
            waits_since=waits_since,
            opened_at=now,
        )
        .returning(_reads.c.read_id)
    )
    return int(done.scalar_one())


def free_for(user_id: str, now: float) -> ColumnElement[bool]:
    return or_(_reads.c.claimed_by.is_(None), _reads.c.claimed_by == user_id, _reads.c.claimed_until <= now)


async def claim(connection: AsyncConnection, read_id: int, user_id: str, *, now: float, until: float) -> bool:
    """Takes an open read in hand, or keeps it there. Returns False if somebody else has it."""
    done = await connection.execute(
        update(_reads)
        .where(_reads.c.read_id == read_id, _reads.c.state == "open", free_for(user_id, now))
        .values(claimed_by=user_id, claimed_until=until)
    )
    return done.rowcount == 1


async def release(connection: AsyncConnection, read_id: int, user_id: str) -> None:
    """Lays a read back, if it is this person's."""
    await connection.execute(
        update(_reads)
        .where(_reads.c.read_id == read_id, _reads.c.claimed_by == user_id, _reads.c.state == "open")
        .values(claimed_by=None, claimed_until=None)
    )


async def close(connection: AsyncConnection, verdict_ids: Mapping[int, str], *, now: float) -> bool:
    """Marks open reads as done, each by a verdict. Returns False if one of them was not open."""
    done = await connection.execute(
        update(_reads)
        .where(_reads.c.read_id == bindparam("closed"), _reads.c.state == "open")
        .values(state="done", verdict_id=bindparam("by"), closed_at=now, claimed_by=None, claimed_until=None),
        [{"closed": read_id, "by": verdict_id} for read_id, verdict_id in verdict_ids.items()],
    )
    return done.rowcount == len(verdict_ids)


async def reopen(
    connection: AsyncConnection, read_ids: Collection[int], user_id: str, *, until: float
) -> None:
    """Opens reads whose verdicts were undone: in the hands of the person who undid them, as far as they may
    read them still."""
    may_hold = reads_alert(user_id, _reads.c.alert_id)
    await connection.execute(
        update(_reads)
        .where(_reads.c.read_id.in_(read_ids))
        .values(
            state="open",
            verdict_id=None,
            closed_at=None,
            claimed_by=case((may_hold, user_id)),
            claimed_until=case((may_hold, until)),
        )
    )


async def end(
    connection: AsyncConnection, alert_ids: Collection[str], kinds: Sequence[str], *, reason: str, now: float
) -> None:
    """Takes open reads of alerts out of the queue, with the reason, except one that decides an open appeal:
    its holder contests what was done, whatever the alert has become since."""
    contested = exists().where(_appeals.c.read_id == _reads.c.read_id, _appeals.c.outcome.is_(None))
    await connection.execute(
        update(_reads)
        .where(
            _reads.c.alert_id.in_(alert_ids), _reads.c.state == "open", _reads.c.kind.in_(kinds), ~contested
        )
        .values(state="gone", gone_reason=reason, closed_at=now, claimed_by=None, claimed_until=None)
    )


async def move(connection: AsyncConnection, alert_id: str, *, rank: int) -> None:
    """Changes the rank of an alert's open reads that are not blind, as when its band rose."""
    await connection.execute(
        update(_reads)
        .where(_reads.c.alert_id == alert_id, _reads.c.state == "open", _reads.c.blind.is_(False))
        .values(rank=rank)
    )


async def skip(connection: AsyncConnection, read_id: int, user_id: str, *, until: float) -> None:
    """Hides a read from a person until `until`."""
    await upsert(connection, _skips, {"read_id": read_id, "user_id": user_id, "until": until})


async def bring_back(connection: AsyncConnection, *, claimed_until: float, skipped_until: float) -> None:
    """Repairs timestamps after the clock was set back: caps when claims and skips end."""
    await connection.execute(
        update(_reads)
        .where(_reads.c.claimed_by.is_not(None), _reads.c.claimed_until > claimed_until)
        .values(claimed_until=claimed_until)
    )
    await connection.execute(update(_skips).where(_skips.c.until > skipped_until).values(until=skipped_until))


async def backlog(connection: AsyncConnection) -> list[BacklogRow]:
    return await all_of(
        connection,
        BacklogRow,
        select(_reads.c.kind, func.count().label("waiting"), func.min(_reads.c.waits_since).label("oldest"))
        .where(_reads.c.state == "open")
        .group_by(_reads.c.kind),
    )


async def waiting_since(connection: AsyncConnection, limit: int) -> list[float]:
    """Returns since when each open read waits (Unix seconds), the longest first."""
    result = await connection.execute(
        select(_reads.c.waits_since)
        .where(_reads.c.state == "open")
        .order_by(_reads.c.waits_since)
        .limit(limit)
    )
    return [float(moment) for moment in result.scalars()]


async def drawn_blind(
    connection: AsyncConnection, *, since: float, until: float | None = None
) -> list[DrawnRow]:
    """Counts alerts that arrived in a period and were drawn for blind reading, whether read or not."""
    below = _alerts.c.sampled.is_not(None).label("below")
    arrived = [_alerts.c.arrived_at >= since]
    if until is not None:
        arrived.append(_alerts.c.arrived_at < until)
    return await all_of(
        connection,
        DrawnRow,
        select(
            _alerts.c.band, below, _alerts.c.stratum, func.count(_reads.c.alert_id.distinct()).label("drawn")
        )
        .join(_alerts, _alerts.c.alert_id == _reads.c.alert_id)
        .where(_reads.c.blind.is_(True), _reads.c.kind == "first", *arrived)
        .group_by(_alerts.c.band, below, _alerts.c.stratum),
    )


async def in_hand(connection: AsyncConnection, *, now: float, limit: int) -> list[ClaimsRow]:
    """Returns who has open reads in hand, the longest waiting first."""
    return await all_of(
        connection,
        ClaimsRow,
        select(
            _reads.c.claimed_by.label("user_id"),
            func.count().label("claims"),
            func.min(_reads.c.waits_since).label("oldest"),
        )
        .where(_reads.c.state == "open", _reads.c.claimed_by.is_not(None), _reads.c.claimed_until > now)
        .group_by(_reads.c.claimed_by)
        .order_by(func.min(_reads.c.waits_since), _reads.c.claimed_by)
        .limit(limit),
    )
