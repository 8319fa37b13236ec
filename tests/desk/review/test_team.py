"""How a team does: each reader, exercises, and what waits in which queue."""

from __future__ import annotations

import pytest

from desk.database.engine import Database
from desk.database.filters import Filters
from desk.database.queue import saved_views
from desk.database.queue.saved_views import SavedViewRow
from desk.database.topics import outbox
from desk.readers import Reader
from desk.review.deciding.decide import ReadDecision
from desk.review.reports.team import TeamView
from samehand.elapsed import DAY_SECONDS
from schemas.alerts import Matched
from tests.desk.people import Office, an_office, with_shares
from tests.desk.web.test_journeys import at_the_desk
from tests.desk_databases import on_each_database

MIRROR = ReadDecision("mirror", "several-traits")


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def decide_all(office: Office, reader: Reader, *, seconds: float = 60.0) -> None:
    """Decides what waits for somebody, one after the other."""
    for waiting in await office.desk.queue(reader, Filters(), limit=200):
        await office.desk.decide(reader, waiting.read_id, MIRROR)
        office.clock.pass_(seconds)


async def sent(office: Office) -> None:
    async with office.database.begin() as connection:
        await outbox.take(connection, now=office.clock() + 60, again_before=0, limit=999)


def pass_midnight(office: Office) -> None:
    office.clock.pass_(DAY_SECONDS - office.clock() % DAY_SECONDS)


async def test_lead_sees_each_reader_and_a_reader_themselves_alone(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chloe = await office.hire("chloe", "lead")
    for number in range(35):
        await office.receive(f"alert-{number}")
    chosen = [one.read_id for one in await office.desk.queue(bilal, Filters())][:3]
    undone = await office.desk.decide_together(bilal, chosen, MIRROR)
    await office.desk.undo(bilal, undone.batch)
    await office.desk.decide_together(bilal, chosen, MIRROR)
    await decide_all(office, amina)
    office.clock.pass_(3_600)  # a pause
    await office.receive("late")
    await decide_all(office, amina)
    assert figures(await office.desk.team(chloe, 7)) == {
        "amina": (0, 0, 0),
        "bilal": (0, 0, 0),
        "chloe": (0, 0, 0),
    }
    pass_midnight(office)
    team = await office.desk.team(chloe, 7)
    assert figures(team) == {"amina": (33, 0, 1), "bilal": (3, 3, 1), "chloe": (0, 0, 0)}
    pace = {one.name: one.pace for one in team.readers}
    assert (pace["amina"].times, pace["amina"].median_seconds) == (31, 60.0)
    assert (pace["bilal"].times, pace["bilal"].median_seconds) == (0, None)
    own = await office.desk.team(amina, 7)
    assert (figures(own), own.policies, own.views) == ({"amina": (33, 0, 1)}, None, None)
    office.clock.pass_(7 * DAY_SECONDS)
    assert figures(await office.desk.team(amina, 7)) == {"amina": (0, 0, 0)}


def figures(team: TeamView) -> dict[str, tuple[int, int, int]]:
    return {one.name: (one.decisions, one.together, one.days) for one in team.readers}


async def test_exercise_counts_once_its_answer_is_final(office: Office) -> None:
    """The result of one that can be undone would tell what to answer instead."""
    amina, chloe = await office.hire("amina"), await office.hire("chloe", "lead")
    for number, expected in enumerate(("mirror", "not_mirror", "mirror")):
        await office.receive(f"alert-{number}", sampled=0.5, band="none")
        await office.desk.set_golden(chloe, f"alert-{number}", expected)
    await decide_all(office, amina)
    pass_midnight(office)
    [own] = (await office.desk.team(amina, 7)).readers
    assert (own.decisions, own.exercises.items) == (0, 0)
    await sent(office)
    [own] = (await office.desk.team(amina, 7)).readers
    assert (own.decisions, own.exercises) == (3, (3, 2, None))


@on_each_database
async def test_what_waits_is_counted_by_policy_and_saved_view_as_the_queue_shows_it(
    database: Database,
) -> None:
    office = an_office(database, with_shares(blind_share=0.5))
    chloe = await office.hire("chloe", "lead")
    for number in range(20):
        policy = ("hate", "spam", None)[number % 3]
        matched = Matched(platform="x", account_id="b", policy=policy)
        await office.receive(f"alert-{number}", matched=matched, band=("likely", "possible")[number % 2])
        office.clock.pass_(60)
    views = {"all": "", "likely hate": "band=likely&policy=hate", "disputes": "kind=dispute&order=oldest"}
    async with office.database.begin() as connection:
        for name, query in views.items():
            await saved_views.put(connection, chloe.user_id, SavedViewRow(name, query))
    team = await office.desk.team(chloe, 7)
    assert team.policies is not None
    assert team.views is not None
    for one in team.policies:
        seen = [row for row in await office.desk.queue(chloe, Filters()) if row.policy == one.name]
        oldest = office.clock() - min(row.waits_since for row in seen)
        assert (one.waiting, one.oldest_seconds) == (len(seen), oldest)
    assert {one.name for one in team.policies} == {"hate", "spam", None}
    likely = await office.desk.queue(chloe, Filters(band="likely", policy="hate"))
    found = {one.name: (one.waiting, one.oldest_seconds is None, one.query) for one in team.views}
    assert 0 < len(likely) < 4, "some are blind, and a band leaves those out"
    assert found == {
        "all": (20, False, ""),
        "likely hate": (len(likely), False, "band=likely&policy=hate"),
        "disputes": (0, True, "kind=dispute&order=oldest"),
    }


async def test_own_second_verdict_does_not_tell_by_a_count_that_it_differs(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, chloe = await office.hire("amina"), await office.hire("chloe", "lead")
    await office.receive("alert-1")
    await office.receive("alert-2")
    [one, other] = await office.desk.queue(amina, Filters())
    await office.desk.decide(amina, one.read_id, MIRROR)
    await office.desk.decide(amina, other.read_id, ReadDecision("not_mirror", "common-name"))
    await decide_all(office, chloe)  # agrees with one, differs from the other
    assert (await office.desk.team(chloe, 7)).policies == ()


async def test_page_gives_no_share_of_few_and_names_nobody_to_a_moderator(office: Office) -> None:
    bilal = await office.hire("<b>bilal")
    await office.receive()
    await decide_all(office, bilal)
    pass_midnight(office)
    async with at_the_desk(office) as client, at_the_desk(office, "omar", "auditor") as auditor:
        page = (await client.get("/team")).text
        assert "My figures" in page
        assert "bilal" not in page
        assert (await client.get("/api/v1/team?days=0")).status_code == 400
        page = (await auditor.get("/team?days=7")).text
        assert "&lt;b&gt;bilal" in page
        assert "too few" in page
        [one, _] = (await auditor.get("/api/v1/team")).json()["readers"]
        assert (one["name"], one["decisions"]) == ("<b>bilal", 1)
