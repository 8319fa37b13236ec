"""What of an alert is hidden from a person: the one rule, as SQL, since lists are filtered by what they show.

A reading of a policy that a person reads is open to them until they have spoken: until a verdict of theirs
can no longer be undone. While one is open to them

* the *score* is hidden if one of those readings is blind;
* the *words of others* (verdicts, notes, what became of the alert) are hidden if one of those readings is
  blind or is not the first, or if somebody else has given a verdict, even an undone one.

Words about an alert that one key decided together with such an alert are hidden as well: they are the same.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.reach import reads_alert
from desk.database.rows import all_of


@dataclass(frozen=True, slots=True)
class SealRow:
    """Whether the score of an alert, and the words of others about it, are hidden from a person."""

    alert_id: str
    score: bool
    words: bool


_alerts = schema.alerts
# Made once, since each copies its table's columns. No subquery below stands within another of the same alias.
_read, _outbox = schema.reads.alias(), schema.outbox.alias()
_other, _own, _last = schema.verdicts.alias(), schema.verdicts.alias(), schema.verdicts.alias()
_said, _twin, _asked = schema.verdicts.alias(), schema.verdicts.alias(), schema.verdicts.alias()


# Cached by person and column: building the statement took 2.5 ms of every page.
@lru_cache(256)
def hides_score(user_id: str, alert_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Returns whether the score of an alert is hidden from somebody who decides."""
    return _unread(user_id, alert_id, _read.c.blind.is_(True))


def hides_words(
    user_id: str, alert_id: ColumnElement[str], among: Collection[str] | Select[Any] | None = None
) -> ColumnElement[bool]:
    """Returns whether others' words on an alert, and its outcome, are hidden from somebody who decides.
    `among`: as in :func:`hides_twins_words`."""
    return or_(_hides_own_words(user_id, alert_id), hides_twins_words(user_id, alert_id, among))


def hides_twins_words(
    user_id: str, alert_id: ColumnElement[str], among: Collection[str] | Select[Any] | None = None
) -> ColumnElement[bool]:
    """Returns whether words about an alert that one key decided together with this one are hidden.

    `among`: the alerts that a query asks this of. Each key that decided some of them is then looked at once,
    not with each of the hundreds that it decided. A key that decided this one alone, or an alert whose own
    words are hidden, counts as well, then.
    """
    unread = _hides_own_words(user_id, _twin.c.alert_id)
    if among is None:
        same_key = and_(_twin.c.batch == _said.c.batch, _twin.c.alert_id != _said.c.alert_id, unread)
    else:
        keys = select(_asked.c.batch).where(_asked.c.alert_id.in_(among))
        same_key = _said.c.batch.in_(select(_twin.c.batch).where(_twin.c.batch.in_(keys), unread))
    return exists().where(_said.c.alert_id == alert_id, same_key)


async def of_alerts(connection: AsyncConnection, user_id: str, alert_ids: Collection[str]) -> list[SealRow]:
    """Returns what of some alerts is hidden from somebody who decides."""
    return await all_of(
        connection,
        SealRow,
        select(
            _alerts.c.alert_id,
            hides_score(user_id, _alerts.c.alert_id).label("score"),
            hides_words(user_id, _alerts.c.alert_id, alert_ids).label("words"),
        ).where(_alerts.c.alert_id.in_(alert_ids)),
    )


async def accounts(connection: AsyncConnection, user_id: str, keys: Collection[str]) -> set[str]:
    """Returns those accounts that an alert names, on either side, whose words are hidden from somebody who
    decides. Wherever the score is hidden, words are as well.
    """
    sides = _alerts.c.account, _alerts.c.banned
    named = or_(*(side.in_(keys) for side in sides))
    hidden = await connection.execute(select(*sides).where(named, hides_words(user_id, _alerts.c.alert_id)))
    return {key for row in hidden for key in row} & set(keys)


@lru_cache(256)
def _hides_own_words(user_id: str, alert_id: ColumnElement[str]) -> ColumnElement[bool]:
    # By the alert of the reading: SQLAlchemy correlates with the next enclosing query alone.
    others_spoke = exists().where(_other.c.alert_id == _read.c.alert_id, _other.c.reviewer != user_id)
    return _unread(user_id, alert_id, or_(_read.c.blind.is_(True), _read.c.kind != "first", others_spoke))


def _unread(user_id: str, alert_id: ColumnElement[str], wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    """Returns whether a person who has not spoken has a reading open of the alert that meets `wanted`."""
    spoken = exists().where(
        _own.c.alert_id == alert_id, _own.c.reviewer == user_id, _own.c.undone_at.is_(None), ~undoable(_own)
    )
    still_undoable = exists().where(
        _last.c.verdict_id == _read.c.verdict_id, _last.c.reviewer == user_id, undoable(_last)
    )
    there = exists().where(
        _read.c.alert_id == alert_id,
        reads_alert(user_id, _read.c.alert_id),
        or_(_read.c.state == "open", still_undoable),
        wanted,
    )
    return and_(there, ~spoken)


def undoable(verdict: FromClause) -> ColumnElement[bool]:
    """Returns whether a verdict can be undone: it was decided by a key and is not on its way yet."""
    on_its_way = exists().where(_outbox.c.verdict_id == verdict.c.verdict_id, _outbox.c.taken_at.is_(None))
    return and_(verdict.c.batch.is_not(None), on_its_way)
