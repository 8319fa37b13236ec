"""Waves as the worker wrote them last, who is in them, and whom a verdict on one leaves out.

A wave names no policy. So it is read by people who read all of them, and by those for whom a lead named the
policy of alerts that have none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, not_, null, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.erasing import mark
from desk.database.filters import WaveState
from desk.database.reach import reads_policy
from desk.database.reads import BacklogRow
from desk.database.rows import all_of, one_of, upsert
from desk.database.schema import WaveRow
from desk.database.verdicts import held

DECIDED: Final = ("mirror", "not_mirror")

KIND: Final = "wave"
"""The kind of verdicts on waves, and of waves among what waits."""

WAITING_MAX: Final = 100
"""Waves that wait, as every page counts them: nobody needs to know by how many they are more."""

BY_VERDICT: Final = "verdict"
"""The reason of a withdrawal that a verdict brought about; taken back, the wave waits at once."""


_waves, _members, _exceptions = schema.waves, schema.wave_members, schema.wave_exceptions


async def put(connection: AsyncConnection, wave: WaveRow, accounts: Collection[str]) -> None:
    """Inserts or replaces a wave and its members. SQLite's log is truncated if it loses a member."""
    before = await connection.execute(select(_members.c.account).where(_members.c.wave_id == wave.wave_id))
    known = set(before.scalars())
    await upsert(connection, _waves, asdict(wave))
    if gone := known.difference(accounts):
        mark(connection)
        await connection.execute(
            delete(_members).where(_members.c.wave_id == wave.wave_id, _members.c.account.in_(gone))
        )
    if added := set(accounts) - known:
        rows = [{"wave_id": wave.wave_id, "account": account} for account in sorted(added)]
        await connection.execute(insert(_members), rows)


async def forget(connection: AsyncConnection, wave_ids: Collection[str]) -> None:
    """Deletes waves; verdicts on them, and whom these left out, stay."""
    mark(connection)
    await connection.execute(delete(_members).where(_members.c.wave_id.in_(wave_ids)))
    await connection.execute(delete(_waves).where(_waves.c.wave_id.in_(wave_ids)))


async def due_for_erasure(connection: AsyncConnection, before: float, limit: int) -> list[str]:
    """Returns waves whose last revision arrived before a moment: the record that forgets them was missed."""
    result = await connection.execute(
        select(_waves.c.wave_id)
        .where(_waves.c.arrived_at < before)
        .order_by(_waves.c.arrived_at)
        .limit(limit)
    )
    return list(result.scalars())


async def find(connection: AsyncConnection, wave_id: str, *, user_id: str | None = None) -> WaveRow | None:
    """Returns a wave, if it is known and a person may read it."""
    return await one_of(
        connection, WaveRow, select(_waves).where(_waves.c.wave_id == wave_id, _readable(user_id))
    )


async def page(
    connection: AsyncConnection,
    user_id: str,
    state: WaveState | None,
    *,
    limit: int,
    before: float | None = None,
    after_wave: str = "",
) -> list[WaveRow]:
    """Waves that a person reads, the newest first. ``before``, ``after_wave``: the last one's of the page
    before, by when it began."""
    conditions = [_readable(user_id)]
    if state is not None:
        conditions.append(_is(state, user_id))
    if before is not None:
        conditions.append(tuple_(_waves.c.began_at, _waves.c.wave_id) < tuple_(before, after_wave))
    return await all_of(
        connection,
        WaveRow,
        select(_waves)
        .where(*conditions)
        .order_by(_waves.c.began_at.desc(), _waves.c.wave_id.desc())
        .limit(limit),
    )


async def of_account(
    connection: AsyncConnection, account: str, limit: int, *, user_id: str | None = None
) -> list[WaveRow]:
    """Waves that an account is in, the newest first, that a person reads."""
    return await all_of(
        connection,
        WaveRow,
        select(_waves)
        .join(_members, _members.c.wave_id == _waves.c.wave_id)
        .where(_members.c.account == account, _readable(user_id))
        .order_by(_waves.c.began_at.desc(), _waves.c.wave_id.desc())
        .limit(limit),
    )


