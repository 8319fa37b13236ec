"""Statements of reasons to holders, and pages of lawful requests."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from desk.database.engine import Database
from desk.errors import Forbidden
from desk.readers import Reader
from desk.review.actions import row_of, view_of
from desk.review.reports.statement import PUBLIC, Reasons, facts_of
from desk.web.languages import LANGUAGES, Language
from desk.web.statement import as_html, as_text, sections
from report.text import is_unseen
from samehand.normalize.contact.redact import redacted
from samehand.scoring.evidence import SENTENCES
from schemas.wire import encode
from tests.desk.makers import a_reason
from tests.desk.people import Office, an_office, with_shares
from tests.desk.quotes import DAY, NOT_MIRROR, decide, withdraw
from tests.desk.review.test_evidence import CLAUSE, act, an_action
from tests.desk.review.test_requests import approved, file_of
from tests.desk.web.client import Client, at_the_desk, sent
from tests.makers import NOON

# A statement of reasons tells its holder why, and teaches nobody: what it says, to whom, in which words.


HOSTILE = "\u202e</bdi><script>alert(1)</script>\u2069{{ 7 * 7 }}\x1b[31m"
ASKED = {"account": "x:new-alert-1", "event": "e-1"}


async def test_lead_reads_and_saves_the_statement_in_the_holders_language(office: Office) -> None:
    reasons = (a_reason("handle", level="same-handle", ours="umar_2", theirs="umar_1"), a_reason("device"))
    await office.receive(reasons=reasons)
    await decide(office, await office.hire("amina"))
    await act(office, an_action(until=NOON + timedelta(days=90)))
    await withdraw(office, "account-banned")  # the alert itself quotes nothing from here on
    async with at_the_desk(office, "chloe", "lead") as client:
        page = (await client.get("/accounts/x/new-alert-1")).text
        [where] = set(re.findall(r'href="(/statement\?[^"]+)"', page))
        assert CLAUSE in (await client.get("/alerts/alert-1")).text
        said = unescape((await client.get(unescape(where))).text)
        assert "The handles are the same." in said
        assert "umar_1" in said
        file = await client.get("/statement/file", params={**ASKED, "language": "ur", "form": "html"})
        assert 'dir="rtl"' in file.text
        assert file.headers["Content-Disposition"] == 'attachment; filename="statement.html"'
        made = (await client.get("/statement/file", params=ASKED)).text
        for part in (
            *("Your account was suspended.", "It ends on", "\u2068DE, PK\u2069", f"\u2068{CLAUSE}\u2069"),
            *("on its own initiative", "A person took the decision.", "drew attention to this one"),
            *("More agrees that profiles do not show", "complain", "dispute settlement", "court"),
        ):
            assert part in made
        assert await lacking(office) == ()
        assert not re.search("device", made, re.IGNORECASE)


async def lacking(office: Office, **asked: str) -> tuple[str, ...]:
    """What a statement lacks, by code."""
    where = {**ASKED, **asked}
    lead = Reader("lead", "L", "lead")
    return (await office.desk.statement(lead, where["account"], where["event"], "en")).missing


async def test_statement_is_refused_where_it_is_not_owed_or_tells_too_much(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    await office.receive()
    await act(office, an_action())
    await act(office, an_action(event_id="left", action="nothing"))
    await act(office, an_action(event_id="ordered", source="order"))
    amina = await office.hire("amina")
    async with at_the_desk(office, "bilal") as client:
        assert (await client.get("/statement", params=ASKED)).status_code == 403
    async with at_the_desk(office, "chloe", "lead") as client:
        for event, status in (("left", 400), ("ordered", 400), ("none", 404), ("e-1", 200)):
            answer = await client.get("/statement", params={**ASKED, "event": event})
            assert answer.status_code == status, event
        assert await lacking(office) == ("verdict",)
        await act(office, an_action(event_id="blank", clause=" \n"))
        assert "clause" in await lacking(office, event="blank")
        blank = await client.get("/statement/file", params={**ASKED, "event": "blank"})
        assert "\u2068\u2069" not in blank.text
        await decide(office, amina)
        await sent(office)
        assert (await client.get("/statement", params=ASKED)).status_code == 403, "hers is the second reading"
        assert "/statement" not in (await client.get("/alerts/alert-1")).text


async def test_alert_on_another_account_lends_its_evidence_to_nobody(office: Office) -> None:
    await office.receive(reasons=(a_reason("name", level="same-name", ours="Umar", theirs="Omar"),))
    await act(office, an_action(account_id="attacker"))
    async with at_the_desk(office, "chloe", "lead") as client:
        made = (await client.get("/statement/file", params={**ASKED, "account": "x:attacker"})).text
    assert (await lacking(office, account="x:attacker"))[0] == "facts"
    assert "resembles" not in made
    assert "Omar" not in made


async def test_action_whose_verdict_was_reversed_is_listed_while_in_force_and_accuses_no_more(
    office: Office,
) -> None:
    await office.receive(reasons=(a_reason("name", level="same-name", ours="Umar", theirs="Omar"),))
    amina, bilal, chloe = await office.team()
    await decide(office, amina)
    await sent(office)
    await act(office, an_action(-9, until=NOON + timedelta(days=90)))
    assert await office.desk.reversed_actions(chloe) == []
    await office.desk.take_back(chloe, "alert-1", "appeal")
    await decide(office, bilal, NOT_MIRROR)
    await sent(office)
    async with at_the_desk(office, "aud", "auditor") as client:
        assert "still in force" in (await client.get("/decided")).text
        for language in LANGUAGES:
            made = (await client.get("/statement/file", params={**ASKED, "language": language})).text
            assert "Omar" not in made
        assert "resembles" not in made
    assert await lacking(office) == ("verdict",)
    office.clock.pass_(91 * DAY)
    assert await office.desk.reversed_actions(chloe) == [], "it ran out"
    await act(office, an_action(-8))
    assert len(await office.desk.reversed_actions(chloe)) == 1
    with pytest.raises(Forbidden):
        await office.desk.reversed_actions(bilal)
    lifted = an_action(-7, event_id="e-2", action="nothing", actioned_at=NOON)
    await act(office, lifted)
    assert await office.desk.reversed_actions(chloe) == []
    await act(office, replace(lifted, action="suspended", occurred_at=NOON))
    assert len(await office.desk.reversed_actions(chloe)) == 1
    await withdraw(office, "reinstated")
    assert await office.desk.reversed_actions(chloe) == []


phones = st.from_regex(r"\+92 3[0-9]{2} [0-9]{7}", fullmatch=True)
mailboxes = st.from_regex(r"[a-z]{3,9}\.[a-z]{3,9}@(gmail|outlook)\.com", fullmatch=True)
addresses = st.ip_addresses(v=4).map(str).filter(lambda address: len(address) > 9)


@given(
    st.one_of(phones, mailboxes, addresses),
    st.text(st.sampled_from(f"{HOSTILE}ab ش"), max_size=12),
    st.sampled_from([*LANGUAGES.values()]),
)
def test_no_personal_value_is_in_a_statement_and_hostile_text_is_harmless(
    personal: str, hostile: str, language: Language
) -> None:
    value = f"{hostile} {personal} {hostile}"
    facts, withheld = facts_of(
        [a_reason(signal, 1.0, level=level, ours=value, theirs=value) for signal, level in SENTENCES]
    )
    action = replace(
        an_action(clause=value, decided_by="r-1"), alert_id="alert-1", until=NOON + timedelta(days=1)
    )
    view = view_of(row_of(action, encode(action), now=0.0))
    assert view is not None
    made = sections(Reasons(view, redacted(value), redacted(value), "banned", facts, withheld, ()), language)
    text, html = as_text(made, language), as_html(made, language)
    assert personal not in unescape(html)
    assert personal not in text
    assert "<script" not in html
    assert all(char in "\n\u2068\u2069" or not is_unseen(char) for char in text)
    assert text.count("\u2068") == text.count("\u2069") == html.count("<bdi") == html.count("</bdi>")


@given(st.lists(st.sampled_from(sorted({signal for signal, _ in SENTENCES})), unique=True))
def test_only_what_profiles_show_becomes_a_fact(signals: list[str]) -> None:
    facts, withheld = facts_of([a_reason(name, 1.0, ours="ours", theirs="theirs") for name in signals])
    assert {fact.signal for fact in facts} == PUBLIC & {*signals}
    assert withheld == bool({*signals} - PUBLIC)
    assert {fact.signal for fact in facts if fact.ours} <= {"handle", "name"}
    assert PUBLIC.isdisjoint({"email", "phone", "device", "payment", "network", "agent", "referrer", "reach"})


# Pages of lawful requests: counsel enters, another approves, auditors look, nobody else does.

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


async def post_form(client: Client, where: str, **data: Any) -> Any:
    return await client.post(where, data=data, follow_redirects=False)


async def test_request_is_entered_approved_and_answered_on_its_page(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, "rana", "counsel") as client:
        answer = await post_form(client, "/requests", **FORM)
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
        assert (await post_form(client, "/requests/1/approve")).status_code == 403
        assert (await post_form(client, "/requests", **FORM)).status_code == 409, "a form that is sent twice"
    office.clock.pass_(9 * 3_600.0)
    async with at_the_desk(office, "sana", "counsel") as client:
        assert (await post_form(client, "/requests/1/approve")).status_code == 303
        assert "/requests/1/files" in (await client.get("/requests/1")).text
        file = await post_form(client, "/requests/1/files", alert_id="alert-1")
        assert file.status_code == 200
        digest = sha256(file.content).hexdigest()
        name = f'filename="request-1-{digest[:8]}.html"'
        assert file.headers["content-disposition"] == f"attachment; {name}"
        page = (await client.get("/requests/1")).text
        [row] = [row for row in page.split("<tr>") if digest in row]
        assert 'href="/alerts/alert-1"' in row, "which of the files on an account it is"
        assert "overdue" in (await client.get("/requests")).text
        assert "it was to be answered by" in (await client.get("/requests/1")).text
        assert (await post_form(client, "/requests/1/disclose")).status_code == 400, "nothing chosen"
        assert (await post_form(client, "/requests/1/disclose", digest=digest)).status_code == 303
        page = (await client.get("/requests/1")).text
        assert "answered: case files were handed over" in page
        assert "/disclose" not in page
        assert "overdue" not in (await client.get("/requests")).text
        assert (await post_form(client, "/requests/1/extend", hold_days="300")).status_code == 303
        assert (await post_form(client, "/requests/1/release")).status_code == 303
        page = (await client.get("/requests/1")).text
        assert "it was released" in page
        assert "/release" not in page


async def test_approved_request_on_which_nothing_is_kept_is_answered_by_a_refusal(office: Office) -> None:
    async with at_the_desk(office, "rana", "counsel") as client:
        await post_form(client, "/requests", **FORM)
    async with at_the_desk(office, "sana", "counsel") as client:
        await post_form(client, "/requests/1/approve")
        page = (await client.get("/requests/1")).text
        assert "No alert names these accounts." in page
        assert 'action="/requests/1/refuse"' in page
        assert 'action="/requests/1/approve"' not in page
        refusal = await post_form(client, "/requests/1/refuse", reason_code="nothing-held")
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
        ({"authority": "a" * 129}, "authority"),
        ({"reference": ""}, "reference"),
        ({"legal_basis": "b" * 257}, "legal_basis"),
        ({"jurisdiction": "P1"}, "jurisdiction"),
        ({"kind": "unheard-of"}, "kind"),
        ({"kind": "other", "deadline": "9999-12-31T23:59"}, "deadline"),
        ({"accounts": " "}, "accounts"),
        ({"hold_days": "0"}, "hold_days"),
        ({"hold_days": "367"}, "hold_days"),
    ],
)
async def test_unusable_form_is_refused_and_changes_nothing(
    office: Office, wrong: dict[str, str], field: str
) -> None:
    async with at_the_desk(office, "rana", "counsel") as client:
        answer = await post_form(client, "/requests", **FORM | wrong)
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
        refused = {
            where: (await post_form(client, where, **form)).status_code for where, form in tried.items()
        }
        assert refused == dict.fromkeys(tried, 403)
    for name, role in (("amina", "moderator"), ("chloe", "lead")):
        async with at_the_desk(office, name, role) as client:
            assert '"/requests"' not in (await client.get("/queue")).text
            for where in ("/requests", "/requests/1", "/requests/2"):
                assert (await client.get(where)).status_code == 403
            assert (await post_form(client, "/requests", **FORM)).status_code == 403
            for step in posts:
                form = {"reason_code": "too-broad", "alert_id": "alert-1", "digest": "0" * 64}
                assert (await post_form(client, f"/requests/1/{step}", **form)).status_code == 403, step
            for where in ("/alerts/alert-1", "/accounts/x/new-alert-1"):
                assert "CC/311" not in (await client.get(where)).text


async def test_counsel_reads_alerts_of_every_policy_and_decides_none(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, "rana", "counsel") as client:
        page = await client.get("/alerts/alert-1")
        assert page.status_code == 200
        assert 'data-key="c"' not in page.text
        for where in ("/figures", "/readers"):
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
            assert (await post_form(client, "/requests", **form)).status_code == 303
            office.clock.pass_(1.0)
            assert (await post_form(other, f"/requests/{number + 1}/withdraw")).status_code == 303
        page = (await client.get("/requests")).text
        assert re.findall(r'href="/requests/(\d)"', page) == ["3", "2"]
        [earlier] = re.findall(r'href="(/requests\?before=[\d.]+)"', page)
        page = (await client.get(earlier)).text
        assert re.findall(r'href="/requests/(\d)"', page) == ["1"]
        assert "?before=" not in page
