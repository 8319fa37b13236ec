"""What a request may do, each in one transaction. Rules are `desk.review`'s, rows `desk.database`'s."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, exposures, notes, reads, users, verdicts
from desk.database.engine import Database
from desk.database.reads import Filters, Place
from desk.review import audit, decisions
from desk.review.case import case_file
from desk.review.decisions import Decided, Decision
from desk.review.errors import Forbidden, NotFound
from desk.review.facts import alert_of
from desk.review.policy import Policy
from desk.review.readers import Reader
from desk.review.views import seal, sealed
from desk.web.telemetry import DeskMetrics
from samehand.scoring.weights import Weights, default_weights
from schemas.alerts import MirrorAlert
from streams.settings import Settings

PAGE: Final = 50
"""Rows of a page: more than fit on a screen, fewer than take long to draw."""

PAGE_MAX: Final = 200
CHOICES_MAX: Final = 100
"""Policies or platforms of a list to choose from; nobody reads a longer one."""

_CHOSEN_BY: Final = ("policy", "platform", "basis", "language")

DAYS_MAX: Final = 14
"""Of one's own reading that are shown."""

HISTORY_MAX: Final = 50
"""Alerts on one account, or in one family, that are shown beside a decision."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the queue. Of what is read blind, band and probability are None."""

    read_id: int
    alert_id: str
    kind: str
    blind: bool
    account: str
    banned: str
    platform: str
    direction: str
    policy: str | None
    basis: str | None
    language: str | None
    band: str | None
    probability: float | None
    waits_since: float
    due_at: float
    claimed_by: str
    claimed_until: float | None
    mine: bool
    rank: int


@dataclass(frozen=True, slots=True)
class Beside:
    """Another alert of the same account or family."""

    alert_id: str
    account: str
    banned: str
    generation: int
    band: str | None
    status: str
    detected_at: float
    verdict: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict, with whose it is in initials (an opaque id where nobody here has it)."""

    verdict_id: str
    verdict: str
    reason_code: str
    kind: str
    by: str
    decided_at: float
    blind: bool
    undone: bool
    holds: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A note; `text` is empty and `erased_at` set where it was erased."""

    by: str
    written_at: float
    text: str
    erased_at: float | None
    erased_reason: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """One alert as a person may see it.

    `read`: what waits for this person, None where nothing does; `sealed`: shown blind, so that score, band,
    weights, verdicts and notes of others are left out.
    """

    alert: MirrorAlert
    sealed: bool
    status: str
    withdrawn_reason: str | None
    read: Waiting | None
    said: tuple[Said, ...]
    notes: tuple[Note, ...]
    family: tuple[Beside, ...]
    history: tuple[Beside, ...]
    erased_at: float | None
    erased_reason: str | None


@dataclass(frozen=True, slots=True)
class Day:
    """How many alerts somebody opened on a day, and looked at the blurred words of; `began`: Unix seconds."""

    began: int
    opened: int
    uncovered: int


