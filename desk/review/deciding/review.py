"""Who acts, by which policy and when, and what every act on an alert rests on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, audit, seals, users, verdicts, waves
from desk.database.schema import AlertRow, VerdictRow
from desk.database.topics import outbox
from desk.database.topics.outbox import OutboxRecord
from desk.errors import NotFound
from desk.readers import Reader
from desk.review.policy import Policy
from desk.review.seal import Seal
from schemas.verdicts import Verdict, VerdictGiven
from schemas.wire import encode


@dataclass(frozen=True, slots=True)
class Review:
    """What one person may do, in the caller's transaction; `now`: Unix seconds.

    A method that locks readings locks the audit's end before: in one order nobody deadlocks.

    Each method raises `ReviewError`: `NotFound`, `Forbidden`, `UnusableInput`, or `Conflict` where somebody
    else has the read in hand or was faster.
    """

    connection: AsyncConnection
    reader: Reader
    policy: Policy
    now: float

    async def seal(self, alert_id: str) -> Seal:
        """Returns what is hidden of an alert from this person."""
        return (await self.seals([alert_id]))[alert_id]

    async def seals(self, alert_ids: Collection[str]) -> dict[str, Seal]:
        """Returns what is hidden of each alert; nothing from readers who may not decide."""
        user_id = self.reader.user_id
        hidden = {alert_id: Seal(user_id) for alert_id in alert_ids}
        if self.reader.may("decide"):
            for row in await seals.of_alerts(self.connection, user_id, alert_ids):
                hidden[row.alert_id] = Seal(user_id, bool(row.score), bool(row.words))
        return hidden

    async def hidden_accounts(self, keys: Collection[str]) -> set[str]:
        """Returns those accounts of which this person must not know what others said; see `seals`."""
        if not self.reader.may("decide"):
            return set()
        return await seals.accounts(self.connection, self.reader.user_id, keys)

    async def alert(self, alert_id: str) -> AlertRow:
        alert = await alerts.find(self.connection, alert_id, user_id=self.reader.user_id)
        if alert is None:
            raise NotFound(f"there is no alert {alert_id}")
        return alert

    async def keep_verdicts(
        self, rows: Sequence[VerdictRow], *, not_before: float, exceptions: Collection[str] = ()
    ) -> None:
        """Keeps verdicts, and lays them out to be sent at a moment or later. `exceptions`: the members of a
        wave that a verdict on it leaves out."""
        await verdicts.add_all(self.connection, rows)
        for row in rows:
            await waves.keep_exceptions(self.connection, row.verdict_id, exceptions)
        records = [outbox_record(row, exceptions) for row in rows]
        await outbox.put(self.connection, records, not_before=not_before)

    async def note(self, action: str, subject: str, **detail: Any) -> None:
        await audit.note(self.connection, self.reader.user_id, action, subject, now=self.now, **detail)

    async def initials(self, user_id: str | None) -> str:
        """Returns what this person may call a colleague: a lead by the name."""
        user = None if user_id is None else await users.find(self.connection, user_id)
        return "" if user is None else user.name if self.reader.may("organise") else user.initials


def outbox_record(row: VerdictRow, exceptions: Collection[str] = ()) -> OutboxRecord:
    """Returns a verdict as it is sent, without the members of a wave that it leaves out."""
    given = VerdictGiven(
        alert_id=row.alert_id,
        revision=row.revision,
        verdict=cast(Verdict, row.verdict),
        reason_code=row.reason_code,
        reviewer=row.reviewer,
        decided_at=datetime.fromtimestamp(row.decided_at, UTC),
        blind=row.blind,
        verdict_id=row.verdict_id,
        policy=row.policy,
        exceptions=tuple(sorted(exceptions)),
    )
    return OutboxRecord(row.verdict_id, row.alert_id.encode(), encode(given))
