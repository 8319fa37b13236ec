"""Pages of lawful requests: counsel enters, another approves, auditors look, nobody else does."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

import pytest

from desk.database.engine import Database
from desk.web.languages import LANGUAGES, catalogue
from tests.desk.people import Office, an_office
from tests.desk.review.test_requests import approved, enter, file_of
from tests.desk.web.test_journeys import Client, at_the_desk
from tests.desk.web.test_statements import counted

FORM = {
    "authority": "A <b>court</b> \u202e",
    "reference": "CC-311",
    "legal_basis": "a law",
    "jurisdiction": "pk",
    "kind": "e-evidence-emergency",
    "received_at": "2026-11-24T11:30",
    "accounts": "x:new-alert-1\r\nx:unheard-of\r\n",
    "hold_days": "90",
}
AHEAD = {"received_at": "9999-12-31T23:59"}


async def sent(client: Client, where: str, **data: Any) -> Any:
    return await client.post(where, data=data, follow_redirects=False)


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def test_request_is_entered_approved_and_answered_on_its_page(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, "rana", "counsel") as client:
        answer = await sent(client, "/requests", **FORM)
        assert (answer.status_code, answer.headers["location"]) == (303, "/requests/1")
        page = (await client.get("/requests/1")).text
        assert "<b>court" not in page
        assert "\u202e" not in page
        assert "2026-11-24 19:30 UTC" in page, "eight hours"
        assert "Nothing was left to preserve." in page
        assert "what they keep is not preserved" in page
        assert "/requests/1/approve" not in page
        assert "somebody else approves it" in page
        assert "somebody else ends its hold" in page
        assert "/requests/1/release" not in page
        assert (await sent(client, "/requests/1/approve")).status_code == 403
        assert (await sent(client, "/requests", **FORM)).status_code == 409, "a form that is sent twice"
    office.clock.pass_(9 * 3_600.0)
    async with at_the_desk(office, "sana", "counsel") as client:
        assert (await sent(client, "/requests/1/approve")).status_code == 303
        assert "/requests/1/files" in (await client.get("/requests/1")).text
        file = await sent(client, "/requests/1/files", alert_id="alert-1")
        assert file.status_code == 200
        digest = sha256(file.content).hexdigest()
        name = f'filename="request-1-{digest[:8]}.html"'
        assert file.headers["content-disposition"] == f"attachment; {name}"
        page = (await client.get("/requests/1")).text
        [row] = [row for row in page.split("<tr>") if digest in row]
        assert 'href="/alerts/alert-1"' in row, "which of the files on an account it is"
        assert "overdue" in (await client.get("/requests")).text
        assert "it was to be answered by" in (await client.get("/requests/1")).text
        assert (await sent(client, "/requests/1/disclose")).status_code == 400, "nothing chosen"
        assert (await sent(client, "/requests/1/disclose", digest=digest)).status_code == 303
        page = (await client.get("/requests/1")).text
        assert "answered: case files were handed over" in page
        assert "/disclose" not in page
        assert "overdue" not in (await client.get("/requests")).text
        assert (await sent(client, "/requests/1/extend", hold_days="300")).status_code == 303
        assert (await sent(client, "/requests/1/release")).status_code == 303
        page = (await client.get("/requests/1")).text
        assert "it was released" in page
        assert "/release" not in page


async def test_approved_request_on_which_nothing_is_kept_is_answered_by_a_refusal(office: Office) -> None:
    async with at_the_desk(office, "rana", "counsel") as client:
        await sent(client, "/requests", **FORM)
    async with at_the_desk(office, "sana", "counsel") as client:
        await sent(client, "/requests/1/approve")
        page = (await client.get("/requests/1")).text
        assert "No alert names these accounts." in page
        assert 'action="/requests/1/refuse"' in page
        assert 'action="/requests/1/approve"' not in page
        refusal = await sent(client, "/requests/1/refuse", reason_code="nothing-held")
        assert refusal.status_code == 303
        assert "nothing of these accounts is kept here" in (await client.get("/requests/1")).text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"received_at": "yesterday"}, "received_at"),
        (AHEAD, "received_at"),
        ({"deadline": "2026-12-01"}, "deadline"),
        ({"kind": "other"}, "deadline"),
        ({"kind": "other", "deadline": "0001-01-01T00:00"}, "deadline"),
        ({"jurisdiction": "Atlantis"}, "jurisdiction"),
        ({"accounts": "\n".join(f"x:{number}" for number in range(11))}, "accounts"),
        ({"accounts": "no key"}, "accounts"),
        ({"hold_days": "9999"}, "hold_days"),
        ({"authority": " "}, "authority"),
    ],
)
async def test_unusable_form_is_refused_and_changes_nothing(
    office: Office, wrong: dict[str, str], field: str
) -> None:
    async with at_the_desk(office, "rana", "counsel") as client:
        answer = await sent(client, "/requests", **FORM | wrong)
        assert answer.status_code == 400, field
        assert ("in UTC" in answer.text) == (wrong == AHEAD), "local time reads as a moment to come"
        assert "No request waits for an answer." in (await client.get("/requests")).text


async def test_auditor_looks_and_others_see_nothing_of_requests(office: Office) -> None:
    await office.receive()
    request_id, rana, _ = await approved(office, "x:new-alert-1")
    await file_of(office, rana, request_id)
    posts = ("approve", "refuse", "withdraw", "disclose", "extend", "release", "files")
    async with at_the_desk(office, "omar", "auditor") as client:
        assert '"/requests"' in (await client.get("/queue")).text
        page = (await client.get("/requests")).text
        assert "/requests/1" in page
        assert 'action="/requests"' not in page
        page = (await client.get("/requests/1")).text
        steps = set(re.findall(r'action="/requests/1/(\w+)"', page))
        assert steps == {"files"}, "an auditor makes case files, as elsewhere"
        form = {"reason_code": "too-broad", "hold_days": "300", "digest": "0" * 64}
        tried = {f"/requests/1/{step}": form for step in posts[:-1]} | {"/requests": FORM}
        refused = {where: (await sent(client, where, **form)).status_code for where, form in tried.items()}
        assert refused == dict.fromkeys(tried, 403)
    for name, role in (("amina", "moderator"), ("chloe", "lead")):
        async with at_the_desk(office, name, role) as client:
            assert '"/requests"' not in (await client.get("/queue")).text
            for where in ("/requests", "/requests/1", "/requests/2"):
                assert (await client.get(where)).status_code == 403
            for step in posts:
                form = {"reason_code": "too-broad", "alert_id": "alert-1", "digest": "0" * 64}
                assert (await sent(client, f"/requests/1/{step}", **form)).status_code == 403, step
            for where in ("/alerts/alert-1", "/accounts/x/new-alert-1"):
                assert "CC/311" not in (await client.get(where)).text


async def test_counsel_reads_alerts_of_every_policy_and_decides_none(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, "rana", "counsel") as client:
        page = await client.get("/alerts/alert-1")
        assert page.status_code == 200
        assert 'data-key="c"' not in page.text
        assert (await client.get("/team")).status_code == 200
        for where in ("/figures", "/weights", "/quarantine", "/family-reviews"):
            assert (await client.get(where)).status_code == 403


async def test_answered_requests_are_listed_page_by_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.review.requests.CLOSED_MAX", 2)
    async with (
        at_the_desk(office, "rana", "counsel") as client,
        at_the_desk(office, "sana", "counsel") as other,
    ):
        for number in range(3):
            form = FORM | {"reference": f"CC-{number}"}
            assert (await sent(client, "/requests", **form)).status_code == 303
            office.clock.pass_(1.0)
            assert (await sent(other, f"/requests/{number + 1}/withdraw")).status_code == 303
        page = (await client.get("/requests")).text
        assert re.findall(r'href="/requests/(\d)"', page) == ["3", "2"]
        [earlier] = re.findall(r'href="(/requests\?before=[\d.]+)"', page)
        page = (await client.get(earlier)).text
        assert re.findall(r'href="/requests/(\d)"', page) == ["1"]
        assert "?before=" not in page


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
async def test_pages_are_in_the_readers_language(office: Office, code: str) -> None:
    await office.receive()
    rana = await office.hire("rana", "counsel")
    await enter(office, rana, "x:new-alert-1")
    async with at_the_desk(office, "sana", "counsel") as client:
        client.headers["Accept-Language"] = code
        words = catalogue(code).words
        for where, english in (("/requests", "Enter and preserve"), ("/requests/1", "waits for approval")):
            page = (await client.get(where)).text
            assert words[english] in page
            assert english not in page


async def test_pages_ask_no_more_where_there_is_more_to_show(office: Office) -> None:
    rana, sana = await office.hire("rana", "counsel"), await office.hire("sana", "counsel")
    del sana
    asked: dict[str, list[int]] = {}
    async with at_the_desk(office, "omar", "auditor") as client:
        for first, count in ((0, 2), (2, 8)):
            for number in range(first, first + count):
                await office.receive(f"alert-{number}")
                accounts = [f"x:new-alert-{it}" for it in range(number + 1)][-10:]
                await enter(office, rana, *accounts, reference=f"R-{number}")
            newest = first + count
            for name, where in (("list", "/requests"), ("request", f"/requests/{newest}")):
                with counted(office.database) as statements:
                    assert (await client.get(where)).status_code == 200
                asked.setdefault(name, []).append(sum(not it.startswith("BEGIN") for it in statements))
    assert all(few == many for few, many in asked.values()), asked
    assert {name: many for name, (_, many) in asked.items() if many > 9} == {}, asked
