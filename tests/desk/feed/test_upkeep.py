"""The clock is set forward and back by days: nobody waits for that, and nothing is erased early."""

from __future__ import annotations

import pytest

from desk.access import sessions, sign_in
from desk.database import audit
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.database.finding import findable
from desk.database.topics import outbox
from desk.errors import Conflict
from desk.feed import upkeep
from desk.feed.publish import AGAIN_SECONDS
from desk.feed.run import TIDY_SECONDS
from desk.feed.upkeep import STEADY_SECONDS, Steadiness, bring_back
from desk.review.audit.chain import Chain
from desk.review.deciding.decide import ReadDecision
from samehand.normalize.text.fold import FOLD_VERSION, TextFold
from tests.desk.makers import a_reason
from tests.desk.people import Office, an_office
from tests.desk_databases import on_each_database
from tests.makers import NOON

DAY = 86_400.0
MIRROR = ReadDecision("mirror", "several-traits")
JUMPS = pytest.mark.parametrize("jump", [-3 * DAY, 3 * DAY])


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def brought_back(office: Office) -> None:
    """As the feed does every `TIDY_SECONDS`."""
    async with office.database.begin() as connection:
        await bring_back(connection, office.desk.policy, now=office.clock())


async def taken(office: Office) -> int:
    """How many verdicts leave now."""
    async with office.database.begin() as connection:
        now = office.clock()
        return len(await outbox.take(connection, now=now, again_before=now - AGAIN_SECONDS, limit=10))


@JUMPS
async def test_a_claim_and_a_skip_hold_nobody_up_longer_than_they_may(office: Office, jump: float) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    for alert_id in ("alert-1", "alert-2"):
        await office.receive(alert_id, detected_at=NOON)
    first, second = [one.read_id for one in await office.desk.queue(amina, Filters())]
    await office.desk.claim(amina, first)
    await office.desk.skip(amina, second)
    office.clock.pass_(jump)
    await brought_back(office)
    policy = office.desk.policy
    office.clock.pass_(policy.claim_seconds)
    await office.desk.claim(bilal, first)
    office.clock.pass_(policy.skip_seconds)
    assert [one.read_id for one in await office.desk.queue(amina, Filters())] == [first, second]


@JUMPS
async def test_what_two_have_in_hand_is_decided_once(office: Office, jump: float) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive()
    [one] = await office.desk.queue(amina, Filters())
    await office.desk.claim(amina, one.read_id)
    office.clock.pass_(jump)
    await brought_back(office)
    office.clock.pass_(office.desk.policy.claim_seconds)
    await office.desk.decide(bilal, one.read_id, MIRROR)
    with pytest.raises(Conflict):
        await office.desk.decide(amina, one.read_id, MIRROR)


@JUMPS
async def test_a_verdict_leaves_once_it_can_no_longer_be_undone(office: Office, jump: float) -> None:
    amina = await office.hire("amina")
    await office.receive()
    [one] = await office.desk.queue(amina, Filters())
    await office.desk.decide(amina, one.read_id, MIRROR)
    office.clock.pass_(jump)
    await brought_back(office)
    office.clock.pass_(office.desk.policy.undo_seconds)
    assert await taken(office) == 1
    office.clock.pass_(jump)  # and whoever took it died
    await brought_back(office)
    office.clock.pass_(AGAIN_SECONDS + 1)
    assert await taken(office) == 1


async def test_the_later_of_two_verdicts_holds_though_the_clock_was_set_back(office: Office) -> None:
    amina, lead = await office.hire("amina"), await office.hire("lena", "lead")
    await office.receive()
    [one] = await office.desk.queue(amina, Filters())
    await office.desk.decide(amina, one.read_id, MIRROR)
    office.clock.pass_(-3 * DAY)
    await office.desk.take_back(lead, "alert-1", "appeal")
    opened = await office.desk.open(lead, "alert-1")
    assert [(said.verdict, said.holds) for said in opened.said] == [("mirror", False), ("unsure", True)]
    with pytest.raises(Conflict):
        await office.desk.take_back(lead, "alert-1", "appeal")


@JUMPS
async def test_sessions_and_links_end_though_the_clock_was_set_back(office: Office, jump: float) -> None:
    amina = await office.hire("amina")
    idle = 24 * DAY  # so that the longest session ends it

    async def is_there(token: str, idle_seconds: float = idle) -> bool:
        async with office.database.read() as connection:
            found = await sessions.find(connection, token, idle_seconds=idle_seconds, now=office.clock())
        return found is not None

    async with office.database.begin() as connection:
        token = await sessions.begin(connection, amina.user_id, now=office.clock(), how="link")
        link = await sessions.link(connection, amina.user_id, now=office.clock())
    office.clock.pass_(jump)
    await brought_back(office)
    assert await is_there(token) == (jump < sessions.SESSION_SECONDS_MAX), "who is at work is not thrown out"
    office.clock.pass_(1_800)
    assert not await is_there(token, idle_seconds=1_800)
    assert await sign_in.with_link(office.database, link, now=office.clock()) is None
    office.clock.pass_(sessions.SESSION_SECONDS_MAX)
    assert not await is_there(token)


async def test_the_audit_is_in_order_whatever_the_clock_says(office: Office) -> None:
    amina = await office.hire("amina")
    await office.receive()
    for jump in (3 * DAY, -6 * DAY, 1.0):
        office.clock.pass_(jump)
        await office.desk.open(amina, "alert-1")
    chain = Chain()
    async with office.database.read() as connection:
        lines = await audit.lines(connection, 0, 1_000)
    chain.follow(lines)
    assert chain.broken is None
    assert [line.action for line in lines][-3:] == ["opened"] * 3


def test_a_clock_that_was_set_erases_nothing_for_an_hour() -> None:
    steadiness, now, steady = Steadiness(0.0, 0.0), 0.0, 0.0

    def looks(seconds: float) -> bool:
        nonlocal now, steady
        said = False
        for _ in range(int(seconds / TIDY_SECONDS)):
            now, steady = now + TIDY_SECONDS, steady + TIDY_SECONDS
            said = steadiness.look(now, steady)
        return said

    assert not looks(STEADY_SECONDS - TIDY_SECONDS), "it may have been wrong when the machine was started"
    assert looks(TIDY_SECONDS)
    for jump in (200 * DAY, -200 * DAY):
        now += jump
        assert not looks(STEADY_SECONDS)
        assert looks(TIDY_SECONDS)


@on_each_database
async def test_raised_version_of_the_folding_refolds_search_terms(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "REFOLDED", 2)

    async def refolded() -> int:
        parts, after = 0, ""
        while True:
            async with office.database.begin() as connection:
                found = await upkeep.refold(connection, after)
            if found is None:
                return parts
            parts, after = parts + 1, found

    for number in range(5):
        await office.receive(f"alert-{number}", reasons=[a_reason("name", ours="Ümar", theirs="•••")])
    assert (await refolded(), await refolded()) == (3, 0)
    monkeypatch.setattr(upkeep, "FOLD_VERSION", FOLD_VERSION + 1)
    monkeypatch.setattr("desk.database.finding.folding.fold_bio", lambda text: TextFold("omar", whole=True))
    assert (await refolded(), await refolded()) == (3, 0)
    async with office.database.read() as connection:
        found = await findable.find(connection, "omar", "nobody", limit=9)
    assert [row.folded for row in found] == ["omar"] * len(found) != []