@dataclass(frozen=True, slots=True)
class Desk:
    """The open desk. `now` in Unix seconds; `base`: the table of weights that the settings name.

    `learning`: whoever learns holds it. It takes a second of a processor, which the others here need as well.
    """

    database: Database
    settings: Settings
    policy: Policy
    now: Callable[[], float]
    metrics: DeskMetrics
    base: Weights = field(default_factory=default_weights)
    learning: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def queue(
        self,
        reader: Reader,
        filters: Filters,
        *,
        limit: int = PAGE,
        after: Place | None = None,
        free: bool = False,
    ) -> list[Waiting]:
        """What waits for this person, the most pressing first."""
        reader.need("read")
        async with self.database.read() as connection:
            return await self._queue(connection, reader, filters, limit=limit, after=after, free=free)

    async def _queue(
        self,
        connection: AsyncConnection,
        reader: Reader,
        filters: Filters,
        *,
        limit: int,
        after: Place | None,
        free: bool = False,
    ) -> list[Waiting]:
        rows = await reads.queue(
            connection,
            reader.user_id,
            filters,
            now=self.now(),
            limit=min(limit, PAGE_MAX),
            leads=_sees_disputes(reader),
            free=free,
            after=after,
        )
        # Nobody has anything in hand: nobody is to be named.
        names = await _initials(connection) if any(row.claimed_by for row in rows) else {}
        return [self._waiting(row, row, reader, names) for row in rows]

    async def arrived(self, reader: Reader, filters: Filters, *, since: int) -> int:
        """How many reads wait for this person that were opened after one."""
        async with self.database.read() as connection:
            return await reads.arrived(
                connection,
                reader.user_id,
                filters,
                since=since,
                now=self.now(),
                leads=_sees_disputes(reader),
            )

    async def overview(
        self, reader: Reader, filters: Filters, *, after: Place | None = None
    ) -> tuple[list[Waiting], int, dict[str, list[str]]]:
        """A page of the queue, the number of the read that was opened last, and what to narrow the queue by,
        at most `CHOICES_MAX` values of each kind.
        """
        reader.need("read")
        async with self.database.read() as connection:
            newest = await reads.newest(connection)  # first: what comes in between is told, perhaps twice
            waiting = await self._queue(connection, reader, filters, limit=PAGE, after=after)
            return waiting, newest, await reads.known_values(connection, _CHOSEN_BY, CHOICES_MAX)

    async def open(self, reader: Reader, alert_id: str) -> Opened:
        """One alert, and that this person saw it. Raises `NotFound` and `Forbidden`."""
        reader.need("read")
        async with self.database.begin() as connection:
            opened = await self._opened(connection, reader, alert_id)
            await exposures.add(connection, reader.user_id, now=self.now(), opened=1)
            await audit.note(
                connection,
                actor=reader.user_id,
                action="opened",
                subject=alert_id,
                now=self.now(),
                detail={"revision": opened.alert.revision, "blind": opened.sealed},
            )
        return opened

    async def _opened(self, connection: AsyncConnection, reader: Reader, alert_id: str) -> Opened:
        row = await alerts.with_payload(connection, alert_id)
        if row is None:
            raise NotFound(f"there is no alert {alert_id}")
        alert = alert_of(bytes(row.payload))
        if alert is None:
            raise NotFound(f"the alert {alert_id} was written by a version that this one cannot read")
        waiting, said = (
            await reads.of_alert(connection, alert_id),
            await verdicts.of_alert(connection, alert_id),
        )
        blind = sealed(waiting, said, reader.user_id, decides=reader.may("decide"))
        names = await _initials(connection)
        mine = next((one for one in waiting if self._is_for(one, reader, said)), None)
        holds = [one for one in said if one.undone_at is None and not one.golden]  # the last one does
        family = await alerts.of_family(connection, row.root, HISTORY_MAX)
        # Of both accounts, each alert once, and not what stands under the family.
        history = {
            one.alert_id: one
            for key in (row.account, row.banned)
            for one in await alerts.of_account(connection, key, HISTORY_MAX)
        }
        for one in family:
            history.pop(one.alert_id, None)
        beside = await _beside(
            connection, (*family, *history.values()), reader, without=alert_id, blind=blind
        )
        return Opened(
            alert=seal(alert) if blind else alert,
            sealed=blind,
            status=row.status,
            withdrawn_reason=row.withdrawn_reason,
            read=None if mine is None else self._waiting(mine, row, reader, names),
            said=()
            if blind
            else tuple(_said(one, names, holds[-1].verdict_id if holds else None) for one in said),
            notes=() if blind else await _notes(connection, alert_id, names),
            family=tuple(one for one in beside if one.alert_id not in history),
            history=tuple(one for one in beside if one.alert_id in history),
            erased_at=row.erased_at,
            erased_reason=row.erased_reason,
        )

    async def uncovered(self, reader: Reader) -> None:
        """Counts that somebody looked at the blurred words of an alert."""
        reader.need("read")
        async with self.database.begin() as connection:
            await exposures.add(connection, reader.user_id, now=self.now(), uncovered=1)

    async def days(self, reader: Reader) -> list[Day]:
        """How much this person read, of each day that they read on, the newest first. Nobody else is told."""
        async with self.database.read() as connection:
            rows = await exposures.of(connection, reader.user_id, DAYS_MAX)
        return [Day(row.day * exposures.DAY_SECONDS, row.opened, row.uncovered) for row in rows]

    def _is_for(self, read: Any, reader: Reader, said: Sequence[Any]) -> bool:
        before = any(one.reviewer == reader.user_id and one.undone_at is None for one in said)
        return bool(
            read.state == "open"
            and reader.may("decide")
            and read.only_for in (None, reader.user_id)
            and (read.kind == "first" or not before)
            and (read.kind != "dispute" or reader.may("settle"))
        )

    def _waiting(self, read: Any, alert: Any, reader: Reader, names: dict[str, str]) -> Waiting:
        held = read.claimed_until is not None and read.claimed_until > self.now()
        return Waiting(
            read_id=read.read_id,
            alert_id=read.alert_id,
            # An exercise that calls itself one is none.
            kind="first" if read.kind == "golden" else read.kind,
            blind=read.blind,
            account=alert.account,
            banned=alert.banned,
            platform=alert.platform,
            direction=alert.direction,
            policy=alert.policy,
            basis=alert.basis,
            language=alert.language,
            band=None if read.blind else alert.band,
            probability=None if read.blind else alert.probability,
            waits_since=read.waits_since,
            due_at=self.policy.due_at(read.rank, read.waits_since),
            claimed_by=names.get(read.claimed_by, "") if held else "",
            claimed_until=read.claimed_until if held else None,
            mine=held and read.claimed_by == reader.user_id,
            rank=read.rank,
        )

    async def alert_of(self, reader: Reader, read_id: int) -> str:
        """Which alert a read is of. Raises `NotFound` and `Forbidden`."""
        reader.need("read")
        async with self.database.read() as connection:
            read = await reads.find(connection, read_id)
        if read is None or read.only_for not in (None, reader.user_id):
            raise NotFound("there is no such read")
        return str(read.alert_id)

    async def claim(self, reader: Reader, read_id: int) -> float:
        """Takes a read in hand, or keeps it; until when. Raises `ReviewError`."""
        async with self.database.begin() as connection:
            return await decisions.claim(connection, reader, read_id, self.policy, now=self.now())

    async def release(self, reader: Reader, read_id: int) -> None:
        """Lays a read back."""
        async with self.database.begin() as connection:
            await decisions.release(connection, reader, read_id)

    async def skip(self, reader: Reader, read_id: int) -> None:
        """Leaves a read to others for a while. Raises `ReviewError`."""
        async with self.database.begin() as connection:
            await decisions.skip(connection, reader, read_id, self.policy, now=self.now())

    async def decide(self, reader: Reader, read_id: int, decision: Decision) -> Decided:
        """Keeps a verdict. Raises `ReviewError`."""
        async with self.database.begin() as connection:
            made = await decisions.decide(connection, reader, read_id, decision, self.policy, now=self.now())
        self.metrics.decided(decision.verdict, made.decided)
        return made

    async def undo(self, reader: Reader, batch: str) -> tuple[int, ...]:
        """Takes the last key back; the reads that are open again. Raises `ReviewError`."""
        async with self.database.begin() as connection:
            opened = await decisions.undo(connection, reader, batch, self.policy, now=self.now())
        self.metrics.undone.inc(len(opened))
        return opened

    async def take_back(self, reader: Reader, alert_id: str, reason_code: str) -> int:
        """Takes back what holds; the read that it opened. Raises `ReviewError`."""
        async with self.database.begin() as connection:
            return await decisions.take_back(
                connection, reader, alert_id, reason_code, self.policy, now=self.now()
            )

    async def write_note(self, reader: Reader, alert_id: str, text: str) -> int:
        """Keeps a note. Raises `ReviewError`."""
        reader.need("decide")
        async with self.database.begin() as connection:
            return await decisions.write_note(connection, reader, alert_id, text, now=self.now())

    async def set_golden(self, reader: Reader, alert_id: str, verdict: str) -> int:
        """Makes an alert an exercise; for how many people. Raises `ReviewError`."""
        async with self.database.begin() as connection:
            return await decisions.set_golden(
                connection, reader, alert_id, verdict, self.policy, now=self.now()
            )

    async def case(self, reader: Reader, alert_id: str, purpose: str) -> dict[str, Any]:
        """The case file of one alert. Raises `ReviewError`."""
        reader.need("case")
        async with self.database.begin() as connection:
            waiting, said = (
                await reads.of_alert(connection, alert_id),
                await verdicts.of_alert(connection, alert_id),
            )
            if sealed(waiting, said, reader.user_id, decides=reader.may("decide")):
                raise Forbidden("it is to be read blind, and its case file tells the score: decide first")
            return await case_file(
                connection, alert_id, purpose=purpose, reader=reader.user_id, now=self.now()
            )

    async def account(self, reader: Reader, key: str) -> list[Beside]:
        """Alerts about an account, on either side. Bands are left out for who still may read one blind."""
        reader.need("read")
        async with self.database.read() as connection:
            rows = await alerts.of_account(connection, key, HISTORY_MAX)
            return list(await _beside(connection, rows, reader))

    async def listed(
        self, reader: Reader, *, status: str | None, before: float | None, limit: int
    ) -> list[Beside]:
        """Alerts, the newest first. Bands are left out for who still may read one blind."""
        reader.need("read")
        async with self.database.read() as connection:
            rows = await alerts.page(
                connection, status=status, before=before, limit=max(1, min(limit, PAGE_MAX))
            )
            return list(await _beside(connection, rows, reader))


