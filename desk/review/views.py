"""What a person sees of alerts and of what waits: rows as views, each through its seal.

Pages, the API and the live queue show nothing else of an alert (`.importlinter` keeps them from its rows).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Final

from msgspec import structs

from desk.database import alerts, appeals, notes, reach, users, verdicts
from desk.database.alerts import QuotedAlertRow
from desk.database.filters import Filters, Place
from desk.database.queue import waiting
from desk.database.queue.waiting import WaitingRow
from desk.database.schema import AlertRow, ReadRow, VerdictRow
from desk.errors import NotFound
from desk.readers import Reader
from desk.review.appeals import AppealView, appeal_views
from desk.review.deciding.decide import TOGETHER_MAX
from desk.review.deciding.review import Review
from desk.review.evidence import ShownEvidence, shown_evidence
from desk.review.people import Person, people, person_of
from desk.review.seal import Seal
from samehand.scoring.ceilings import SPEAKS_NATS
from samehand.scoring.evidence import SHARED
from schemas.alerts import MirrorAlert
from schemas.keys import account_key

HISTORY_MAX: Final = 50
"""Alerts on one account, or in one family, that are shown beside a decision."""


TRAITS_MAX: Final = 3
"""Traits that a row of the queue names."""


@dataclass(frozen=True, slots=True)
class StrongestTrait:
    """A trait that speaks most for a mirror, and at which level."""

    signal: str
    level: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the queue. If it is read blind, its band is None and its traits are empty.

    `people`: the new account and the banned one, by what is quoted of them; `root`: the first account of the
    banned one's family; `traits`: what speaks for it most.
    """

    read_id: int
    alert_id: str
    kind: str
    blind: bool
    account: str
    banned: str
    platform: str
    policy: str | None
    band: str | None
    waits_since: float
    due_at: float
    claimed_by: str
    mine: bool
    rank: int
    root: str
    people: tuple[Person, Person]
    traits: tuple[StrongestTrait, ...] = ()


