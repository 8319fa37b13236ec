"""Families: accounts that verdicts link to a banned one, found in SQL whatever their depth.

A *link* is an alert on which `mirror` holds, as far as a person may know. Of a new account nothing counts as
a link while the words about one of its alerts are hidden from that person (`desk.database.seals`), so that
neither the shape of a family nor what its cap leaves out shows a verdict.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    String,
    and_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.reach import reads_policy
from desk.database.rows import all_of
from desk.database.schema import AlertRow
from desk.database.seals import hides_words
from desk.database.verdicts import TAKE_BACK, held

_alerts = schema.alerts


@dataclass(frozen=True, slots=True)
class StatedRow:
    """A banned account whose descent its alerts state, and no alert on the account itself shows."""

    account: str
    generation: int


@dataclass(frozen=True, slots=True)
class NearRow:
    """An alert at the edge of a family. `hidden`: what became of its account is hidden from the person."""

    alert_id: str
    hidden: bool


async def links_above(
    connection: AsyncConnection, account: str, *, seen_by: str | None, limit: int
) -> list[AlertRow]:
    """Returns the links from an account upwards. `seen_by`: a person who decides; None: one who sees all."""
    begin = select(literal(account, String).label("account"), literal("", String).label("alert_id"))
    return await _reached(connection, begin, "account", "banned", seen_by, limit)


async def links_below(
    connection: AsyncConnection, root: str, *, seen_by: str | None, limit: int
) -> list[AlertRow]:
    """Returns the links of a family, nearest to the root first where the limit leaves some out."""
    of_root = literal(root, String).label("account")
    begin = select(of_root, literal("", String).label("alert_id")).union(
        select(_alerts.c.banned, literal("", String)).where(
            _alerts.c.root == root, ~_has_alerts(seen_by), reads_policy(seen_by, _alerts.c.policy)
        )
    )
    seeds = begin.cte("seeds")
    return await _reached(
        connection, select(seeds.c.account, seeds.c.alert_id), "banned", "account", seen_by, limit
    )


async def stated_root(connection: AsyncConnection, account: str, *, seen_by: str | None) -> str | None:
    """Returns the root that the latest alert states of a banned account which has no alert itself."""
    result = await connection.execute(
        select(_alerts.c.root)
        .where(_alerts.c.banned == account, ~_has_alerts(seen_by), reads_policy(seen_by, _alerts.c.policy))
        .order_by(_alerts.c.detected_at.desc(), _alerts.c.alert_id)
        .limit(1)
    )
    root = result.scalar_one_or_none()
    return None if root is None else str(root)


async def stated(
    connection: AsyncConnection, root: str, limit: int, *, seen_by: str | None
) -> list[StatedRow]:
    """Returns banned accounts that alerts state to descend from a root, and that have no alert themselves."""
    return await all_of(
        connection,
        StatedRow,
        select(_alerts.c.banned.label("account"), func.max(_alerts.c.generation).label("generation"))
        .where(
            _alerts.c.root == root,
            _alerts.c.banned != root,
            ~_has_alerts(seen_by),
            reads_policy(seen_by, _alerts.c.policy),
        )
        .group_by(_alerts.c.banned)
        .order_by(func.max(_alerts.c.generation), _alerts.c.banned)
        .limit(limit),
    )


async def near(
    connection: AsyncConnection, root: str, accounts: Collection[str], *, seen_by: str | None, limit: int
) -> list[NearRow]:
    """Returns alerts that may link an account to some members of a family, or its root to another: those that
    wait, or seem to, and those whose verdict was taken back. The newest first.
    """
    alert = _alerts.alias()
    hidden = _hidden(alert, seen_by)
    verdict = func.coalesce(held(alert.c.alert_id, "verdict"), "")
    cut = func.coalesce(held(alert.c.alert_id, "kind"), "") == TAKE_BACK
    waits = and_(alert.c.status == "open", verdict.not_in(("mirror", "not_mirror")))
    below = and_(alert.c.banned.in_(accounts), or_(alert.c.account.not_in(accounts), cut))
    return await all_of(
        connection,
        NearRow,
        select(alert.c.alert_id, hidden.label("hidden"))
        .where(
            or_(below, alert.c.account == root),
            or_(hidden, cut, waits),
            reads_policy(seen_by, alert.c.policy),
        )
        .order_by(alert.c.detected_at.desc(), alert.c.alert_id)
        .limit(limit),
    )


async def _reached(
    connection: AsyncConnection,
    begin: Select[str, str],
    here: str,
    there: str,
    seen_by: str | None,
    limit: int,
) -> list[AlertRow]:
    """Returns the links that lead from some accounts, step by step, from the side `here` to `there`."""
    family = begin.cte("family", recursive=True)
    alert = _alerts.alias()
    # UNION adds each link once, so that a circle ends.
    family = family.union(
        select(alert.c[there], alert.c.alert_id).where(
            alert.c[here] == family.c.account,
            reads_policy(seen_by, alert.c.policy),
            held(alert.c.alert_id, "verdict") == "mirror",
            ~_hidden(alert, seen_by),
        )
    )
    reached = select(family.c.alert_id).where(family.c.alert_id != "").limit(limit).subquery()
    return await all_of(
        connection, AlertRow, select(_alerts).where(_alerts.c.alert_id.in_(select(reached.c.alert_id)))
    )


def _hidden(alert: FromClause, seen_by: str | None) -> ColumnElement[bool]:
    """Returns whether words on any alert of the same new account are hidden from a person."""
    if seen_by is None:
        return false()
    other = _alerts.alias()
    return exists().where(other.c.account == alert.c.account, hides_words(seen_by, other.c.alert_id))


def _has_alerts(seen_by: str | None) -> ColumnElement[bool]:
    """Returns whether a banned account has an alert on itself that a person may read."""
    own = _alerts.alias()
    return exists().where(own.c.account == _alerts.c.banned, reads_policy(seen_by, own.c.policy))
