"""Both accounts as their platform shows them now, beside what was compared, for every kind of reader."""

from __future__ import annotations

from typing import Any

import pytest

from desk.database.engine import Database
from desk.profiles.source import Outcome, Profile, ProfileSource
from tests.desk.makers import a_reason
from tests.desk.people import an_office, with_shares
from tests.desk.web.test_journeys import at_the_desk, decided, the_queue

WHERE = "/alerts/alert-1/profiles"
OURS = Profile("shown", "um4r", "Ümar <b>", "fast news from the\N{RIGHT-TO-LEFT OVERRIDE} front", b"drawn")
THEIRS = Profile("shown", "umar", "Umar", "fast news from the city")


class Platform(ProfileSource):
    """Stands for the source: answers by account, and remembers whom it was asked for."""

    def __init__(self, ours: Profile = OURS, theirs: Profile = THEIRS) -> None:
        self.answers = {"banned": theirs}
        self.ours = ours
        self.asked: list[str] = []

    async def profile(self, platform: str, account_id: str) -> Profile:
        self.asked.append(f"{platform}:{account_id}")
        return self.answers.get(account_id, self.ours)


async def test_page_asks_for_profiles_once_it_is_shown(database: Database) -> None:
    platform = Platform()
    office = an_office(database, profiles=platform)
    await office.receive()
    async with at_the_desk(office) as client:
        page = (await client.get("/alerts/alert-1")).text
        assert f'hx-get="{WHERE}" hx-trigger="load"' in page
        assert platform.asked == []
        answer = await client.get(WHERE, headers={"HX-Request": "true"})
    assert platform.asked == ["x:new-alert-1", "x:banned"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<html" not in answer.text
    assert 'src="data:image/webp;base64,ZHJhd24="' in answer.text
    assert "Ümar &lt;b&gt;" in answer.text
    assert "U+202E" in answer.text
    assert "<mark>front</mark>" in answer.text
    assert "<mark>city</mark>" in answer.text


async def test_profiles_are_a_page_of_their_own_without_scripts(database: Database) -> None:
    office = an_office(database, profiles=Platform())
    await office.receive()
    async with at_the_desk(office) as client:
        assert "<html" in (await client.get(WHERE)).text


async def test_what_changed_since_it_was_compared_is_marked(database: Database) -> None:
    office = an_office(database, profiles=Platform())
    await office.receive(
        reasons=(a_reason("handle", ours="@um4r", theirs="umar_media"), a_reason("name", ours="Ümar <b>"))
    )
    async with at_the_desk(office) as client:
        page = (await client.get(WHERE)).text
    assert page.count("when it was compared") == 1
    assert "umar_media" in page


@pytest.mark.parametrize(
    ("platform", "told"),
    [
        (Platform(), ("when it was compared",)),
        (Platform(Profile("away"), Profile("away")), ("does not answer",)),
        (None, ()),
    ],
    ids=["source answers", "source is down", "no source"],
)
async def test_quoted_self_descriptions_are_shown_whatever_the_source_does(
    database: Database, platform: Platform | None, told: tuple[str, ...]
) -> None:
    office = an_office(database, profiles=platform)
    texts: dict[str, Any] = {"ours": "slow news from the front", "theirs": "fast news from the city"}
    await office.receive(reasons=(a_reason("bio", level="mostly-same", **texts),))
    async with at_the_desk(office) as client:
        page = (await client.get("/alerts/alert-1")).text
        now = (await client.get(WHERE)).text
    assert "<mark>slow</mark> news from the <mark>front</mark>" in page
    assert "<mark>fast</mark> news from the <mark>city</mark>" in page
    assert ("hx-get" in page) == (platform is not None)
    assert [word for word in told[:1] if word not in now] == []
    assert ("slow news from the front" in now) == ("when it was compared" in told)


async def test_cut_self_description_is_no_change_while_it_begins_alike(database: Database) -> None:
    office = an_office(database, profiles=Platform(THEIRS, OURS))
    texts: dict[str, Any] = {"ours": "fast news from…", "theirs": "12 characters"}
    await office.receive(reasons=(a_reason("bio", level="mostly-same", **texts),))
    async with at_the_desk(office) as client:
        assert "when it was compared" not in (await client.get(WHERE)).text


async def test_masked_quote_is_not_taken_for_a_change(database: Database) -> None:
    office = an_office(database, profiles=Platform())
    await office.receive(reasons=(a_reason("handle", ours="um•••", theirs="umar"),))
    async with at_the_desk(office) as client:
        assert "when it was compared" not in (await client.get(WHERE)).text


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        (Profile("shown", "um4r"), "No picture"),
        (Profile("shown", "um4r", picture_away=True), "could not be had"),
    ],
)
async def test_missing_picture_is_told_from_one_that_could_not_be_had(
    database: Database, profile: Profile, told: str
) -> None:
    office = an_office(database, profiles=Platform(profile, OURS))
    await office.receive()
    async with at_the_desk(office) as client:
        assert told in (await client.get(WHERE)).text


@pytest.mark.parametrize(
    ("outcome", "sentence"), [("away", "does not answer"), ("gone", "knows no such account")]
)
async def test_each_way_without_a_profile_is_told(
    database: Database, outcome: Outcome, sentence: str
) -> None:
    office = an_office(database, profiles=Platform(Profile(outcome)))
    await office.receive()
    async with at_the_desk(office) as client:
        page = (await client.get(WHERE)).text
    assert sentence in page
    assert "Umar" in page


async def test_desk_without_a_source_asks_nobody(database: Database) -> None:
    office = an_office(database)
    await office.receive()
    async with at_the_desk(office) as client:
        assert "hx-get" not in (await client.get("/alerts/alert-1")).text
        assert (await client.get(WHERE)).status_code == 404
        assert (await client.get("/alerts/alert-2/profiles")).status_code == 404


async def test_second_reader_is_not_told_that_the_platform_took_the_account_down(database: Database) -> None:
    platform = Platform(Profile("gone"))
    office = an_office(database, with_shares(second_share=1.0), profiles=platform)
    await office.receive()
    async with at_the_desk(office) as first:
        assert "knows no such account" in (await first.get(WHERE)).text
        await decided(first, (await the_queue(first))[0]["read_id"])
    office.clock.pass_(office.desk.policy.undo_seconds + 1)
    async with at_the_desk(office, "bilal") as second:
        page = (await second.get(WHERE)).text
    assert "knows no such account" not in page
    assert "once you have decided" in page
    assert len(platform.asked) == 2
