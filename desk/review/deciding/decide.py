"""Decides reads: one, those of its family, or several chosen ones, all by one key."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from desk.database import appeals, audit, decided_evidence, reads, verdicts
from desk.database.filters import Filters
from desk.database.queue import waiting
from desk.database.queue.waiting import WaitingRow
from desk.database.schema import AppealRow, ReadRow, VerdictRow
from desk.errors import Conflict, SelectionChanged, UnusableInput
from desk.review.arrivals import DECIDED
from desk.review.deciding.claim import has_decided, hold, open_read
from desk.review.deciding.notes import NOTE_CHARS_MAX, keep_note, written
from desk.review.deciding.review import Review
from desk.review.draws import needs_second_reader

TOGETHER_MAX: Final = 200
"""Alerts that one key decides: a family in the wild reaches some hundred, and a slip must stay surveyable."""


@dataclass(frozen=True, slots=True)
class ReadDecision:
    """What a person said about one read.

    `policy`: under which rule, by default that of the ban; `family`: about everything of the same root that
    waits and is seen with its score, too; `milder`: of an appeal, that the verdict stands and a milder action
    is asked for.
    """

    verdict: str
    reason_code: str
    policy: str | None = None
    note: str = ""
    family: bool = False
    milder: bool = False


@dataclass(frozen=True, slots=True)
class DecisionMade:
    """What came of it. `batch`: names it for undoing.

    `decided`: the kind of each reading, and the seconds that it had waited.
    """

    verdict: str
    batch: str
    decided: tuple[tuple[str, float], ...]


_BEFORE: Final[dict[str, tuple[str, ...]]] = {
    "first": (),
    "second": ("first",),
    "dispute": ("first", "second"),
}
"""By kind of reading: the kinds that precede it. Each opened the next as it was decided, so that at no moment
in between others' words were shown to who was still to read."""


async def decide(review: Review, read_id: int, decision: ReadDecision) -> DecisionMade:
    """Keeps a verdict, and lays it out to be sent once it can no longer be undone."""
    _check(review, decision)
    await audit.lock(review.connection)
    read = await open_read(review, read_id)
    await hold(review, read)
    rows = [WaitingRow(read, await review.alert(read.alert_id))]
    appeal = await appeals.of_read(review.connection, read.read_id) if read.kind == "appeal" else None
    if decision.milder and (appeal is None or decision.verdict != "mirror"):
        raise UnusableInput("milder", "only an appeal whose verdict stands asks for a milder action")
    if appeal is not None and decision.verdict not in DECIDED:
        raise UnusableInput("verdict", "an appeal is decided by mirror or not_mirror")
    if decision.family:
        if read.kind != "first" or read.blind:
            raise UnusableInput("family", "a family is decided from an alert that is seen with its score")
        relatives = await waiting.decidable_together(
            review.connection,
            review.reader.user_id,
            Filters(),
            root=rows[0].alert.root,
            now=review.now,
            limit=TOGETHER_MAX,
            lock=True,
        )
        rows += [relative for relative in relatives if relative.read.read_id != read_id]
    made = await _decide_all(review, rows, decision, appeal)
    if decision.note:
        await keep_note(review, read.alert_id, written(decision.note))
    return made


async def decide_together(review: Review, read_ids: Collection[int], decision: ReadDecision) -> DecisionMade:
    """Decides several first readings, each under its own ban's policy, or none of them.

    Raises `SelectionChanged` if one no longer waits for this person with its score, or is in other hands.
    """
    _check(review, decision)
    return await _decide_all(review, await chosen_readings(review, read_ids), decision)


async def chosen_readings(review: Review, read_ids: Collection[int]) -> list[WaitingRow]:
    """Returns several first readings that wait for this person with their score, and holds them until the
    transaction ends. Raises `SelectionChanged` if one of them does not, or is in other hands."""
    review.reader.need("decide")
    if not 0 < len(read_ids) <= TOGETHER_MAX:
        raise UnusableInput("read_ids", f"1 to {TOGETHER_MAX} are decided together")
    await audit.lock(review.connection)
    rows = await waiting.decidable_together(
        review.connection,
        review.reader.user_id,
        Filters(),
        read_ids=read_ids,
        now=review.now,
        limit=TOGETHER_MAX,
        lock=True,
    )
    changed = {*read_ids} - {row.read.read_id for row in rows}
    if changed:
        raise SelectionChanged(tuple(sorted(changed)))
    return rows


def _check(review: Review, decision: ReadDecision) -> None:
    """Raises `Forbidden` or `UnusableInput` for what cannot be decided."""
    review.reader.need("decide")
    if decision.verdict not in ("mirror", "not_mirror", "unsure"):
        raise UnusableInput("verdict", "is mirror, not_mirror or unsure")
    if not decision.reason_code:
        raise UnusableInput("reason_code", "say why, by one of the codes")
    if len(decision.note) > NOTE_CHARS_MAX:
        raise UnusableInput("note", f"a note has at most {NOTE_CHARS_MAX} characters")


