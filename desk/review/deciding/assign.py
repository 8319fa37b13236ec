"""Assigns first readings to people, and moves alerts from one queue to another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from desk.database import alerts, audit, reach, reads, users
from desk.database.queue import waiting
from desk.errors import Conflict, Forbidden, UnusableInput
from desk.readers import may
from desk.review.deciding.decide import TOGETHER_MAX, chosen_readings
from desk.review.deciding.review import Review
from desk.review.reader_policies import CHOICES_MAX


@dataclass(frozen=True, slots=True)
class Destinations:
    """The names, by id, of people to whom a person may assign readings, and policies to whose queues they may
    move alerts."""

    people: dict[str, str]
    policies: tuple[str, ...] = ()


async def destinations(review: Review) -> Destinations:
    """Returns where a person may send alerts; a moderator to themselves alone."""
    reader = review.reader
    if not reader.may("decide"):
        return Destinations({})
    people = {
        user.user_id: user.name
        for user in await users.everybody(review.connection)
        if user.disabled_at is None and may(user.role, "decide")
    }
    if not reader.may("organise"):
        return Destinations({reader.user_id: people[reader.user_id]})
    known = (await waiting.known_values(review.connection, ["policy"], CHOICES_MAX))["policy"]
    return Destinations(people, tuple(known))


async def assign(review: Review, read_ids: Collection[int], user_id: str | None) -> None:
    """Assigns several first readings that show their score to a person, None: to nobody; all of them or none.

    Only leads assign to others, and take back what is assigned to others. Raises `SelectionChanged` if one no
    longer waits or is in other hands, and `UnusableInput` if that person may not read all of them.
    """
    organises, own = review.reader.may("organise"), review.reader.user_id
    chosen = [row.read for row in await chosen_readings(review, read_ids)]
    if not organises and user_id not in (None, own):
        raise Forbidden("leads assign readings to others")
    others = [read.assigned_to for read in chosen if read.assigned_to not in (None, own)]
    if others and not organises:
        raise Conflict("somebody else is to read it", await review.initials(others[0]))
    changed = [read for read in chosen if read.assigned_to != user_id]
    if not changed:
        return
    if not await reads.assign(review.connection, [read.read_id for read in changed], user_id):
        raise UnusableInput("reader", "that person does not decide, or may not read all of these")
    await audit.note_each(
        review.connection,
        actor=own,
        action="unassigned" if user_id is None else "assigned",
        details={
            read.alert_id: {"read": read.read_id, "reader": user_id, "before": read.assigned_to}
            for read in changed
        },
        now=review.now,
    )


async def move(review: Review, alert_ids: Collection[str], policy: str | None) -> None:
    """Moves alerts to the queue of a policy, "" for bans without one; None: back to that of their ban's.

    People who may not read that policy cannot read them any more. Raises `Forbidden`, `NotFound`,
    `UnusableInput`, and `Conflict` while one of them arrives anew.
    """
    review.reader.need("organise")
    if not 0 < len(alert_ids) <= TOGETHER_MAX:
        raise UnusableInput("alert_ids", f"1 to {TOGETHER_MAX} are moved together")
    await audit.lock(review.connection)
    if policy is not None and not await reach.is_known(review.connection, policy):
        raise UnusableInput("policy", "no alert is under this policy, and it is named for nobody")
    rows = await alerts.locked(review.connection, alert_ids)
    for alert_id in {*alert_ids}.difference(row.alert_id for row in rows):
        await review.alert(alert_id)
        raise Conflict("one of these changes at this moment: try again")
    queues = {row.alert_id: row.ban_policy if policy is None else policy or None for row in rows}
    moved = [row for row in rows if queues[row.alert_id] != row.policy]
    if not moved:
        return
    await alerts.move(review.connection, {row: queues[row.alert_id] for row in moved})
    await audit.note_each(
        review.connection,
        actor=review.reader.user_id,
        action="moved",
        details={row.alert_id: {"from": row.policy, "to": queues[row.alert_id]} for row in moved},
        now=review.now,
    )
    await reads.lapse(review.connection, now=review.now)
