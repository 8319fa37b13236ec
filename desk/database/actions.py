"""What platforms did about accounts: of one event the record that occurred last.

The clause is erased as quotes of alerts are; account, action and dates stay, as verdicts do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, func, null, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.erasing import mark
from desk.database.reach import reads_alert, reads_policy
from desk.database.rows import all_of, one_of, upsert
from desk.database.schema import ActionRow
from desk.database.verdicts import held
from samehand.elapsed import DAY_SECONDS

SHOWN_MAX: Final = 50
"""Of one account: a platform that decided oftener has its own history."""

ENDING: Final = ("suspended", "terminated")
"""Actions that take an account from its holder."""

BAN_SECONDS: Final = 3_600.0
"""How long a ban may come after the action: the topics have no common order, and a worker may be behind."""

BAN_DAYS: Final = 30
"""How far back actions without a ban are counted: an alert stays on its topic as long."""


_actions, _alerts, _evidence = schema.actions, schema.alerts, schema.evidence


async def find(connection: AsyncConnection, account: str, event_id: str) -> ActionRow | None:
    return await one_of(
        connection,
        ActionRow,
        select(_actions).where(_actions.c.account == account, _actions.c.event_id == event_id),
    )


async def put(connection: AsyncConnection, row: ActionRow, *, over: bool) -> None:
    """Inserts an action, or, with `over`, replaces one, whose clause SQLite's log must not keep."""
    if over:
        mark(connection)
    await upsert(connection, _actions, asdict(row))


async def of_account(
    connection: AsyncConnection,
    account: str,
    *,
    user_id: str | None = None,
    quoting: bool = False,
    limit: int = SHOWN_MAX,
) -> list[ActionRow]:
    """Returns what was done about an account, the newest first, without actions that name an alert which a
    person may not read, and without those that name none if the person reads no alert about the account; with
    `quoting`, those whose clause stands."""
    named, kept = _actions.c.alert_id, _actions.c.erased_at.is_(None) if quoting else true()
    reads_account: ColumnElement[bool] = true()
    if user_id is not None:
        # An account that waves alone name is read as these are.
        alert = _alerts.alias()
        about = or_(alert.c.account == account, alert.c.banned == account)
        reads_account = or_(
            exists().where(about, reads_policy(user_id, alert.c.policy)),
            and_(~exists().where(about), reads_policy(user_id, null())),
        )
    may = or_(and_(named.is_(None), reads_account), and_(named.is_not(None), reads_alert(user_id, named)))
    return await all_of(
        connection,
        ActionRow,
        select(_actions)
        .where(_actions.c.account == account, kept, may)
        .order_by(_actions.c.at.desc(), _actions.c.event_id)
        .limit(limit),
    )


async def quoting(
    connection: AsyncConnection, account: str, *, alert_id: str | None, until: float
) -> list[ActionRow]:
    """Returns actions on an account whose clause stands, that occurred until a moment and name an alert, or
    with None name none."""
    return await all_of(
        connection,
        ActionRow,
        select(_actions).where(
            _actions.c.account == account,
            _actions.c.alert_id.is_(None) if alert_id is None else _actions.c.alert_id == alert_id,
            _actions.c.erased_at.is_(None),
            _actions.c.occurred_at <= until,
        ),
    )


async def restricting(
    connection: AsyncConnection,
    *,
    platform: str,
    since: float,
    until: float,
    after: tuple[str, str],
    limit: int,
) -> list[ActionRow]:
    """Returns actions of a platform that name an alert, restrict something and took effect in a period; those
    behind an account and event id, in their order."""
    return await all_of(
        connection,
        ActionRow,
        select(_actions)
        .where(
            _actions.c.alert_id.is_not(None),
            _actions.c.action != "nothing",
            _actions.c.at >= since,
            _actions.c.at < until,
            _actions.c.account.startswith(f"{platform}:", autoescape=True),
            tuple_(_actions.c.account, _actions.c.event_id) > after,
        )
        .order_by(_actions.c.account, _actions.c.event_id)
        .limit(limit),
    )


