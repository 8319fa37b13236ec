"""Which alerts a person may read: of any policy, unless a lead named some of them.

The rule is SQL, since queues, counts, searches and trees are cut to it before they are limited. It binds
people who decide and see nobody else's figures: leads and auditors read everything.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.readers import ROLES, may

NO_POLICY: Final = ""
"""Stands for alerts on bans that name no policy."""

_BOUND: Final = [role for role in ROLES if not may(role, "figures")]


def bound(role: str) -> bool:
    """Returns whether the rule binds people of a role."""
    return role in _BOUND


_named, _alerts = schema.reader_policies, schema.alerts


def _mine(user_id: str) -> Select[Any]:
    # Correlated with nothing: the database looks once, and not with every row.
    named, user = _named.alias(), schema.users.alias()
    return (
        select(named.c.policy)
        .join(user, user.c.user_id == named.c.user_id)
        .where(named.c.user_id == user_id, user.c.role.in_(_BOUND))
    )


def reads_policy(user_id: str | None, policy: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a person may read alerts of a policy; None: somebody who may read all."""
    if user_id is None:
        return true()
    named = func.coalesce(policy, NO_POLICY).in_(_mine(user_id))
    return or_(~_mine(user_id).exists(), named)


def reads_alert(user_id: str | None, alert_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a person may read an alert, in a query that has only its id."""
    if user_id is None:
        return true()
    alert = _alerts.alias()
    named = func.coalesce(alert.c.policy, NO_POLICY).in_(_mine(user_id))
    return or_(~_mine(user_id).exists(), exists().where(and_(alert.c.alert_id == alert_id, named)))


async def without(connection: AsyncConnection, policy: str | None) -> set[str]:
    """Returns the people who may not read alerts of a policy, whatever their role is now."""
    return {
        user_id
        for user_id, policies in (await named(connection)).items()
        if (policy or NO_POLICY) not in policies
    }


async def named(connection: AsyncConnection) -> dict[str, list[str]]:
    """Returns the policies that were named for people, by their ids, sorted."""
    found: dict[str, list[str]] = {}
    for row in await connection.execute(select(_named).order_by(_named.c.policy)):
        found.setdefault(row.user_id, []).append(row.policy)
    return found


async def put(connection: AsyncConnection, user_id: str, policies: Collection[str]) -> None:
    """Replaces the policies that a person reads; none: all of them."""
    await connection.execute(delete(_named).where(_named.c.user_id == user_id))
    if policies:
        rows = [{"user_id": user_id, "policy": policy} for policy in sorted(policies)]
        await connection.execute(insert(_named), rows)