async def _decide_all(
    review: Review, rows: Sequence[WaitingRow], decision: ReadDecision, appeal: AppealRow | None = None
) -> DecisionMade:
    """Closes reads of several alerts by a verdict each, all of one batch. An appeal comes alone."""
    batch = secrets.token_hex(16)
    given = await verdicts.of_alerts(review.connection, [row.read.alert_id for row in rows])
    made = [_verdict(review, row, decision, batch, given[row.read.alert_id]) for row in rows]
    closed = {row.read.read_id: verdict.verdict_id for row, verdict in zip(rows, made, strict=True)}
    if not await reads.close(review.connection, closed, now=review.now):
        raise Conflict("it was decided, or withdrawn, a moment ago")
    await review.keep_verdicts(made, not_before=review.now + review.policy.undo_seconds)
    decided = {}
    if appeal is None:
        decided = {verdict.alert_id: verdict.revision for verdict in made}
    else:
        # Shown with the evidence that the first decision rested on, which stays as it is.
        stands = "partly" if decision.milder else "upheld"
        await appeals.decide(
            review.connection,
            rows[0].read.read_id,
            outcome=stands if decision.verdict == "mirror" else "reversed",
            reason_code=decision.reason_code,
            verdict_id=made[0].verdict_id,
            now=made[0].decided_at,
        )
    if decided:
        await decided_evidence.keep(review.connection, decided, now=review.now)
    for row in rows:
        if row.read.alert_id in decided:
            await _ask_others(review, row.read, decision.verdict, given[row.read.alert_id])
    more: dict[str, Any] = {"together": len(made)} if len(made) > 1 else {}
    if appeal is not None:
        more = {"appeal": appeal.appeal_id, "milder": decision.milder}
    await audit.note_each(
        review.connection,
        actor=review.reader.user_id,
        action="decided",
        now=review.now,
        details={
            verdict.alert_id: {
                "verdict_id": verdict.verdict_id,
                "verdict": verdict.verdict,
                "reason_code": verdict.reason_code,
                "read": verdict.read_id,
                "kind": verdict.kind,
                "blind": verdict.blind,
                "revision": verdict.revision,
                **more,
            }
            for verdict in made
        },
    )
    return DecisionMade(
        decision.verdict,
        batch,
        tuple((row.read.kind, max(0.0, review.now - row.read.waits_since)) for row in rows),
    )


def _verdict(
    review: Review, row: WaitingRow, decision: ReadDecision, batch: str, given: Sequence[VerdictRow]
) -> VerdictRow:
    """Returns the verdict that closes a read. `given`: what was said of its alert before."""
    read, alert, before = row.read, row.alert, _BEFORE.get(row.read.kind)
    others = [verdict for verdict in given if verdict.reviewer != review.reader.user_id]
    return VerdictRow(
        verdict_id=secrets.token_hex(16),
        alert_id=read.alert_id,
        revision=alert.revision,
        verdict=decision.verdict,
        reason_code=decision.reason_code,
        policy=decision.policy or alert.policy,
        reviewer=review.reader.user_id,
        # A clock set back must not let an earlier verdict hold over what was decided after it.
        decided_at=max([review.now, *(earlier.decided_at + 1e-3 for earlier in given if earlier.may_hold)]),
        # Who decided it before has seen its score since.
        blind=read.blind and not has_decided(review, given),
        kind=read.kind,
        read_id=read.read_id,
        batch=batch,
        # Nobody else's verdict can have been known. One that was taken back, undone or given elsewhere was
        # shown in between.
        independent=before is not None
        and all(verdict.kind in before and verdict.undone_at is None for verdict in others),
    )


async def _ask_others(review: Review, read: ReadRow, verdict: str, given: Sequence[VerdictRow]) -> None:
    """Opens a second reading after an unsure verdict and for a share of the others, and a third reading
    where two verdicts differ."""
    kind = None
    if read.kind == "first" and (
        verdict == "unsure"
        or needs_second_reader(review.policy.key, read.alert_id, review.policy.second_share)
    ):
        kind = "second"
    elif read.kind == "second":
        others = {other.verdict for other in given if other.may_hold and other.verdict in DECIDED}
        if verdict == "unsure" or (others and verdict not in others):
            kind = "dispute"
    if kind is not None:
        await reads.add(
            review.connection,
            read.alert_id,
            kind=kind,
            blind=read.blind,
            rank=read.rank,
            waits_since=review.now,
            now=review.now,
        )
