"""One account: its alerts and timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from desk.database import alerts, appeals, users, verdicts
from desk.database.schema import AppealRow, VerdictRow
from desk.database.verdicts import TAKE_BACK
from desk.errors import Forbidden, NotFound
from desk.review import waves
from desk.review.deciding.review import Review
from desk.review.evidence import ShownEvidence, pair_of, shown_evidence
from desk.review.forgetting import FORGOTTEN
from desk.review.people import Person, person_called
from desk.review.seal import UNREAD, Seal
from desk.review.views import HISTORY_MAX, RelatedAlert, related_alert, signed
from desk.review.waves import WaveLine

TIMELINE_MAX: Final = 200
EVENTS: Final = ("detected", "decided", "taken back", "appealed", "appeal decided", "withdrawn", "erased")
"""Kinds of timeline events."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an account's timeline. `what`: one of `EVENTS`.

    `detail`: the verdict of a decision, the outcome of an appeal, otherwise the reason; `by`: initials, ""
    for events without a person.
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
    """An account's page. `more`: it has older alerts, which are not shown; `waves`: those that it is in."""

    person: Person
    alerts: tuple[AccountAlert, ...]
    more: bool
    timeline: tuple[Event, ...]
    words_hidden: bool
    waves: tuple[WaveLine, ...]


async def account_view(review: Review, key: str) -> AccountView:
    """Returns an account's page. What is hidden of one of its alerts is hidden of all of them.

    Raises `NotFound` where no alert names it, as an account or as the root of a family, and no wave.
    """
    connection, user_id = review.connection, review.reader.user_id
    rows = await alerts.of_account(connection, key, HISTORY_MAX + 1, user_id=user_id)
    rows, more = rows[:HISTORY_MAX], len(rows) > HISTORY_MAX
    joined = await waves.of_account(review, key)
    if not (rows or joined or await alerts.of_family(connection, key, 1, user_id=user_id)):
        raise NotFound("no alert names this account")
    own = [row.alert_id for row in rows]
    quoted = await alerts.with_payloads(connection, own)
    shown = await shown_evidence(connection, quoted.values())
    pairs = {alert_id: pair_of(quoted[alert_id], shown) for alert_id in own}
    given = await verdicts.of_alerts(connection, own)
    seals = await review.seals(own)
    seal = reduce(or_, (seals[alert_id] for alert_id in own), Seal(review.reader.user_id))
    lines = {
        row.alert_id: related_alert(row, seals[row.alert_id] | seal, given[row.alert_id]) for row in rows
    }
    names = await users.initials(connection)
    contested = await appeals.of_alerts(connection, own)
    timeline = [
        event
        for row in rows
        for event in _events(
            lines[row.alert_id],
            shown.get(row.alert_id),
            seal,
            given[row.alert_id],
            contested[row.alert_id],
            names,
        )
    ]
    timeline.sort(key=lambda event: (-event.at, event.alert_id, event.what))
    return AccountView(
        person=person_called(key, pairs.values()),
        alerts=tuple(
            AccountAlert(lines[row.alert_id], row.account == key, pairs[row.alert_id][row.account == key])
            for row in rows
        ),
        more=more,
        timeline=tuple(timeline[:TIMELINE_MAX]),
        words_hidden=seal.words,
        waves=tuple(joined),
    )


async def named_account(review: Review, key: str) -> tuple[Person, bool]:
    """Returns an account that an alert names, and whether words are hidden of one of its alerts.

    Raises `NotFound` where no alert names it.
    """
    rows = await alerts.of_account(review.connection, key, HISTORY_MAX, user_id=review.reader.user_id)
    if not rows:
        raise NotFound("no alert names this account")
    quoted = await alerts.with_payloads(review.connection, [row.alert_id for row in rows])
    shown = await shown_evidence(review.connection, quoted.values())
    seals = await review.seals(quoted.keys())
    person = person_called(key, [pair_of(quoted[row.alert_id], shown) for row in rows])
    return person, any(seal.words for seal in seals.values())


async def asked_account(review: Review, key: str) -> Person:
    """Returns an account that an alert names, about which this person may ask a gate.

    Raises `NotFound` where no alert names it, and `Forbidden` while they have yet to read one that does.
    """
    person, _ = await named_account(review, key)
    if await review.hidden_accounts([key]):
        raise Forbidden(UNREAD)
    return person


def _events(
    line: RelatedAlert,
    shown: ShownEvidence | None,
    seal: Seal,
    given: Sequence[VerdictRow],
    contested: Sequence[AppealRow],
    names: Mapping[str, str],
) -> Iterable[Event]:
    alert_id = line.alert_id
    yield Event(line.detected_at, "detected", alert_id)
    for verdict in seal.verdicts(given):
        taken_back = verdict.kind == TAKE_BACK
        yield Event(
            verdict.decided_at,
            "taken back" if taken_back else "decided",
            alert_id,
            "" if taken_back else verdict.verdict,
            verdict.reason_code,
            signed(verdict, names),
            verdict.undone_at is not None,
        )
    if shown is None or seal.words:
        return
    for appeal in contested:
        yield Event(appeal.received_at, "appealed", alert_id)
        if appeal.decided_at is not None:
            yield Event(
                appeal.decided_at, "appeal decided", alert_id, appeal.outcome or "", appeal.reason_code or ""
            )
    if shown.erased_at is not None:
        yield Event(shown.erased_at, "erased", alert_id, shown.erased_reason or "")
    alert = shown.alert
    if alert.withdrawn_at is None or alert.status != "withdrawn":
        return
    at, reason = alert.withdrawn_at.timestamp(), alert.withdrawn_reason or "withdrawn"
    yield Event(at, "withdrawn", alert_id, reason)
    if reason in FORGOTTEN and shown.erased_at is None:
        yield Event(at, "erased", alert_id, reason)
