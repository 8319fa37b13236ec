"""Which alerts a person may read: those in the queues of the policies that were named for them, or all.

The rule is SQL, since queues, counts, searches and trees are cut to it before they are limited. It binds
people who decide and see nobody else's figures: leads, auditors and counsel read everything, since a lawful
request names accounts under whatever policy.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Exists,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.readers import ROLES, may

NO_POLICY: Final = ""
"""Stands for alerts on bans that name no policy."""

_BOUND: Final = [role for role in ROLES if not (may(role, "figures") or may(role, "request"))]


def bound(role: str) -> bool:
    """Returns whether the rule binds people of a role."""
    return role in _BOUND


_named, _alerts, _users = schema.reader_policies, schema.alerts, schema.users
# Made once, since each copies its table's columns. No subquery below stands within another of the same alias.
_reader, _reader_policy, _reader_alert = _users.alias(), _named.alias(), _alerts.alias()


def _bound_to_some(user_id: str) -> Exists:
    # Correlated with nothing, as the next: the database looks once, and not with every row.
    return exists().where(
        _reader.c.user_id == user_id, _reader.c.all_policies.is_(False), _reader.c.role.in_(_BOUND)
    )


def _mine(user_id: str) -> Select[Any]:
    return select(_reader_policy.c.policy).where(_reader_policy.c.user_id == user_id)


def reads_policy(user_id: str | None, policy: ColumnElement[Any]) -> ColumnElement[bool]:
    """Returns whether a person may read alerts of a policy; None: somebody who may read all."""
    if user_id is None:
        return true()
    named = func.coalesce(policy, NO_POLICY).in_(_mine(user_id))
    return or_(~_bound_to_some(user_id), named)


def reads_alert(user_id: str | None, alert_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Returns whether a person may read an alert, in a query that has only its id."""
    if user_id is None:
        return true()
    named = func.coalesce(_reader_alert.c.policy, NO_POLICY).in_(_mine(user_id))
    return or_(~_bound_to_some(user_id), exists().where(and_(_reader_alert.c.alert_id == alert_id, named)))


async def readable_bans(connection: AsyncConnection, user_id: str, accounts: Collection[str]) -> set[str]:
    """Returns those accounts that were banned under a policy that a person reads, as far as alerts show; all
    of them for a person who reads all."""
    if not (await connection.execute(select(_bound_to_some(user_id)))).scalar_one():
        return set(accounts)
    rows = await connection.execute(
        select(_alerts.c.banned).where(
            _alerts.c.banned.in_(accounts), reads_policy(user_id, _alerts.c.policy)
        )
    )
    return set(rows.scalars())


async def named(connection: AsyncConnection) -> dict[str, list[str]]:
    """Returns the policies that were named for people, by their ids, sorted."""
    policies: dict[str, list[str]] = {}
    for row in await connection.execute(select(_named).order_by(_named.c.policy)):
        policies.setdefault(row.user_id, []).append(row.policy)
    return policies


async def put(connection: AsyncConnection, user_id: str, policies: Collection[str] | None) -> None:
    """Replaces the policies that a person reads; None: all of them."""
    await connection.execute(delete(_named).where(_named.c.user_id == user_id))
    await connection.execute(
        update(_users).where(_users.c.user_id == user_id).values(all_policies=policies is None)
    )
    if policies:
        rows = [{"user_id": user_id, "policy": policy} for policy in sorted(policies)]
        await connection.execute(insert(_named), rows)
