"""Proposes values for quarantine from blind dismissals, and takes leads' decisions about them.

A proposal takes what a crowd of decoys cannot give: readers who each dismissed alerts without seeing the
score. It stays a proposal until a lead decides. After a decision the verdicts before it count no more, so
that a value that was refused, or came out of quarantine, is proposed again by new dismissals alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import audit, users
from desk.database.decisions import quarantines as rows
from desk.database.decisions.quarantines import PairRow, QuarantineRow
from desk.database.verdicts import VerdictRow
from desk.errors import Conflict, UnusableInput
from desk.readers import Reader
from desk.review.labels import judged
from samehand.elapsed import DAY_SECONDS
from samehand.scoring.intervals import wilson
from schemas.internal.quarantine import ValueQuarantined
from schemas.revisions import next_revision

DISMISSALS_MIN: Final = 16
"""Fewer dismissals without a mirror leave the precision's upper bound above `PRECISION_MAX`."""
READERS_MIN: Final = 3
SHARE_MAX: Final = 0.5  # of the dismissals by one reader
PRECISION_MAX: Final = 0.2
REASON_CHARS_MAX: Final = 500  # as much as a colleague reads before deciding again
PROPOSALS_MAX: Final = 50  # more values than a lead decides on in a day
PAIRS_MAX: Final = 2_000  # alerts on one value that are looked at, the latest
DAYS_MAX: Final = 180
"""A quarantine ends by itself: a device is sold, a number given to somebody else."""
HISTORY_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class ValueFigures:
    """What was said blind of the alerts that share a value; `precision_high`: Wilson's upper bound, 95 %."""

    digest: str
    signal: str
    dismissals: int
    mirrors: int
    readers: int
    most_by_one: int
    accounts: int
    bans: int
    precision: float
    precision_high: float

    @property
    def proposed(self) -> bool:
        """True if readers agree that the value says nothing."""
        return (
            self.dismissals >= DISMISSALS_MIN
            and self.readers >= READERS_MIN
            and self.most_by_one <= SHARE_MAX * self.dismissals
            and self.precision_high < PRECISION_MAX
        )


@dataclass(frozen=True, slots=True)
class QuarantineView:
    """The page: what is proposed, what is in quarantine, what was decided. `newest`: the last decision."""

    newest: int
    proposals: tuple[ValueFigures, ...]
    lasting: tuple[QuarantineRow, ...]
    history: tuple[QuarantineRow, ...]
    people: Mapping[str, str]


def figures(pairs: Iterable[PairRow], verdicts: Iterable[VerdictRow]) -> ValueFigures | None:
    """Counts the latest blind verdict on each alert that was given at this desk; None without any."""
    by_alert = {pair.alert_id: pair for pair in pairs}
    # A verdict from elsewhere is blind by its sender's word alone; it may overrule one of ours.
    given = (replace(row, blind=row.blind and row.kind != "elsewhere") for row in verdicts)
    said = {
        alert_id: verdict
        for alert_id, verdict in judged(given, Counter()).items()
        if alert_id in by_alert and verdict.verdict != "unsure"
    }
    dismissed = [verdict for verdict in said.values() if verdict.verdict == "not_mirror"]
    mirrors = sum(verdict.verdict == "mirror" for verdict in said.values())
    precision = wilson(mirrors, len(dismissed) + mirrors)
    if precision is None:
        return None
    by_reader = Counter(verdict.reviewer for verdict in dismissed)
    several = [by_alert[verdict.alert_id] for verdict in dismissed]
    first = next(iter(by_alert.values()))
    return ValueFigures(
        digest=first.digest,
        signal=first.signal,
        dismissals=len(dismissed),
        mirrors=mirrors,
        readers=len(by_reader),
        most_by_one=max(by_reader.values(), default=0),
        accounts=len({pair.account for pair in several}),
        bans=len({pair.banned for pair in several}),
        precision=precision.value,
        precision_high=precision.high,
    )


async def view(connection: AsyncConnection, *, now: float) -> QuarantineView:
    current = await rows.current(connection)
    return QuarantineView(
        newest=await rows.newest(connection),
        proposals=await proposals(connection, now=now),
        lasting=tuple(row for row in current.values() if lasts(row, now)),
        history=tuple(await rows.history(connection, limit=HISTORY_MAX)),
        people=await users.initials(connection),
    )


