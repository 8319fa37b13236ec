"""Claim, decide, undo, skip, take back: each in one transaction of the caller's."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, audit, golden, notes, outbox, reads, users, verdicts
from desk.errors import Conflict, Forbidden, NotFound, TooLate, Unusable
from desk.readers import Reader
from desk.review.arrivals import DECIDED, blind_rank
from desk.review.draws import needs_second_reader
from desk.review.policy import Policy
from desk.review.seal import UNREAD, seal_of
from schemas.verdicts import VerdictGiven
from schemas.wire import encode

FAMILY_MAX: Final = 200
"""Alerts that one key decides: a family in the wild reaches some hundred, and a slip must stay surveyable."""

NOTE_CHARS_MAX: Final = 4_000
"""Two printed pages."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said about one read.

    `policy`: under which rule, by default that of the ban; `family`: about everything of the same root that
    waits and is seen with its score, too.
    """

    verdict: str
    reason_code: str
    policy: str | None = None
    note: str = ""
    family: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of it: by which name it can be undone, and until when (Unix seconds).

    `decided`: the kind of each reading, and the seconds that it had waited.
    """

    batch: str
    verdict_ids: tuple[str, ...]
    undo_until: float
    decided: tuple[tuple[str, float], ...] = ()


async def claim(
    connection: AsyncConnection, reader: Reader, read_id: int, policy: Policy, *, now: float
) -> float:
    """Takes a read in hand, or keeps it there; until when, in Unix seconds.

    Raises `NotFound`, `Forbidden` and `Conflict`.
    """
    reader.need("decide")
    read = await _open_read(connection, reader, read_id)
    until = now + policy.claim_seconds
    if not await reads.claim(connection, read_id, reader.user_id, now=now, until=until):
        raise Conflict("somebody else has it in hand", await _initials(connection, read.claimed_by))
    if read.claimed_by != reader.user_id:
        await audit.note(
            connection,
            actor=reader.user_id,
            action="claimed",
            subject=read.alert_id,
            now=now,
            detail={"read": read_id},
        )
    return until


async def release(connection: AsyncConnection, reader: Reader, read_id: int) -> None:
    """Lays a read back for others."""
    await reads.release(connection, read_id, reader.user_id)


async def skip(
    connection: AsyncConnection, reader: Reader, read_id: int, policy: Policy, *, now: float
) -> None:
    """Leaves a read to others for a while. Raises `NotFound`, `Forbidden` and `Conflict`."""
    reader.need("decide")
    read = await _open_read(connection, reader, read_id)
    await reads.skip(connection, read_id, reader.user_id, until=now + policy.skip_seconds)
    await reads.release(connection, read_id, reader.user_id)
    await audit.note(
        connection,
        actor=reader.user_id,
        action="skipped",
        subject=read.alert_id,
        now=now,
        detail={"read": read_id},
    )


async def decide(
    connection: AsyncConnection,
    reader: Reader,
    read_id: int,
    decision: Decision,
    policy: Policy,
    *,
    now: float,
) -> Decided:
    """Keeps a verdict, and lays it out to be sent once it can no longer be undone.

    Raises `NotFound`, `Forbidden`, `Unusable`, and `Conflict` where somebody else has it or was faster.
    """
    reader.need("decide")
    _check(decision)
    read = await _open_read(connection, reader, read_id)
    if not await reads.claim(connection, read_id, reader.user_id, now=now, until=now + policy.claim_seconds):
        raise Conflict("somebody else has it in hand", await _initials(connection, read.claimed_by))
    alert = await alerts.find(connection, read.alert_id)
    if alert is None:
        raise NotFound(f"there is no alert {read.alert_id}")
    batch = secrets.token_hex(16)
    waited = [(str(read.kind), max(0.0, now - read.waits_since))]
    made = [
        await _decide_one(
            connection, reader, read, alert.revision, decision, policy, batch, alert.policy, now=now
        )
    ]
    if decision.family:
        if read.kind != "first" or read.blind:
            raise Unusable("family", "a family is decided from an alert that is seen with its score")
        others = await reads.waiting_in_family(
            connection, alert.root, reader.user_id, now=now, limit=FAMILY_MAX
        )
        made += [
            await _decide_one(
                connection,
                reader,
                other,
                other.revision,
                decision,
                policy,
                batch,
                other.policy,
                now=now,
            )
            for other in others
            if other.read_id != read_id
        ]
        waited += [("first", max(0.0, now - it.waits_since)) for it in others if it.read_id != read_id]
    if decision.note:
        await _keep_note(connection, reader, read.alert_id, _written(decision.note), now=now)
    return Decided(batch, tuple(made), now + policy.undo_seconds, tuple(waited))


