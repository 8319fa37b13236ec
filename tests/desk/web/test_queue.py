"""The queue: its order, what is found, and what reading it costs."""

from __future__ import annotations

import asyncio
import random
import re
import stat
from datetime import timedelta
from html import unescape
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from desk.database import schema
from desk.database.counts import exposures
from desk.database.engine import Database
from desk.database.filters import ORDERS, Filters, Place
from desk.database.finding.folding import READ_CHARS, folded_readings
from desk.profiles.kept import data_url
from desk.review.deciding.decide import ReadDecision
from desk.review.people import person_of
from desk.review.views import FOLDED_MAX
from desk.web.addresses import account_page
from desk.web.desk import AGREED_SECONDS, PAGE
from schemas.alerts import Matched
from tests.desk.makers import a_reason
from tests.desk.people import Office, an_office, with_shares
from tests.desk.web.client import Client, at_the_desk, counted, decided, decisions, page_at, sent, the_queue
from tests.desk.web.test_alert import Platform
from tests.desk_databases import on_each_database
from tests.makers import NOON
from tests.tables import for_each

# The queue tells people apart, in the order that a reader chose.


NAMED = (
    a_reason("name", 5.0, level="same-name", ours="Omar Khan", theirs="Umar Khan"),
    a_reason("handle", 3.0, level="one-typo", ours="0mar", theirs="umar"),
)


async def in_pages(client: Client, order: str) -> list[str]:
    """Every alert of the queue by its pages of two."""
    found: list[dict[str, Any]] = []
    after = None
    for _ in range(9):
        page = await the_queue(client, order=order, limit=2, after=after)
        if not page:
            break
        found += page
        after = Place(page[-1]["rank"], page[-1]["waits_since"], page[-1]["read_id"])
    return [one["alert_id"] for one in found]


async def test_row_names_both_accounts_and_the_strongest_traits(office: Office) -> None:
    await office.receive(reasons=(*NAMED, a_reason("timing", 9.0), a_reason("locale", 0.5)))
    async with at_the_desk(office) as client:
        [row] = await the_queue(client)
        assert [(one["name"], one["handle"]) for one in row["people"]] == [
            ("Omar Khan", "0mar"),
            ("Umar Khan", "umar"),
        ]
        assert [one["signal"] for one in row["traits"]] == ["name", "handle"]
        page = (await client.get("/queue")).text
        assert 'Display name <small class="soft">same</small> · Handle <small class="soft">alike<' in page
        assert "Umar Khan" in page


async def test_each_order_goes_through_all_pages_once(office: Office) -> None:
    for number, band in enumerate(("possible", "likely", "possible", "likely", "likely")):
        await office.receive(f"alert-{number}", band=band)
        office.clock.pass_(0 if number == 1 else 60)  # two wait since the same moment
    async with at_the_desk(office) as client:
        assert await in_pages(client, "pressing") == ["alert-1", "alert-3", "alert-4", "alert-0", "alert-2"]
        assert await in_pages(client, "oldest") == [f"alert-{number}" for number in (0, 1, 2, 3, 4)]
        assert await in_pages(client, "newest") == [f"alert-{number}" for number in (4, 3, 2, 1, 0)]
        page = (await client.get("/queue?order=newest")).text
        assert page.index("new-alert-4") < page.index("new-alert-0")
        first = await client.get("/next?order=newest", follow_redirects=False)
        assert first.headers["Location"] == "/alerts/alert-4?order=newest"
        assert (await client.get("/queue?order=rubbish")).status_code == 200


async def test_one_sign_up_and_family_stand_in_one_row(office: Office) -> None:
    for number in range(3):
        matched = Matched(platform="x", account_id=f"banned-{number}", root_id="x:root")
        await office.receive(f"alert-{number}", account_id="new", matched=matched)
    await office.receive("other", matched=Matched(platform="x", account_id="banned-0", root_id="x:root"))
    page = await page_at(office, "/queue")
    assert page.count('<th scope="row">') == 2
    assert "and 2 more of its family" in page
    assert all(f"/alerts/alert-{number}" in page for number in range(3))


