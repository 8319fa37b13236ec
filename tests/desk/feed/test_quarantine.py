"""The topic of quarantine says each decision once, and all again when a desk begins to lead."""

from __future__ import annotations

from desk.database.engine import Database
from desk.feed.quarantine import LOOK_SECONDS, QuarantineTopic
from schemas.wire import Decoded, decode_quarantine
from tests.desk.people import an_office
from tests.desk.review.test_quarantine import AFTER_ROTATION, VALUE, decide, dismissed


class Out:
    """Takes records as a broker that confirms each."""

    def __init__(self) -> None:
        self.revisions: list[tuple[str, int]] = []

    def send(
        self, topic: str, *, value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes]]
    ) -> Out:
        read = decode_quarantine(value, now=4e9)
        assert isinstance(read, Decoded)
        assert (topic, key) == ("quarantine", read.record.digest.encode())
        self.revisions.append((read.record.digest, read.record.revision))
        return self

    def get(self, timeout: float) -> None:
        """Confirms."""

    def close(self) -> None:
        """Does nothing: it holds nothing."""


async def test_decision_is_published_once_and_again_by_a_desk_that_begins_to_lead(
    database: Database,
) -> None:
    office, out, seconds = an_office(database), Out(), 0.0
    topic = QuarantineTopic(database, "quarantine", lambda: seconds)
    lead = await office.hire("lena", "lead")
    await dismissed(office)
    assert await topic.level(out) == 0
    await decide(office, lead, "put", days=30)
    assert await topic.level(out) == 0  # looked at just now
    seconds += LOOK_SECONDS
    assert await topic.level(out) == 1
    await dismissed(office, 1, first=50, digests=(AFTER_ROTATION, VALUE))
    seconds += LOOK_SECONDS
    assert await topic.level(out) == 1  # the new pepper's digest alone
    assert {digest for digest, _ in out.revisions} == {VALUE, AFTER_ROTATION}
    topic.begin_again()
    assert await topic.level(out) == 2
    assert len(set(out.revisions)) == 2
