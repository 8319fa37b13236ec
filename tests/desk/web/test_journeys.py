"""Decisions over HTTP, on both databases: what pages and programs do, end to end without a broker."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy import update

from desk.database import schema, verdicts
from desk.database.engine import Database
from desk.database.topics import outbox
from desk.review.arrivals import Arrivals
from desk.web.app import create_app, state_of
from desk.web.languages import catalogue
from desk.web.pages.case import POLICY, STYLE
from desk.web.security import HEADERS
from schemas.alerts import Matched
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import PASSWORD, Office, an_office, with_shares

Client = AsyncTestClient[Litestar]


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


_idle: list[Litestar] = []
"""Applications that no test uses now: it takes longer to build one than to run most tests."""


@asynccontextmanager
async def at_the_desk(office: Office, name: str = "amina", role: str = "moderator") -> AsyncIterator[Client]:
    """Somebody who has signed in."""
    await office.hire(name, role)
    app = _idle.pop() if _idle else create_app(office.desk)
    app.state = state_of(office.desk)
    async with AsyncTestClient(app, base_url="http://127.0.0.1:6068") as client:
        answer = await client.post(
            "/sign-in", data={"name": name, "password": PASSWORD}, follow_redirects=False
        )
        assert answer.status_code == 303, answer.text
        client.headers["X-CSRF-Token"] = (await client.get("/api/v1/me")).json()["csrf"]
        yield client
    _idle.append(app)


async def the_queue(client: Client, **filters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/api/v1/queue", params=filters)).json()
    return found


async def decided(client: Client, read_id: int, verdict: str = "mirror", **more: Any) -> dict[str, Any]:
    body = {
        "read_id": read_id,
        "verdict": verdict,
        "reason_code": "several-traits",
        "policy": "hate",
        **more,
    }
    answer = await client.post("/api/v1/verdicts", json=body)
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def sent(office: Office) -> None:
    """What was decided is on its way, and cannot be undone any more."""
    office.clock.pass_(office.desk.policy.undo_seconds)
    async with office.database.begin() as connection:
        await outbox.take(connection, now=office.clock(), again_before=0, limit=99)


async def test_whoever_has_not_signed_in_sees_the_form_and_nothing_else(office: Office) -> None:
    await office.receive()
    async with AsyncTestClient(create_app(office.desk)) as client:
        page = await client.get("/queue", follow_redirects=False)
        assert (page.status_code, page.headers["Location"]) == (303, "/sign-in?next=%2Fqueue")
        assert (await client.get("/api/v1/alerts/alert-1")).status_code == 401
        assert (await client.get("/sign-in")).status_code == 200


async def test_every_answer_carries_the_headers_that_keep_a_page_to_itself(office: Office) -> None:
    async with at_the_desk(office) as client:
        for where in ("/queue", "/api/v1/queue", "/nowhere", "/static/desk.css", "/api/v1/alerts/none"):
            answer = await client.get(where)
            assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"], where


async def test_the_queue_shows_likely_before_possible_and_the_older_first(office: Office) -> None:
    await office.receive("possible", band="possible", probability=0.6)
    office.clock.pass_(60)
    await office.receive("likely")
    async with at_the_desk(office) as client:
        assert [one["alert_id"] for one in await the_queue(client)] == ["likely", "possible"]
        assert [one["alert_id"] for one in await the_queue(client, band="possible")] == ["possible"]
        page = await client.get("/queue")
        assert page.text.index("new-likely") < page.text.index("new-possible")


async def test_a_decision_leaves_the_queue_and_waits_to_be_published(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        taken = await decided(client, waiting["read_id"])
        assert await the_queue(client) == []
        assert taken["undo_until"] == office.clock() + 10
    async with office.database.begin() as connection:
        now = office.clock()
        assert await outbox.take(connection, now=now + 9, again_before=0, limit=9) == []
        [row] = await outbox.take(connection, now=now + 10, again_before=0, limit=9)
    assert b'"verdict":"mirror"' in bytes(row.value)


async def test_a_decision_is_undone_until_it_is_on_its_way(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        taken = await decided(client, waiting["read_id"])
        undone = await client.post(f"/api/v1/verdicts/{taken['batch']}/undo")
        assert undone.json() == {"read_ids": [waiting["read_id"]]}
        taken = await decided(client, waiting["read_id"], "not_mirror")
        async with office.database.begin() as connection:
            await outbox.take(connection, now=office.clock() + 10, again_before=0, limit=9)
        late = await client.post(f"/api/v1/verdicts/{taken['batch']}/undo")
        assert (late.status_code, late.json()["code"]) == (409, "too-late")
    async with office.database.read() as connection:
        assert await verdicts.holding(connection, "alert-1") is not None
        assert (await outbox.waiting(connection))[0] == 1


async def test_every_decision_is_counted_and_the_first_of_an_alert_is_timed(office: Office) -> None:
    def told(name: str, **labels: str) -> float | None:
        return office.desk.metrics.registry.get_sample_value(f"samehand_desk_{name}", labels)

    await office.receive()
    async with at_the_desk(office) as client:
        office.clock.pass_(120)
        [waiting] = await the_queue(client)
        await decided(client, waiting["read_id"])
    assert told("verdicts_total", verdict="mirror", kind="first") == 1
    assert told("time_to_decision_seconds_count") == 1
    seconds = told("time_to_decision_seconds_sum")
    async with at_the_desk(office, "lena", role="lead") as client:
        taken = await client.post("/api/v1/alerts/alert-1/take-back", json={"reason_code": "appeal"})
        assert taken.status_code == 201, taken.text
    async with at_the_desk(office, "sara") as client:
        [waiting] = await the_queue(client)
        assert waiting["kind"] == "appeal"
        office.clock.pass_(600)
        await decided(client, waiting["read_id"], "not_mirror")
    assert told("verdicts_total", verdict="not_mirror", kind="appeal") == 1
    assert told("time_to_decision_seconds_sum") == seconds
    assert seconds is not None
    assert seconds >= 120


@pytest.mark.parametrize("missing", ["policy", "reason_code"])
async def test_a_decision_says_why_and_under_which_policy(office: Office, missing: str) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        body = {
            "read_id": waiting["read_id"],
            "verdict": "mirror",
            "reason_code": "several-traits",
            "policy": "hate",
        }
        del body[missing]
        answer = await client.post("/api/v1/verdicts", json=body)
        assert answer.status_code == 400
        assert missing in answer.json()["message"]
        form = {"chosen": "mirror/several-traits", "policy": "hate", "csrf": client.headers["X-CSRF-Token"]}
        form |= {"policy": ""} if missing == "policy" else {"chosen": "mirror/"}
        where = f"/reads/{waiting['read_id']}/decide"
        assert (await client.post(where, data=form, follow_redirects=False)).status_code == 400
        assert len(await the_queue(client)) == 1


async def test_two_readers_at_once_learn_whose_it_is(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, "amina") as amina, at_the_desk(office, "bilal") as bilal:
        [waiting] = await the_queue(amina)
        claimed = await amina.post(f"/api/v1/reads/{waiting['read_id']}/claim")
        assert claimed.json()["claimed_until"] == office.clock() + 120
        body = {
            "read_id": waiting["read_id"],
            "verdict": "mirror",
            "reason_code": "several-traits",
            "policy": "hate",
        }
        refused = await bilal.post("/api/v1/verdicts", json=body)
        assert (refused.status_code, refused.json()["initials"]) == (409, "A")
        office.clock.pass_(121)  # the claim has expired
        assert (await bilal.post("/api/v1/verdicts", json=body)).status_code == 201
        refused = await amina.post("/api/v1/verdicts", json=body)
        assert (refused.status_code, refused.json()["initials"]) == (409, "B")


async def test_what_is_read_blind_tells_nothing_of_its_score(database: Database) -> None:
    office = an_office(database, with_shares(blind_share=1.0))
    reasons = (a_reason(ours="Umar", theirs="Omar"), a_reason("device", -0.5), a_reason("rule", -0.1))
    alert = an_alert(*reasons)
    async with office.database.begin() as connection:
        await Arrivals(connection, office.desk.policy, office.clock()).take_alert(alert)
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        assert (waiting["band"], waiting["probability"]) == (None, None)
        shown = (await client.get("/api/v1/alerts/alert-1")).json()
        assert shown["sealed"]
        assert (shown["alert"]["band"], shown["alert"]["log_odds"]) == ("none", 0.0)
        assert [line["signal"] for line in shown["alert"]["evidence"]] == ["device", "handle"]
        assert {line["weight"] for line in shown["alert"]["evidence"]} == {0.0}
        page = (await client.get("/alerts/alert-1")).text
        assert "Umar" in re.sub("</?mark>", "", page)
        assert not re.search(r"likely|93\.0|\+8\.0|handles are the same", page)
        await decided(client, waiting["read_id"])
        # While it can be undone it can be decided again, and whoever knew the score would not be blind then.
        assert (await client.get("/api/v1/alerts/alert-1")).json()["sealed"]
        await sent(office)
        assert not (await client.get("/api/v1/alerts/alert-1")).json()["sealed"]


async def test_what_is_read_blind_tells_same_from_different_where_values_are_masked(
    database: Database,
) -> None:
    office = an_office(database, with_shares(blind_share=1.0))
    masked = {"ours": "•••", "theirs": "•••"}
    await office.receive(
        reasons=(
            a_reason("device", 6.5, **masked),
            a_reason("network", -0.5, **{**masked, "level": "different"}),
            a_reason("name", 2.5, **{**masked, "level": "same-name"}),  # somebody calls themselves so
        )
    )
    async with at_the_desk(office) as client:
        shown = (await client.get("/api/v1/alerts/alert-1")).json()["alert"]["evidence"]
        assert [(one["signal"], one["level"], one["weight"]) for one in shown] == [
            ("device", "same", 0.0),
            ("name", "", 0.0),
            ("network", "different", 0.0),
        ]
        page = (await client.get("/alerts/alert-1")).text
        assert "Both accounts were made on the same device." in page
        assert "The accounts came from different networks." in page
        assert not re.search(r"likely|93\.0|6\.5|display names are the same", page)


async def test_page_words_what_it_does_not_quote_and_folds_traits_that_say_nothing(office: Office) -> None:
    await office.receive(
        reasons=(
            a_reason(
                "avatar", 3.0, level="edited-picture", ours="pdq 94242a389f47…", theirs="pdq 94242a389f40…"
            ),
            a_reason("bio", 2.0, level="mostly-same", ours="38 characters", theirs="41 characters"),
            a_reason(
                "network", 1.0, level="same-address", ours="•••", theirs="•••", because="The same address."
            ),
            a_reason(
                "network", -0.5, level="shared-by-many", because="This is shared: about 1,204 accounts."
            ),
            a_reason("locale", 0.0, level="same", ours="ur-PK", theirs="ur-PK"),
        )
    )
    async with at_the_desk(office) as client:
        page = (await client.get("/alerts/alert-1")).text
    assert not re.search("94242a|38 characters|•••", page)
    assert "The same address.</span> <span" in page, "and how many others share it"
    assert page.count("This is shared: about 1,204 accounts.") == 2
    assert "1 trait that says nothing" in page
    assert page.index("<details>") < page.index("ur-PK")


async def test_a_change_without_the_pages_token_is_refused(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        body = {"read_id": waiting["read_id"], "verdict": "mirror", "reason_code": "several-traits"}
        del client.headers["X-CSRF-Token"]
        assert (await client.post("/api/v1/verdicts", json=body)).status_code == 403
        form = {"verdict": "mirror", "reason_code": "several-traits", "policy": "hate"}
        where = f"/reads/{waiting['read_id']}/decide"
        assert (await client.post(where, data=form)).status_code == 403
        token = (await client.get("/api/v1/me")).json()["csrf"]
        foreign = {"Origin": "https://elsewhere.example"}
        assert (await client.post(where, data={**form, "csrf": token}, headers=foreign)).status_code == 403
        taken = await client.post(where, data={**form, "csrf": token}, follow_redirects=False)
        assert taken.status_code == 303
        assert taken.headers["Location"].startswith("/next?undo=")


async def test_pages_alone_are_enough_to_decide_and_to_undo(office: Office) -> None:
    await office.receive("one")
    await office.receive("two", band="possible", probability=0.6)
    async with at_the_desk(office) as client:
        page = await client.get("/next")
        assert page.url.path == "/alerts/one"
        token = re.search(r'name="csrf" content="([^"]+)"', page.text)
        where = re.search(r'action="(/reads/\d+/decide)"', page.text)
        assert token is not None
        assert where is not None
        said = {"verdict": "not_mirror", "reason_code": "common-name", "policy": "hate"}
        form = {"csrf": token[1], "note": "many <b>", **said}
        page = await client.post(where[1], data=form)
        assert page.url.path == "/alerts/two"
        undo = re.search(r'action="(/undo/[0-9a-f]+)"', page.text)
        assert undo is not None
        page = await client.post(undo[1], data={"csrf": token[1]})
        assert page.url.path == "/alerts/one"
        assert "many &lt;b&gt;" in page.text


async def test_forms_say_where_they_come_from_as_browsers_do(office: Office) -> None:
    # Under `no-referrer` a browser calls the origin of our own form `null`, and nobody could sign in.
    async with at_the_desk(office) as client:
        assert (await client.get("/queue")).headers["Referrer-Policy"] == "same-origin"


async def test_a_filter_that_is_left_empty_narrows_nothing(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        assert "new-alert-1" in (await client.get("/queue?band=&policy=&kind=")).text
        assert "new-alert-1" not in (await client.get("/queue?band=possible")).text


async def test_precision_is_told_of_thirty_blind_verdicts_and_of_no_fewer(database: Database) -> None:
    office = an_office(database, with_shares(blind_share=1.0))
    for number in range(30):
        await office.receive(f"alert-{number}")
    async with at_the_desk(office, role="lead") as client:
        waiting = await the_queue(client)
        for one in waiting[:29]:
            await decided(client, one["read_id"])
        page = (await client.get("/figures")).text
        assert "100 %" not in page
        await decided(client, waiting[29]["read_id"])
        page = (await client.get("/figures")).text
        assert "100 %" in page
        assert "under an hour" in page
        assert "Nobody has anything in hand." in page
        assert "trait Handle" in page


async def test_figures_are_not_for_everybody(office: Office) -> None:
    async with at_the_desk(office) as client:
        assert (await client.get("/figures")).status_code == 403
        assert "/figures" not in (await client.get("/queue")).text


async def test_a_stream_tells_what_arrived_and_ends_with_the_desk(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        answers = iter([False, True])
        client.app.state.stopping = lambda: next(answers)
        told = (await client.get("/queue/live?since=0&band=likely")).text
        assert "event: arrived" in told
        assert 'href="/queue?band=likely">1 arrived: show it' in told
        client.app.state.stopping = lambda: True
        assert "arrived" not in (await client.get("/queue/live?since=1")).text


async def test_who_is_signed_out_comes_back_to_the_page_that_they_were_on(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        office.clock.pass_(13 * 3600)  # longer than any session
        where = f"/reads/{waiting['read_id']}/decide"
        for came_from, back in (
            ("http://127.0.0.1:6068/alerts/alert-1?policy=hate", "%2Falerts%2Falert-1%3Fpolicy%3Dhate"),
            ("https://elsewhere.example/alerts/alert-1", "%2Fqueue"),
            ("http://[", "%2Fqueue"),
            ("", "%2Fqueue"),
        ):
            answer = await client.post(where, headers={"Referer": came_from}, follow_redirects=False)
            assert answer.headers["Location"] == f"/sign-in?next={back}&ended=1", came_from
        page = await client.get("/queue")
        assert "Your session has ended" in page.text
    async with AsyncTestClient(create_app(office.desk)) as client:
        assert "has ended" not in (await client.get("/queue")).text, "who never signed in"


async def test_histories_are_of_both_accounts_and_tell_nothing_twice(office: Office) -> None:
    banned = Matched(platform="x", account_id="new-before", policy="hate", root_id="x:root")
    await office.receive("before")  # when the banned account was the new one
    await office.receive("alert-1", matched=banned)
    await office.receive("sibling", matched=banned)
    async with at_the_desk(office) as client:
        shown = (await client.get("/api/v1/alerts/alert-1")).json()
        assert [one["alert_id"] for one in shown["history"]] == ["before"]
        assert [one["alert_id"] for one in shown["family"]] == ["sibling"]


async def test_a_refusal_is_said_in_the_readers_language(office: Office) -> None:
    async with at_the_desk(office) as client:
        page = (await client.get("/alerts/none", headers={"Accept-Language": "ar"})).text
        assert catalogue("ar").words["There is no such thing here."] in page
        assert '<p lang="en" dir="ltr">there is no alert none</p>' in page


async def test_a_case_file_is_styled_by_nothing_but_itself(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, role="lead") as client:
        form = {"purpose": "appeal-311", "csrf": client.headers["X-CSRF-Token"]}
        page = await client.post("/alerts/alert-1/case", data=form)
        assert page.headers["Content-Security-Policy"] == POLICY
        [style] = re.findall("<style>(.*?)</style>", page.text, re.DOTALL)
        assert style == STYLE
        assert "+8.00" in page.text
        assert "-7.00" in page.text


async def test_a_case_file_isolates_the_words_that_a_sentence_quotes(office: Office) -> None:
    because = "The display names share “\u2068शर्मा\u2069”, and \u202ethat."
    await office.receive(reasons=(a_reason("name", 5.0, because=because),))
    async with at_the_desk(office, role="lead") as client:
        form = {"purpose": "appeal-311", "csrf": client.headers["X-CSRF-Token"]}
        page = (await client.post("/alerts/alert-1/case", data=form)).text
    assert "“\u2068शर्मा\u2069”, and &lt;U+202E&gt;that." in page


async def test_what_is_taken_back_is_not_offered_to_be_taken_back_again(office: Office) -> None:
    await office.receive()
    offered = "Take the verdict back"
    async with at_the_desk(office, role="lead") as client:
        assert offered not in (await client.get("/alerts/alert-1")).text
        [waiting] = await the_queue(client)
        await decided(client, waiting["read_id"])
        assert offered in (await client.get("/alerts/alert-1")).text
        form = {"reason_code": "appeal", "csrf": client.headers["X-CSRF-Token"]}
        await client.post("/alerts/alert-1/take-back", data=form)
        assert offered not in (await client.get("/alerts/alert-1")).text


async def test_who_decides_nothing_is_not_led_from_one_alert_to_the_same_one(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        assert 'href="/next"' in (await client.get("/alerts/alert-1")).text
    async with at_the_desk(office, "aud", "auditor") as client:
        for where in ("/queue", "/alerts/alert-1"):
            page = await client.get(where)
            assert page.status_code == 200
            assert 'href="/next' not in page.text


async def test_who_decides_nothing_is_told_of_nothing_to_decide(office: Office) -> None:
    """Words, keys and addresses of deciding are of no use to an auditor, who sees what waits for anybody."""
    deciding = re.compile(r"[Dd]ecide\b|waits for you|<kbd>[cdusfgnz1]</kbd>")
    await office.receive()
    await office.receive("disputed")
    async with at_the_desk(office) as client:
        assert deciding.search((await client.get("/queue")).text), "what is looked for is there for others"
    async with at_the_desk(office, "aud", "auditor") as client:
        for where in ("/queue", "/alerts/alert-1", "/view", "/figures"):
            page = (await client.get(where)).text.replace("Time to decide", "")  # is a figure of others
            found = deciding.search(re.sub("<(?!kbd|/kbd)[^>]*>", "", page))
            assert found is None, (where, found)
        assert "What waits: most pressing first" in (await client.get("/queue")).text
        assert "Nobody has decided it." in (await client.get("/alerts/alert-1")).text
        async with office.database.begin() as connection:
            await connection.execute(update(schema.reads).values(kind="dispute"))
        assert len(await the_queue(client)) == 2
        async with office.database.begin() as connection:
            await connection.execute(update(schema.reads).values(state="gone"))
        assert "Nothing waits." in (await client.get("/queue")).text


async def test_an_auditor_reads_what_was_decided_under_one_heading(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        await decided(client, waiting["read_id"])
    async with at_the_desk(office, "aud", "auditor") as client:
        page = (await client.get("/alerts/alert-1")).text
        assert re.findall("<h[23][^>]*>(Verdicts|Decide)<", page) == ["Verdicts"]
        assert "A: <strong>a mirror</strong>" in page


async def test_page_opens_both_profiles_and_calls_accounts_by_name(database: Database) -> None:
    office = an_office(database, SAMEHAND_DESK_PROFILE_URLS='{"x": "https://x.example/{handle}"}')
    await office.receive(
        reasons=(
            a_reason("name", ours="Ümar <b>", theirs="Umar"),
            a_reason("handle", ours="um4r/../admin", theirs="umar"),
        )
    )
    async with at_the_desk(office) as client:
        page = (await client.get("/alerts/alert-1")).text
    heading = page[page.index("<h1>") : page.index("</h1>")]
    assert "Ümar &lt;b&gt;" in heading
    assert ">@umar<" in heading
    assert "new-alert-1" not in heading
    links = re.findall(r'href="(https://x\.example[^"]*)" target="_blank" rel="noopener noreferrer"', page)
    assert links == ["https://x.example/um4r%2F..%2Fadmin", "https://x.example/umar"]


async def test_masked_handle_is_no_link(database: Database) -> None:
    office = an_office(database, SAMEHAND_DESK_PROFILE_URLS='{"x": "https://x.example/{handle}"}')
    await office.receive(reasons=(a_reason("handle", ours="wei•••", theirs="wei"),))
    async with at_the_desk(office) as client:
        page = (await client.get("/alerts/alert-1")).text
    assert re.findall(r'href="(https://x\.example[^"]*)"', page) == ["https://x.example/wei"]


async def test_page_without_quotes_calls_accounts_by_key_and_opens_no_profile(database: Database) -> None:
    office = an_office(database, SAMEHAND_DESK_PROFILE_URLS='{"x": "https://x.example/{handle}"}')
    await office.receive()
    async with at_the_desk(office) as client:
        page = (await client.get("/alerts/alert-1")).text
    assert "x:new-alert-1" in page[page.index("<h1>") : page.index("</h1>")]
    assert "https://x.example" not in page
