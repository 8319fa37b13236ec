"""Claim, decide, undo, skip, take back: each in the caller's transaction."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import (
    alerts,
    appeals,
    audit,
    decided_evidence,
    golden,
    notes,
    outbox,
    reach,
    reads,
    seals,
    users,
    verdicts,
)
from desk.database.alerts import AlertRow
from desk.database.appeals import AppealRow
from desk.database.filters import Filters
from desk.database.outbox import OutboxRecord
from desk.database.reads import ReadRow, WaitingRow
from desk.database.verdicts import RESTORED, TAKE_BACK, VerdictRow
from desk.errors import Conflict, Forbidden, NotFound, SelectionChanged, TooLate, UnusableInput
from desk.readers import Reader, may
from desk.review.arrivals import DECIDED, blind_rank
from desk.review.draws import needs_second_reader
from desk.review.policy import Policy
from desk.review.seal import UNREAD, Seal
from schemas.verdicts import Verdict, VerdictGiven
from schemas.wire import encode

TOGETHER_MAX: Final = 200
"""Alerts that one key decides: a family in the wild reaches some hundred, and a slip must stay surveyable."""

NOTE_CHARS_MAX: Final = 4_000
"""Two printed pages."""


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
    """What came of it: by which name it can be undone, and until when (Unix seconds).

    `decided`: the kind of each reading, and the seconds that it had waited.
    """

    batch: str
    verdict_ids: tuple[str, ...]
    undo_until: float
    decided: tuple[tuple[str, float], ...] = ()


TAKEN_BACK: Final = "unsure"
"""What a verdict that is taken back becomes on the topic: the latest holds, and nothing follows from it."""

_BEFORE: Final[dict[str, tuple[str, ...]]] = {
    "first": (),
    "second": ("first",),
    "dispute": ("first", "second"),
}
"""By kind of reading: the kinds that precede it. Each opened the next as it was decided, so that at no moment
in between others' words were shown to who was still to read."""