async def _beside(
    connection: AsyncConnection,
    rows: Sequence[Any],
    reader: Reader,
    *,
    without: str = "",
    blind: bool = False,
) -> tuple[Beside, ...]:
    """Alerts beside one. Bands and verdicts are left out of those that the reader is still to read blind.

    `blind`: of all of them, beside what is read blind.
    """
    shown = [row for row in rows if row.alert_id != without]
    ids = [row.alert_id for row in shown]
    said, waiting = await verdicts.of_alerts(connection, ids), await reads.of_alerts(connection, ids)
    found = []
    for row in shown:
        alert_id = row.alert_id
        hidden = blind or sealed(
            waiting[alert_id], said[alert_id], reader.user_id, decides=reader.may("decide")
        )
        holds = [one for one in said[alert_id] if one.undone_at is None and not one.golden]
        found.append(
            Beside(
                alert_id=alert_id,
                account=row.account,
                banned=row.banned,
                generation=row.generation,
                band=None if hidden else row.band,
                status=row.status,
                detected_at=row.detected_at,
                verdict=holds[-1].verdict if holds and not hidden else None,
            )
        )
    return tuple(found)


async def _notes(connection: AsyncConnection, alert_id: str, names: dict[str, str]) -> tuple[Note, ...]:
    return tuple(
        Note(names.get(one.user_id, "?"), one.written_at, one.text, one.erased_at, one.erased_reason)
        for one in await notes.of_alert(connection, alert_id)
    )


def _said(one: Any, names: dict[str, str], holding: str | None) -> Said:
    return Said(
        verdict_id=one.verdict_id,
        verdict=one.verdict,
        reason_code=one.reason_code,
        kind=one.kind,
        by=names.get(one.reviewer, one.reviewer[:8]),
        decided_at=one.decided_at,
        blind=one.blind,
        undone=one.undone_at is not None,
        holds=one.verdict_id == holding,
    )


def _sees_disputes(reader: Reader) -> bool:
    """Whose queue has what two readers disagreed on: a lead's, to settle it, and an auditor's."""
    return reader.may("settle") or not reader.may("decide")


async def _initials(connection: AsyncConnection) -> dict[str, str]:
    return {user.user_id: user.initials for user in await users.everybody(connection)}