async def proposals(connection: AsyncConnection, *, now: float) -> tuple[ValueFigures, ...]:
    """Returns the values that readers agree about and that are not in quarantine, each once."""
    proposed: list[ValueFigures] = []
    seen: set[str] = set()
    for digest in await rows.most_dismissed(connection, least=DISMISSALS_MIN, limit=PROPOSALS_MAX):
        if digest in seen:
            continue
        linked = await rows.linked(connection, digest)
        seen |= linked
        value = await _figures_of(connection, digest, linked, now=now)
        if value is not None and value.proposed:
            proposed.append(value)
    return tuple(proposed)


async def _figures_of(
    connection: AsyncConnection, digest: str, linked: set[str], *, now: float
) -> ValueFigures | None:
    """Returns the figures of a value since the last decision about it; None while it is in quarantine."""
    decided = (await rows.current(connection, linked)).values()
    if any(lasts(row, now) for row in decided):
        return None
    after = max((row.until or row.decided_at for row in decided), default=0.0)
    return figures(
        await rows.pairs(connection, digest, limit=PAIRS_MAX),
        await rows.verdicts_on(connection, digest, after=after),
    )


def lasts(row: QuarantineRow, now: float) -> bool:
    """Returns whether a decision keeps its value in quarantine."""
    return row.action == "put" and row.until is not None and row.until > now


async def records(connection: AsyncConnection) -> dict[str, ValueQuarantined]:
    """Returns what the topic is to say of each digest; a refusal says nothing.

    A digest under a new pepper follows the value's decision once an alert had both.
    """
    by_digest: dict[str, ValueQuarantined] = {}
    for row in (await rows.current(connection)).values():  # the latest first
        if row.action == "refused":
            continue
        for digest in await rows.linked(connection, row.digest):
            record = ValueQuarantined(
                digest=digest,
                revision=row.number,
                until=None if row.until is None else datetime.fromtimestamp(row.until, UTC),
                by=row.user_id,
                reason=row.reason,
            )
            by_digest.setdefault(digest, record)
    return by_digest


@dataclass(frozen=True, slots=True)
class QuarantineReview:
    """What a lead may decide about values, in the caller's transaction. Each method raises `ReviewError`.

    `knowing`: the highest decision that they saw: nobody decides past a colleague. `now`: Unix seconds.
    """

    connection: AsyncConnection
    reader: Reader
    knowing: int
    now: float

    async def put(self, digest: str, *, reason: str, days: int) -> None:
        """Puts a proposed value in quarantine, for so many days."""
        value = await self._proposed(digest)
        if not 1 <= days <= DAYS_MAX:
            raise UnusableInput("days", "it can last 1 to 180 days")
        await self._decide(value, "put", reason, self.now + days * DAY_SECONDS)

    async def refuse(self, digest: str, *, reason: str) -> None:
        """Lets a proposed value weigh on; it is proposed again by new dismissals alone."""
        await self._decide(await self._proposed(digest), "refused", reason, None)

    async def end(self, digest: str, *, reason: str) -> None:
        """Ends a quarantine before its date."""
        await self._known()
        row = (await rows.current(self.connection, [digest])).get(digest)
        if row is None or not lasts(row, self.now):
            raise Conflict("it is not in quarantine any more")
        value = msgspec.json.decode(row.figures, type=ValueFigures)
        await self._decide(value, "ended", reason, None)

    async def _proposed(self, digest: str) -> ValueFigures:
        await self._known()
        linked = await rows.linked(self.connection, digest)
        value = await _figures_of(self.connection, digest, linked, now=self.now)
        if value is None or not value.proposed:
            raise Conflict("it is not proposed any more: verdicts have changed meanwhile")
        return value

    async def _known(self) -> None:
        self.reader.need("quarantine")
        await rows.lock(self.connection)
        if await rows.newest(self.connection) != self.knowing:
            raise Conflict("somebody has decided about a quarantine meanwhile: look again")

    async def _decide(self, value: ValueFigures, action: str, reason: str, until: float | None) -> None:
        reason = reason.strip()
        if not reason or "\0" in reason:
            raise UnusableInput("reason", "say why")
        if len(reason) > REASON_CHARS_MAX:
            raise UnusableInput("reason", "say it in 500 characters or fewer")
        number = next_revision(self.knowing, self.now)
        said = asdict(value)
        row = QuarantineRow(
            number=number,
            digest=value.digest,
            signal=value.signal,
            decided_at=self.now,
            user_id=self.reader.user_id,
            action=action,
            reason=reason,
            until=until,
            figures=msgspec.json.encode(said).decode(),
        )
        await rows.add(self.connection, row)
        await audit.note(
            self.connection,
            self.reader.user_id,
            f"quarantine-{action}",
            value.digest,
            now=self.now,
            number=number,
            signal=value.signal,
            until=until,
            dismissals=value.dismissals,
            mirrors=value.mirrors,
            reason=audit.digest_of(reason),
        )
