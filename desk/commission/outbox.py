"""Sends the statements that are owed, each once: prepare, claim, send, settle.

1. Prepare: actions of which the outbox has no row get one, waiting, or unsendable with the reason. What was
   unsendable is looked at again with each run, and what was refused once its action is corrected.
2. Claim: up to a hundred waiting rows are taken under a lease, in a transaction of its own. Others leave them
   alone until it ends.
3. Send: the statements are composed of what is kept now, and go out in one request.
4. Settle: what came of them is written, and the claim ends.

A crash between 3 and 4 leaves rows claimed. When the lease has ended they are sent again under the same puid,
and the database answers that it knows them: they count as sent. It locks each puid of a request for
`PUID_LOCK_SECONDS`, and says "known" of a locked one that it may not store in the end. So nothing goes out
again within that time: the lease and the wait after a lost answer are longer.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.commission.client import (
    TIMEOUT_SECONDS,
    CommissionClient,
    Created,
    RateLimited,
    Rejected,
    Unanswered,
    Unprocessable,
)
from desk.commission.composing import Body, Material, Unsendable, composed, puid_of
from desk.commission.rules import BATCH_MAX
from desk.database import actions, alerts, audit, statements, verdicts
from desk.database.actions import ActionRow
from desk.database.engine import REPORT_MS, Database
from desk.database.statements import Key, StatementRow
from desk.review.actions import record_of
from desk.review.evidence import shown_evidence

KEY_NAME: Final = "statements"
"""Of the key of puids in the desk's database. It is made once and never changed: with another, all that was
sent would be sent again."""

PUID_LOCK_SECONDS: Final = 30.0
"""As long as the database locks a puid (`PlatformUniqueIdService` there)."""

LEASE_SECONDS: Final = 2 * (TIMEOUT_SECONDS + PUID_LOCK_SECONDS)
"""A request ends before, and the lock of its puids as well."""

LOST_SECONDS: Final = 2 * PUID_LOCK_SECONDS
"""The least wait after a request without an answer."""

BACKOFF_SECONDS: Final = 1.0
BACKOFF_SECONDS_MAX: Final = 300.0
"""Doubled from the one up to the other. A longer `Retry-After` ends the run: the next one goes on."""

FAILURES_MAX: Final = 8
"""In a row, about ten minutes without answers: the rest waits for the next run."""

PREPARED_AT_ONCE: Final = 500
"""Actions with their alerts: a few megabytes."""


@dataclass(slots=True)
class Tally:
    """What one run did. `known`: of `sent`, those that the database had already; `unsendable`: how many are
    so now; `reasons`: why, each with how many; `waiting`: how many are left for a later run, or in another's
    hands; `gave_up`: why this one ended."""

    prepared: int = 0
    sent: int = 0
    known: int = 0
    refused: int = 0
    unsendable: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    gave_up: str | None = None

    def cannot_send(self, statement: Unsendable) -> None:
        self.unsendable += 1
        for reason in statement.reasons:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1


@dataclass(frozen=True, slots=True)
class Scope:
    """Which statements: of one platform, to one destination, on actions that took effect since a moment (Unix
    seconds). `categories`: by policy, a category of the database, and a keyword of it or none."""

    destination: str
    platform: str
    since: float
    categories: Mapping[str, tuple[str, ...]]


async def composed_of(
    connection: AsyncConnection, scope: Scope, key: bytes, rows: Mapping[Key, ActionRow | None]
) -> dict[Key, Body | Unsendable]:
    """Returns for each action its statement, or why there is none; None for an action that is gone."""
    records = {at: None if row is None else record_of(row) for at, row in rows.items()}
    ids = {record.alert_id for record in records.values() if record is not None and record.alert_id}
    quoted = await alerts.with_payloads(connection, ids) if ids else {}
    shown = await shown_evidence(connection, quoted.values(), as_decided=True) if quoted else {}
    given = await verdicts.of_alerts(connection, ids) if ids else {}
    made: dict[Key, Body | Unsendable] = {}
    for at, record in records.items():
        if record is None:
            made[at] = Unsendable(("action",))
            continue
        alert = quoted.get(record.alert_id or "")
        if alert is not None and alert.account != record.key:
            alert = None  # a publisher of actions could have another account's evidence published
        evidence = None if alert is None else shown.get(alert.alert_id)
        holds = None if alert is None else verdicts.holding_of(given.get(alert.alert_id, ()))
        material = Material(
            record,
            None if evidence is None else evidence.alert,
            () if alert is None else scope.categories.get(alert.policy or "", ()),
            None if holds is None else holds.verdict,
            erased=any(
                source is not None and source.erased_at is not None for source in (rows[at], evidence)
            ),
        )
        made[at] = composed(material, puid_of(key, *at))
    return made


@dataclass(slots=True)
class StatementSender:
    """Sends the statements of a scope. `now`: Unix seconds; `hear`: is called after each step with the tally;
    `wait`: sleeps."""

    database: Database
    client: CommissionClient
    scope: Scope
    key: bytes
    now: Callable[[], float]
    wait: Callable[[float], Awaitable[None]]
    hear: Callable[[Tally], None] = lambda _: None
    name: str = field(default_factory=lambda: secrets.token_hex(16))
    tally: Tally = field(default_factory=Tally)

    async def run(self) -> Tally:
        """Prepares and sends until nothing waits that may go out now."""
        await self.prepare()
        failures = singly = 0
        while failures < FAILURES_MAX and self.tally.gave_up is None:
            rows = await self._claim(1 if singly else BATCH_MAX)
            if not rows:
                break
            singly = max(0, singly - 1)
            ready = await self._composed(rows)
            if not ready:
                continue
            outcome = await self.client.send(list(ready.values()))
            by_row = list(ready)
            match outcome:
                case Created():
                    failures = 0
                    await self._sent(by_row, outcome.uuids)
                case Unprocessable():
                    failures = 0
                    if not await self._settle_refusal(by_row, outcome):
                        singly = len(by_row)
                case Rejected():
                    await self._release(by_row, self.now())
                    self.tally.gave_up = outcome.why
                case RateLimited() | Unanswered():
                    await self._back_off(by_row, outcome, failures)
                    failures += 1
                    if failures == FAILURES_MAX // 2:  # it may be one statement that the database fails on
                        singly = len(by_row)
            self.hear(self.tally)
        self.tally.waiting = await self._waiting()
        return self.tally

    async def foresee(self) -> Tally:
        """Counts in `prepared` what a run would send, and in `unsendable` what it could not. No writes."""
        self.tally.prepared = await self._waiting()
        await self.prepare(writing=False)
        return self.tally

    async def prepare(self, *, writing: bool = True) -> None:
        """Gives each action of the scope a row, or changes the one that it has."""
        after: Key = ("", "")
        while True:
            async with self.database.begin() if writing else self.database.read() as connection:
                unprepared = await statements.unprepared(
                    connection,
                    self.scope.destination,
                    platform=self.scope.platform,
                    since=self.scope.since,
                    after=after,
                    limit=PREPARED_AT_ONCE,
                )
                rows = {(row.account, row.event_id): row for row in unprepared}
                made = await composed_of(connection, self.scope, self.key, rows)
                prepared = [
                    self._row(rows[at], body) for at, body in made.items() if not _is_out_of_scope(body)
                ]
                if writing:
                    await statements.put(connection, prepared)
            self.tally.prepared += sum(row.state == "waiting" for row in prepared)
            for body in made.values():
                if isinstance(body, Unsendable) and not _is_out_of_scope(body):
                    self.tally.cannot_send(body)
            if len(unprepared) < PREPARED_AT_ONCE:
                return
            after = (unprepared[-1].account, unprepared[-1].event_id)

    def _row(self, action: ActionRow, body: Body | Unsendable) -> StatementRow:
        now = self.now()
        return StatementRow(
            destination=self.scope.destination,
            account=action.account,
            event_id=action.event_id,
            puid=puid_of(self.key, action.account, action.event_id),
            state="unsendable" if isinstance(body, Unsendable) else "waiting",
            reason="; ".join(body.reasons) if isinstance(body, Unsendable) else None,
            occurred_at=action.occurred_at,
            changed_at=now,
            not_before=now,
        )

    async def _waiting(self) -> int:
        scope = self.scope
        async with self.database.read(statement_ms=REPORT_MS) as connection:
            counts = await statements.counts(
                connection, scope.destination, platform=scope.platform, since=scope.since
            )
        return counts.get("waiting", 0)

    async def _claim(self, limit: int) -> list[StatementRow]:
        now = self.now()
        async with self.database.begin() as connection:
            return await statements.claim(
                connection,
                self.scope.destination,
                platform=self.scope.platform,
                since=self.scope.since,
                by=self.name,
                now=now,
                until=now + LEASE_SECONDS,
                limit=limit,
            )

    async def _composed(self, rows: Sequence[StatementRow]) -> dict[StatementRow, Body]:
        """Returns what goes out, and settles what cannot any more: its clause was erased, say."""
        ready: dict[StatementRow, Body] = {}
        async with self.database.begin() as connection:
            there = await actions.with_keys(connection, [row.key for row in rows])
            wanted = {row.key: there.get(row.key) for row in rows}
            made = await composed_of(connection, self.scope, self.key, wanted)
            for row in rows:
                body, action = made[row.key], wanted[row.key]
                if isinstance(body, Unsendable):
                    reason = "; ".join(body.reasons)
                    await statements.settle(connection, [row], "unsendable", now=self.now(), reason=reason)
                    self.tally.cannot_send(body)
                else:
                    assert action is not None
                    ready[replace(row, occurred_at=action.occurred_at)] = body
        return ready

    async def _sent(
        self, rows: Sequence[StatementRow], uuids: Mapping[str, str], *, known: bool = False
    ) -> None:
        if not rows:
            return
        now = self.now()
        async with self.database.begin() as connection:
            await statements.settle(connection, rows, "sent", now=now, uuids=uuids)
            await self._note(connection, "known" if known else "sent", len(rows), now)
        self.tally.sent += len(rows)
        self.tally.known += len(rows) if known else 0

    async def _settle_refusal(self, rows: Sequence[StatementRow], refusal: Unprocessable) -> bool:
        """Writes which were known and which were at fault, and releases the rest. Returns False where the
        answer does not say, of several, which it was."""
        known = [row for row in rows if row.puid in refusal.known]
        faults = {place: why for place, why in refusal.faults.items() if place < len(rows)}
        if not known and not faults and len(rows) == 1:
            faults = {0: refusal.why}
        await self._sent(known, {}, known=True)
        now = self.now()
        refused = {rows[place]: why for place, why in faults.items() if rows[place].puid not in refusal.known}
        async with self.database.begin() as connection:
            for row, why in refused.items():
                await statements.settle(connection, [row], "refused", now=now, reason=why)
            if refused:
                await self._note(connection, "refused", len(refused), now)
        self.tally.refused += len(refused)
        await self._release([row for row in rows if row not in known and row not in refused], now)
        return bool(known or refused)

    async def _back_off(
        self, rows: Sequence[StatementRow], outcome: RateLimited | Unanswered, failures: int
    ) -> None:
        """Releases the statements until later. Waits so long, unless that is long or it failed too often."""
        seconds = min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS * 2.0**failures)
        if isinstance(outcome, RateLimited):
            seconds, why = max(seconds, outcome.after_seconds), "answered 429: too many requests"
        else:
            seconds, why = max(seconds, LOST_SECONDS if outcome.arrived else 0.0), outcome.why
        until = self.now() + seconds
        await self._release(rows, until)
        if failures + 1 == FAILURES_MAX or seconds > BACKOFF_SECONDS_MAX:
            self.tally.gave_up = why
            return
        while 0.0 < (left := until - self.now()) <= seconds:  # more: the clock was set back
            await self.wait(left)

    async def _release(self, rows: Sequence[StatementRow], not_before: float) -> None:
        async with self.database.begin() as connection:
            await statements.release(connection, rows, by=self.name, not_before=not_before)

    async def _note(self, connection: AsyncConnection, what: str, count: int, now: float) -> None:
        await audit.note(
            connection,
            audit.SYSTEM,
            "statements",
            self.scope.destination,
            now=now,
            platform=self.scope.platform,
            **{what: count},
        )


def _is_out_of_scope(body: Body | Unsendable) -> bool:
    return isinstance(body, Unsendable) and body.reasons in (("order",), ("nothing",))
