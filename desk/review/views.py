"""What a person sees of alerts and of what waits: rows as views, each through its seal.

Pages, the API and the live queue show nothing else of an alert (`.importlinter` keeps them from its rows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, notes, reads, users, verdicts
from desk.database.filters import Filters, Place
from desk.errors import NotFound
from desk.readers import Reader
from desk.review.facts import alert_of
from desk.review.policy import Policy
from desk.review.seal import Seal, seal_of, seals_of
from schemas.alerts import MirrorAlert

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

    `read`: what waits for this person, None where nothing does; `sealed`: shown blind, so that score, band
    and weights are left out; `words_hidden`: verdicts and notes of others are left out, and so is what became
    of the alert (a withdrawn one is shown as open), until this person has spoken.
    """

    alert: MirrorAlert
    sealed: bool
    words_hidden: bool
    status: str
    withdrawn_reason: str | None
    read: Waiting | None
    said: tuple[Said, ...]
    notes: tuple[Note, ...]
    family: tuple[Beside, ...]
    history: tuple[Beside, ...]
    erased_at: float | None
    erased_reason: str | None


async def queue(
    connection: AsyncConnection,
    reader: Reader,
    filters: Filters,
    policy: Policy,
    *,
    now: float,
    limit: int,
    after: Place | None = None,
    free: bool = False,
) -> list[Waiting]:
    """What waits for a person, the most pressing first."""
    rows = await reads.queue(
        connection,
        reader.user_id,
        filters,
        now=now,
        limit=limit,
        leads=reader.sees_disputes,
        free=free,
        after=after,
    )
    # Nobody has anything in hand: nobody is to be named.
    names = await _initials(connection) if any(row.claimed_by for row in rows) else {}
    # Nobody waits for a reading of what they are still to read blind by another one.
    seals = {blind: Seal(reader.user_id, score=blind) for blind in (False, True)}
    return [_waiting(row, row, seals[bool(row.blind)], names, policy, now=now) for row in rows]


async def opened(
    connection: AsyncConnection, reader: Reader, alert_id: str, policy: Policy, *, now: float
) -> Opened:
    """One alert as a person may see it. Raises `NotFound`."""
    row = await alerts.with_payload(connection, alert_id)
    if row is None:
        raise NotFound(f"there is no alert {alert_id}")
    alert = alert_of(bytes(row.payload))
    if alert is None:
        raise NotFound(f"the alert {alert_id} was written by a version that this one cannot read")
    seal = await seal_of(connection, reader, alert_id)
    said = await verdicts.of_alert(connection, alert_id)
    mine = None
    if reader.may("decide"):
        mine = await reads.next_of(connection, alert_id, reader.user_id, leads=reader.sees_disputes)
    names = await _initials(connection)
    family = await alerts.of_family(connection, row.root, HISTORY_MAX)
    # Of both accounts, each alert once, and not what stands under the family.
    history = {
        one.alert_id: one
        for key in (row.account, row.banned)
        for one in await alerts.of_account(connection, key, HISTORY_MAX)
    }
    for one in family:
        history.pop(one.alert_id, None)
    near = await beside(connection, (*family, *history.values()), reader, of=(alert_id, seal))
    return Opened(
        alert=seal.alert(alert, said),
        sealed=seal.score,
        words_hidden=seal.words,
        status=seal.status(row),
        withdrawn_reason=seal.withdrawn_reason(row),
        read=None if mine is None else _waiting(mine, row, seal, names, policy, now=now),
        said=_said(seal.verdicts(said), names),
        notes=_notes(seal.notes(await notes.of_alert(connection, alert_id)), names),
        family=tuple(one for one in near if one.alert_id not in history),
        history=tuple(one for one in near if one.alert_id in history),
        erased_at=row.erased_at,
        erased_reason=row.erased_reason,
    )


async def of_account(connection: AsyncConnection, reader: Reader, key: str) -> list[Beside]:
    """Alerts about an account, on either side."""
    return list(await beside(connection, await alerts.of_account(connection, key, HISTORY_MAX), reader))


async def listed(
    connection: AsyncConnection, reader: Reader, *, status: str | None, before: float | None, limit: int
) -> list[Beside]:
    """Alerts, the newest first, by the status that the reader sees."""
    rows = await alerts.page(
        connection,
        status=status,
        before=before,
        limit=limit,
        seen_by=reader.user_id if reader.may("decide") else None,
    )
    return list(await beside(connection, rows, reader))


async def beside(
    connection: AsyncConnection,
    rows: Sequence[Any],
    reader: Reader,
    *,
    of: tuple[str, Seal] | None = None,
) -> tuple[Beside, ...]:
    """Alerts as lines of a list. ``of``: the alert beside which they are shown, which is left out itself;
    what is hidden of it is hidden of them, too.
    """
    shown = [row for row in rows if of is None or row.alert_id != of[0]]
    ids = [row.alert_id for row in shown]
    said, seals = await verdicts.of_alerts(connection, ids), await seals_of(connection, reader, ids)
    found = []
    for row in shown:
        seal = seals[row.alert_id] if of is None else seals[row.alert_id] | of[1]
        holds = [one for one in seal.verdicts(said[row.alert_id]) if _may_hold(one)]
        found.append(
            Beside(
                alert_id=row.alert_id,
                account=row.account,
                banned=row.banned,
                generation=row.generation,
                band=seal.scored(row.band),
                status=seal.status(row),
                detected_at=row.detected_at,
                verdict=holds[-1].verdict if holds else None,
            )
        )
    return tuple(found)


def _waiting(
    read: Any, alert: Any, seal: Seal, names: dict[str, str], policy: Policy, *, now: float
) -> Waiting:
    held = read.claimed_until is not None and read.claimed_until > now
    return Waiting(
        read_id=read.read_id,
        alert_id=read.alert_id,
        kind=read.shown_kind,
        blind=seal.score,
        account=alert.account,
        banned=alert.banned,
        platform=alert.platform,
        direction=alert.direction,
        policy=alert.policy,
        basis=alert.basis,
        language=alert.language,
        band=seal.scored(alert.band),
        probability=seal.scored(alert.probability),
        waits_since=read.waits_since,
        due_at=policy.due_at(read.rank, read.waits_since),
        claimed_by=names.get(read.claimed_by, "") if held else "",
        claimed_until=read.claimed_until if held else None,
        mine=held and read.claimed_by == seal.user_id,
        rank=read.rank,
    )


def _may_hold(verdict: Any) -> bool:
    return verdict.undone_at is None and not verdict.golden


def _said(rows: Sequence[Any], names: dict[str, str]) -> tuple[Said, ...]:
    holding = next((one.verdict_id for one in reversed(rows) if _may_hold(one)), None)
    return tuple(
        Said(
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
        for one in rows
    )


def _notes(rows: Sequence[Any], names: dict[str, str]) -> tuple[Note, ...]:
    return tuple(
        Note(names.get(one.user_id, "?"), one.written_at, one.text, one.erased_at, one.erased_reason)
        for one in rows
    )


async def _initials(connection: AsyncConnection) -> dict[str, str]:
    return {user.user_id: user.initials for user in await users.everybody(connection)}
