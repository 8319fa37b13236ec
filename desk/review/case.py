"""The case file: everything known about one decision, personal values masked, for appeals and audits."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, appeals, audit, holds, notes, reads, users, verdicts
from desk.database.schema import RequestRow
from desk.errors import Forbidden, NotFound, UnusableInput
from desk.review.deciding.review import Review
from desk.review.evidence import shown_evidence
from desk.review.facts import alert_of
from desk.review.seal import UNREAD
from schemas.alerts import MirrorAlert
from schemas.wire import encode

PURPOSE_CHARS_MAX: Final = 500
LINES_MAX: Final = 10_000
"""Of the audit about one alert: hundreds of people opening it, for years."""


async def case_file(
    review: Review, alert_id: str, purpose: str, *, request: RequestRow | None = None
) -> dict[str, Any]:
    """Returns one case as JSON types. The audit notes that it was made, why and for whom.

    Made under a lawful `request`, it names it, and has what its hold preserved of the alert.

    People are opaque ids throughout. A case file hides nothing, so there is none of an alert of which
    anything is hidden from the reader.

    Raises `NotFound`, `Forbidden`, and `UnusableInput` without a purpose.
    """
    review.reader.need("case")
    connection, reader, now = review.connection, review.reader.user_id, review.now
    await audit.lock(connection)  # nobody decides between the question what is hidden and its answer
    seal = await review.seal(alert_id)
    if seal.score or seal.words:
        raise Forbidden(UNREAD)
    purpose = " ".join(purpose.replace("\0", "").split())
    if not 0 < len(purpose) <= PURPOSE_CHARS_MAX:
        raise UnusableInput("purpose", f"say what for, in 1 to {PURPOSE_CHARS_MAX} characters")
    row = await alerts.with_payload(connection, alert_id)
    if row is None:
        raise NotFound(f"there is no alert {alert_id}")
    under = {} if request is None else {"request": request.request_id}
    await review.note("case-file", alert_id, purpose=audit.digest_of(purpose), **under)
    given = await verdicts.of_alert(connection, alert_id)
    holds = verdicts.holding_of(given)
    shown = (await shown_evidence(connection, [row])).get(alert_id)
    erased = row if shown is None else shown
    roles = {user.user_id: user.role for user in await users.everybody(connection)}
    case: dict[str, Any] = {
        "case": alert_id,
        "made_at": now,
        "made_for": {"purpose": purpose, "reader": reader},
        # Personal values are masked in it as they left the worker.
        "alert": None if shown is None else _alert(review, shown.alert),
        "evidence_decided_at": None if shown is None else shown.decided_at,
        "erased": None
        if erased.erased_at is None
        else {"at": erased.erased_at, "reason": erased.erased_reason},
        "status": _columns(row, "status", "withdrawn_reason", "revision"),
        "verdicts": [
            {
                **_columns(verdict, "verdict_id", "verdict", "reason_code", "policy", "reviewer"),
                "role": roles.get(verdict.reviewer),
                **_columns(verdict, "decided_at", "kind", "blind", "undone_at"),
                "holds": holds is not None and verdict.verdict_id == holds.verdict_id,
            }
            for verdict in given
        ],
        "reads": [
            _columns(read, "kind", "blind", "state", "gone_reason", "opened_at", "closed_at")
            for read in await reads.of_alert(connection, alert_id)
        ],
        "notes": [
            {
                "author": note.user_id,
                "written_at": note.written_at,
                "text": note.text or None,
                **_columns(note, "erased_at", "erased_reason"),
            }
            for note in await notes.of_alert(connection, alert_id)
        ],
        "appeals": [
            {
                **_columns(appeal, "appeal_id", "received_at", "against"),
                "words": appeal.words or None,
                **_columns(appeal, "erased_at", "erased_reason"),
                **_columns(appeal, "outcome", "reason_code", "decided_at", "verdict_id"),
            }
            for appeal in (await appeals.of_alerts(connection, [alert_id]))[alert_id]
        ],
        "family": [
            _columns(relative, "alert_id", "account", "generation")
            for relative in await alerts.of_family(connection, row.root, 200)
        ],
        "audit": await _lines(connection, alert_id, request),
    }
    if request is not None:
        case["request"] = _columns(
            request, "request_id", "authority", "reference", "legal_basis", "jurisdiction"
        )
        case["held"] = await _held(review, request.request_id, alert_id)
    return case


def _columns(row: object, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


async def _lines(
    connection: AsyncConnection, alert_id: str, request: RequestRow | None
) -> list[dict[str, Any]]:
    """Returns the audit of an alert without other requests and what they hold: the law may forbid to tell."""
    under = (None, None if request is None else request.request_id)
    lines = []
    for line in await audit.about(connection, alert_id, LINES_MAX):
        detail = json.loads(line.detail)
        detail.pop("held", None)
        if detail.get("request") in under:
            lines.append(
                _columns(line, "number", "at", "actor", "action") | {"detail": detail, "hash": line.hash}
            )
    return lines


async def _held(review: Review, request_id: int, alert_id: str) -> list[dict[str, Any]]:
    """Returns what the hold of a request preserved of an alert, as it stood when the hold began."""
    copies = []
    for copy in await holds.of_alert(review.connection, request_id, alert_id):
        alert = None if copy.payload is None else alert_of(copy.payload)
        copies.append(
            {
                **_columns(copy, "kind", "revision", "written_at"),
                "alert": None if alert is None else _alert(review, alert),
                "words": copy.words,
                "erased": None
                if copy.erased_at is None
                else {"at": copy.erased_at, "reason": copy.erased_reason},
            }
        )
    return copies


def _alert(review: Review, alert: MirrorAlert) -> Any:
    return json.loads(encode(review.policy.exportable(alert)))
