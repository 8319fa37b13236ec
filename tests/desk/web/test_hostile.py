"""Whatever a stranger types into an address or a form is answered, on both databases, by no fault of ours."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import quote

import pytest
from litestar.testing import AsyncTestClient

from desk.database import reads
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.review.deciding.decide import ReadDecision
from desk.web.app import create_app
from desk.web.pages import queue as queue_page
from tests.desk.people import Office, an_office, with_shares
from tests.desk.web.test_journeys import at_the_desk
from tests.desk_databases import on_each_database

HOSTILE = (
    "\0",
    "a\0b",
    "' OR 1=1 --",
    "'; DROP TABLE alerts; --",
    "%",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil",
    "<script>alert(1)</script>",
    "x" * 63,
    "{{ 7 * 7 }}",
)


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


@on_each_database
async def test_hostile_text_in_an_address_finds_nothing_and_breaks_nothing(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, role="lead") as client:
        for text in HOSTILE:
            coded = quote(text, safe="")
            for where in (
                f"/queue?policy={coded}&language={coded}",
                f"/api/v1/queue?policy={coded}&basis={coded}",
                f"/alerts/{coded}",
                f"/api/v1/alerts/{coded}",
                f"/api/v1/accounts/{coded}/{coded}",
                f"/queue?after_rank=1&after_since=nan&after_read=1&kind={coded}",
            ):
                answer = await client.get(where)
                assert answer.status_code in (200, 400, 404), (where, answer.status_code)
                assert "<script>alert(1)" not in answer.text
                assert ">49<" not in answer.text
        assert len((await client.get("/api/v1/queue")).json()) == 1


@on_each_database
async def test_bytes_that_are_no_text_and_numbers_beyond_any_are_refused(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        for where in (
            "/queue?policy=%ff%fe",
            "/alerts/%ed%a0%80",
            f"/api/v1/queue?after_rank={10**30}&after_since=1&after_read=1",
            f"/queue?after_rank=-{10**30}&after_since=1&after_read=1",
            "/api/v1/queue?after_rank=1&after_since=inf&after_read=1",
            "/api/v1/alerts?before=nan",
            "/api/v1/alerts?before=-inf",
            f"/reads/{10**30}",
            "/queue/live?since=99999999999999999999999",
        ):
            answer = await client.get(where, follow_redirects=False)
            assert answer.status_code in (200, 400, 404), (where, answer.status_code, answer.text[:300])


@on_each_database
async def test_hostile_text_in_a_form_is_kept_as_text_or_refused(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, role="lead") as client:
        for text in HOSTILE:
            answer = await client.post("/api/v1/alerts/alert-1/notes", json={"text": text})
            assert answer.status_code in (201, 400), (text, answer.status_code)
            answer = await client.post("/api/v1/alerts/alert-1/case", json={"purpose": text})
            assert answer.status_code in (200, 400), (text, answer.status_code)
            answer = await client.post("/sign-in", data={"name": text, "password": text})
            assert answer.status_code in (403, 429), (text, answer.status_code)
        page = (await client.get("/alerts/alert-1")).text
        assert "<script>alert(1)" not in page
        long = await client.post("/api/v1/alerts/alert-1/notes", json={"text": "x" * 100_000})
        assert long.status_code in (400, 413)


async def test_stranger_with_headers_and_names_that_nothing_reads_is_refused(office: Office) -> None:
    async with AsyncTestClient(create_app(office.desk), base_url="http://127.0.0.1:6068") as client:
        for origin in (
            "http://[",
            "http://[::1",
            "null",
            "127.0.0.1:6068",
            "http://127.0.0.1:6068.evil.example",
        ):
            answer = await client.post("/sign-in", data={"name": "a"}, headers={"Origin": origin})
            assert answer.status_code == 403, (origin, answer.status_code)
        for name in ("%00", "desk.css%00", "..%2fapp.py", "%2e%2e/app.py", "x" * 5_000):
            answer = await client.get(f"/static/{name}")
            assert answer.status_code == 404, (name, answer.status_code)


@on_each_database
async def test_two_leads_who_take_a_verdict_back_at_once_open_one_appeal(office: Office) -> None:
    await office.receive()
    amina, omar, sara = [await office.hire(name, "lead") for name in ("amina", "omar", "sara")]
    [waiting] = await office.desk.queue(amina, Filters())
    await office.desk.decide(amina, waiting.read_id, ReadDecision("mirror", "several-traits", "hate"))
    said = await asyncio.gather(
        *(office.desk.take_back(lead, "alert-1", "appeal") for lead in (omar, sara)), return_exceptions=True
    )
    # The second one is to read the appeal that the first one opened, without knowing what was said before.
    assert sorted(type(one).__name__ for one in said) == ["Forbidden", "int"], said
    async with office.database.read() as connection:
        kinds = [one.kind for one in await reads.of_alert(connection, "alert-1") if one.state == "open"]
    assert kinds == ["appeal"]


@on_each_database
async def test_two_readers_of_one_read_at_once_make_one_decision(office: Office) -> None:
    await office.receive()
    amina, omar = await office.hire("amina"), await office.hire("omar")
    [waiting] = await office.desk.queue(amina, Filters())
    decision = ReadDecision("mirror", "several-traits", "hate")
    said = await asyncio.gather(
        *(office.desk.decide(one, waiting.read_id, decision) for one in (amina, omar)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in said) == ["Conflict", "DecisionMade"], said


async def test_an_alert_that_is_seen_tells_nothing_of_one_beside_it_that_is_to_be_read_blind(
    database: Database,
) -> None:
    """Else whoever opens the one reads the other with its band in mind, and with what others said."""
    office = an_office(database, with_shares(blind_share=1.0))
    await office.receive("blind")
    office = Office(replace(office.desk, policy=with_shares(blind_share=0.0)), office.clock)
    await office.receive("seen")
    amina, auditor = await office.hire("amina"), await office.hire("sara", "auditor")
    opened = await office.desk.open(amina, "seen")
    assert not opened.sealed
    assert [(one.alert_id, one.band, one.verdict) for one in opened.family] == [("blind", None, None)]
    assert [one.band for one in (await office.desk.open(auditor, "seen")).family] == ["likely"]


async def test_no_link_sends_the_form_of_undoing_elsewhere(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, role="lead") as client:
        for where in ("/queue", "/next", "/alerts/alert-1"):
            answer = await client.get(where, params={"undo": "../team/readers/nobody/policies"})
            assert answer.status_code == 400, where


@on_each_database
async def test_live_queue_outlives_a_filter_that_no_row_can_have(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_page, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(queue_page, "STREAM_SECONDS", 0.1)
    async with at_the_desk(office) as client:
        assert (await client.get("/queue/live?policy=%00")).status_code == 200