async def in_rows(client: Client, order: str, **filters: str) -> list[list[int]]:
    """The readings of every row of the queue, page after page."""
    where, rows = f"/queue?{urlencode({'order': order, **filters})}", list[list[int]]()
    while where:
        page = (await client.get(where)).text
        rows += [
            [int(one) for one in of.split(".")] for of in re.findall(r'name="read" value="([\d.]+)"', page)
        ]
        following = re.search(r'href="([^"]+)" rel="next"', page)
        where = unescape(following[1]) if following else ""
    return rows


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_what_belongs_together_stands_in_one_row_across_pages(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.web.desk.PAGE", 3)
    monkeypatch.setattr("desk.web.pages.queue.PAGE", 3)
    office, drawn = an_office(database), random.Random(11)
    for number in range(30):
        matched = Matched(
            platform="x",
            account_id=f"banned-{number}",
            root_id=f"x:root-{drawn.randrange(2)}",
            policy=drawn.choice(("hate", "spam")),
        )
        band = drawn.choice(("likely", "possible"))
        await office.receive(
            f"alert-{number}", account_id=f"new-{drawn.randrange(6)}", matched=matched, band=band
        )
        office.clock.pass_(drawn.choice((0, 60)))
    async with at_the_desk(office) as client:
        skipped = (await the_queue(client))[0]["read_id"]
        await client.submit(f"/reads/{skipped}/skip")
        narrowed: tuple[dict[str, Any], ...] = ({}, {"policy": "hate"}, {"band": "possible"})
        for order, filters in product(ORDERS, narrowed):
            expected: dict[tuple[str, str], list[int]] = {}
            for one in await the_queue(client, order=order, limit=100, **filters):
                expected.setdefault((one["account"], one["root"]), []).append(one["read_id"])
            found = await in_rows(client, order, **filters)
            assert found == [*expected.values()], (order, filters)
            assert len(found) > 3, "more than a page"


async def test_burst_of_one_sign_up_leaves_the_rest_of_the_page_full(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.web.desk.PAGE", 3)
    monkeypatch.setattr("desk.web.pages.queue.PAGE", 3)
    monkeypatch.setattr("desk.database.queue.waiting.WALKED", 4)
    office = an_office(database)
    for number in range(4):
        await office.receive(f"alert-{number}", account_id=f"new-{number}")
        office.clock.pass_(60)
    for number in range(15):
        matched = Matched(platform="x", account_id=f"banned-{number}", root_id="x:root")
        await office.receive(f"burst-{number}", account_id="new", matched=matched)
        office.clock.pass_(60)
    async with at_the_desk(office) as client:
        rows = await in_rows(client, "newest")
        page = (await client.get("/queue?order=newest")).text
    assert [len(row) for row in rows] == [15, 1, 1, 1, 1]
    assert page.count('<th scope="row">') == 3


async def test_row_names_some_and_counts_all_that_belong_to_it(office: Office) -> None:
    for number in range(FOLDED_MAX + 3):
        matched = Matched(platform="x", account_id=f"banned-{number}", root_id="x:root")
        await office.receive(f"alert-{number}", account_id="new", matched=matched)
    page = await page_at(office, "/queue")
    assert f"and {FOLDED_MAX + 2} more of its family" in page
    assert page.count("/alerts/alert-") == 1 + FOLDED_MAX
    assert '<a href="/accounts/x/new">All alerts of this account</a>' in page
    assert len(re.findall(r'name="read" value="([\d.]+)"', page)[0].split(".")) == FOLDED_MAX + 3


async def test_blind_readings_are_not_folded(database: Database) -> None:
    office = an_office(database, with_shares(blind_share=1.0))
    for number in range(2):
        await office.receive(
            f"alert-{number}",
            account_id="new",
            matched=Matched(platform="x", account_id=f"b-{number}", root_id="x:r"),
        )
    async with at_the_desk(office) as client:
        assert (await client.get("/queue")).text.count('<th scope="row">') == 2


@pytest.mark.parametrize("former", ["en.0.1", "en.0.1.0.0", "en.0.1.0.0.1", "en.0.1.0.0.1.trb"])
async def test_cookie_of_a_former_version_holds(office: Office, former: str) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        client.cookies.set("samehand-view", former)
        page = (await client.get("/queue", headers={"Accept-Language": "ar"})).text
    assert headings(page) == ["Account", "Resembles", "For", "Band", "Waits", "Due"]


def headings(page: str) -> list[str]:
    return re.findall(r'<th scope="col">([^<]+)</th>', page)


# One box finds what is at the desk, and what was decided is found again, by who may know it.

FOUND_MAX = 10  # where a test shows as many as may be found: hundreds of alerts take seconds to arrive


def quoting(name: str = "", handle: str = "") -> tuple[Any, ...]:
    """Evidence that quotes the new account."""
    return (a_reason("handle", ours=handle), a_reason("name", 2.0, ours=name))


async def accounts_found(client: Client, query: str) -> list[str]:
    """The keys of the accounts that a search lists, or the one to which it goes straight."""
    answer = await client.get("/find", params={"q": query}, follow_redirects=False)
    if answer.status_code == 303:
        return [answer.headers["Location"]]
    assert answer.status_code == 200, answer.text
    return re.findall(r'<th scope="row"><a href="([^"]+)">', answer.text)


@on_each_database
async def test_account_is_found_by_what_its_names_begin_with_in_any_script(office: Office) -> None:
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


async def test_account_and_alert_are_found_by_the_beginning_of_their_ids(office: Office) -> None:
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
        latest = re.findall(r'data-label="Latest"><time datetime="([^"]+)"', page)
        assert latest == [(NOON + timedelta(seconds=FOUND_MAX * 5 - 1)).isoformat(), NOON.isoformat()]
        assert "type on" not in page
        page = (await client.get("/find", params={"q": "new-"})).text
        assert page.count('<th scope="row">') == FOUND_MAX
        assert "type on" in page
        assert "Older alerts are not shown" in (await client.get("/accounts/x/the-campaign")).text


async def test_quotes_that_are_erased_lead_nowhere_and_ids_still_do(office: Office) -> None:
    await office.receive("one", account_id="1", reasons=quoting("Umar", "umar"))
    async with at_the_desk(office) as client:
        assert await accounts_found(client, "umar") == ["/accounts/x/1"]
        told: dict[str, Any] = {"withdrawn_reason": "account-deleted", "withdrawn_at": NOON}
        await office.receive("one", account_id="1", revision=2, reasons=quoting(), status="withdrawn", **told)
        assert await accounts_found(client, "umar") == []
        assert await accounts_found(client, "1") == ["/accounts/x/1"]
        page = (await client.get("/accounts/x/1")).text
        assert page.count("one of the two accounts was deleted") == 2  # withdrawn, and therefore erased
    async with office.database.read() as connection:
        kinds = await connection.execute(
            select(schema.findable.c.kind, func.count()).group_by(schema.findable.c.kind)
        )
        assert dict([tuple(row) for row in kinds]) == {"alert": 1, "id": 2}


async def test_account_whose_evidence_a_late_withdrawal_erases_is_not_found_by_name_any_more(
    office: Office,
) -> None:
    amina = await office.hire("bilal")
    await office.receive("one", account_id="1", reasons=quoting("Umar", "umar"))
    [waiting] = await office.desk.queue(amina, Filters())
    await office.desk.decide(amina, waiting.read_id, ReadDecision("mirror", "several-traits"))
    for reason, found in (("account-banned", ["/accounts/x/1"]), ("reinstated", [])):
        told: dict[str, Any] = {"withdrawn_reason": reason, "withdrawn_at": NOON + timedelta(hours=9)}
        await office.receive("one", account_id="1", revision=2, status="withdrawn", **told)
        async with at_the_desk(office, f"amina-{reason}") as client:
            assert await accounts_found(client, "umar") == found, reason


async def test_masked_handle_is_not_looked_for(office: Office) -> None:
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
        await client.submit("/alerts/one/take-back", reason_code="appeal")
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


async def test_account_page_tells_no_withdrawal_without_its_moment(office: Office) -> None:
    await office.receive("one", account_id="1", status="withdrawn", withdrawn_reason="reinstated")
    async with at_the_desk(office) as client:
        answer = await client.get("/accounts/x/1")
    assert answer.status_code == 200
    assert re.findall(r'<a href="/alerts/one">([a-z ]+)</a>', answer.text) == ["detected"]


async def decide_all(office: Office, client: Client, verdict: str = "mirror") -> None:
    for waiting in await the_queue(client, limit=200):
        office.clock.pass_(1.0)
        await decided(client, waiting["read_id"], verdict)
    await sent(office)


async def test_decisions_are_listed_the_newest_first_page_by_page(office: Office) -> None:
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
        listed = await decisions(client)
        assert [one["alert_id"] for one in listed] == [*first, *second]
        moments = [one["decided_at"] for one in listed]
        assert moments == sorted(moments, reverse=True)
        assert all(one["holds"] and not one["taken_back"] for one in listed)


@on_each_database
async def test_decisions_are_narrowed_by_day_reason_policy_verdict_reader_and_taking_back(
    office: Office,
) -> None:
    await office.receive("one")
    async with at_the_desk(office) as client:
        await decide_all(office, client)
    office.clock.pass_(2 * 86_400.0)
    await office.receive("two")
    async with at_the_desk(office, "bilal") as client:
        await decide_all(office, client, "not_mirror")
    async with at_the_desk(office, "chloe", "lead") as client:
        await client.submit("/alerts/one/take-back", reason_code="appeal")
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
        [two, one] = await decisions(client)
        assert (one["taken_back"], one["holds"]) == (True, False)
        assert (two["taken_back"], two["holds"]) == (False, True)
        for bad in ("from=yesterday", "to=2026-13-01", "taken=perhaps"):
            assert (await client.get(f"/decided?{bad}")).status_code == 400, bad


async def test_moderators_see_their_own_decisions_and_auditors_all(office: Office) -> None:
    await office.receive("one")
    async with at_the_desk(office) as client:
        await decide_all(office, client)
    for name, role, count in (("bilal", "moderator", 0), ("omar", "auditor", 1), ("chloe", "lead", 1)):
        async with at_the_desk(office, name, role) as client:
            assert len(await decisions(client)) == count, name
            assert ('name="by"' in (await client.get("/decided")).text) == (role != "moderator")


async def test_account_page_has_an_address_whatever_its_id(office: Office) -> None:
    keys = ("x:a/b", "x:a b?c#d", "telegram:☃", "x:a:b", "x:https://a.example/b/", "x:a%2Fb", "x:=..", "x:.")
    async with at_the_desk(office) as client:
        for number, key in enumerate((*keys, "..:..", "x:../..")):
            person = person_of(key)
            assert person.key == key
            await office.receive(f"{number}", platform=person.platform, account_id=person.account_id)
            answer = await client.get(account_page(key))
            shown = f'data-copy="{person.account_id}"' in answer.text
            assert (answer.status_code, shown) == (200, True), key


# How much somebody read is counted, shown to them alone and erased; they may be reminded to pause.

DAY_SECONDS = 86_400


def days_of(page: str) -> list[list[str]]:
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", page)
    return [re.findall(r">([0-9-]+)<", row) for row in rows]


async def test_what_somebody_read_is_counted_by_day_and_shown_to_them_alone(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as amina:
        for _ in range(2):
            assert (await amina.get("/alerts/alert-1")).status_code == 200
        assert (await amina.get("/alerts/none")).status_code == 404
        assert (await amina.post("/api/v1/me/uncovered")).status_code == 204
        page = (await amina.get("/view")).text
        assert [row[1:] for row in days_of(page)] == [["2", "1"]]
        office.clock.pass_(DAY_SECONDS)
        async with at_the_desk(office, "lena", "lead") as lead:
            assert days_of((await lead.get("/view")).text) == []
            assert (await lead.get("/alerts/alert-1")).status_code == 200
            assert [row[1:] for row in days_of((await lead.get("/view")).text)] == [["1", "0"]]
    async with office.database.begin() as connection:
        await exposures.erase(connection, keep_days=0, now=office.clock())
    async with office.database.read() as connection:
        everybody = await connection.exec_driver_sql("SELECT opened FROM exposures")
        assert [row.opened for row in everybody] == [1], "yesterday's are gone"


async def test_a_reminder_to_pause_is_there_for_who_asked_for_it(office: Office) -> None:
    async with at_the_desk(office) as client:
        csrf = client.headers["X-CSRF-Token"]
        assert 'id="pause"' not in (await client.get("/queue")).text
        form = {"language": "en", "keys": "1", "csrf": csrf, "pause_alerts": "25", "pause_minutes": "0"}
        answer = await client.post("/view", data=form, follow_redirects=False)
        assert answer.status_code == 303
        page = (await client.get("/queue")).text
        assert 'id="pause" role="note" hidden' in page
        assert 'data-pause-alerts="25" data-pause-minutes="0"' in page
        refused = await client.post("/view", data={**form, "pause_alerts": "-1"}, follow_redirects=False)
        assert refused.status_code == 400


@pytest.mark.parametrize("kept", ["en.0.1", "en.0.1.x.-1", "en.0.1.9999.1e1", "en.0.1.1001.000000000001"])
async def test_a_cookie_of_before_or_of_a_stranger_reminds_nobody(office: Office, kept: str) -> None:
    async with at_the_desk(office) as client:
        client.cookies.set("samehand-view", kept)
        answer = await client.get("/queue")
        assert answer.status_code == 200
        assert 'id="pause"' not in answer.text


# A request asks the database a handful of questions, however much there is to show.

FEW, MANY = 2, 30


async def test_no_request_asks_more_where_there_is_more_to_show(office: Office) -> None:
    told: dict[str, list[int]] = {}
    async with at_the_desk(office) as client:
        for first, count in ((0, FEW), (FEW, MANY)):
            for number in range(first, first + count):
                family = Matched(platform="x", account_id="banned", policy="hate", root_id="x:root")
                await office.receive(f"alert-{number}", matched=family)
            office.clock.pass_(AGREED_SECONDS)
            await client.get("/view")  # notes that the session was used
            [waiting, *_] = await the_queue(client)
            where_decided = f"/reads/{waiting['read_id']}/decide"
            for name, where in (
                ("queue", "/queue"),
                ("queue, filtered", "/queue?band=likely&policy=hate&platform=x"),
                ("alert", "/alerts/alert-1"),
                ("find", "/find?q=ne"),
                ("account", "/accounts/x/banned"),
                ("family", "/families/x/banned"),
                ("decided", "/decided?verdict=mirror"),
                ("decision", where_decided),
            ):
                with counted(office.database) as asked:
                    if name == "decision":
                        await decided(client, waiting["read_id"])
                    else:
                        assert (await client.get(where)).status_code == 200
                told.setdefault(name, []).append(sum(not it.startswith("BEGIN") for it in asked))
    assert all(few == many for few, many in told.values()), told
    most = {"queue": 9, "queue, filtered": 9, "alert": 20, "decision": 13}
    most |= {"find": 8, "account": 14, "family": 12, "decided": 10}
    assert {name: many for name, (_, many) in told.items() if many > most[name]} == {}


async def test_what_is_narrowed_to_a_band_is_looked_for_at_its_place(office: Office) -> None:
    async with at_the_desk(office) as client:
        await office.receive("alert-1", band="possible", probability=0.6)
        await office.receive("alert-2")
        found = await the_queue(client, band="possible")
        assert [one["alert_id"] for one in found] == ["alert-1"]
        await office.receive("alert-1", revision=2)  # its band rose
        found = await the_queue(client, band="likely")
        assert {one["alert_id"] for one in found} == {"alert-1", "alert-2"}
        assert await the_queue(client, band="none") == []


# Pictures of the accounts in a queue are there when an alert opens, for an hour, in a folder of their own.

SHOWN = f'src="{data_url(b"drawn")}"'


async def look(client: Client) -> str:
    """What the queue shows, once the pictures that it asked for are there."""
    page = (await client.get("/queue")).text
    kept = client.office.desk.profiles
    assert kept is not None
    await asyncio.gather(*kept._fetching)
    return page


async def test_pictures_of_the_queue_stand_for_an_hour_and_no_longer_than_an_erasure(
    database: Database,
) -> None:
    platform = Platform()
    office = an_office(database, profiles=platform)
    await office.receive()
    kept = office.desk.profiles
    assert kept is not None
    async with at_the_desk(office) as client:
        for seconds, shown in ((0, False), (1, True), (1_700, True), (1_700, True), (300, False)):
            office.clock.pass_(seconds)
            assert (SHOWN in await look(client)) is shown
            assert (await client.get("/alerts/alert-1")).text.count(SHOWN) == 1, "the banned one's has none"
        assert sorted(platform.asked) == ["x:banned"] * 2 + ["x:new-alert-1"] * 2
        assert (stat.S_IMODE(kept._folder.stat().st_mode), len([*kept._folder.iterdir()])) == (0o700, 1)
        told: dict[str, Any] = {"status": "withdrawn", "withdrawn_reason": "reinstated", "withdrawn_at": NOON}
        await office.receive(revision=2, **told)
        assert [*kept._folder.iterdir()] == []


@pytest.mark.parametrize("looked", [True, False])
async def test_second_reader_sees_what_was_fetched_before_the_first_verdict_alone(
    database: Database, looked: bool
) -> None:
    office = an_office(database, with_shares(second_share=1.0), profiles=Platform())
    await office.receive()
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        if looked:
            await look(client)
        office.clock.pass_(1)
        await decided(client, waiting["read_id"])
        await sent(office)
        await client.get("/alerts/alert-1/profiles")  # which nobody else may profit from
    async with at_the_desk(office, "bilal") as client:
        assert SHOWN not in await look(client)
        assert (SHOWN in (await client.get("/alerts/alert-1")).text) is looked
