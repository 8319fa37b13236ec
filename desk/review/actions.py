"""What platforms did about accounts: stored as it arrives, shown where it reveals no verdict, forgotten.

A withdrawal that happened after an action ends it: the withdrawal of the alert that it names, or, where it
names none, the end of its account's ban or the deletion of its account.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import actions, alerts, audit
from desk.database.schema import ActionRow, AlertRow
from desk.review.deciding.review import Review
from desk.review.facts import alert_of
from desk.review.forgetting import FORGOTTEN
from schemas.actions import AccountActioned
from schemas.malformed import Malformed
from schemas.wire import decode_actioned, encode

ALERTS_MAX: Final = 200
"""Alerts on an account, the newest first, among which a withdrawal before a late action is looked for."""


ACTIONS_MAX: Final = 5_000
"""On one account that are listed for its holder: as many records as of its events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView(ActionRow):
    """One action, with what its record says. `erased_at`: when its clause was erased (Unix seconds)."""

    territory: tuple[str, ...]
    ground: str | None
    clause: str | None
    source: str | None
    automated_detection: str | None
    automated_decision: str | None

    @property
    def needs_reasons(self) -> bool:
        """True if the person is owed a statement: of a restriction that no authority ordered."""
        return self.action != "nothing" and self.source != "order"


async def take_action(connection: AsyncConnection, record: AccountActioned, *, now: float) -> bool:
    """Stores an action of the topic. Returns False if it, or a later record of its event, is known, or if it
    is one of those that an erasure of its account deleted: the topic may be read again.

    Of two records of one moment the greater in bytes holds, so that their order does not matter. What was
    forgotten stays so, whatever corrects it.
    """
    before = await actions.find(connection, record.key, record.event_id)
    if before is None and await _deleted_before(connection, record):
        return False
    reason, erased_at = (None, None) if before is None else (before.erased_reason, before.erased_at)
    if reason is None and (reason := await _forgotten_for(connection, record)):
        erased_at = now
    payload = encode(record) if reason is None else without_clause(record)
    row = row_of(record, payload, now=now if before is None else before.arrived_at)
    row = replace(row, erased_at=erased_at, erased_reason=reason)
    if before is not None and (before.occurred_at, before.payload) >= (row.occurred_at, row.payload):
        return False
    await actions.put(connection, row, over=before is not None)
    return True


def row_of(record: AccountActioned, payload: bytes, *, now: float) -> ActionRow:
    """Returns the row of an action that arrives now (Unix seconds)."""
    return ActionRow(
        account=record.key,
        event_id=record.event_id,
        occurred_at=record.occurred_at.timestamp(),
        action=record.action,
        at=record.at,
        until=None if record.until is None else record.until.timestamp(),
        alert_id=record.alert_id,
        payload=payload,
        arrived_at=now,
    )


async def forget_actions(
    connection: AsyncConnection, alert: AlertRow, *, until: float, now: float, reason: str
) -> None:
    """Erases the clauses of actions that a withdrawal of `until` (Unix seconds) ends, and notes how many."""
    erased = 0
    for account, alert_id in _ended(alert, reason):
        for row in await actions.quoting(connection, account, alert_id=alert_id, until=until):
            await _erase(connection, row, now=now, reason=reason)
            erased += 1
    await _note(connection, alert.alert_id, erased, now=now, reason=reason)


async def forget_account(connection: AsyncConnection, account: str, *, now: float, reason: str) -> None:
    """Erases the clause of every action on an account, or the actions if no alert names it, and notes how
    many."""
    await audit.lock(connection)
    erased = 0
    while rows := await actions.of_account(connection, account, quoting=True):
        await _erase_or_drop(connection, rows, now=now, reason=reason)
        erased += len(rows)
    await _note(connection, account, erased, now=now, reason=reason)


async def kept_actions(connection: AsyncConnection, account: str) -> list[AccountActioned]:
    """Returns the actions on an account, the newest first, at most `ACTIONS_MAX`."""
    rows = await actions.of_account(connection, account, limit=ACTIONS_MAX)
    return [record for row in rows if (record := record_of(row)) is not None]


async def forget_old(
    connection: AsyncConnection, *, before: float, now: float, reason: str, limit: int
) -> int:
    """Erases the clauses of actions that arrived before a moment, and deletes actions on accounts that no
    alert names. Returns how many."""
    due = await actions.due_for_erasure(connection, before, limit)
    if due:
        await _erase_or_drop(connection, due, now=now, reason=reason)
    return len(due)