async def due_for_erasure(connection: AsyncConnection, before: float, limit: int) -> list[ActionRow]:
    """Returns actions that arrived before a moment, but for those whose alert is still kept with quotes."""
    kept = exists().where(_evidence.c.alert_id == _actions.c.alert_id, _evidence.c.erased_at.is_(None))
    return await all_of(
        connection,
        ActionRow,
        select(_actions)
        .where(_actions.c.erased_at.is_(None), _actions.c.arrived_at < before, ~kept)
        .order_by(_actions.c.arrived_at)
        .limit(limit),
    )


async def drop_unrelated(connection: AsyncConnection, rows: Sequence[ActionRow]) -> set[tuple[str, str]]:
    """Deletes those actions whose account no alert names. Returns their accounts and event ids."""
    mark(connection)
    named = exists().where(
        or_(_alerts.c.account == _actions.c.account, _alerts.c.banned == _actions.c.account)
    )
    keys = [(row.account, row.event_id) for row in rows]
    done = await connection.execute(
        delete(_actions)
        .where(tuple_(_actions.c.account, _actions.c.event_id).in_(keys), ~named)
        .returning(_actions.c.account, _actions.c.event_id)
    )
    return {(row.account, row.event_id) for row in done}


async def after_reversal(
    connection: AsyncConnection, *, now: float, ended: Collection[str], limit: int
) -> list[ActionRow]:
    """Returns the last action on each account if it is in force, and if readers reversed the verdict on an
    alert that it names, or, where it names none, on the account; without actions that were erased by a
    reason of `ended`. The latest first."""
    later, said = _actions.alias(), schema.verdicts
    reversing = select(said.c.alert_id).where(
        said.c.kind.not_in(("first", "second")), said.c.verdict != "mirror", said.c.undone_at.is_(None)
    )
    reversed_ = exists().where(
        _alerts.c.account == _actions.c.account,
        or_(_actions.c.alert_id.is_(None), _actions.c.alert_id == _alerts.c.alert_id),
        _alerts.c.alert_id.in_(reversing),
        held(_alerts.c.alert_id, "verdict") != "mirror",
        exists().where(
            said.c.alert_id == _alerts.c.alert_id, said.c.verdict == "mirror", said.c.undone_at.is_(None)
        ),
    )
    return await all_of(
        connection,
        ActionRow,
        select(_actions)
        .where(
            _actions.c.account.in_(select(_alerts.c.account).where(_alerts.c.alert_id.in_(reversing))),
            _actions.c.action != "nothing",
            or_(_actions.c.until.is_(None), _actions.c.until > now),
            ~exists().where(later.c.account == _actions.c.account, later.c.at > _actions.c.at),
            or_(_actions.c.erased_reason.is_(None), _actions.c.erased_reason.not_in(ended)),
            reversed_,
        )
        .order_by(_actions.c.at.desc(), _actions.c.account)
        .limit(limit),
    )


async def without_ban(connection: AsyncConnection, *, now: float) -> int:
    """Counts suspended and terminated accounts on which an alert is open: their own ban, which would have
    withdrawn it, has not come."""
    later = _actions.alias()
    in_force: ColumnElement[bool] = and_(
        _actions.c.action.in_(ENDING),
        _actions.c.at.between(now - BAN_DAYS * DAY_SECONDS, now - BAN_SECONDS),
        or_(_actions.c.until.is_(None), _actions.c.until > now),
    )
    replaced = exists().where(later.c.account == _actions.c.account, later.c.at > _actions.c.at)
    is_open = exists().where(
        _alerts.c.account == _actions.c.account, _alerts.c.status == "open", _alerts.c.sampled.is_(None)
    )
    result = await connection.execute(
        select(func.count(_actions.c.account.distinct())).where(in_force, ~replaced, is_open)
    )
    return int(result.scalar_one())
