"""The case file: everything known about one decision, personal values masked, for appeals and audits."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, audit, notes, reads, users, verdicts
from desk.errors import Forbidden, NotFound, Unusable
from desk.review.facts import alert_of
from desk.review.seal import UNREAD, Seal
from schemas.wire import encode

PURPOSE_CHARS_MAX: Final = 500
LINES_MAX: Final = 10_000
"""Of the audit about one alert: hundreds of people opening it, for years."""


async def case_file(
    connection: AsyncConnection,
    alert_id: str,
    *,
    purpose: str,
    reader: str,
    now: float,
    seal: Seal | None = None,
) -> dict[str, Any]:
    """One case, as JSON can hold it. That it was made, why and for whom is in the audit from then on.

    ``reader``: whose it is: an opaque id, or `command-line`. People are opaque ids throughout. ``seal``: what
    is hidden of the alert from them; a case file hides nothing, so none is made then.

    Raises `NotFound`, `Forbidden`, and `Unusable` without a purpose.
    """
    if seal is not None and (seal.score or seal.words):
        raise Forbidden(UNREAD)
    purpose = " ".join(purpose.replace("\0", "").split())
    if not 0 < len(purpose) <= PURPOSE_CHARS_MAX:
        raise Unusable("purpose", f"say what for, in 1 to {PURPOSE_CHARS_MAX} characters")
    row, stored = await alerts.find(connection, alert_id), await alerts.payload(connection, alert_id)
    if row is None or stored is None:
        raise NotFound(f"there is no alert {alert_id}")
    await audit.note(
        connection,
        actor=reader,
        action="case-file",
        subject=alert_id,
        now=now,
        detail={"purpose": audit.digest_of(purpose)},
    )
    said = await verdicts.of_alert(connection, alert_id)
    holds = await verdicts.holding(connection, alert_id)
    roles = {user.user_id: user.role for user in await users.everybody(connection)}
    return {
        "case": alert_id,
        "made_at": now,
        "made_for": {"purpose": purpose, "reader": reader},
        "alert": _alert(bytes(stored.payload)),
        "erased": None
        if stored.erased_at is None
        else {"at": stored.erased_at, "reason": stored.erased_reason},
        "status": {"status": row.status, "withdrawn_reason": row.withdrawn_reason, "revision": row.revision},
        "verdicts": [
            {
                "verdict_id": one.verdict_id,
                "verdict": one.verdict,
                "reason_code": one.reason_code,
                "policy": one.policy,
                "reviewer": one.reviewer,
                "role": roles.get(one.reviewer),
                "decided_at": one.decided_at,
                "kind": one.kind,
                "blind": one.blind,
                "golden": one.golden,
                "undone_at": one.undone_at,
                "holds": holds is not None and one.verdict_id == holds.verdict_id,
            }
            for one in said
        ],
        "reads": [
            {
                "kind": one.kind,
                "blind": one.blind,
                "state": one.state,
                "gone_reason": one.gone_reason,
                "opened_at": one.opened_at,
                "closed_at": one.closed_at,
            }
            for one in await reads.of_alert(connection, alert_id)
        ],
        "notes": [
            {
                "author": one.user_id,
                "written_at": one.written_at,
                "text": one.text or None,
                "erased_at": one.erased_at,
                "erased_reason": one.erased_reason,
            }
            for one in await notes.of_alert(connection, alert_id)
        ],
        "family": [
            {"alert_id": one.alert_id, "account": one.account, "generation": one.generation}
            for one in await alerts.of_family(connection, row.root, 200)
        ],
        "audit": [
            {
                "number": one.number,
                "at": one.at,
                "actor": one.actor,
                "action": one.action,
                "detail": json.loads(one.detail),
                "hash": one.hash,
            }
            for one in await audit.about(connection, alert_id, LINES_MAX)
        ],
    }


def _alert(payload: bytes) -> Any:
    """The alert as it is stored: personal values are masked in it as they left the worker."""
    alert = alert_of(payload)
    return None if alert is None else json.loads(encode(alert))