async def action_views(review: Review, account: str) -> list[ActionView]:
    """Returns what was done about an account, the newest first; nothing while the words of others are hidden
    of an alert that names it, since an action tells the verdict that led to it."""
    rows = await actions.of_account(review.connection, account, user_id=review.reader.user_id)
    if not rows or await review.hidden_accounts([account]):
        return []
    return [view for row in await without_sealed(review, rows) if (view := view_of(row)) is not None]


async def reversed_actions(review: Review) -> list[ActionView]:
    """Returns actions that are in force though the verdict behind them was reversed; without those of which
    this person must not know yet what others said. Raises `Forbidden`."""
    review.reader.need("figures")
    rows = await actions.after_reversal(review.connection, now=review.now, ended=FORGOTTEN, limit=ALERTS_MAX)
    hidden = await review.hidden_accounts({row.account for row in rows})
    known = [row for row in await without_sealed(review, rows) if row.account not in hidden]
    return [view for row in known if (view := view_of(row)) is not None]


async def without_sealed(review: Review, rows: Sequence[ActionRow]) -> list[ActionRow]:
    """Returns the actions without those that name an alert, on another account as well, of which this person
    must not know yet what others said."""
    seals = await review.seals({row.alert_id for row in rows if row.alert_id is not None})
    return [row for row in rows if row.alert_id is None or not seals[row.alert_id].words]


def view_of(row: ActionRow) -> ActionView | None:
    """Returns a row as it is shown; None where a version wrote it that this one cannot read."""
    record = record_of(row)
    if record is None:
        return None
    return ActionView(
        **asdict(row),
        territory=record.territory,
        ground=record.ground,
        clause=(record.clause or "").strip() or None,
        source=record.source,
        automated_detection=record.automated_detection,
        automated_decision=record.automated_decision,
    )


def record_of(row: ActionRow) -> AccountActioned | None:
    decoded = decode_actioned(row.payload, now=math.inf)
    return None if isinstance(decoded, Malformed) else decoded.record


def without_clause(record: AccountActioned) -> bytes:
    """Returns the record without what may quote anybody: codes and dates stay."""
    return encode(structs.replace(record, clause=None, decided_by=None))


def _ended(alert: AlertRow, reason: str) -> Iterator[tuple[str, str | None]]:
    """Yields whose actions a withdrawal ends: an account, and the alert that they name, or None for none."""
    yield alert.account, alert.alert_id
    yield (alert.account if reason == "account-deleted" else alert.banned), None


async def _forgotten_for(connection: AsyncConnection, record: AccountActioned) -> str | None:
    """Returns the reason of a withdrawal that ended an action before it arrived here, or None."""
    about = {row.alert_id: row for row in await alerts.of_account(connection, record.key, ALERTS_MAX)}
    if record.alert_id is not None and record.alert_id not in about:
        named = await alerts.find(connection, record.alert_id)
        about |= {} if named is None else {named.alert_id: named}
    ended = {
        alert_id: row.withdrawn_reason
        for alert_id, row in about.items()
        if row.withdrawn_reason in FORGOTTEN
        and (record.key, record.alert_id) in set(_ended(row, row.withdrawn_reason or ""))
    }
    for alert_id, quoted in (await alerts.with_payloads(connection, ended)).items() if ended else ():
        alert = alert_of(quoted.payload)
        at = None if alert is None else alert.withdrawn_at
        if at is None or at >= record.occurred_at:
            return ended[alert_id]
    return None


async def _deleted_before(connection: AsyncConnection, record: AccountActioned) -> bool:
    """Returns whether its account, which no alert names, was erased after the action."""
    erased_at = await audit.last_at(connection, record.key, "erased")
    return (
        erased_at is not None
        and erased_at >= record.occurred_at.timestamp()
        and not await alerts.of_account(connection, record.key, 1)
    )


async def _erase_or_drop(
    connection: AsyncConnection, rows: Sequence[ActionRow], *, now: float, reason: str
) -> None:
    dropped = await actions.drop_unrelated(connection, rows)
    for row in rows:
        if (row.account, row.event_id) not in dropped:
            await _erase(connection, row, now=now, reason=reason)


async def _erase(connection: AsyncConnection, row: ActionRow, *, now: float, reason: str) -> None:
    record = record_of(row)
    payload = b"" if record is None else without_clause(record)
    await actions.put(
        connection, replace(row, payload=payload, erased_at=now, erased_reason=reason), over=True
    )


async def _note(connection: AsyncConnection, subject: str, erased: int, *, now: float, reason: str) -> None:
    if erased:
        await audit.note(connection, audit.SYSTEM, "erased", subject, now=now, reason=reason, actions=erased)
