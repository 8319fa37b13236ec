"""Lawful requests of authorities, the accounts that they name, and the case files made under them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, case, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import all_of, insert_new, one_of
from desk.database.schema import AlertRow, RequestRow

OPEN: Final = ("entered", "approved")
"""States in which a request waits for an answer."""

GROUPS_MAX: Final = 10_000
"""Combinations of authority, state and reason in a report: more than any platform has."""


@dataclass(frozen=True, slots=True)
class NamedAccountRow:
    """An account that a request names. `copies`: how much its hold copied as it began."""

    account: str
    copies: int


@dataclass(frozen=True, slots=True)
class RequestFileRow:
    """A case file made under a request. `digest`: SHA-256 of its bytes; `account`: the one it is about."""

    digest: str
    alert_id: str
    account: str
    made_at: float
    made_by: str
    handed_over_at: float | None
    handed_over_by: str | None


@dataclass(frozen=True, slots=True)
class RequestGroup:
    """How many requests of an authority are alike in state and reason. `late`: answered after the deadline,
    or not yet and overdue."""

    authority: str
    state: str
    reason_code: str | None
    requests: int
    late: int


_requests, _accounts, _files = schema.requests, schema.request_accounts, schema.request_files


async def add(connection: AsyncConnection, values: Mapping[str, Any], accounts: Collection[str]) -> int:
    """Stores a request and the accounts that it names. Returns its number."""
    added = await connection.execute(insert(_requests).values(**values).returning(_requests.c.request_id))
    request_id = int(added.scalar_one())
    await connection.execute(
        insert(_accounts),
        [{"request_id": request_id, "account": account, "copies": 0} for account in sorted(accounts)],
    )
    return request_id


async def find(connection: AsyncConnection, request_id: int) -> RequestRow | None:
    return await one_of(connection, RequestRow, select(_requests).where(_requests.c.request_id == request_id))


async def any_known(connection: AsyncConnection) -> bool:
    return (await connection.execute(select(_requests.c.request_id).limit(1))).first() is not None


async def standing(connection: AsyncConnection, authority: str, reference: str) -> int | None:
    """Returns the number of an authority's request under a reference, unless it was refused or withdrawn."""
    result = await connection.execute(
        select(_requests.c.request_id)
        .where(
            _requests.c.authority == authority,
            _requests.c.reference == reference,
            _requests.c.state.in_((*OPEN, "disclosed")),
        )
        .limit(1)
    )
    return result.scalar_one_or_none()


async def move(connection: AsyncConnection, request_id: int, states: Collection[str], **values: Any) -> bool:
    """Writes columns of a request that is in one of some states. Returns False if it is in none of them, or
    if who entered it were to approve it."""
    conditions = [_requests.c.request_id == request_id, _requests.c.state.in_(states)]
    if "approved_by" in values:
        conditions.append(_requests.c.entered_by != values["approved_by"])
    done = await connection.execute(update(_requests).where(*conditions).values(**values))
    return done.rowcount == 1


async def end_hold(
    connection: AsyncConnection, request_id: int, *, reason: str, by: str | None, now: float
) -> None:
    """Notes that a hold has ended; `by` None: its date had come."""
    await connection.execute(
        update(_requests)
        .where(_requests.c.request_id == request_id)
        .values(hold_ended_at=now, hold_ended_by=by, hold_ended_reason=reason)
    )


async def listed(
    connection: AsyncConnection, *, is_open: bool, before: float | None, limit: int
) -> list[RequestRow]:
    """Returns requests that wait for an answer, the next deadline first, or those answered `before` a moment
    (None: all of these), the last first."""
    columns = _requests.c
    if is_open:
        query = select(_requests).where(columns.closed_at.is_(None)).order_by(columns.deadline)
    else:
        answered = columns.closed_at.is_not(None) if before is None else columns.closed_at < before
        query = select(_requests).where(answered).order_by(columns.closed_at.desc())
    return await all_of(connection, RequestRow, query.order_by(columns.request_id).limit(limit))


async def accounts_of(connection: AsyncConnection, request_id: int) -> list[NamedAccountRow]:
    return await all_of(
        connection,
        NamedAccountRow,
        select(_accounts.c.account, _accounts.c.copies)
        .where(_accounts.c.request_id == request_id)
        .order_by(_accounts.c.account),
    )


async def naming(connection: AsyncConnection, account: str) -> int:
    """Counts the requests that name an account."""
    result = await connection.execute(select(func.count()).where(_accounts.c.account == account))
    return int(result.scalar_one())


async def alerts_on(connection: AsyncConnection, accounts: Sequence[str], limit: int) -> list[AlertRow]:
    """Returns the alerts that name one of some accounts, on either side, the newest first."""
    alerts = schema.alerts
    return await all_of(
        connection,
        AlertRow,
        select(alerts)
        .where(or_(alerts.c.account.in_(accounts), alerts.c.banned.in_(accounts)))
        .order_by(alerts.c.detected_at.desc(), alerts.c.alert_id)
        .limit(limit),
    )


async def add_file(connection: AsyncConnection, request_id: int, row: RequestFileRow) -> None:
    values = {name: getattr(row, name) for name in RequestFileRow.__slots__}
    await insert_new(connection, _files, {"request_id": request_id, **values})


async def files_of(connection: AsyncConnection, request_id: int) -> list[RequestFileRow]:
    """Returns the case files made under a request, in order."""
    return await all_of(
        connection,
        RequestFileRow,
        select(*(column for column in _files.c if column.name != "request_id"))
        .where(_files.c.request_id == request_id)
        .order_by(_files.c.made_at, _files.c.digest),
    )


async def hand_over(
    connection: AsyncConnection, request_id: int, digests: Collection[str], *, by: str, now: float
) -> None:
    """Notes which case files of a request were handed over."""
    await connection.execute(
        update(_files)
        .where(_files.c.request_id == request_id, _files.c.digest.in_(digests))
        .values(handed_over_at=now, handed_over_by=by)
    )


async def grouped(
    connection: AsyncConnection, *, since: float, until: float, now: float
) -> list[RequestGroup]:
    """Counts the requests received in a period."""
    columns = _requests.c
    late = func.coalesce(columns.closed_at, now) > columns.deadline
    shared = (columns.authority, columns.state, columns.reason_code)
    return await all_of(
        connection,
        RequestGroup,
        select(
            *shared,
            func.count().label("requests"),
            func.coalesce(func.sum(case((late, 1), else_=0)), 0).label("late"),
        )
        .where(columns.received_at >= since, columns.received_at < until)
        .group_by(*shared)
        .order_by(*shared)
        .limit(GROUPS_MAX),
    )


async def counted(
    connection: AsyncConnection, *, since: float, until: float
) -> tuple[dict[str, int], dict[str, int]]:
    """Counts, by authority, the accounts that requests received in a period name, and the case files that
    were handed over under these."""
    columns = _requests.c
    within = and_(columns.received_at >= since, columns.received_at < until)

    async def by_authority(table: Any, *conditions: Any) -> dict[str, int]:
        rows = await connection.execute(
            select(columns.authority, func.count())
            .join(table, table.c.request_id == columns.request_id)
            .where(within, *conditions)
            .group_by(columns.authority)
            .limit(GROUPS_MAX)
        )
        return {authority: int(count) for authority, count in rows}

    return (await by_authority(_accounts), await by_authority(_files, _files.c.handed_over_at.is_not(None)))