@dataclass(frozen=True, slots=True)
class Review:
    """What one person may do, in the caller's transaction; `now`: Unix seconds.

    A method that locks readings locks the audit's end before: in one order nobody deadlocks.

    Each method raises `ReviewError`: `NotFound`, `Forbidden`, `UnusableInput`, or `Conflict` where somebody
    else has the read in hand or was faster.
    """

    connection: AsyncConnection
    reader: Reader
    policy: Policy
    now: float

    async def seal(self, alert_id: str) -> Seal:
        """Returns what is hidden of an alert from this person."""
        return (await self.seals([alert_id]))[alert_id]

    async def seals(self, alert_ids: Collection[str]) -> dict[str, Seal]:
        """Returns what is hidden of each alert; nothing from readers who may not decide."""
        user_id = self.reader.user_id
        hidden = {alert_id: Seal(user_id) for alert_id in alert_ids}
        if self.reader.may("decide"):
            for row in await seals.of_alerts(self.connection, user_id, alert_ids):
                hidden[row.alert_id] = Seal(user_id, bool(row.score), bool(row.words))
        return hidden

    async def hidden_accounts(self, keys: Collection[str]) -> set[str]:
        """Returns those accounts of which this person must not know what others said; see `seals`."""
        if not self.reader.may("decide"):
            return set()
        return await seals.accounts(self.connection, self.reader.user_id, keys)

    async def claim(self, read_id: int) -> float:
        """Takes a read in hand, or keeps it there. Returns until when, in Unix seconds."""
        self.reader.need("decide")
        await audit.lock(self.connection)
        read = await self._open_read(read_id)
        until = await self._claim(read)
        if read.claimed_by != self.reader.user_id:
            await self._note("claimed", read.alert_id, read=read_id)
        return until

    async def release(self, read_id: int) -> None:
        """Lays a read back for others."""
        await reads.release(self.connection, read_id, self.reader.user_id)

    async def skip(self, read_id: int) -> None:
        """Leaves a read to others for a while."""
        self.reader.need("decide")
        await audit.lock(self.connection)
        read = await self._open_read(read_id)
        until = self.now + self.policy.skip_seconds
        await reads.skip(self.connection, read_id, self.reader.user_id, until=until)
        await self.release(read_id)
        await self._note("skipped", read.alert_id, read=read_id)

    async def decide(self, read_id: int, decision: ReadDecision) -> DecisionMade:
        """Keeps a verdict, and lays it out to be sent once it can no longer be undone."""
        self._check(decision)
        await audit.lock(self.connection)
        read = await self._open_read(read_id)
        await self._claim(read)
        rows = [WaitingRow(read, await self._alert(read.alert_id))]
        appeal = await self._appeal(read, decision)
        if decision.family:
            if read.kind != "first" or read.blind:
                raise UnusableInput("family", "a family is decided from an alert that is seen with its score")
            relatives = await reads.decidable_together(
                self.connection,
                self.reader.user_id,
                Filters(),
                root=rows[0].alert.root,
                now=self.now,
                limit=TOGETHER_MAX,
                lock=True,
            )
            rows += [relative for relative in relatives if relative.read.read_id != read_id]
        made = await self._decide_all(rows, decision, appeal)
        if decision.note:
            await self._keep_note(read.alert_id, _written(decision.note))
        return made

    async def decide_together(self, read_ids: Collection[int], decision: ReadDecision) -> DecisionMade:
        """Decides several first readings, each under its own ban's policy, or none of them.

        Raises `SelectionChanged` if one no longer waits for this person with its score, or is in other hands.
        """
        self._check(decision)
        if not 0 < len(read_ids) <= TOGETHER_MAX:
            raise UnusableInput("read_ids", f"1 to {TOGETHER_MAX} are decided together")
        await audit.lock(self.connection)
        rows = await reads.decidable_together(
            self.connection,
            self.reader.user_id,
            Filters(),
            read_ids=read_ids,
            now=self.now,
            limit=TOGETHER_MAX,
            lock=True,
        )
        changed = {*read_ids} - {row.read.read_id for row in rows}
        if changed:
            raise SelectionChanged(tuple(sorted(changed)))
        return await self._decide_all(rows, decision)

    def _check(self, decision: ReadDecision) -> None:
        """Raises `Forbidden` or `UnusableInput` for what cannot be decided."""
        self.reader.need("decide")
        if decision.verdict not in ("mirror", "not_mirror", "unsure"):
            raise UnusableInput("verdict", "is mirror, not_mirror or unsure")
        if not decision.reason_code:
            raise UnusableInput("reason_code", "say why, by one of the codes")
        if len(decision.note) > NOTE_CHARS_MAX:
            raise UnusableInput("note", f"a note has at most {NOTE_CHARS_MAX} characters")

    async def _appeal(self, read: ReadRow, decision: ReadDecision) -> AppealRow | None:
        """Returns the appeal that a read is about, if any. Raises `UnusableInput`."""
        appeal = await appeals.of_read(self.connection, read.read_id) if read.kind == "appeal" else None
        if decision.milder and (appeal is None or decision.verdict != "mirror"):
            raise UnusableInput("milder", "only an appeal whose verdict stands asks for a milder action")
        if appeal is not None and decision.verdict not in DECIDED:
            raise UnusableInput("verdict", "an appeal is decided by mirror or not_mirror")
        return appeal

    async def _decide_all(
        self, rows: Sequence[WaitingRow], decision: ReadDecision, appeal: AppealRow | None = None
    ) -> DecisionMade:
        """Closes reads of several alerts by a verdict each, all of one batch. An appeal comes alone."""
        batch = secrets.token_hex(16)
        given = await verdicts.of_alerts(self.connection, [row.read.alert_id for row in rows])
        made = [self._verdict(row, decision, batch, given[row.read.alert_id]) for row in rows]
        closed = {row.read.read_id: verdict.verdict_id for row, verdict in zip(rows, made, strict=True)}
        if not await reads.close(self.connection, closed, now=self.now):
            raise Conflict("it was decided, or withdrawn, a moment ago")
        await self._keep_verdicts(made, not_before=self.now + self.policy.undo_seconds)
        decided = {}
        if appeal is None:
            decided = {verdict.alert_id: verdict.revision for verdict in made if not verdict.golden}
        else:
            # Shown with the evidence that the first decision rested on, which stays as it is.
            stands = "partly" if decision.milder else "upheld"
            await appeals.decide(
                self.connection,
                rows[0].read.read_id,
                outcome=stands if decision.verdict == "mirror" else "reversed",
                reason_code=decision.reason_code,
                verdict_id=made[0].verdict_id,
                now=made[0].decided_at,
            )
        if decided:
            await decided_evidence.keep(self.connection, decided, now=self.now)
        for row in rows:
            if row.read.alert_id in decided:
                await self._ask_others(row.read, decision.verdict, given[row.read.alert_id])
        more: dict[str, Any] = {"together": len(made)} if len(made) > 1 else {}
        if appeal is not None:
            more = {"appeal": appeal.appeal_id, "milder": decision.milder}
        await audit.note_each(
            self.connection,
            actor=self.reader.user_id,
            action="decided",
            now=self.now,
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
            batch,
            tuple(closed.values()),
            self.now + self.policy.undo_seconds,
            tuple((row.read.kind, max(0.0, self.now - row.read.waits_since)) for row in rows),
        )

    def _verdict(
        self, row: WaitingRow, decision: ReadDecision, batch: str, given: Sequence[VerdictRow]
    ) -> VerdictRow:
        """Returns the verdict that closes a read. `given`: what was said of its alert before."""
        read, alert = row.read, row.alert
        return VerdictRow(
            verdict_id=secrets.token_hex(16),
            alert_id=read.alert_id,
            revision=alert.revision,
            verdict=decision.verdict,
            reason_code=decision.reason_code,
            policy=decision.policy or alert.policy,
            reviewer=self.reader.user_id,
            # A clock set back must not let an earlier verdict hold over what was decided after it.
            decided_at=max([self.now, *(earlier.decided_at + 1e-3 for earlier in given if earlier.may_hold)]),
            # Who decided it before has seen its score since, as after an exercise.
            blind=read.blind and not self._has_decided(given),
            golden=read.kind == "golden",
            kind=read.kind,
            read_id=read.read_id,
            batch=batch,
            independent=self._independent(read.kind, given),
        )

    def _has_decided(self, given: Sequence[VerdictRow]) -> bool:
        return any(verdict.reviewer == self.reader.user_id and verdict.undone_at is None for verdict in given)

    def _independent(self, kind: str, given: Sequence[VerdictRow]) -> bool:
        """Returns True if the reader cannot have known anybody else's verdict. One that was taken back,
        undone, given elsewhere or as an exercise was shown in between."""
        before = _BEFORE.get(kind)
        return before is not None and all(
            verdict.kind in before and verdict.undone_at is None
            for verdict in given
            if verdict.reviewer != self.reader.user_id
        )

    async def _ask_others(self, read: ReadRow, verdict: str, given: Sequence[VerdictRow]) -> None:
        """Opens a second reading after an unsure verdict and for a share of the others, and a third reading
        where two verdicts differ."""
        kind = None
        if read.kind == "first" and (
            verdict == "unsure"
            or needs_second_reader(self.policy.key, read.alert_id, self.policy.second_share)
        ):
            kind = "second"
        elif read.kind == "second":
            others = {other.verdict for other in given if other.may_hold and other.verdict in DECIDED}
            if verdict == "unsure" or (others and verdict not in others):
                kind = "dispute"
        if kind is not None:
            await reads.add(
                self.connection,
                read.alert_id,
                kind=kind,
                blind=read.blind,
                rank=read.rank,
                waits_since=self.now,
                now=self.now,
            )

    async def undo(self, batch: str) -> tuple[int, ...]:
        """Takes the last key back, or raises `TooLate` if it is on its way. Returns the reopened reads."""
        await audit.lock(self.connection)  # an appeal that arrives meanwhile comes before or after
        given = await verdicts.of_batch(self.connection, batch)
        made = [verdict for verdict in given if verdict.undone_at is None]
        if not made:
            raise NotFound("there is nothing to undo")
        if made[0].reviewer != self.reader.user_id:
            raise Forbidden("who decided it can undo it; a lead can take it back")
        verdict_ids = [verdict.verdict_id for verdict in made]
        # Exercises neither hold nor are contested, and must not reveal what does or is.
        alert_ids = [verdict.alert_id for verdict in made if not verdict.golden]
        about = [
            row for rows in (await appeals.of_alerts(self.connection, alert_ids)).values() for row in rows
        ]
        if any(appeal.outcome is None or appeal.against in verdict_ids for appeal in about):
            raise TooLate("its holder has appealed already; a lead can take it back")
        if any(appeal.verdict_id in verdict_ids and appeal.erased_at is not None for appeal in about):
            raise TooLate("what it was decided on has been erased since")
        for rows in (await verdicts.of_alerts(self.connection, alert_ids)).values():
            if next(row for row in reversed(rows) if row.may_hold).verdict_id not in verdict_ids:
                raise TooLate("another verdict holds since")
        if not await outbox.call_back(self.connection, verdict_ids):
            raise TooLate("it is on its way already; a lead can take it back")
        await verdicts.undo(self.connection, verdict_ids, now=self.now)
        decided = {verdict.alert_id: verdict.revision for verdict in made}
        for appeal in about:
            if appeal.verdict_id in verdict_ids:
                await appeals.reopen(self.connection, appeal.verdict_id)
                del decided[appeal.alert_id]  # what it was decided on stays
        if decided:
            await decided_evidence.drop_undone(self.connection, decided)
        # Before the reads are opened again, lest what followed from them be taken for them.
        follower = {"first": "second", "second": "dispute"}.get(made[0].kind)  # one key decides one kind
        if follower is not None:
            await reads.end(
                self.connection,
                [verdict.alert_id for verdict in made],
                (follower,),
                reason="undone",
                now=self.now,
            )
        opened = tuple(verdict.read_id for verdict in made if verdict.read_id is not None)
        until = self.now + self.policy.claim_seconds
        await reads.reopen(self.connection, opened, self.reader.user_id, until=until)
        await audit.note_each(
            self.connection,
            actor=self.reader.user_id,
            action="undone",
            details={verdict.alert_id: {"verdict_id": verdict.verdict_id} for verdict in made},
            now=self.now,
        )
        return opened

    async def take_back(self, alert_id: str, reason_code: str) -> int:
        """Takes the verdict that holds back, and opens the alert for somebody who has not read it.

        Raises `Forbidden` also if the person must not know yet which verdict holds, `Conflict` if none does.
        Returns the read.
        """
        self.reader.need("take-back")
        await audit.lock(self.connection)  # of two who do it at once the second finds that nothing holds
        alert = await self._alert(alert_id)
        if (await self.seal(alert_id)).words:
            raise Forbidden(UNREAD)
        holds = await verdicts.holding(self.connection, alert_id)
        if holds is None or holds.verdict not in DECIDED:
            raise Conflict("no verdict holds that could be taken back")
        verdict_id = secrets.token_hex(16)
        row = VerdictRow(
            verdict_id=verdict_id,
            alert_id=alert_id,
            revision=alert.revision,
            verdict=TAKEN_BACK,
            reason_code=reason_code,
            policy=holds.policy,
            reviewer=self.reader.user_id,
            decided_at=max(self.now, holds.decided_at + 1e-3),
            blind=False,
            golden=False,
            kind=TAKE_BACK,
            independent=False,
        )
        await self._keep_verdicts([row], not_before=self.now)
        await reads.end(self.connection, [alert_id], ("second", "dispute"), reason="taken-back", now=self.now)
        blind = holds.blind
        read_id = await appeals.open_read(self.connection, alert_id)
        if read_id is None:  # otherwise its holder's appeal is read anew already
            read_id = await reads.add(
                self.connection,
                alert_id,
                kind="appeal",
                blind=blind,
                rank=blind_rank(self.policy.key, alert_id) if blind else reads.RANKS.get(alert.band, 1),
                waits_since=self.now,
                now=self.now,
            )
        await self._note(
            "taken-back", alert_id, verdict_id=verdict_id, of=holds.verdict_id, reason_code=reason_code
        )
        return read_id

    async def restore(self, alert_id: str) -> None:
        """Repeats the verdict that was taken back last, and ends the reading that was opened for it.

        Raises `Forbidden` also if the person must not know yet what holds, `Conflict` if anything was decided
        since then.
        """
        self.reader.need("take-back")
        await audit.lock(self.connection)  # of two who do it at once the second finds it restored
        alert = await self._alert(alert_id)
        if (await self.seal(alert_id)).words:
            raise Forbidden(UNREAD)
        await reads.end(self.connection, [alert_id], ("appeal",), reason=RESTORED, now=self.now)
        given = [
            verdict for verdict in await verdicts.of_alert(self.connection, alert_id) if verdict.may_hold
        ]
        former = next((verdict for verdict in reversed(given) if verdict.verdict in DECIDED), None)
        if former is None or given[-1].kind != TAKE_BACK:
            raise Conflict("no verdict was taken back that could be restored")
        verdict_id, taken_back = secrets.token_hex(16), given[-1]
        await verdicts.undo(self.connection, [taken_back.verdict_id], now=self.now)
        row = replace(
            former,
            verdict_id=verdict_id,
            revision=alert.revision,
            reviewer=self.reader.user_id,
            # On the topic the latest holds: the verdict that was taken back, and its taking back, are there.
            decided_at=max(self.now, taken_back.decided_at + 1e-3),
            blind=False,
            kind=RESTORED,
            read_id=None,
            batch=None,
            seen_on_topic_at=None,
            independent=False,
        )
        await self._keep_verdicts([row], not_before=self.now)
        await self._note("restored", alert_id, verdict_id=verdict_id, of=taken_back.verdict_id)

    async def write_note(self, alert_id: str, text: str) -> int:
        """Keeps a note. Returns its number."""
        self.reader.need("decide")
        text = _written(text)
        await self._alert(alert_id)
        return await self._keep_note(alert_id, text)

    async def set_golden(self, alert_id: str, verdict: str) -> int:
        """Makes an alert an exercise for everybody who decides and has not read it. Returns for how many."""
        self.reader.need("golden")
        await audit.lock(self.connection)  # of two who do it at once the second finds the first one's reads
        if verdict not in DECIDED:
            raise UnusableInput("verdict", "an exercise expects mirror or not_mirror")
        alert = await self._alert(alert_id)
        await golden.put(self.connection, alert_id, verdict, self.reader.user_id, now=self.now)
        known: set[str | None] = {
            self.reader.user_id,
            *await reach.without(self.connection, alert.policy),
        }
        known |= {given.reviewer for given in await verdicts.of_alert(self.connection, alert_id)}
        known |= {
            read.only_for for read in await reads.of_alert(self.connection, alert_id) if read.kind == "golden"
        }
        count = 0
        for user in await users.everybody(self.connection):
            if user.disabled_at is not None or user.user_id in known or not may(user.role, "decide"):
                continue
            await reads.add(
                self.connection,
                alert_id,
                kind="golden",
                blind=True,
                rank=blind_rank(self.policy.key, alert_id),
                waits_since=self.now,
                now=self.now,
                only_for=user.user_id,
            )
            count += 1
        await self._note("golden", alert_id, verdict=verdict, readers=count)
        return count

    async def known_read(self, read_id: int) -> ReadRow:
        """Returns a read that this person may know of, or raises `NotFound`.

        While others' words are hidden from them, so is what followed: a dispute says that two differ.
        """
        read = await reads.find(self.connection, read_id, self.reader.user_id)
        if read is None or read.only_for not in (None, self.reader.user_id):
            raise NotFound("there is no such read")
        if read.kind in ("second", "dispute", "appeal"):
            seal = await self.seal(read.alert_id)
            mine = await reads.next_of(
                self.connection, read.alert_id, self.reader.user_id, leads=self.reader.may("settle")
            )
            if seal.words and (mine is None or mine.read_id != read_id):
                raise NotFound("there is no such read")
        return read

    async def _open_read(self, read_id: int) -> ReadRow:
        read = await self.known_read(read_id)
        if read.state != "open":
            if (await self.seal(read.alert_id)).words:
                raise Conflict("it was decided, or withdrawn, a moment ago")
            verdict = await verdicts.find(self.connection, read.verdict_id or "")
            raise Conflict(
                f"it left the queue: {read.gone_reason or 'decided'}",
                await self._initials(None if verdict is None else verdict.reviewer),
            )
        if read.kind == "dispute":
            self.reader.need("settle")
        if read.kind != "first" and self._has_decided(
            await verdicts.of_alert(self.connection, read.alert_id)
        ):
            raise Forbidden("who has decided an alert does not read it a second time")
        return read

    async def _claim(self, read: ReadRow) -> float:
        until = self.now + self.policy.claim_seconds
        if not await reads.claim(
            self.connection, read.read_id, self.reader.user_id, now=self.now, until=until
        ):
            raise Conflict("somebody else has it in hand", await self._initials(read.claimed_by))
        return until

    async def _alert(self, alert_id: str) -> AlertRow:
        alert = await alerts.find(self.connection, alert_id, user_id=self.reader.user_id)
        if alert is None:
            raise NotFound(f"there is no alert {alert_id}")
        return alert

    async def _keep_verdicts(self, rows: Sequence[VerdictRow], *, not_before: float) -> None:
        await verdicts.add_all(self.connection, rows)
        await outbox.put(self.connection, map(_record, rows), not_before=not_before)

    async def _keep_note(self, alert_id: str, text: str) -> int:
        note_id = await notes.add(self.connection, alert_id, self.reader.user_id, text, now=self.now)
        await self._note("noted", alert_id, note=note_id, digest=audit.digest_of(text))
        return note_id

    async def _note(self, action: str, subject: str, **detail: Any) -> None:
        await audit.note(
            self.connection,
            actor=self.reader.user_id,
            action=action,
            subject=subject,
            now=self.now,
            detail=detail,
        )

    async def _initials(self, user_id: str | None) -> str:
        user = None if user_id is None else await users.find(self.connection, user_id)
        return "" if user is None else user.initials


def _written(text: str) -> str:
    """Returns a note as it is kept, or raises `UnusableInput`."""
    text = text.replace("\0", "").strip()
    if not 0 < len(text) <= NOTE_CHARS_MAX:
        raise UnusableInput("note", f"a note has 1 to {NOTE_CHARS_MAX} characters")
    return text


def _record(row: VerdictRow) -> OutboxRecord:
    """Returns a verdict as it goes to the topic."""
    record = VerdictGiven(
        alert_id=row.alert_id,
        revision=row.revision,
        verdict=cast(Verdict, row.verdict),
        reason_code=row.reason_code,
        reviewer=row.reviewer,
        decided_at=datetime.fromtimestamp(row.decided_at, UTC),
        blind=row.blind,
        verdict_id=row.verdict_id,
        policy=row.policy,
        golden=row.golden,
    )
    return OutboxRecord(row.verdict_id, record.alert_id.encode(), encode(record))