@dataclass(frozen=True, slots=True)
class RelatedAlert:
    """Another alert of the same account or family."""

    alert_id: str
    account: str
    banned: str
    generation: int
    band: str | None
    status: str
    detected_at: float
    verdict: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictView(VerdictRow):
    """A verdict; `by`: its reviewer's initials, or an opaque id where nobody here has it; `exceptions`: the
    members of a wave that it leaves out."""

    by: str
    holds: bool
    exceptions: tuple[str, ...] = ()


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
    of the alert (a withdrawn one is shown as open), until this person has spoken; `appeals`: while words are
    hidden, the one that `read` decides alone, with the evidence as it was decided; `judged_at`: if words
    are hidden, when somebody else first decided an alert on either account (Unix seconds); `ban_appealed`:
    whether the banned account contests the verdict that it was banned by, as far as this person may know;
    `evidence_decided_at`: the alert itself quotes nothing any more, and its evidence is shown as it was when
    decided (Unix seconds).
    """

    alert: MirrorAlert
    sealed: bool
    words_hidden: bool
    status: str
    withdrawn_reason: str | None
    read: Waiting | None
    said: tuple[VerdictView, ...]
    notes: tuple[Note, ...]
    family: tuple[RelatedAlert, ...]
    history: tuple[RelatedAlert, ...]
    appeals: tuple[AppealView, ...]
    judged_at: float
    ban_appealed: bool
    evidence_decided_at: float | None
    erased_at: float | None
    erased_reason: str | None


async def queue(
    review: Review, filters: Filters, *, limit: int, after: Place | None = None, free: bool = False
) -> list[Waiting]:
    """Returns what waits for a person, in the order that the filters name."""
    reader = review.reader
    rows = await waiting.queue(
        review.connection,
        reader.user_id,
        filters,
        now=review.now,
        limit=limit,
        leads=reader.sees_disputes,
        free=free,
        after=after,
    )
    return await waiting_views(review, rows, open_seals(reader, rows))


FOLDED_MAX: Final = 10
"""Alerts of one row of the queue that it names: who wants more opens the account's page."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """What of a sign-up and a family waits for somebody: `count` readings, of which the first is `head`, the
    next ones are `others`, and at most `TOGETHER_MAX` are in `read_ids`."""

    head: Waiting
    others: tuple[Waiting, ...]
    read_ids: tuple[int, ...]
    count: int


async def queue_rows(
    review: Review, filters: Filters, *, limit: int, after: Place | None = None
) -> list[QueueRow]:
    """Returns rows of the queue; readings of one sign-up and one family stand in one, on one page."""
    reader = review.reader
    folds = await waiting.folds(
        review.connection,
        reader.user_id,
        filters,
        now=review.now,
        limit=limit,
        members_max=TOGETHER_MAX,
        shown_max=FOLDED_MAX,
        leads=reader.sees_disputes,
        after=after,
    )
    rows = [row for fold in folds for row in (fold.head, *fold.others)]
    shown = iter(await waiting_views(review, rows, open_seals(reader, rows)))
    return [
        QueueRow(
            head := next(shown),
            tuple(next(shown) for _ in fold.others),
            fold.read_ids or (head.read_id,),
            fold.count,
        )
        for fold in folds
    ]


def open_seals(reader: Reader, rows: Sequence[WaitingRow]) -> dict[str, Seal]:
    """Returns what is hidden of readings that wait for a person: nobody waits for two of the same alert, of
    which one is blind."""
    return {row.read.alert_id: Seal(reader.user_id, score=row.read.blind) for row in rows}


async def waiting_views(
    review: Review, rows: Sequence[WaitingRow], seals: Mapping[str, Seal]
) -> list[Waiting]:
    """Returns readings, whatever became of them, as lines of the queue."""
    # Nobody is named where nobody has anything in hand.
    anybody = any(row.read.claimed_by for row in rows)
    in_full = review.reader.may("organise")
    names = await users.initials(review.connection, in_full=in_full) if anybody else {}
    shown = await shown_evidence(review.connection, [row.quoted for row in rows if row.quoted])
    return [
        _waiting(
            review,
            row.read,
            row.alert,
            shown[row.read.alert_id].alert if row.read.alert_id in shown else None,
            seals[row.read.alert_id],
            names,
        )
        for row in rows
    ]


async def pictured(review: Review, rows: Sequence[QueueRow]) -> dict[int, tuple[str, str]]:
    """Returns both accounts of first readings, by reading, if a picture, or that there is none any more,
    reveals nothing that is hidden."""
    seals = await review.seals([row.head.alert_id for row in rows])
    pairs = {row.head.read_id: (row.head.account, row.head.banned) for row in rows}
    sealed = {row.head.read_id for row in rows if seals[row.head.alert_id].words}
    keys = {key for read_id in sealed for key in pairs[read_id]}
    judged = await verdicts.judged_at(review.connection, keys, review.reader.user_id) if keys else {}
    return {it: pair for it, pair in pairs.items() if it not in sealed or judged.keys().isdisjoint(pair)}


async def sealed_alert(review: Review, alert_id: str) -> tuple[MirrorAlert, bool]:
    """Returns one alert as a person may see it, and whether words are hidden. Raises `NotFound`."""
    _, shown = await _quoted_alert(review, alert_id)
    seal = await review.seal(alert_id)
    alert = await _within_reach(review, shown.alert)
    return seal.alert(alert, await verdicts.of_alert(review.connection, alert_id)), seal.words


async def _within_reach(review: Review, alert: MirrorAlert) -> MirrorAlert:
    """Returns an alert without other banned accounts of policies that a person may not read."""
    if not alert.others or not reach.bound(review.reader.role):
        return alert
    keys = [account_key(other.platform, other.account_id) for other in alert.others]
    known = await reach.readable_bans(review.connection, review.reader.user_id, keys)
    others = tuple(other for other, key in zip(alert.others, keys, strict=True) if key in known)
    return structs.replace(alert, others=others)


async def _quoted_alert(
    review: Review, alert_id: str, *, as_decided: bool = False
) -> tuple[QuotedAlertRow, ShownEvidence]:
    row = await alerts.with_payload(review.connection, alert_id, user_id=review.reader.user_id)
    if row is None:
        raise NotFound(f"there is no alert {alert_id}")
    shown = (await shown_evidence(review.connection, [row], as_decided=as_decided)).get(alert_id)
    if shown is None:
        raise NotFound(f"the alert {alert_id} was written by a version that this one cannot read")
    return row, shown


async def opened(review: Review, alert_id: str) -> Opened:
    """Returns one alert as a person may see it. Raises `NotFound`."""
    connection, reader = review.connection, review.reader
    mine = None
    if reader.may("decide"):
        mine = await waiting.next_of(connection, alert_id, reader.user_id, leads=reader.sees_disputes)
    contested = (await appeals.of_alerts(connection, [alert_id]))[alert_id]
    appealed = mine is not None and any(appeal.read_id == mine.read_id for appeal in contested)
    row, shown = await _quoted_alert(review, alert_id, as_decided=appealed)
    seal = await review.seal(alert_id)
    given = await verdicts.of_alert(connection, alert_id)
    names = await users.initials(connection, in_full=reader.may("organise"))
    family = await alerts.of_family(connection, row.root, HISTORY_MAX, user_id=reader.user_id)
    # Of both accounts, each alert once, and not what stands under the family.
    history = {
        other.alert_id: other
        for key in (row.account, row.banned)
        for other in await alerts.of_account(connection, key, HISTORY_MAX, user_id=reader.user_id)
    }
    for other in family:
        history.pop(other.alert_id, None)
    others = await related(review, (*family, *history.values()), beside=(alert_id, seal))
    keys = (row.account, row.banned)
    judged = await verdicts.judged_at(connection, keys, reader.user_id) if seal.words else {}
    banned_by = [it.alert_id for it in others if it.account == row.banned and it.verdict == "mirror"]
    of_ban = await appeals.of_alerts(connection, banned_by) if banned_by else {}
    return Opened(
        alert=seal.alert(await _within_reach(review, shown.alert), given),
        sealed=seal.score,
        words_hidden=seal.words,
        status=seal.status(row),
        withdrawn_reason=seal.withdrawn_reason(row),
        read=None if mine is None else _waiting(review, mine, row, shown.alert, seal, names),
        said=verdict_views(seal.verdicts(given), names),
        notes=tuple(
            Note(names.get(note.user_id, "?"), note.written_at, note.text, note.erased_at, note.erased_reason)
            for note in seal.notes(await notes.of_alert(connection, alert_id))
        ),
        family=tuple(other for other in others if other.alert_id not in history),
        history=tuple(other for other in others if other.alert_id in history),
        judged_at=min(judged.values(), default=math.inf),
        ban_appealed=any(appeal.outcome is None for rows in of_ban.values() for appeal in rows),
        appeals=appeal_views(contested, seal, None if mine is None else mine.read_id),
        evidence_decided_at=seal.told(shown.decided_at),
        erased_at=seal.told(shown.erased_at),
        erased_reason=seal.told(shown.erased_reason),
    )


async def related(
    review: Review, rows: Sequence[AlertRow], *, beside: tuple[str, Seal] | None = None
) -> list[RelatedAlert]:
    """Returns alerts as lines of a list. `beside`: the alert that they are shown with, which is left out
    itself; what is hidden of it is hidden of them, too.
    """
    shown = [row for row in rows if beside is None or row.alert_id != beside[0]]
    alert_ids = [row.alert_id for row in shown]
    given = await verdicts.of_alerts(review.connection, alert_ids)
    seals = await review.seals(alert_ids)
    own = Seal(review.reader.user_id) if beside is None else beside[1]
    return [related_alert(row, seals[row.alert_id] | own, given[row.alert_id]) for row in shown]


def related_alert(row: AlertRow, seal: Seal, given: Sequence[VerdictRow]) -> RelatedAlert:
    """Returns an alert as a line of a list, through its seal."""
    held = [verdict for verdict in seal.verdicts(given) if verdict.may_hold]
    return RelatedAlert(
        alert_id=row.alert_id,
        account=row.account,
        banned=row.banned,
        generation=row.generation,
        band=seal.scored(row.band),
        status=seal.status(row),
        detected_at=row.detected_at,
        verdict=held[-1].verdict if held else None,
    )


def signed(verdict: VerdictRow, names: Mapping[str, str]) -> str:
    """Returns the initials of whoever gave a verdict, or the beginning of their id at another desk."""
    return names.get(verdict.reviewer, verdict.reviewer[:8])


def _waiting(
    review: Review,
    read: ReadRow,
    alert: AlertRow,
    quoting: MirrorAlert | None,
    seal: Seal,
    names: dict[str, str],
) -> Waiting:
    """Returns a line of the queue. `quoting`: the alert with its evidence, None where it cannot be read."""
    held = read.claimed_until is not None and read.claimed_until > review.now
    seen = None if quoting is None else seal.alert(quoting, ())
    return Waiting(
        read_id=read.read_id,
        alert_id=read.alert_id,
        kind=read.kind,
        blind=seal.score,
        account=alert.account,
        banned=alert.banned,
        platform=alert.platform,
        policy=alert.policy,
        band=seal.scored(alert.band),
        waits_since=read.waits_since,
        due_at=review.policy.due_at(read.rank, read.waits_since),
        claimed_by=names.get(read.claimed_by or "", "") if held else "",
        mine=held and read.claimed_by == seal.user_id,
        rank=read.rank,
        root=alert.root,
        people=(person_of(alert.account), person_of(alert.banned)) if seen is None else people(seen),
        traits=() if seen is None else seal.scored(strongest(seen, TRAITS_MAX)) or (),
    )


def strongest(alert: MirrorAlert, count: int) -> tuple[StrongestTrait, ...]:
    """Returns the traits that speak most for a mirror, the strongest first."""
    lines = [
        line
        for line in alert.evidence
        if line.weight >= SPEAKS_NATS and line.level != SHARED and line.signal not in ("timing", "platform")
    ]
    lines.sort(key=lambda line: -line.weight)
    return tuple(StrongestTrait(line.signal, line.level) for line in lines[:count])


def verdict_views(
    rows: Sequence[VerdictRow],
    names: Mapping[str, str],
    exceptions: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> tuple[VerdictView, ...]:
    """Returns verdicts, the earliest first, as they are shown."""
    holding = verdicts.holding_of(rows)
    return tuple(
        VerdictView(
            **asdict(row),
            by=signed(row, names),
            holds=row is holding,
            exceptions=tuple(exceptions.get(row.verdict_id, ())),
        )
        for row in rows
    )
