"""Views of the queue that readers save for themselves."""

from __future__ import annotations

import asyncio

import pytest

from desk.database import users
from desk.database.engine import Database
from desk.web.desk import VIEWS_MAX
from tests.desk.people import Office, an_office
from tests.desk.web.test_journeys import Client, at_the_desk
from tests.desk_databases import on_each_database


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def save(
    client: Client, name: str, query: str = "", *, then: str = "views", shared: str = "me", team: str = ""
) -> int:
    csrf = (await client.get("/api/v1/me")).json()["csrf"]
    data = {"name": name, "shared": shared, "csrf": csrf} | ({"team": team} if team else {})
    answer = await client.post(f"/queue/{then}?{query}", data=data, follow_redirects=False)
    return answer.status_code


async def test_view_is_saved_shown_changed_and_deleted_for_its_reader_alone(office: Office) -> None:
    async with at_the_desk(office) as client, at_the_desk(office, "bilal") as other:
        assert await save(client, "Hate, oldest", "policy=hate&order=oldest&rubbish=1") == 303
        page = (await client.get("/queue")).text
        assert '<a href="/queue?policy=hate&amp;order=oldest"><bdi>Hate, oldest</bdi></a>' in page
        assert "Hate, oldest" not in (await other.get("/queue")).text
        await save(other, "Hate, oldest", then="views/delete")
        await save(client, "Hate, oldest", "order=newest")
        page = (await client.get("/queue?order=newest")).text
        assert '<a href="/queue?order=newest" aria-current="page">' in page
        assert await save(client, "Hate, oldest", then="views/delete") == 303
        assert "Hate, oldest" not in (await client.get("/queue")).text


async def test_no_more_views_than_can_be_looked_through(office: Office) -> None:
    async with at_the_desk(office) as client:
        for number in range(VIEWS_MAX):
            assert await save(client, f"view {number}") == 303
        assert await save(client, "one more") == 400
        assert await save(client, "view 1", "order=newest") == 303, "one of them is changed"


async def test_lead_shares_a_view_and_any_lead_changes_it(office: Office) -> None:
    async with (
        at_the_desk(office, "chloe", "lead") as lead,
        at_the_desk(office, "dana", "lead") as other,
        at_the_desk(office) as client,
    ):
        assert await save(client, "Hate", "policy=hate", shared="all") == 403
        await save(client, "Hate", "order=newest")
        assert await save(lead, "Hate", "policy=hate", shared="all") == 303
        page = (await client.get("/queue")).text
        assert page.index('href="/queue?order=newest"') < page.index('href="/queue?policy=hate"')
        assert "For the team" not in page
        assert page.count("for everybody") == 1
        assert await save(other, "Hate", "policy=hate&order=oldest", shared="all") == 303
        page = (await client.get("/queue")).text
        assert 'href="/queue?policy=hate"' not in page
        assert page.count("for everybody") == 1
        assert await save(client, "Hate", then="views/delete", shared="all") == 403
        assert await save(lead, "Hate", then="views/delete") == 303, "of which the lead has none of their own"
        assert "for everybody" in (await client.get("/queue")).text
        assert await save(lead, "Hate", then="views/delete", shared="all") == 303
        page = (await client.get("/queue")).text
        assert "for everybody" not in page
        assert 'href="/queue?order=newest"' in page


