"""Leads take back the verdict that holds, and restore the one that was taken back last."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from desk.database import appeals, audit, reads, verdicts
from desk.database.schema import AlertRow, VerdictRow
from desk.database.verdicts import RESTORED, TAKE_BACK
from desk.errors import Conflict, Forbidden
from desk.review.appeals import read_anew
from desk.review.arrivals import DECIDED
from desk.review.deciding.review import Review
from desk.review.seal import UNREAD

TAKEN_BACK: Final = "unsure"
"""What a verdict that is taken back becomes on the topic: the latest holds, and nothing follows from it."""


async def take_back(review: Review, alert_id: str, reason_code: str) -> int:
    """Takes the verdict that holds back, and opens the alert for somebody who has not read it.

    Raises `Forbidden` also if the person must not know yet which verdict holds, `Conflict` if none does.
    Returns the read.
    """
    alert = await _known_alert(review, alert_id)
    holds = decided_verdict(await verdicts.of_alert(review.connection, alert_id))
    taken_back = replace(holds, verdict=TAKEN_BACK, reason_code=reason_code)
    verdict_id = await repeat(review, taken_back, alert.revision, kind=TAKE_BACK, after=holds)
    await reads.end(review.connection, [alert_id], ("second", "dispute"), reason="taken-back", now=review.now)
    read_id = await appeals.open_read(review.connection, alert_id)
    if read_id is None:  # otherwise its holder's appeal is read anew already
        read_id = await read_anew(review.connection, review.policy, alert, blind=holds.blind, now=review.now)
    await review.note(
        "taken-back", alert_id, verdict_id=verdict_id, of=holds.verdict_id, reason_code=reason_code
    )
    return read_id


async def restore(review: Review, alert_id: str) -> None:
    """Repeats the verdict that was taken back last, and ends the reading that was opened for it.

    Raises `Forbidden` also if the person must not know yet what holds, `Conflict` if anything was decided
    since then.
    """
    alert = await _known_alert(review, alert_id)
    await reads.end(review.connection, [alert_id], ("appeal",), reason=RESTORED, now=review.now)
    former, taken_back = restorable(await verdicts.of_alert(review.connection, alert_id))
    await verdicts.undo(review.connection, [taken_back.verdict_id], now=review.now)
    verdict_id = await repeat(review, former, alert.revision, kind=RESTORED, after=taken_back)
    await review.note("restored", alert_id, verdict_id=verdict_id, of=taken_back.verdict_id)


async def _known_alert(review: Review, alert_id: str) -> AlertRow:
    """Returns an alert of which a lead may know and change what holds. Of two who do so at once the second
    finds what the first one did."""
    review.reader.need("take-back")
    await audit.lock(review.connection)
    alert = await review.alert(alert_id)
    if (await review.seal(alert_id)).words:
        raise Forbidden(UNREAD)
    return alert


def decided_verdict(given: Sequence[VerdictRow]) -> VerdictRow:
    """Returns the verdict that holds of all that were given, or raises `Conflict` if none decides."""
    holds = verdicts.holding_of(given)
    if holds is None or holds.verdict not in DECIDED:
        raise Conflict("no verdict holds that could be taken back")
    return holds


def restorable(given: Sequence[VerdictRow]) -> tuple[VerdictRow, VerdictRow]:
    """Returns the verdict that was taken back last and the one that took it back, or raises `Conflict`."""
    holds = verdicts.holding_of(given)
    former = next((row for row in reversed(given) if row.may_hold and row.verdict in DECIDED), None)
    if former is None or holds is None or holds.kind != TAKE_BACK:
        raise Conflict("no verdict was taken back that could be restored")
    return former, holds


async def repeat(
    review: Review,
    verdict: VerdictRow,
    revision: int,
    *,
    kind: str,
    after: VerdictRow,
    exceptions: Collection[str] = (),
) -> str:
    """Gives a verdict anew, as the reader's own, to be sent at once. Returns its id.

    `after`: the verdict that holds until then. On the topic the latest holds, whatever the clock says.
    """
    row = replace(
        verdict,
        verdict_id=secrets.token_hex(16),
        revision=revision,
        reviewer=review.reader.user_id,
        decided_at=max(review.now, after.decided_at + 1e-3),
        blind=False,
        kind=kind,
        read_id=None,
        batch=None,
        independent=False,
    )
    await review.keep_verdicts([row], not_before=review.now, exceptions=exceptions)
    return row.verdict_id