async def _decide_one(
    connection: AsyncConnection,
    reader: Reader,
    read: Any,
    revision: int,
    decision: Decision,
    policy: Policy,
    batch: str,
    policy_of_ban: str | None,
    *,
    now: float,
) -> str:
    verdict_id = secrets.token_hex(16)
    if not await reads.close(connection, read.read_id, verdict_id=verdict_id, now=now):
        raise Conflict("it was decided, or withdrawn, a moment ago")
    said = await verdicts.of_alert(connection, read.alert_id)
    earlier = [one for one in said if one.undone_at is None and not one.golden]
    golden = read.kind == "golden"
    # Who decided it before has seen its score since, as after an exercise.
    blind = bool(read.blind) and not any(
        one.reviewer == reader.user_id and one.undone_at is None for one in said
    )
    # A clock set back must not let an earlier verdict hold over what was decided after it.
    decided_at = max([now, *(one.decided_at + 1e-3 for one in earlier)])
    row = {
        "verdict_id": verdict_id,
        "alert_id": read.alert_id,
        "revision": revision,
        "verdict": decision.verdict,
        "reason_code": decision.reason_code,
        "policy": decision.policy or policy_of_ban,
        "reviewer": reader.user_id,
        "decided_at": decided_at,
        "blind": blind,
        "golden": golden,
        "kind": read.kind,
        "read_id": read.read_id,
        "batch": batch,
        "independent": _independent(read.kind, said, reader),
    }
    await verdicts.add(connection, row)
    await outbox.put(
        connection,
        verdict_id,
        read.alert_id.encode(),
        encode(_as_record(row)),
        not_before=now + policy.undo_seconds,
    )
    if not golden:
        await _ask_others(connection, read, decision.verdict, earlier, policy, now=now)
    await audit.note(
        connection,
        actor=reader.user_id,
        action="decided",
        subject=read.alert_id,
        now=now,
        detail={
            "verdict_id": verdict_id,
            "verdict": decision.verdict,
            "reason_code": decision.reason_code,
            "read": read.read_id,
            "kind": read.kind,
            "blind": blind,
            "revision": revision,
        },
    )
    return verdict_id


_BEFORE: Final[dict[str, tuple[str, ...]]] = {
    "first": (),
    "second": ("first",),
    "dispute": ("first", "second"),
}
"""By kind of reading: the kinds that precede it. Each opened the next as it was decided, so that at no moment
in between others' words were shown to who was still to read."""


def _independent(kind: str, said: Sequence[Any], reader: Reader) -> bool:
    """Whether nobody else's verdict can have been known to a reader. What was taken back, undone, given
    elsewhere or as an exercise was shown in between."""
    before = _BEFORE.get(kind)
    return before is not None and all(
        one.kind in before and one.undone_at is None for one in said if one.reviewer != reader.user_id
    )


async def _ask_others(
    connection: AsyncConnection,
    read: Any,
    verdict: str,
    earlier: Sequence[Any],
    policy: Policy,
    *,
    now: float,
) -> None:
    """Opens what must follow: a second reading of a share and of what is unsure, a third where two differ."""
    kind = None
    if read.kind == "first" and (
        verdict == "unsure" or needs_second_reader(policy.key, read.alert_id, policy.second_share)
    ):
        kind = "second"
    elif read.kind == "second":
        said = {one.verdict for one in earlier if one.verdict in DECIDED}
        if verdict == "unsure" or (said and verdict not in said):
            kind = "dispute"
    if kind is not None:
        await reads.add(
            connection,
            read.alert_id,
            kind=kind,
            blind=bool(read.blind),
            rank=read.rank,
            waits_since=now,
            now=now,
        )