async def test_view_of_a_team_is_shown_to_its_people_alone(office: Office) -> None:
    async with (
        at_the_desk(office, "chloe", "lead") as lead,
        at_the_desk(office, "dana", "lead") as other,
        at_the_desk(office) as client,
    ):
        assert await save(lead, "Hate", "policy=hate", shared="team") == 400, "a lead of no team"
        await joins(office, "night", "chloe", "amina")
        await joins(office, "day", "dana")
        assert await save(lead, "Hate", "policy=hate", shared="team") == 303
        assert await save(other, "Hate", "order=newest", shared="team") == 303, "of another team"
        assert await save(client, "Hate", shared="team") == 403
        page = (await client.get("/queue")).text
        assert 'href="/queue?policy=hate"' in page
        assert "of the team" in page
        assert 'href="/queue?order=newest"' not in page
        assert await save(other, "Hate", then="views/delete", shared="team", team="day") == 303
        assert 'href="/queue?policy=hate"' in (await client.get("/queue")).text
        await joins(office, "day", "chloe", "amina")
        assert 'href="/queue?policy=hate"' not in (await client.get("/queue")).text
        assert await save(lead, "Hate", then="views/delete", shared="team", team="night") == 303, (
            "a former one"
        )
        assert 'href="/queue?policy=hate"' not in (await lead.get("/queue")).text


async def test_shared_view_is_deleted_by_who_shared_it_and_by_any_lead(office: Office) -> None:
    async with (
        at_the_desk(office, "chloe", "lead") as lead,
        at_the_desk(office, "dana", "lead") as other,
        at_the_desk(office) as client,
    ):
        await joins(office, "night", "chloe", "amina")
        await joins(office, "day", "dana")
        for name in ("Hate", "Spam"):
            await save(lead, name, "policy=hate", shared="team")
        await save(other, "Hate", "order=newest", shared="team")
        await becomes(office, "chloe", "moderator")
        page = (await other.get("/queue")).text
        assert 'href="/queue?policy=hate"' not in page, "it is no view of this team"
        assert "of the team <bdi>night</bdi>" in page
        assert await save(lead, "Hate", then="views/delete", shared="team", team="day") == 403
        assert await save(client, "Hate", then="views/delete", shared="team", team="night") == 403
        page = (await client.get("/queue")).text
        assert (page.count('href="/queue?policy=hate"'), "views/delete" in page) == (2, False)
        assert await save(other, "Spam", then="views/delete", shared="team", team="night") == 303
        assert await save(lead, "Hate", then="views/delete", shared="team", team="night") == 303
        assert 'href="/queue?policy=hate"' not in (await client.get("/queue")).text
        assert 'href="/queue?order=newest"' in (await other.get("/queue")).text


async def becomes(office: Office, name: str, role: str) -> None:
    async with office.database.begin() as connection:
        user = await users.by_name(connection, name)
        assert user is not None
        await users.change(connection, user.user_id, role=role)


async def joins(office: Office, team: str, *names: str) -> None:
    async with office.database.begin() as connection:
        for name in names:
            user = await users.by_name(connection, name)
            assert user is not None
            await users.change(connection, user.user_id, team=team)


async def test_own_view_and_the_team_s_do_not_replace_each_other(office: Office) -> None:
    async with at_the_desk(office, "chloe", "lead") as lead, at_the_desk(office) as client:
        assert await save(lead, "Hate", "policy=hate", shared="all") == 303
        assert await save(lead, "Hate", "order=newest") == 400
        assert 'href="/queue?policy=hate"' in (await client.get("/queue")).text
        assert await save(lead, "Mine", "order=newest") == 303
        assert await save(lead, "Mine", "policy=hate", shared="all") == 400
        assert 'href="/queue?order=newest"' in (await lead.get("/queue")).text


@on_each_database
async def test_two_leads_who_share_one_name_at_once_share_one_view(office: Office) -> None:
    leads = [await office.hire(name, "lead") for name in ("chloe", "dana")]
    names = [f"view {number}" for number in range(5)]
    await asyncio.gather(*(office.desk.save_view(lead, name, "", "all") for name in names for lead in leads))
    assert [view.name for view in await office.desk.saved_views(leads[0])] == names


async def test_name_without_a_letter_is_refused(office: Office) -> None:
    async with at_the_desk(office) as client:
        for name in ("", " ", "a\nb", "x" * 65):
            assert await save(client, name) == 400
        assert await save(client, '<b>"\u202e&') == 303
        assert "<b>" not in (await client.get("/queue")).text
