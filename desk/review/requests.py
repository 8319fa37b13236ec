"""Lawful requests: entered by one person, approved by another, answered by people.

1. Entering a request preserves at once: its hold copies what alerts on the named accounts quote, notes and
   appeals (`desk.database.holds`). Approval is about disclosure, and comes too late for that.
2. Under an approved request people make case files of alerts that name one of its accounts. Each leaves its
   digest. A person hands over, elsewhere, and notes here which.
3. A refusal or withdrawal ends the hold, as do its date and a release. Then the copies go, and with them what
   was erased meanwhile everywhere else. So nobody ends the hold of a request that they entered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, audit, holds, requests, users
from desk.database.requests import NamedAccountRow, RequestFileRow
from desk.database.schema import AUTHORITY_CHARS, LEGAL_BASIS_CHARS, AlertRow, RequestRow
from desk.errors import Conflict, Forbidden, NotFound, UnusableInput
from desk.readers import Reader
from desk.review.case import case_file
from desk.review.deciding.review import Review
from desk.review.forgetting import FORGOTTEN
from report.text import is_unseen
from samehand.elapsed import DAY_SECONDS
from schemas.keys import read_account_key
from schemas.malformed import Malformed

KINDS: Final[dict[str, float | None]] = {
    "e-evidence": 10 * DAY_SECONDS,
    "e-evidence-emergency": 8 * 3_600.0,
    "other": None,
}
"""Seconds to answer after receipt, by kind: Art. 10(3) and (4) of Regulation (EU) 2023/1543; None: a date is
given."""

REFUSALS: Final[dict[str, str]] = {
    "not-competent": "the authority is not competent",
    "no-legal-basis": "it names no legal basis, or one that does not allow it",
    "incomplete": "it is incomplete or contains manifest errors",
    "too-broad": "it asks for more than the accounts that it names",
    "nothing-held": "nothing of these accounts is kept here",
    "protected": "immunity, privilege or the freedom of the press protects it",
    "other-law": "another country's law forbids it",
}
"""Reasons of a refusal, by code."""

ACCOUNTS_MAX: Final = 10
"""Accounts of one request: those of one case. Every case file is read by a person; a list that is longer is a
search in bulk, which nobody reads."""

FILES_MAX: Final = 200
"""Case files under one request: a person reads each of them before handing it over."""

HOLD_DAYS: Final = 90
"""Proposed: Art. 16 of the Budapest Convention, and most laws that follow it."""

HOLD_DAYS_MAX: Final = 366
"""From now. A longer hold is extended, so that somebody asks once a year whether it is still needed."""

OPEN_MAX: Final = 100
CLOSED_MAX: Final = 50
"""Requests on a page: the next follow as these are answered; older ones are on further pages."""

ALERTS_MAX: Final = 100
"""Alerts that a request's page lists; of older ones `samehand case` makes files."""

_BATCH: Final = 10
"""Holds that end in one transaction."""

_AHEAD_SECONDS: Final = 300.0
"""How far ahead of this desk's clock the one may be by which a receipt was noted."""

_DEADLINE_SECONDS_MAX: Final = 10 * 366 * DAY_SECONDS
"""After receipt: a date beyond is mistyped."""