async def waiting(connection: AsyncConnection, user_id: str) -> int | None:
    """Returns how many waves wait for a person, counted up to `WAITING_MAX`; None: they read no waves."""
    row = (await connection.execute(_waiting(user_id))).one()
    return int(row.number) if row.readable else None


# Every request asks, and to build it takes milliseconds. A desk has fewer readers.
@lru_cache(maxsize=1_000)
def _waiting(user_id: str) -> Select[Any]:
    capped = select(_waves.c.wave_id).where(_is("waiting", user_id)).limit(WAITING_MAX).subquery()
    number = select(func.count()).select_from(capped).scalar_subquery()
    return select(_readable(user_id).label("readable"), number.label("number"))


async def backlog(connection: AsyncConnection) -> list[BacklogRow]:
    """Returns how many waves wait for somebody and when the oldest began, or nothing where none does."""
    result = await connection.execute(
        select(func.count(), func.min(_waves.c.began_at)).where(_is("waiting", None))
    )
    count, oldest = result.one()
    return [BacklogRow(KIND, int(count), oldest)] if count else []


async def banned_since(
    connection: AsyncConnection, accounts: Collection[str], *, user_id: str, lifted: Collection[str]
) -> set[str]:
    """Returns those accounts that alerts know as banned: as the banned one of an alert that was not withdrawn
    for a reason in ``lifted``, or as the new one of an alert that its ban withdrew. Of the policies that a
    person reads; what must be hidden from them is for the caller to leave out.
    """
    alerts = schema.alerts.c
    stands = or_(alerts.withdrawn_reason.is_(None), alerts.withdrawn_reason.not_in(lifted))
    known: set[str] = set()
    for side, banned in (
        (alerts.banned, stands),
        (alerts.account, alerts.withdrawn_reason == "account-banned"),
    ):
        query = (
            select(side).where(side.in_(accounts), banned, reads_policy(user_id, alerts.policy)).distinct()
        )
        known.update((await connection.execute(query)).scalars())
    return known


async def keep_exceptions(connection: AsyncConnection, verdict_id: str, accounts: Collection[str]) -> None:
    """Keeps whom a new verdict leaves out."""
    if accounts:
        rows = [{"verdict_id": verdict_id, "account": account} for account in sorted(set(accounts))]
        await connection.execute(insert(_exceptions), rows)


async def exceptions_of(
    connection: AsyncConnection, verdict_ids: Collection[str]
) -> dict[str, Sequence[str]]:
    """Returns whom each verdict leaves out, sorted."""
    exceptions: dict[str, list[str]] = {verdict_id: [] for verdict_id in verdict_ids}
    query = select(_exceptions).where(_exceptions.c.verdict_id.in_(verdict_ids))
    for row in await connection.execute(query.order_by(_exceptions.c.account)):
        exceptions[row.verdict_id].append(row.account)
    return {**exceptions}


def _readable(user_id: str | None) -> ColumnElement[bool]:
    return reads_policy(user_id, null())


def _is(state: WaveState, user_id: str | None) -> ColumnElement[bool]:
    """Returns whether a wave waits for a person, was decided, or neither. None: waits for anybody.

    Who has given a verdict on a wave does not read it a second time.
    """
    verdict = held(_waves.c.wave_id, "verdict")
    decided = func.coalesce(verdict, "").in_(DECIDED)
    if state == "decided":
        return decided
    there = or_(_waves.c.status == "open", func.coalesce(_waves.c.withdrawn_reason, "") == BY_VERDICT)
    if state == "withdrawn":
        return and_(not_(decided), not_(there))
    mine = schema.verdicts.alias()
    spoken = (
        select(mine.c.verdict_id)
        .where(
            mine.c.alert_id == _waves.c.wave_id,
            mine.c.reviewer == (user_id or ""),
            mine.c.undone_at.is_(None),
        )
        .exists()
    )
    return and_(there, not_(decided), not_(spoken))
