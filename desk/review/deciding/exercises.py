"""Makes an alert an exercise on which readers are tried."""

from __future__ import annotations

from desk.database import audit, golden, reads, users, verdicts
from desk.errors import UnusableInput
from desk.readers import may
from desk.review.arrivals import DECIDED, blind_rank
from desk.review.deciding.review import Review


async def set_golden(review: Review, alert_id: str, verdict: str) -> int:
    """Makes an alert an exercise for everybody who decides and has not read it. Returns for how many."""
    review.reader.need("golden")
    await audit.lock(review.connection)  # of two who do it at once the second finds the first one's reads
    if verdict not in DECIDED:
        raise UnusableInput("verdict", "an exercise expects mirror or not_mirror")
    await review.alert(alert_id)
    await golden.put(review.connection, alert_id, verdict, review.reader.user_id, now=review.now)
    known: set[str | None] = {review.reader.user_id}
    known |= {given.reviewer for given in await verdicts.of_alert(review.connection, alert_id)}
    known |= {
        read.only_for for read in await reads.of_alert(review.connection, alert_id) if read.kind == "golden"
    }
    count = 0
    for user in await users.everybody(review.connection):
        if user.disabled_at is not None or user.user_id in known or not may(user.role, "decide"):
            continue
        await reads.add(
            review.connection,
            alert_id,
            kind="golden",
            blind=True,
            rank=blind_rank(review.policy.key, alert_id),
            waits_since=review.now,
            now=review.now,
            only_for=user.user_id,
        )
        count += 1
    await review.note("golden", alert_id, verdict=verdict, readers=count)
    return count