async def undo(
    connection: AsyncConnection, reader: Reader, batch: str, policy: Policy, *, now: float
) -> tuple[int, ...]:
    """Takes the last key back, if it is not on its way yet; the reads that are open again.

    Raises `NotFound`, `Forbidden` and `TooLate`.
    """
    made = [one for one in await verdicts.of_batch(connection, batch) if one.undone_at is None]
    if not made:
        raise NotFound("there is nothing to undo")
    if made[0].reviewer != reader.user_id:
        raise Forbidden("who decided it can undo it; a lead can take it back")
    opened = []
    for one in made:
        if not await outbox.call_back(connection, one.verdict_id):
            raise TooLate("it is on its way already; a lead can take it back")
        await verdicts.undo(connection, one.verdict_id, now=now)
        # Before the read is opened again, lest what followed from it be taken for it.
        await _call_off_followers(connection, one, now=now)
        await reads.reopen(connection, one.read_id, reader.user_id, now=now, until=now + policy.claim_seconds)
        opened.append(int(one.read_id))
        await audit.note(
            connection,
            actor=reader.user_id,
            action="undone",
            subject=one.alert_id,
            now=now,
            detail={"verdict_id": one.verdict_id},
        )
    return tuple(opened)


async def _call_off_followers(connection: AsyncConnection, verdict: Any, *, now: float) -> None:
    follower = {"first": "second", "second": "dispute"}.get(verdict.kind)
    if follower is not None:
        await reads.end(connection, verdict.alert_id, (follower,), reason="undone", now=now)


async def take_back(
    connection: AsyncConnection,
    reader: Reader,
    alert_id: str,
    reason_code: str,
    policy: Policy,
    *,
    now: float,
) -> int:
    """Takes the verdict that holds back, and opens the alert for somebody who has not read it; the read.

    Raises `NotFound`, `Forbidden`, also where they must not know yet what holds, and `Conflict` where
    nothing does.
    """
    reader.need("take-back")
    await audit.lock(connection)  # of two who do it at once the second finds that nothing holds
    alert = await alerts.find(connection, alert_id)
    if alert is None:
        raise NotFound(f"there is no alert {alert_id}")
    if (await seal_of(connection, reader, alert_id)).words:
        raise Forbidden(UNREAD)
    holds = await verdicts.holding(connection, alert_id)
    if holds is None or holds.verdict not in DECIDED:
        raise Conflict("no verdict holds that could be taken back")
    verdict_id = secrets.token_hex(16)
    row = {
        "verdict_id": verdict_id,
        "alert_id": alert_id,
        "revision": alert.revision,
        "verdict": TAKEN_BACK,
        "reason_code": reason_code,
        "policy": holds.policy,
        "reviewer": reader.user_id,
        "decided_at": max(now, holds.decided_at + 1e-3),
        "blind": False,
        "golden": False,
        "kind": "take-back",
        "independent": False,
    }
    await verdicts.add(connection, row)
    await outbox.put(connection, verdict_id, alert_id.encode(), encode(_as_record(row)), not_before=now)
    await reads.end(connection, alert_id, ("second", "dispute"), reason="taken-back", now=now)
    blind = bool(holds.blind)
    read_id = await reads.add(
        connection,
        alert_id,
        kind="appeal",
        blind=blind,
        rank=blind_rank(policy.key, alert_id) if blind else reads.RANKS.get(alert.band, 1),
        waits_since=now,
        now=now,
    )
    await audit.note(
        connection,
        actor=reader.user_id,
        action="taken-back",
        subject=alert_id,
        now=now,
        detail={"verdict_id": verdict_id, "of": holds.verdict_id, "reason_code": reason_code},
    )
    return read_id


TAKEN_BACK: Final = "unsure"
"""What a verdict that is taken back becomes on the topic: the latest holds, and nothing follows from it."""


async def write_note(
    connection: AsyncConnection, reader: Reader, alert_id: str, text: str, *, now: float
) -> int:
    """Keeps a note; its number. Raises `Unusable` and `NotFound`."""
    text = _written(text)
    if await alerts.find(connection, alert_id) is None:
        raise NotFound(f"there is no alert {alert_id}")
    return await _keep_note(connection, reader, alert_id, text, now=now)


def _written(text: str) -> str:
    """A note as it is kept. Raises `Unusable`."""
    text = text.replace("\0", "").strip()
    if not 0 < len(text) <= NOTE_CHARS_MAX:
        raise Unusable("note", f"a note has 1 to {NOTE_CHARS_MAX} characters")
    return text


async def _keep_note(
    connection: AsyncConnection, reader: Reader, alert_id: str, text: str, *, now: float
) -> int:
    note_id = await notes.add(connection, alert_id, reader.user_id, text, now=now)
    await audit.note(
        connection,
        actor=reader.user_id,
        action="noted",
        subject=alert_id,
        now=now,
        detail={"note": note_id, "digest": audit.digest_of(text)},
    )
    return note_id


