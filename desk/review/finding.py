"""What a search leads to, an account's page, and what was decided: rows as views, each through its seal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, findable, users, verdicts
from desk.database.alerts import QuotedAlertRow
from desk.database.filters import DecidedFilters, DecidedPlace
from desk.database.verdicts import VerdictRow
from desk.errors import NotFound
from desk.review.arrivals import FORGOTTEN
from desk.review.decisions import Review
from desk.review.evidence import shown_evidence
from desk.review.facts import alert_of
from desk.review.people import Person, people, person_of
from desk.review.seal import Seal
from desk.review.views import HISTORY_MAX, RelatedAlert, related

FOUND_MAX: Final = 50
"""Accounts, and alerts, that a search shows: whoever sees so many types another letter."""

_ROWS_MAX: Final = 4 * FOUND_MAX
"""Of each kind that is looked for: an account may be found by several of its words."""

TIMELINE_MAX: Final = 200
EVENTS: Final = ("detected", "decided", "taken back", "withdrawn", "erased")
"""What a timeline tells."""

TAKE_BACK: Final = "take-back"


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """An account, on how many alerts it stands, and when the latest was detected (Unix seconds)."""

    person: Person
    alerts: int
    latest: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a search leads to. `more`: there is more than is shown.

    `alert_id`, `account`: the one alert, or the key of the one account, whose id was given in full.
    """

    accounts: tuple[FoundAccount, ...] = ()
    alerts: tuple[RelatedAlert, ...] = ()
    more: bool = False
    alert_id: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an account's timeline. `what`: one of `EVENTS`.

    `detail`: the verdict of a decision, else the reason; `by`: initials, "" where nobody did it.
    """

    at: float
    what: str
    alert_id: str
    detail: str = ""
    reason_code: str = ""
    by: str = ""
    undone: bool = False


@dataclass(frozen=True, slots=True)
class AccountAlert:
    """One alert on an account, and its other account. `is_new`: the page's account is the new one."""

    alert: RelatedAlert
    is_new: bool
    other: Person


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account's page. `more`: it has older alerts, which are not shown."""

    person: Person
    alerts: tuple[AccountAlert, ...]
    more: bool
    family: tuple[RelatedAlert, ...]
    timeline: tuple[Event, ...]
    words_hidden: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision. `holds`: no later one replaced it; `by`: as of a verdict on an alert's page."""

    verdict_id: str
    alert_id: str
    account: Person
    banned: Person
    verdict: str
    reason_code: str
    policy: str | None
    by: str
    decided_at: float
    holds: bool
    taken_back: bool


async def found(review: Review, query: str) -> Found:
    """Returns the accounts and alerts of which an id, a handle or a name begins with a query."""
    connection = review.connection
    rows = await findable.find(connection, query, limit=_ROWS_MAX)
    if not rows:
        return Found()
    by_account = {row.account: row.alert_id for row in reversed(rows) if row.kind != "alert"}
    keys = list(dict.fromkeys(row.account for row in rows if row.kind != "alert"))
    alert_ids = [row.alert_id for row in rows if row.kind == "alert"]
    shown, shown_alerts = keys[:FOUND_MAX], alert_ids[:FOUND_MAX]
    quoted = await alerts.with_payloads(connection, {*(by_account[key] for key in shown), *shown_alerts})
    pairs = await _pairs(connection, quoted.values())
    counted = {key: [0, 0.0] for key in shown}
    for count in await findable.counts(connection, shown):
        total = counted[count.account]
        total[0], total[1] = total[0] + count.alerts, max(total[1], count.latest)
    ids = [key for key in keys if query in (key, key.partition(":")[2])]
    parts = Counter(row.part for row in rows)
    return Found(
        accounts=tuple(
            FoundAccount(_person(key, [pairs[by_account[key]]]), int(counted[key][0]), float(counted[key][1]))
            for key in shown
        ),
        alerts=tuple(await related(review, [quoted[alert_id] for alert_id in shown_alerts])),
        more=len(keys) > FOUND_MAX or len(alert_ids) > FOUND_MAX or max(parts.values()) >= _ROWS_MAX,
        alert_id=query if query in alert_ids else None,
        account=ids[0] if len(ids) == 1 else None,
    )


