"""One box finds what is at the desk, and what was decided is found again, by who may know it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from desk.database import schema
from desk.database.engine import Database
from desk.database.finding.folding import READ_CHARS, folded_readings
from desk.review.people import person_of
from desk.web.addresses import account_page
from desk.web.desk import PAGE
from schemas.alerts import Matched
from tests.desk.makers import a_reason
from tests.desk.people import Office, an_office, with_shares
from tests.desk.web.test_journeys import Client, at_the_desk, decided, sent, the_queue
from tests.desk.web.test_profiles import Platform
from tests.desk_databases import on_each_database
from tests.makers import NOON
from tests.tables import for_each

FOUND_MAX = 10  # where a test shows as many as may be found: hundreds of alerts take seconds to arrive


def quoting(name: str = "", handle: str = "", *, theirs: str = "") -> tuple[Any, ...]:
    """Evidence that quotes the new account."""
    return (
        a_reason("handle", ours=handle, theirs=theirs),
        a_reason("name", 2.0, ours=name),
    )


async def accounts_found(client: Client, query: str) -> list[str]:
    """The keys of the accounts that a search lists, or the one to which it goes straight."""
    answer = await client.get("/find", params={"q": query}, follow_redirects=False)
    if answer.status_code == 303:
        return [answer.headers["Location"]]
    assert answer.status_code == 200, answer.text
    return re.findall(r'<th scope="row"><a href="([^"]+)">', answer.text)


@on_each_database
async def test_account_is_found_by_what_its_names_begin_with_in_any_script(database: Database) -> None:
    office = an_office(database)
    await office.receive("one", account_id="1", reasons=quoting("Ümar Qureshi", "@Um4r_Media"))
    await office.receive("two", account_id="2", reasons=quoting("عُمَر قریشی", "umr"))
    await office.receive("three", account_id="3", reasons=quoting("100% _sure", "percent"))
    await office.receive("four", account_id="4", reasons=quoting("🔥🔥", "fire"))
    async with at_the_desk(office) as client:
        for query in ("umar", "UMA", "ümar q", "um4r", "@um4r_m", "Qur", "um-4r"):
            assert "/accounts/x/1" in await accounts_found(client, query), query
        for query in ("عمر", "عُمَر", "قریش"):
            assert await accounts_found(client, query) == ["/accounts/x/2"], query
        assert await accounts_found(client, "🔥") == ["/accounts/x/4"]
        # Nothing stands for any letter, and nothing ends the query's text.
        assert await accounts_found(client, "100%") == ["/accounts/x/3"]
        for query in ("_mar", "%", "%25", "'; --", "media", "\U0010ffff"):
            assert await accounts_found(client, query) == [], query


async def test_account_and_alert_are_found_by_the_beginning_of_their_ids(database: Database) -> None:
    office = an_office(database)
    matched = Matched(platform="telegram", account_id="B/9 x")
    await office.receive("7F3a-1", account_id="Ab-1", matched=matched)
    await office.receive("7f3b-2", account_id="ab-2", matched=matched)
    async with at_the_desk(office) as client:
        assert await accounts_found(client, "AB-") == ["/accounts/x/Ab-1", "/accounts/x/ab-2"]
        assert await accounts_found(client, "x:ab") == ["/accounts/x/Ab-1", "/accounts/x/ab-2"]
        assert await accounts_found(client, "telegram:ab") == []
        # In full, they are gone to.
        assert await accounts_found(client, "ab-2") == ["/accounts/x/ab-2"]
        assert await accounts_found(client, " telegram:B/9 x ") == ["/accounts/telegram/B%2F9%20x"]
        page = await client.get("/find", params={"q": "telegram:B/9 x"})
        assert page.status_code == 200
        assert "7F3a-1" in page.text
        assert await accounts_found(client, "7F3a-1") == ["/alerts/7F3a-1"]
        page = await client.get("/find", params={"q": "7f3"})
        assert ("/alerts/7F3a-1" in page.text, "/alerts/7f3b-2" in page.text) == (True, True)


@on_each_database
async def test_account_of_many_alerts_hides_no_other_and_says_how_many(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = {"search.FOUND_MAX": FOUND_MAX, "search._ROWS_MAX": 4 * FOUND_MAX, "account.HISTORY_MAX": 20}
    for name, few in bounds.items():
        monkeypatch.setattr(f"desk.review.finding.{name}", few)
    office = an_office(database)
    campaign = Matched(platform="x", account_id="the-campaign")
    for number in range(FOUND_MAX * 5):
        await office.receive(
            f"alert-{number}", matched=campaign, detected_at=NOON + timedelta(seconds=number)
        )
    await office.receive("other", account_id="the-other")
    async with at_the_desk(office) as client:
        page = (await client.get("/find", params={"q": "the-"})).text
        assert ("/accounts/x/the-campaign" in page, "/accounts/x/the-other" in page) == (True, True)
        assert re.search(rf'data-label="Alerts">{FOUND_MAX * 5}<', page)
        assert "type on" not in page
        page = (await client.get("/find", params={"q": "new-"})).text
        assert page.count('<th scope="row">') == FOUND_MAX
        assert "type on" in page
        assert "Older alerts are not shown" in (await client.get("/accounts/x/the-campaign")).text


async def test_quotes_that_are_erased_lead_nowhere_and_ids_still_do(database: Database) -> None:
    office = an_office(database)
    await office.receive("one", account_id="1", reasons=quoting("Umar", "umar"))
    async with at_the_desk(office) as client:
        assert await accounts_found(client, "umar") == ["/accounts/x/1"]
        told: dict[str, Any] = {"withdrawn_reason": "account-deleted", "withdrawn_at": NOON}
        await office.receive("one", account_id="1", revision=2, reasons=quoting(), status="withdrawn", **told)
        assert await accounts_found(client, "umar") == []
        assert await accounts_found(client, "1") == ["/accounts/x/1"]
        page = (await client.get("/accounts/x/1")).text
        assert page.count("one of the two accounts was deleted") == 2  # withdrawn, and therefore erased
    async with database.read() as connection:
        kinds = await connection.execute(
            select(schema.findable.c.kind, func.count()).group_by(schema.findable.c.kind)
        )
        assert dict([tuple(row) for row in kinds]) == {"alert": 1, "id": 2}


async def test_masked_handle_is_not_looked_for(database: Database) -> None:
    office = an_office(database)
    await office.receive("one", account_id="1", reasons=quoting(handle="um•••"))
    async with at_the_desk(office) as client:
        assert await accounts_found(client, "um") == []


@for_each("text", ["\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 9_999, "a" * 9_999, "\0", ""])
def test_folding_is_bounded_whatever_is_written(text: str) -> None:
    assert all(0 < len(folded) <= 64 for folded in folded_readings(text))
    assert folded_readings(text) == folded_readings(text[:READ_CHARS])


async def test_account_page_tells_both_sides_and_time_and_leads_to_its_family(database: Database) -> None:
    office = an_office(
        database, profiles=Platform(), SAMEHAND_DESK_PROFILE_URLS='{"x": "https://x.example/{account_id}"}'
    )
    family = Matched(platform="x", account_id="banned", root_id="x:root")
    await office.receive("one", account_id="mid", matched=family, reasons=quoting("Umar", "umar"))
    await office.receive(
        "two", account_id="leaf", matched=Matched(platform="x", account_id="mid", root_id="x:root")
    )
    async with at_the_desk(office, role="lead") as client:
        [waiting] = [one for one in await the_queue(client) if one["alert_id"] == "one"]
        await decided(client, waiting["read_id"])
        await sent(office)
        await client.post("/api/v1/alerts/one/take-back", json={"reason_code": "appeal"})
        page = (await client.get("/accounts/x/mid")).text
        told = ("Umar", "@umar", "https://x.example/mid", "/alerts/one", "/alerts/two", "/families/x/mid")
        assert [one for one in told if one not in page] == []
        assert re.findall(r'<a href="/alerts/one">([a-z ]+)</a>', page) == [
            "taken back",
            "decided",
            "detected",
        ]
        assert 'hx-get="/profiles/accounts/x/mid"' in page
        live = await client.get("/profiles/accounts/x/mid", headers={"HX-Request": "true"})
        assert "Ümar &lt;b&gt;" in live.text
        assert "when it was compared" in live.text
        # The root of a family, which no alert names itself.
        assert "/families/x/root" in (await client.get("/accounts/x/root")).text
        assert (await client.get("/accounts/x/nobody")).status_code == 404
        assert (await client.get("/profiles/accounts/x/nobody")).status_code == 404


async def decide_all(office: Office, client: Client, verdict: str = "mirror") -> None:
    for waiting in await the_queue(client, limit="200"):
        office.clock.pass_(1.0)
        await decided(client, waiting["read_id"], verdict)
    await sent(office)


async def test_decisions_are_listed_the_newest_first_page_by_page(database: Database) -> None:
    office = an_office(database)
    for number in range(PAGE + 3):
        await office.receive(f"alert-{number}")
    async with at_the_desk(office) as client:
        await decide_all(office, client)
        page = await client.get("/decided")
        first = re.findall(r'<th scope="row"><a href="/alerts/([^"]+)">', page.text)
        [more] = re.findall(r'href="(/decided\?[^"]+)" rel="next"', page.text)
        rest = (await client.get(more.replace("&amp;", "&"))).text
        second = re.findall(r'<th scope="row"><a href="/alerts/([^"]+)">', rest)
        assert len(first) == PAGE
        assert (len({*first, *second}), len(second)) == (PAGE + 3, 3)
        listed = (await client.get("/api/v1/decided", params={"limit": 200})).json()
        assert [one["alert_id"] for one in listed] == [*first, *second]
        moments = [one["decided_at"] for one in listed]
        assert moments == sorted(moments, reverse=True)
        assert all(one["holds"] and not one["taken_back"] for one in listed)


@on_each_database
async def test_decisions_are_narrowed_by_day_reason_policy_verdict_reader_and_taking_back(
    database: Database,
) -> None:
    office = an_office(database)
    await office.receive("one")
    async with at_the_desk(office) as client:
        await decide_all(office, client)
    office.clock.pass_(2 * 86_400.0)
    await office.receive("two")
    async with at_the_desk(office, "bilal") as client:
        await decide_all(office, client, "not_mirror")
    async with at_the_desk(office, "chloe", "lead") as client:
        await client.post("/api/v1/alerts/one/take-back", json={"reason_code": "appeal"})
        people = dict(
            re.findall(r'<option value="([0-9a-f]{32})">(\w+)<', (await client.get("/decided")).text)
        )
        amina, chloe = ({name: one for one, name in people.items()}[name] for name in ("amina", "chloe"))
        for query, expected in (
            ("", ["two", "one"]),
            ("from=2026-11-24&to=2026-11-24", ["one"]),
            ("from=2026-11-25", ["two"]),
            ("to=2026-11-25", ["one"]),
            ("verdict=mirror", ["one"]),
            ("reason=several-traits&policy=hate", ["two", "one"]),
            ("reason=common-name", []),
            ("policy=spam", []),
            ("taken=yes", ["one"]),
            ("taken=no", ["two"]),
            (f"by={amina}", ["one"]),
            (f"by={chloe}", []),
        ):
            page = await client.get(f"/decided?{query}")
            found = re.findall(r'<th scope="row"><a href="/alerts/([^"]+)">', page.text)
            assert found == expected, query
        [two, one] = (await client.get("/api/v1/decided")).json()
        assert (one["taken_back"], one["holds"], two["holds"]) == (True, False, True)
        for bad in ("from=yesterday", "to=2026-13-01", "taken=perhaps"):
            assert (await client.get(f"/decided?{bad}")).status_code == 400, bad


async def test_moderators_see_their_own_decisions_and_auditors_all(database: Database) -> None:
    office = an_office(database)
    await office.receive("one")
    async with at_the_desk(office) as client:
        await decide_all(office, client)
    for name, role, count in (("bilal", "moderator", 0), ("omar", "auditor", 1), ("chloe", "lead", 1)):
        async with at_the_desk(office, name, role) as client:
            assert len((await client.get("/api/v1/decided")).json()) == count, name
            assert ('name="by"' in (await client.get("/decided")).text) == (role != "moderator")


async def test_lead_who_is_to_read_second_is_told_no_decision(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0), profiles=Platform())
    await office.receive("one", account_id="1")
    async with at_the_desk(office) as client:
        await decide_all(office, client)
    async with at_the_desk(office, "chloe", "lead") as client:
        assert (await client.get("/api/v1/decided")).json() == []
        page = (await client.get("/accounts/x/1")).text
        assert ("a mirror" in page, "until you have decided" in page) == (False, True)
        assert "could say what others decided" in (await client.get("/profiles/accounts/x/1")).text
        await decide_all(office, client)
        assert len((await client.get("/api/v1/decided")).json()) == 2


async def test_account_page_has_an_address_whatever_its_id(database: Database) -> None:
    office = an_office(database)
    keys = ("x:a/b", "x:a b?c#d", "telegram:☃", "x:a:b", "x:https://a.example/b/", "x:a%2Fb", "x:=..", "x:.")
    async with at_the_desk(office) as client:
        for number, key in enumerate((*keys, "..:..", "x:../..")):
            person = person_of(key)
            assert person.key == key
            await office.receive(f"{number}", platform=person.platform, account_id=person.account_id)
            answer = await client.get(account_page(key))
            shown = f'data-copy="{person.account_id}"' in answer.text
            assert (answer.status_code, shown) == (200, True), key