_JURISDICTION: Final = re.compile(r"[A-Z]{2,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEntry:
    """What somebody enters. Moments are Unix seconds; `deadline` where the kind has none."""

    authority: str
    reference: str
    legal_basis: str
    jurisdiction: str
    kind: str
    received_at: float
    deadline: float | None
    accounts: Collection[str]
    hold_days: int = HOLD_DAYS


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request in a list. `overdue`: it waits for an answer after its deadline."""

    row: RequestRow
    overdue: bool


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request's page. `alerts`: the newest that name its accounts; `copies`: of the hold, by the reason for
    which the original was erased (None: it was not); `people`: initials by id."""

    line: RequestLine
    accounts: list[NamedAccountRow]
    alerts: list[AlertRow]
    files: list[RequestFileRow]
    copies: dict[str | None, int]
    people: dict[str, str]

    @property
    def known(self) -> set[str]:
        """Accounts that have a page: an alert names them."""
        return {key for alert in self.alerts for key in (alert.account, alert.banned)}


async def enter(review: Review, entry: RequestEntry) -> int:
    """Stores a request and places its hold. Returns its number.

    Raises `Forbidden`, `UnusableInput`, and `Conflict` if the authority's request under this reference is
    there already.
    """
    review.reader.need("request")
    await audit.lock(review.connection)  # of two who enter it at once the second finds it; no erasure between
    values, accounts = _checked(entry, review.now)
    known = await requests.standing(review.connection, values["authority"], values["reference"])
    if known is not None:
        raise Conflict("this request was entered already, under the same reference")
    stored = {**values, "entered_at": review.now, "entered_by": review.reader.user_id, "state": "entered"}
    request_id = await requests.add(review.connection, stored, accounts)
    await holds.copy(review.connection, request_id, accounts, forgotten=FORGOTTEN)
    named = await requests.accounts_of(review.connection, request_id)
    await review.note(
        "request-entered",
        f"request-{request_id}",
        kind=entry.kind,
        # Names and references of authorities may name a person: the audit has their digest.
        record=audit.digest_of(msgspec.json.encode([values, accounts], order="deterministic").decode()),
        deadline=values["deadline"],
        hold_until=values["hold_until"],
        accounts=len(accounts),
        copies=sum(account.copies for account in named),
    )
    return request_id


async def approve(review: Review, request_id: int) -> None:
    """Approves a request that somebody else entered. Raises `Forbidden`, `NotFound` and `Conflict`."""
    review.reader.need("approve")
    row = await _known(review, request_id)
    if row.entered_by == review.reader.user_id:
        raise Forbidden("you entered this request: somebody else approves it")
    await _move(
        review,
        row,
        ("entered",),
        "request-approved",
        state="approved",
        approved_at=review.now,
        approved_by=review.reader.user_id,
    )


async def refuse(review: Review, request_id: int, reason_code: str) -> None:
    """Refuses a request that somebody else entered, approved or not, and ends its hold. Raises as `approve`,
    and `UnusableInput` for another code."""
    review.reader.need("approve")
    if reason_code not in REFUSALS:
        raise UnusableInput("reason_code", "say why, by one of the codes")
    row = await _known(review, request_id)
    await _move(
        review,
        row,
        requests.OPEN,
        "request-refused",
        {"reason_code": reason_code},
        **_closed(review, "refused"),
        reason_code=reason_code,
    )
    await _end(review.connection, row, "refused", by=review.reader.user_id, now=review.now)


async def withdraw(review: Review, request_id: int) -> None:
    """Notes that the authority withdrew a request before an answer, and ends its hold."""
    review.reader.need("request")
    row = await _known(review, request_id)
    await _move(review, row, requests.OPEN, "request-withdrawn", **_closed(review, "withdrawn"))
    await _end(review.connection, row, "withdrawn", by=review.reader.user_id, now=review.now)


async def disclose(review: Review, request_id: int, digests: Collection[str]) -> None:
    """Notes that a person handed case files over, by their digests. The hold goes on until its date.

    Raises `UnusableInput` without a file, or for one that was not made under this request.
    """
    review.reader.need("request")
    row = await _known(review, request_id)
    chosen = sorted(set(digests))
    if not chosen:
        raise UnusableInput("digest", "say which case files were handed over")
    if not {file.digest for file in await requests.files_of(review.connection, request_id)}.issuperset(
        chosen
    ):
        raise UnusableInput("digest", "one of these case files was not made under this request")
    await _move(
        review, row, ("approved",), "request-disclosed", {"files": chosen}, **_closed(review, "disclosed")
    )
    await requests.hand_over(review.connection, request_id, chosen, by=review.reader.user_id, now=review.now)


async def extend(review: Review, request_id: int, days: int) -> None:
    """Lets a hold last until so many days from now, never less than it would. Raises as `release`, and
    `UnusableInput`."""
    row = await _holding(review, request_id)
    if not 1 <= days <= HOLD_DAYS_MAX:
        raise UnusableInput("hold_days", f"a hold lasts 1 to {HOLD_DAYS_MAX} days from now")
    until = review.now + days * DAY_SECONDS
    if until <= row.hold_until:
        raise UnusableInput("hold_days", "the hold lasts longer already; release it to end it")
    await requests.move(review.connection, request_id, (row.state,), hold_until=until)
    await review.note("hold-extended", row.subject, hold_until=until)


async def release(review: Review, request_id: int) -> None:
    """Ends the hold of a request that somebody else entered, before its date. Raises `Forbidden`, `NotFound`,
    and `Conflict` if it has ended."""
    row = await _holding(review, request_id)
    await _end(review.connection, row, "released", by=review.reader.user_id, now=review.now)


async def end_due_holds(connection: AsyncConnection, *, now: float) -> int:
    """Ends the holds whose date has come, some at a time. Returns how many."""
    if not await holds.due(connection, now, _BATCH):
        return 0
    await audit.lock(connection)  # waits for an extension or release in progress
    due = await holds.due(connection, now, _BATCH)
    for request_id in due:
        row = await requests.find(connection, request_id)
        assert row is not None  # in one transaction
        await _end(connection, row, "date", by=None, now=now)
    return len(due)


async def make_file(
    review: Review, request_id: int, alert_id: str, render: Callable[[dict[str, Any]], bytes]
) -> bytes:
    """Returns the case file of an alert under an approved request as `render` writes it; stores its digest.

    Raises as `case_file`, and `Conflict` unless the request is approved.
    """
    row = await _known(review, request_id)
    if row.state != "approved":
        raise Conflict("case files are made under a request while it is approved and not answered")
    if len(await requests.files_of(review.connection, request_id)) >= FILES_MAX:
        raise Conflict("no more case files are made under one request")
    alert = await alerts.find(review.connection, alert_id)
    named = {account.account for account in await requests.accounts_of(review.connection, request_id)}
    about = (
        None if alert is None else next((key for key in (alert.account, alert.banned) if key in named), None)
    )
    if about is None:
        raise NotFound("there is no such alert on an account that this request names")
    case = await case_file(review, alert_id, purpose=row.reference, request=row)
    # Relatives would be up to 200 accounts that nobody asked for.
    case["family"] = [relative for relative in case["family"] if relative["account"] in named]
    content = render(case)
    digest = sha256(content).hexdigest()
    file = RequestFileRow(digest, alert_id, about, review.now, review.reader.user_id, None, None)
    await requests.add_file(review.connection, request_id, file)
    await review.note("request-file", row.subject, alert_id=alert_id, digest=digest)
    return content


async def lines(review: Review, *, is_open: bool, before: float | None = None) -> list[RequestLine]:
    """Returns requests that wait for an answer, or those answered `before` a moment, the last first."""
    need_sight(review.reader)
    limit = OPEN_MAX if is_open else CLOSED_MAX
    rows = await requests.listed(review.connection, is_open=is_open, before=before, limit=limit)
    return [_line(row, review.now) for row in rows]


async def request_view(review: Review, request_id: int) -> RequestView:
    """Returns a request's page. Raises `Forbidden` and `NotFound`."""
    need_sight(review.reader)
    connection = review.connection
    row = await requests.find(connection, request_id)
    if row is None:
        raise NotFound("there is no such request")
    named = await requests.accounts_of(connection, request_id)
    return RequestView(
        line=_line(row, review.now),
        accounts=named,
        alerts=await requests.alerts_on(connection, [account.account for account in named], ALERTS_MAX),
        files=await requests.files_of(connection, request_id),
        copies=await holds.erasures(connection, request_id),
        people=await users.initials(connection),
    )


def need_sight(reader: Reader) -> None:
    """Raises `Forbidden` unless a person sees requests: an authority may forbid to tell anybody else."""
    if not reader.sees_requests:
        reader.need("request")


def _line(row: RequestRow, now: float) -> RequestLine:
    return RequestLine(row, row.state in requests.OPEN and row.deadline < now)


def _checked(entry: RequestEntry, now: float) -> tuple[dict[str, Any], list[str]]:
    """Returns the columns of an entry, and its accounts, sorted. Raises `UnusableInput`."""
    jurisdiction = entry.jurisdiction.strip().upper()
    if not _JURISDICTION.fullmatch(jurisdiction):
        raise UnusableInput("jurisdiction", "give the code of a country, such as PK, or EU")
    if entry.kind not in KINDS:
        raise UnusableInput("kind", f"is one of {', '.join(KINDS)}")
    if not 0 < entry.received_at <= now + _AHEAD_SECONDS:
        raise UnusableInput(
            "received_at", "give when the request was received, in UTC: this moment is still to come"
        )
    if not 1 <= entry.hold_days <= HOLD_DAYS_MAX:
        raise UnusableInput("hold_days", f"a hold lasts 1 to {HOLD_DAYS_MAX} days from now")
    accounts = sorted({_pasted(account) for account in entry.accounts} - {""})
    if not 0 < len(accounts) <= ACCOUNTS_MAX:
        raise UnusableInput("accounts", f"name 1 to {ACCOUNTS_MAX} accounts; in bulk nothing is answered")
    if any(isinstance(read_account_key(account.encode()), Malformed) for account in accounts):
        raise UnusableInput("accounts", "name each as platform:account_id, one a line")
    values = {
        "authority": _words("authority", entry.authority, AUTHORITY_CHARS),
        "reference": _words("reference", entry.reference, AUTHORITY_CHARS),
        "legal_basis": _words("legal_basis", entry.legal_basis, LEGAL_BASIS_CHARS),
        "jurisdiction": jurisdiction,
        "kind": entry.kind,
        "received_at": entry.received_at,
        "deadline": _deadline(entry),
        "hold_until": now + entry.hold_days * DAY_SECONDS,
    }
    return values, accounts


def _pasted(account: str) -> str:
    """Returns an account without unseen marks around it, which text of two directions brings along: with them
    it would be another account, of which nothing is kept."""
    seen = [at for at, char in enumerate(account) if not (char.isspace() or is_unseen(char))]
    return account[seen[0] : seen[-1] + 1] if seen else ""


def _words(field: str, text: str, chars_max: int) -> str:
    words = " ".join(text.replace("\0", "").split())
    if not 0 < len(words) <= chars_max:
        raise UnusableInput(field, f"has 1 to {chars_max} characters")
    return words


def _deadline(entry: RequestEntry) -> float:
    seconds = KINDS[entry.kind]
    if seconds is not None:
        if entry.deadline is not None:
            raise UnusableInput("deadline", "follows from the kind: leave it out")
        return entry.received_at + seconds
    if entry.deadline is None or not 0 < entry.deadline - entry.received_at <= _DEADLINE_SECONDS_MAX:
        raise UnusableInput("deadline", "give the date by which to answer, after the receipt")
    return entry.deadline


def _closed(review: Review, state: str) -> dict[str, Any]:
    return {"state": state, "closed_at": review.now, "closed_by": review.reader.user_id}


async def _known(review: Review, request_id: int) -> RequestRow:
    need_sight(review.reader)
    await audit.lock(review.connection)  # of two who take a step at once the second finds it taken
    row = await requests.find(review.connection, request_id)
    if row is None:
        raise NotFound("there is no such request")
    return row


async def _holding(review: Review, request_id: int) -> RequestRow:
    review.reader.need("request")
    row = await _known(review, request_id)
    if row.hold_ended_at is not None:
        raise Conflict("the hold has ended")
    return row


async def _move(
    review: Review,
    row: RequestRow,
    states: Collection[str],
    action: str,
    detail: dict[str, Any] | None = None,
    **values: Any,
) -> None:
    if not await requests.move(review.connection, row.request_id, states, **values):
        raise Conflict("the request is in another state by now")
    await review.note(action, row.subject, **(detail or {}))


async def _end(
    connection: AsyncConnection, row: RequestRow, reason: str, *, by: str | None, now: float
) -> None:
    """Deletes the copies of a hold unless it has ended, and notes for how many an erasure had waited.

    Raises `Forbidden` for who entered the request. `by` None: its date has come.
    """
    if row.hold_ended_at is not None:
        return
    if by == row.entered_by:
        raise Forbidden("you entered this request: somebody else ends its hold")
    await audit.lock(connection)  # waits for an erasure in progress
    copies = await holds.erasures(connection, row.request_id)
    await holds.drop(connection, row.request_id)
    await requests.end_hold(connection, row.request_id, reason=reason, by=by, now=now)
    await audit.note(
        connection,
        by or audit.SYSTEM,
        "hold-ended",
        row.subject,
        now=now,
        reason=reason,
        copies=sum(copies.values()),
        erased={why: count for why, count in copies.items() if why is not None},
    )