async def account_view(review: Review, key: str) -> AccountView:
    """Returns an account's page. What is hidden of one of its alerts is hidden of all on the page.

    Raises `NotFound` where no alert names it, as an account or as the root of a family.
    """
    connection = review.connection
    rows = await alerts.of_account(connection, key, HISTORY_MAX + 1)
    rows, more = rows[:HISTORY_MAX], len(rows) > HISTORY_MAX
    family = await alerts.of_family(connection, rows[0].root if rows else key, HISTORY_MAX)
    if not (rows or family):
        raise NotFound("no alert names this account")
    alert_ids = [row.alert_id for row in rows]
    quoted = await alerts.with_payloads(connection, alert_ids)
    pairs = await _pairs(connection, quoted.values())
    family = [row for row in family if row.alert_id not in quoted]
    seal = reduce(or_, (await review.seals(alert_ids)).values(), Seal(review.reader.user_id))
    listed = {alert.alert_id: alert for alert in await related(review, [*rows, *family], beside=(None, seal))}
    given = await verdicts.of_alerts(connection, alert_ids)
    names = await users.initials(connection)
    timeline = [
        event for alert_id in alert_ids for event in _events(quoted[alert_id], seal, given[alert_id], names)
    ]
    timeline.sort(key=lambda event: (-event.at, event.alert_id, event.what))
    return AccountView(
        person=_person(key, [pairs[alert_id] for alert_id in alert_ids]),
        alerts=tuple(
            AccountAlert(
                listed[row.alert_id],
                row.account == key,
                pairs[row.alert_id][row.account == key],
            )
            for row in rows
        ),
        more=more,
        family=tuple(listed[row.alert_id] for row in family),
        timeline=tuple(timeline[:TIMELINE_MAX]),
        words_hidden=seal.words,
    )


async def decided(
    review: Review, filters: DecidedFilters, *, limit: int, after: DecidedPlace | None = None
) -> list[Decided]:
    """Returns decisions, the newest first: a reader's own, and everybody's for who sees figures; never what
    the reader may not know yet.
    """
    connection, reader = review.connection, review.reader
    rows = await verdicts.decided(
        connection,
        filters,
        reader.user_id,
        own=not reader.may("figures"),
        seals=reader.may("decide"),
        limit=limit,
        after=after,
    )
    alert_ids = {row.alert_id for row in rows}
    quoted = await alerts.with_payloads(connection, alert_ids)
    pairs = await _pairs(connection, quoted.values())
    given = await verdicts.of_alerts(connection, alert_ids)
    seals = await review.seals(alert_ids)
    names = await users.initials(connection)
    return [
        _decided(
            row,
            pairs[row.alert_id],
            seals[row.alert_id].verdicts(given[row.alert_id]),
            names,
        )
        for row in rows
    ]


def _decided(
    row: VerdictRow,
    pair: tuple[Person, Person],
    seen: Sequence[VerdictRow],
    names: Mapping[str, str],
) -> Decided:
    held = [verdict for verdict in seen if verdict.may_hold]
    return Decided(
        verdict_id=row.verdict_id,
        alert_id=row.alert_id,
        account=pair[0],
        banned=pair[1],
        verdict=row.verdict,
        reason_code=row.reason_code,
        policy=row.policy,
        by=names.get(row.reviewer, row.reviewer[:8]),
        decided_at=row.decided_at,
        holds=bool(held) and held[-1].verdict_id == row.verdict_id,
        taken_back=any(verdict.kind == TAKE_BACK and verdict.decided_at > row.decided_at for verdict in held),
    )


async def _pairs(
    connection: AsyncConnection, rows: Collection[QuotedAlertRow]
) -> dict[str, tuple[Person, Person]]:
    """Returns both accounts of each alert, as its page shows them."""
    shown = await shown_evidence(connection, rows)
    return {
        row.alert_id: people(shown[row.alert_id].alert)
        if row.alert_id in shown
        else (person_of(row.account), person_of(row.banned))
        for row in rows
    }


def _person(key: str, pairs: Iterable[tuple[Person, Person]]) -> Person:
    """Returns an account as the first alert that quotes it does."""
    for pair in pairs:
        for person in pair:
            if person.key == key and (person.name or person.handle):
                return person
    return person_of(key)


def _events(
    row: QuotedAlertRow, seal: Seal, given: Sequence[VerdictRow], names: Mapping[str, str]
) -> Iterable[Event]:
    alert_id = row.alert_id
    yield Event(row.detected_at, "detected", alert_id)
    for verdict in seal.verdicts(given):
        by = names.get(verdict.reviewer, verdict.reviewer[:8])
        taken_back = verdict.kind == TAKE_BACK
        yield Event(
            verdict.decided_at,
            "taken back" if taken_back else "decided",
            alert_id,
            "" if taken_back else verdict.verdict,
            verdict.reason_code,
            by,
            verdict.undone_at is not None,
        )
    if row.erased_at is not None and not seal.words:
        yield Event(row.erased_at, "erased", alert_id, row.erased_reason or "")
    alert = alert_of(row.payload)
    if alert is None or alert.withdrawn_at is None or seal.status(row) != "withdrawn":
        return
    at, reason = alert.withdrawn_at.timestamp(), row.withdrawn_reason or "withdrawn"
    yield Event(at, "withdrawn", alert_id, reason)
    if reason in FORGOTTEN and row.erased_at is None:
        yield Event(at, "erased", alert_id, reason)
