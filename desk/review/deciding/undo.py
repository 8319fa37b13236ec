"""Undoes what one key decided, until it is on its way."""

from __future__ import annotations

from desk.database import appeals, audit, decided_evidence, reads, verdicts
from desk.database.topics import outbox
from desk.errors import Forbidden, NotFound, TooLate
from desk.review.deciding.review import Review


async def undo(review: Review, batch: str) -> tuple[int, ...]:
    """Takes the last key back, or raises `TooLate` if it is on its way. Returns the reopened reads."""
    await audit.lock(review.connection)  # an appeal that arrives meanwhile comes before or after
    given = await verdicts.of_batch(review.connection, batch)
    made = [verdict for verdict in given if verdict.undone_at is None]
    if not made:
        raise NotFound("there is nothing to undo")
    if made[0].reviewer != review.reader.user_id:
        raise Forbidden("who decided it can undo it; a lead can take it back")
    verdict_ids = [verdict.verdict_id for verdict in made]
    alert_ids = [verdict.alert_id for verdict in made]
    about = [row for rows in (await appeals.of_alerts(review.connection, alert_ids)).values() for row in rows]
    if any(appeal.outcome is None or appeal.against in verdict_ids for appeal in about):
        raise TooLate("its holder has appealed already; a lead can take it back")
    if any(appeal.verdict_id in verdict_ids and appeal.erased_at is not None for appeal in about):
        raise TooLate("what it was decided on has been erased since")
    for rows in (await verdicts.of_alerts(review.connection, alert_ids)).values():
        holds = verdicts.holding_of(rows)
        if holds is None or holds.verdict_id not in verdict_ids:
            raise TooLate("another verdict holds since")
    if not await outbox.call_back(review.connection, verdict_ids):
        raise TooLate("it is on its way already; a lead can take it back")
    await verdicts.undo(review.connection, verdict_ids, now=review.now)
    decided = {verdict.alert_id: verdict.revision for verdict in made}
    for appeal in about:
        if appeal.verdict_id in verdict_ids:
            await appeals.reopen(review.connection, appeal.verdict_id)
            del decided[appeal.alert_id]  # what it was decided on stays
    if decided:
        await decided_evidence.drop_undone(review.connection, decided)
    # Before the reads are opened again, lest what followed from them be taken for them.
    follower = {"first": "second", "second": "dispute"}.get(made[0].kind)  # one key decides one kind
    if follower is not None:
        await reads.end(
            review.connection,
            [verdict.alert_id for verdict in made],
            (follower,),
            reason="undone",
            now=review.now,
        )
    opened = tuple(verdict.read_id for verdict in made if verdict.read_id is not None)
    until = review.now + review.policy.claim_seconds
    await reads.reopen(review.connection, opened, review.reader.user_id, until=until)
    await audit.note_each(
        review.connection,
        actor=review.reader.user_id,
        action="undone",
        details={verdict.alert_id: {"verdict_id": verdict.verdict_id} for verdict in made},
        now=review.now,
    )
    return opened