async def set_golden(
    connection: AsyncConnection, reader: Reader, alert_id: str, verdict: str, policy: Policy, *, now: float
) -> int:
    """Makes an alert an exercise for everybody who decides and has not read it; for how many.

    Raises `Forbidden`, `NotFound` and `Unusable`.
    """
    reader.need("golden")
    await audit.lock(connection)  # of two who do it at once the second finds the first one's reads
    if verdict not in DECIDED:
        raise Unusable("verdict", "an exercise expects mirror or not_mirror")
    if await alerts.find(connection, alert_id) is None:
        raise NotFound(f"there is no alert {alert_id}")
    await golden.put(connection, alert_id, verdict, reader.user_id, now=now)
    there = {read.only_for for read in await reads.of_alert(connection, alert_id) if read.kind == "golden"}
    said = {one.reviewer for one in await verdicts.of_alert(connection, alert_id)}
    count = 0
    for user in await users.everybody(connection):
        person = Reader(user.user_id, user.initials, user.role)
        excluded = {reader.user_id} | said | there
        if user.disabled_at is not None or not person.may("decide") or user.user_id in excluded:
            continue
        await reads.add(
            connection,
            alert_id,
            kind="golden",
            blind=True,
            rank=blind_rank(policy.key, alert_id),
            waits_since=now,
            now=now,
            only_for=user.user_id,
        )
        count += 1
    await audit.note(
        connection,
        actor=reader.user_id,
        action="golden",
        subject=alert_id,
        now=now,
        detail={"verdict": verdict, "readers": count},
    )
    return count


def _check(decision: Decision) -> None:
    if decision.verdict not in ("mirror", "not_mirror", "unsure"):
        raise Unusable("verdict", "is mirror, not_mirror or unsure")
    if not decision.reason_code:
        raise Unusable("reason_code", "say why, by one of the codes")
    if len(decision.note) > NOTE_CHARS_MAX:
        raise Unusable("note", f"a note has at most {NOTE_CHARS_MAX} characters")


def _as_record(row: dict[str, Any]) -> VerdictGiven:
    return VerdictGiven(
        alert_id=row["alert_id"],
        revision=row["revision"],
        verdict=row["verdict"],
        reason_code=row["reason_code"],
        reviewer=row["reviewer"],
        decided_at=datetime.fromtimestamp(row["decided_at"], UTC),
        blind=row["blind"],
        verdict_id=row["verdict_id"],
        policy=row["policy"],
        golden=row["golden"],
    )


async def known_read(connection: AsyncConnection, reader: Reader, read_id: int) -> Any:
    """A read that a person may know of. Raises `NotFound`.

    From whom others' words are hidden, what followed from them is as well: a dispute says that two differ.
    """
    read = await reads.find(connection, read_id)
    if read is None or read.only_for not in (None, reader.user_id):
        raise NotFound("there is no such read")
    if read.kind in ("second", "dispute", "appeal"):
        seal = await seal_of(connection, reader, read.alert_id)
        mine = await reads.next_of(connection, read.alert_id, reader.user_id, leads=reader.may("settle"))
        if seal.words and (mine is None or mine.read_id != read_id):
            raise NotFound("there is no such read")
    return read


async def _open_read(connection: AsyncConnection, reader: Reader, read_id: int) -> Any:
    read = await known_read(connection, reader, read_id)
    if read.state != "open":
        if (await seal_of(connection, reader, read.alert_id)).words:
            raise Conflict("it was decided, or withdrawn, a moment ago")
        raise Conflict(
            f"it left the queue: {read.gone_reason or 'decided'}",
            await _decider(connection, read.verdict_id),
        )
    if read.kind == "dispute":
        reader.need("settle")
    if read.kind != "first" and any(
        one.reviewer == reader.user_id and one.undone_at is None
        for one in await verdicts.of_alert(connection, read.alert_id)
    ):
        raise Forbidden("who has decided an alert does not read it a second time")
    return read


async def _decider(connection: AsyncConnection, verdict_id: str | None) -> str:
    verdict = None if verdict_id is None else await verdicts.find(connection, verdict_id)
    return "" if verdict is None else await _initials(connection, verdict.reviewer)


async def _initials(connection: AsyncConnection, user_id: str | None) -> str:
    user = None if user_id is None else await users.find(connection, user_id)
    return "" if user is None else str(user.initials)
