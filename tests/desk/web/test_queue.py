"""The queue tells people apart, in the order that a reader chose."""

from __future__ import annotations

import random
import re
from html import unescape
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest

from desk.database.engine import Database
from desk.database.filters import ORDERS
from desk.review.views import FOLDED_MAX
from schemas.alerts import Matched
from tests.desk.makers import a_reason, a_rival
from tests.desk.people import Office, an_office, with_shares
from tests.desk.web.test_journeys import Client, at_the_desk, the_queue

NAMED = (
    a_reason("name", 5.0, level="same-name", ours="Omar Khan", theirs="Umar Khan"),
    a_reason("handle", 3.0, level="one-typo", ours="0mar", theirs="umar"),
)


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def in_pages(client: Client, order: str) -> list[str]:
    """Every alert of the queue by its pages of two, as a program follows them."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    for _ in range(9):
        page = await the_queue(client, order=order, limit="2", **after)
        if not page:
            break
        found += page
        last = page[-1]
        after = {
            "after_rank": str(last["rank"]),
            "after_since": repr(last["waits_since"]),
            "after_read": str(last["read_id"]),
        }
    return [one["alert_id"] for one in found]


async def test_row_names_both_accounts_trait_and_rival(office: Office) -> None:
    await office.receive(reasons=NAMED, rivals=(a_rival("household", 0.2), a_rival("namesake", 0.7)))
    async with at_the_desk(office) as client:
        [row] = await the_queue(client)
        assert [(one["name"], one["handle"]) for one in row["people"]] == [
            ("Omar Khan", "0mar"),
            ("Umar Khan", "umar"),
        ]
        assert row["trait"] == {"signal": "name", "level": "same-name"}
        assert row["rival"] == "namesake"
        page = (await client.get("/queue")).text
        assert "The display names are the same." in page
        assert "Umar Khan" in page


async def test_blind_row_shows_names_and_handles_only(database: Database) -> None:
    office = an_office(database, with_shares(blind_share=1.0))
    await office.receive(reasons=NAMED, rivals=(a_rival("namesake", 0.7),))
    async with at_the_desk(office) as client:
        [row] = await the_queue(client)
        assert row["people"][1]["name"] == "Umar Khan"
        assert (row["trait"], row["rival"], row["band"]) == (None, None, None)
        assert "The display names are the same." not in (await client.get("/queue")).text


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
    async with at_the_desk(office) as client:
        page = (await client.get("/queue")).text
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
        await client.post(f"/api/v1/reads/{skipped}/skip")
        for order, filters in product(ORDERS, ({}, {"policy": "hate"}, {"band": "possible"})):
            expected: dict[tuple[str, str], list[int]] = {}
            for one in await the_queue(client, order=order, limit="100", **filters):
                expected.setdefault((one["account"], one["root"]), []).append(one["read_id"])
            found = await in_rows(client, order, **filters)
            assert found == [*expected.values()], (order, filters)
            assert len(found) > 3, "more than a page"


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
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
    async with at_the_desk(office) as client:
        page = (await client.get("/queue")).text
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


async def test_columns_left_out_stay_left_out_and_former_cookies_hold(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        csrf = (await client.get("/api/v1/me")).json()["csrf"]
        chosen = {"language": "en", "keys": "1", "covered": "1", "band": "1", "due": "1", "csrf": csrf}
        await client.post("/view", data=chosen)
        assert headings((await client.get("/queue")).text) == ["Account", "Resembles", "Band", "Due"]
        for former in ("en.0.1", "en.0.1.0.0", "en.0.1.0.0.1"):
            client.cookies.set("samehand-view", former)
            assert len(headings((await client.get("/queue")).text)) == 10


def headings(page: str) -> list[str]:
    return re.findall(r'<th scope="col">([^<]+)</th>', page)


async def test_pages_of_alerts_have_each_of_one_moment_once(office: Office) -> None:
    for number in range(5):
        await office.receive(f"alert-{number}")
    async with at_the_desk(office) as client:
        found: list[str] = []
        page: dict[str, str] = {"limit": "2"}
        for _ in range(3):
            rows = (await client.get("/api/v1/alerts", params=page)).json()
            found += [row["alert_id"] for row in rows]
            page |= {"before": repr(rows[-1]["detected_at"]), "after_alert": rows[-1]["alert_id"]}
    assert found == [f"alert-{number}" for number in range(5)]
