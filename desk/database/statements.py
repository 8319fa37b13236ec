"""The outbox of statements to the Commission's database: one row an action and destination."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.actions import ActionRow
from desk.database.rows import all_of, insert_new_rows

State = Literal["waiting", "sent", "refused", "unsendable"]

AHEAD_SECONDS_MAX: Final = 7_200.0
"""Twice the longest wait that is written. A moment further ahead was written before a clock was set back, and
is over; less would end the waits of a sender whose clock is a little faster."""

Key = tuple[str, str]
"""An account and an event id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """One statement, as `schema.statements` describes it."""

    destination: str
    account: str
    event_id: str
    puid: str
    state: str
    reason: str | None
    occurred_at: float
    changed_at: float
    not_before: float
    claimed_by: str | None = None
    claimed_until: float | None = None
    uuid: str | None = None

    @property
    def key(self) -> Key:
        return self.account, self.event_id


_statements, _actions = schema.statements, schema.actions
_columns = _statements.c


async def unprepared(
    connection: AsyncConnection, destination: str, *, platform: str, since: float, after: Key, limit: int
) -> list[ActionRow]:
    """Returns restrictions of a platform that name an alert, of which there is no row yet, an unsendable one,
    or a refused one of an earlier record; those behind a key, in its order."""
    here = and_(
        _columns.destination == destination,
        _columns.account == _actions.c.account,
        _columns.event_id == _actions.c.event_id,
    )
    corrected = and_(_columns.state == "refused", _columns.occurred_at < _actions.c.occurred_at)
    return await all_of(
        connection,
        ActionRow,
        select(_actions)
        .join(_statements, here, isouter=True)
        .where(
            or_(_columns.state.is_(None), _columns.state == "unsendable", corrected),
            _actions.c.alert_id.is_not(None),
            _actions.c.action != "nothing",
            _actions.c.at >= since,
            _actions.c.account.startswith(f"{platform}:", autoescape=True),
            tuple_(_actions.c.account, _actions.c.event_id) > after,
        )
        .order_by(_actions.c.account, _actions.c.event_id)
        .limit(limit),
    )


async def put(connection: AsyncConnection, rows: Sequence[StatementRow]) -> None:
    """Inserts rows, and writes over those that are unsendable or refused: no sender has one of these."""
    if not rows:
        return
    await insert_new_rows(connection, _statements, [asdict(row) for row in rows])
    changed = ("state", "reason", "occurred_at", "changed_at", "not_before")
    await connection.execute(
        update(_statements)
        .where(
            _columns.destination == bindparam("of_destination"),
            _columns.puid == bindparam("of_puid"),
            or_(_columns.state == "refused", _columns.state == "unsendable"),
            or_(_columns.state != bindparam("to_state"), _columns.reason != bindparam("to_reason")),
        )
        .values({name: bindparam(f"to_{name}") for name in changed}),
        [
            {
                "of_destination": row.destination,
                "of_puid": row.puid,
                **{f"to_{name}": getattr(row, name) for name in changed},
            }
            for row in rows
        ],
    )


async def claim(
    connection: AsyncConnection,
    destination: str,
    *,
    platform: str,
    since: float,
    by: str,
    now: float,
    until: float,
    limit: int,
) -> list[StatementRow]:
    """Takes and returns what is to be sent now, for one sender until a moment; afterwards another may take
    it."""
    ahead = now + AHEAD_SECONDS_MAX
    rows = await all_of(
        connection,
        StatementRow,
        select(_statements)
        .where(
            _columns.destination == destination,
            _columns.state == "waiting",
            _of(platform, since),
            or_(_columns.not_before <= now, _columns.not_before > ahead),
            or_(
                _columns.claimed_until.is_(None),
                _columns.claimed_until <= now,
                _columns.claimed_until > ahead,
            ),
        )
        .order_by(_columns.not_before, _columns.account, _columns.event_id)
        .limit(limit)
        .with_for_update(skip_locked=True),  # nothing on SQLite, where nobody else writes
    )
    await _set(connection, rows, claimed_by=by, claimed_until=until)
    return rows


async def release(
    connection: AsyncConnection, rows: Sequence[StatementRow], *, by: str, not_before: float
) -> None:
    """Lets others take what a sender has in hand, from a moment on."""
    await _set(connection, rows, by=by, claimed_by=None, claimed_until=None, not_before=not_before)


async def settle(
    connection: AsyncConnection,
    rows: Sequence[StatementRow],
    state: State,
    *,
    now: float,
    reason: str | None = None,
    uuids: Mapping[str, str] | None = None,
) -> None:
    """Writes what came of statements; `uuids`: their numbers in the database, by puid. A lost claim changes
    nothing of it, but what was sent stays so."""
    if not rows:
        return
    await connection.execute(
        update(_statements)
        .where(
            _columns.destination == rows[0].destination,
            _columns.puid == bindparam("of_puid"),
            _columns.state != "sent",
        )
        .values(
            state=state,
            reason=reason,
            occurred_at=bindparam("to_occurred_at"),
            changed_at=now,
            claimed_by=None,
            claimed_until=None,
            uuid=bindparam("to_uuid"),
        ),
        [
            {"of_puid": row.puid, "to_occurred_at": row.occurred_at, "to_uuid": (uuids or {}).get(row.puid)}
            for row in rows
        ],
    )


async def _set(
    connection: AsyncConnection, rows: Sequence[StatementRow], *, by: str | None = None, **values: object
) -> None:
    if rows:
        await connection.execute(
            update(_statements)
            .where(
                _columns.destination == rows[0].destination,
                _columns.puid.in_([row.puid for row in rows]),
                _columns.state != "sent",
                *([] if by is None else [_columns.claimed_by == by]),
            )
            .values(**values)
        )


def _of(platform: str | None, since: float) -> ColumnElement[bool]:
    """Statements of a platform, but for those on actions that took effect before a moment."""
    before = exists().where(
        _actions.c.account == _columns.account,
        _actions.c.event_id == _columns.event_id,
        _actions.c.at < since,
    )
    of_platform = true() if platform is None else _columns.account.startswith(f"{platform}:", autoescape=True)
    return and_(of_platform, ~before) if since else of_platform


async def counts(
    connection: AsyncConnection, destination: str, *, platform: str | None = None, since: float = 0.0
) -> dict[str, int]:
    """Returns how many statements, of all platforms or of one, are in each state; of actions that took effect
    since a moment."""
    result = await connection.execute(
        select(_columns.state, func.count())
        .where(_columns.destination == destination, _of(platform, since))
        .group_by(_columns.state)
    )
    return {state: int(count) for state, count in result}


async def page(
    connection: AsyncConnection, destination: str, *, states: Collection[str], limit: int
) -> list[StatementRow]:
    """Returns statements in some states, the latest changed first."""
    return await all_of(
        connection,
        StatementRow,
        select(_statements)
        .where(_columns.destination == destination, _columns.state.in_(states))
        .order_by(_columns.changed_at.desc(), _columns.puid)
        .limit(limit),
    )


async def named(connection: AsyncConnection, destination: str, puid: str) -> list[StatementRow]:
    """Returns the statements whose puid begins so, two at most."""
    return await all_of(
        connection,
        StatementRow,
        select(_statements)
        .where(_columns.destination == destination, _columns.puid.startswith(puid, autoescape=True))
        .limit(2),
    )
