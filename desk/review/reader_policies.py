"""Which policies people read: shown to leads, and named by them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import audit, reach, users
from desk.database.queue import waiting
from desk.errors import NotFound, UnusableInput
from desk.review.deciding.review import Review

CHOICES_MAX: Final = 100
"""Policies or platforms of a list to choose from; nobody reads a longer one."""

NAMED_MAX: Final = 2 * CHOICES_MAX
"""Policies that a lead names for one person: those of the list, and some that it shows no more."""


@dataclass(frozen=True, slots=True)
class ReaderPolicies:
    """Which policies one person reads; None: all. "" stands for bans without a policy."""

    user_id: str
    name: str
    policies: tuple[str, ...] | None


async def reader_policies(review: Review) -> tuple[list[ReaderPolicies], list[str]]:
    """Returns which policies people read who do not read all by their role, and the policies to choose from.

    Raises `Forbidden`.
    """
    review.reader.need("figures")
    named = await reach.named(review.connection)
    known = (await waiting.known_values(review.connection, ["policy"], CHOICES_MAX))["policy"]
    people = [
        ReaderPolicies(
            user.user_id, user.name, None if user.all_policies else tuple(named.get(user.user_id, ()))
        )
        for user in await users.everybody(review.connection)
        if user.disabled_at is None and reach.bound(user.role)
    ]
    chosen = {policy for person in people for policy in person.policies or () if policy != reach.NO_POLICY}
    return people, sorted(chosen.union(known))


async def name_policies(review: Review, user_id: str, policies: Collection[str] | None) -> None:
    """Names the policies that a person reads; None: all. Raises `Forbidden`, `NotFound`, `UnusableInput`."""
    review.reader.need("organise")
    await put_policies(review.connection, user_id, policies, actor=review.reader.user_id, now=review.now)


async def put_policies(
    connection: AsyncConnection, user_id: str, policies: Collection[str] | None, *, actor: str, now: float
) -> None:
    """Names the policies that a person reads; None: all. Raises `NotFound` and `UnusableInput`."""
    named = None if policies is None else sorted(set(policies))
    if named is not None and len(named) > NAMED_MAX:
        raise UnusableInput("policy", f"name at most {NAMED_MAX} policies, or all of them")
    await audit.lock(connection)
    if await users.find(connection, user_id) is None:
        raise NotFound("there is no such reader")
    await reach.put(connection, user_id, named)
    await audit.note(connection, actor, "policies-named", user_id, now=now, policies=named)
