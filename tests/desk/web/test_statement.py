"""A statement of reasons tells its holder why, and teaches nobody: what it says, to whom, in which words."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from desk.database.engine import Database
from desk.review.actions import row_of, view_of
from desk.review.statement import PUBLIC, Reasons, facts_of
from desk.web.languages import LANGUAGES, Language
from desk.web.sentences import LEVELS
from desk.web.statement import as_html, as_text, sections
from report.text import is_unseen
from samehand.normalize.contact.redact import redacted
from schemas.wire import encode
from tests.desk.makers import a_reason
from tests.desk.people import Office, an_office, with_shares
from tests.desk.review.quotes import decide, withdraw
from tests.desk.review.test_actions import CLAUSE, act, an_action
from tests.desk.web.test_journeys import at_the_desk, sent
from tests.makers import NOON

HOSTILE = "\u202e</bdi><script>alert(1)</script>\u2069{{ 7 * 7 }}\x1b[31m"
ASKED = {"account": "x:new-alert-1", "event": "e-1"}


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


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
        made = (await client.get("/api/v1/statement", params=ASKED)).json()
        for part in (
            *("Your account was suspended.", "It ends on", "\u2068DE, PK\u2069", f"\u2068{CLAUSE}\u2069"),
            *("on its own initiative", "A person took the decision.", "drew attention to this one"),
            *("More agrees that profiles do not show", "complain", "dispute settlement", "court"),
        ):
            assert part in made["text"]
        assert made["missing"] == []
        assert not re.search("device", made["text"], re.IGNORECASE)


async def test_statement_is_refused_where_it_is_not_owed_or_tells_too_much(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    await office.receive()
    await act(office, an_action())
    await act(office, an_action(event_id="left", action="nothing"))
    await act(office, an_action(event_id="ordered", source="order"))
    amina = await office.hire("amina")
    async with at_the_desk(office, "bilal") as client:
        assert (await client.get("/api/v1/statement", params=ASKED)).status_code == 403
    async with at_the_desk(office, "chloe", "lead") as client:
        for event, status in (("left", 400), ("ordered", 400), ("none", 404), ("e-1", 200)):
            answer = await client.get("/api/v1/statement", params={**ASKED, "event": event})
            assert answer.status_code == status, event
        assert answer.json()["missing"] == ["verdict"]
        await act(office, an_action(event_id="blank", clause=" \n"))
        blank = (await client.get("/api/v1/statement", params={**ASKED, "event": "blank"})).json()
        assert "clause" in blank["missing"]
        assert "\u2068\u2069" not in blank["text"]
        await decide(office, amina)
        await sent(office)
        assert (await client.get("/statement", params=ASKED)).status_code == 403, "hers is the second reading"
        assert "/statement" not in (await client.get("/alerts/alert-1")).text


async def test_alert_on_another_account_lends_its_evidence_to_nobody(office: Office) -> None:
    await office.receive(reasons=(a_reason("name", level="same-name", ours="Umar", theirs="Omar"),))
    await act(office, an_action(account_id="attacker"))
    async with at_the_desk(office, "chloe", "lead") as client:
        made = (await client.get("/api/v1/statement", params={**ASKED, "account": "x:attacker"})).json()
    assert made["missing"][0] == "facts"
    assert "resembles" not in made["text"]
    assert "Omar" not in made["text"]


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
        [a_reason(signal, 1.0, level=level, ours=value, theirs=value) for signal, level in LEVELS]
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


@given(st.lists(st.sampled_from(sorted({signal for signal, _ in LEVELS})), unique=True))
def test_only_what_profiles_show_becomes_a_fact(signals: list[str]) -> None:
    facts, withheld = facts_of([a_reason(name, 1.0, ours="ours", theirs="theirs") for name in signals])
    assert {fact.signal for fact in facts} == PUBLIC & {*signals}
    assert withheld == bool({*signals} - PUBLIC)
    assert {fact.signal for fact in facts if fact.ours} <= {"handle", "name"}
    assert PUBLIC.isdisjoint({"email", "phone", "device", "payment", "network", "agent", "referrer", "reach"})
