"""A lead asks who is like an account: with a purpose, noted, and never past what they have yet to read."""

from __future__ import annotations

import pytest

from desk.database import audit
from desk.database.engine import Database
from desk.related import GateAway, GateBusy, GateClient
from schemas.alerts import Matched
from schemas.internal.related import Purpose, RelatedAccount, RelatedAnswer, Standing
from tests.desk.people import Office, an_office, with_shares
from tests.desk.web.test_journeys import at_the_desk

WHERE = "/related/accounts/x/new-alert-1"


def like(account_id: str, standing: Standing = "remembered", *, probability: float = 0.004) -> RelatedAccount:
    return RelatedAccount(
        platform="x", account_id=account_id, standing=standing, agrees=("device",), probability=probability
    )


class Gate(GateClient):
    """Stands for a gate: answers as a test says, and remembers what it was asked."""

    def __init__(self, *related: RelatedAccount, standing: Standing = "remembered") -> None:
        self.answer: RelatedAnswer | GateBusy | GateAway = RelatedAnswer(standing=standing, related=related)
        self.asked: list[tuple[str, str, Purpose, str]] = []

    async def related(
        self, platform: str, account_id: str, purpose: Purpose, reader: str
    ) -> RelatedAnswer | GateBusy | GateAway:
        self.asked.append((platform, account_id, purpose, reader))
        return self.answer


async def noted(office: Office) -> list[tuple[str, str]]:
    async with office.database.read() as connection:
        lines = await audit.lines(connection, 0, 100)
    return [(line.subject, line.detail) for line in lines if line.action == "asked-related"]


async def test_lead_sees_who_shares_which_traits_and_nothing_is_kept_but_that_they_asked(
    database: Database,
) -> None:
    gate = Gate(like("<b>7"), like("banned", "banned", probability=0.97))
    office = an_office(
        database, gate=gate, SAMEHAND_DESK_PROFILE_URLS='{"x": "https://x.example/{account_id}"}'
    )
    await office.receive()
    async with at_the_desk(office, "chloe", "lead") as client:
        page = (await client.get("/accounts/x/new-alert-1")).text
        assert f'action="{WHERE}"' in page
        assert 'value="coordination" selected' not in page
        answer = await client.post(WHERE, data={"purpose": "coordination"})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    for told in ("x:&lt;b&gt;7", "0.4 %", "97.0 %", "Device", "banned", "remembered", "x.example/%3Cb%3E7"):
        assert told in answer.text, told
    [(platform, account_id, purpose, _)] = gate.asked
    assert (platform, account_id, purpose) == ("x", "new-alert-1", "coordination")
    assert await noted(office) == [("x:new-alert-1", '{"purpose":"coordination"}')]


@pytest.mark.parametrize("role", ["moderator", "auditor"])
async def test_nobody_else_is_shown_the_form_or_answered(database: Database, role: str) -> None:
    office = an_office(database, gate=(gate := Gate()))
    await office.receive()
    async with at_the_desk(office, "amina", role) as client:
        assert WHERE not in (await client.get("/accounts/x/new-alert-1")).text
        assert (await client.post(WHERE, data={"purpose": "appeal"})).status_code == 403
    assert (gate.asked, await noted(office)) == ([], [])


@pytest.mark.parametrize(
    ("where", "purpose", "status"),
    [
        (WHERE, "", 400),
        (WHERE, "curiosity", 400),
        ("/related/accounts/x/somebody", "appeal", 404),
    ],
)
async def test_question_without_a_purpose_or_about_whom_no_alert_names_is_refused(
    database: Database, where: str, purpose: str, status: int
) -> None:
    office = an_office(database, gate=(gate := Gate()))
    await office.receive()
    async with at_the_desk(office, "chloe", "lead") as client:
        assert (await client.post(where, data={"purpose": purpose})).status_code == status
    assert (gate.asked, await noted(office)) == ([], [])


async def test_desk_without_a_gate_asks_nobody(database: Database) -> None:
    office = an_office(database)
    await office.receive()
    async with at_the_desk(office, "chloe", "lead") as client:
        assert WHERE not in (await client.get("/accounts/x/new-alert-1")).text
        assert (await client.post(WHERE, data={"purpose": "appeal"})).status_code == 404


async def test_account_that_is_yet_to_be_read_is_neither_asked_about_nor_told_of(database: Database) -> None:
    """The answer says who is banned, and how alike two accounts are: what a blind reader must not know."""
    gate = Gate(like("new-alert-1"), like("banned", "banned"), like("other"))
    office = an_office(database, with_shares(blind_share=1.0), gate=gate)
    await office.receive()
    async with at_the_desk(office, "chloe", "lead") as client:
        for account_id in ("new-alert-1", "banned"):
            assert "/related/" not in (await client.get(f"/accounts/x/{account_id}")).text
            answer = await client.post(f"/related/accounts/x/{account_id}", data={"purpose": "appeal"})
            assert (answer.status_code, gate.asked) == (403, [])
    assert await noted(office) == []


async def test_accounts_of_alerts_that_are_yet_to_be_read_are_left_out(database: Database) -> None:
    gate = Gate(like("new-alert-1"), like("banned", "banned"), like("other"))
    office = an_office(database, with_shares(blind_share=0.0), gate=gate)
    await office.receive("alert-2", account_id="2", matched=Matched(platform="x", account_id="3"))
    sealed = an_office(database, with_shares(blind_share=1.0))
    await sealed.receive()
    async with at_the_desk(office, "chloe", "lead") as client:
        page = (await client.post("/related/accounts/x/2", data={"purpose": "appeal"})).text
    assert "x:other" in page
    assert "x:new-alert-1" not in page
    assert "x:banned" not in page
    assert "left out: <bdi>2</bdi>" in page


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (GateAway(), 503, "does not answer"),
        (GateBusy(61), 429, "<bdi>2</bdi>"),
        (RelatedAnswer(standing="unknown"), 200, "does not know this account"),
        (RelatedAnswer(standing="banned"), 200, "No banned or remembered account"),
    ],
)
async def test_each_way_without_accounts_is_told(
    database: Database, answer: RelatedAnswer | GateBusy | GateAway, status: int, told: str
) -> None:
    gate = Gate()
    gate.answer = answer
    office = an_office(database, gate=gate)
    await office.receive()
    async with at_the_desk(office, "chloe", "lead") as client:
        shown = await client.post(WHERE, data={"purpose": "appeal"})
    assert (shown.status_code, told in shown.text) == (status, True)
    assert shown.headers.get("Retry-After") == ("61" if isinstance(answer, GateBusy) else None)
    assert len(await noted(office)) == 1
