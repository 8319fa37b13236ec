"""Takes reads in hand, lays them back, and leaves them to others."""

from __future__ import annotations

from collections.abc import Sequence

from desk.database import audit, reads, verdicts
from desk.database.queue import waiting
from desk.database.schema import ReadRow, VerdictRow
from desk.errors import Conflict, Forbidden, NotFound
from desk.review.deciding.review import Review


async def claim(review: Review, read_id: int) -> float:
    """Takes a read in hand, or keeps it there. Returns until when, in Unix seconds."""
    review.reader.need("decide")
    await audit.lock(review.connection)
    read = await open_read(review, read_id)
    until = await hold(review, read)
    if read.claimed_by != review.reader.user_id:
        await review.note("claimed", read.alert_id, read=read_id)
    return until


async def release(review: Review, read_id: int) -> None:
    """Lays a read back for others."""
    await reads.release(review.connection, read_id, review.reader.user_id)


async def skip(review: Review, read_id: int) -> None:
    """Leaves a read to others for a while."""
    review.reader.need("decide")
    await audit.lock(review.connection)
    read = await open_read(review, read_id)
    until = review.now + review.policy.skip_seconds
    await reads.skip(review.connection, read_id, review.reader.user_id, until=until)
    await release(review, read_id)
    await review.note("skipped", read.alert_id, read=read_id)


async def known_read(review: Review, read_id: int) -> ReadRow:
    """Returns a read that this person may know of, or raises `NotFound`.

    While others' words are hidden from them, so is what followed: a dispute says that two differ.
    """
    read = await reads.find(review.connection, read_id, review.reader.user_id)
    if read is None:
        raise NotFound("there is no such read")
    if read.kind in ("second", "dispute", "appeal"):
        seal = await review.seal(read.alert_id)
        mine = await waiting.next_of(
            review.connection, read.alert_id, review.reader.user_id, leads=review.reader.may("settle")
        )
        if seal.words and (mine is None or mine.read_id != read_id):
            raise NotFound("there is no such read")
    return read


async def open_read(review: Review, read_id: int) -> ReadRow:
    read = await known_read(review, read_id)
    if read.state != "open":
        if (await review.seal(read.alert_id)).words:
            raise Conflict("it was decided, or withdrawn, a moment ago")
        verdict = await verdicts.find(review.connection, read.verdict_id or "")
        raise Conflict(
            f"it left the queue: {read.gone_reason or 'decided'}",
            await review.initials(None if verdict is None else verdict.reviewer),
        )
    if read.kind == "dispute":
        review.reader.need("settle")
    if read.kind != "first" and has_decided(
        review, await verdicts.of_alert(review.connection, read.alert_id)
    ):
        raise Forbidden("who has decided an alert does not read it a second time")
    return read


async def hold(review: Review, read: ReadRow) -> float:
    until = review.now + review.policy.claim_seconds
    if not await reads.claim(
        review.connection, read.read_id, review.reader.user_id, now=review.now, until=until
    ):
        raise Conflict("somebody else has it in hand", await review.initials(read.claimed_by))
    return until


def has_decided(review: Review, given: Sequence[VerdictRow]) -> bool:
    return any(verdict.reviewer == review.reader.user_id and verdict.undone_at is None for verdict in given)
