"""Decisions over HTTP: what pages and programs do with an alert, end to end without a broker."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any, get_args

import pytest
from msgspec.structs import replace as replace_struct
from prometheus_client import generate_latest
from sqlalchemy import event, select, update

from desk.database import appeals, audit, schema, verdicts
from desk.database.engine import Database
from desk.database.errors import DatabaseUnavailable
from desk.database.topics import outbox
from desk.feed.consume import Consumer
from desk.profiles.source import PictureRefusal, Profile, ProfileSource
from desk.related import GateAway, GateBusy, GateClient
from desk.review import appeals as appeals_review
from desk.review.appeals import TOGETHER_MAX
from desk.review.audit.chain import Chain
from desk.review.policy import Policy
from desk.web.compare import PIECES_MAX, Piece, compare, compare_words
from desk.web.environment import percent
from desk.web.languages import catalogue
from desk.web.pages.case import POLICY, STYLE
from desk.web.security import HEADERS
from schemas.accounts import Basis
from schemas.alerts import AlertSummary, EvidenceLine, Matched
from schemas.appeals import WORDS_CHARS_MAX, AppealMade
from schemas.basis_rights import BasisKind, BasisRights, RightsTable
from schemas.examples import SUMMARY
from schemas.internal.related import Purpose, RelatedAccount, RelatedAnswer, Standing
from schemas.wire import encode
from streams.kafka import topics
from streams.outcomes import Arrival
from streams.standard_webhooks import Secret
from tests.desk.makers import a_reason, a_rival
from tests.desk.people import A_POLICY, Office, an_office, with_shares
from tests.desk.quotes import decide
from tests.desk.review.test_evidence import act, an_action
from tests.desk.web.client import Client, at_the_desk, browsing, decided, opened, page_at, sent, the_queue
from tests.desk_databases import on_each_database
from tests.makers import NOON
from tests.tables import for_each

# Decisions over HTTP, on both databases: what pages do, end to end without a broker.


async def test_whoever_has_not_signed_in_sees_the_form_and_nothing_else(office: Office) -> None:
    await office.receive()
    async with browsing(office) as client:
        page = await client.get("/queue", follow_redirects=False)
        assert (page.status_code, page.headers["Location"]) == (303, "/sign-in?next=%2Fqueue")
        assert (await client.post("/api/v1/reads/1/claim")).status_code == 401
        assert (await client.get("/sign-in")).status_code == 200


async def test_every_answer_carries_the_headers_that_keep_a_page_to_itself(office: Office) -> None:
    async with at_the_desk(office) as client:
        for where in ("/queue", "/nowhere", "/static/desk.css", "/alerts/none"):
            answer = await client.get(where)
            assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"], where
            # Under `no-referrer` a browser calls the origin of our own form `null`, and nobody could sign in.
            assert answer.headers["Referrer-Policy"] == "same-origin", where


async def test_a_decision_is_undone_until_it_is_on_its_way(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        undone = await client.submit(f"/undo/{await decided(client, waiting['read_id'])}")
        assert undone.headers["Location"] == f"/reads/{waiting['read_id']}"
        batch = await decided(client, waiting["read_id"], "not_mirror")
        async with office.database.begin() as connection:
            await outbox.take(connection, now=office.clock() + 10, again_before=0, limit=9)
        late = await client.submit(f"/undo/{batch}")
        assert (late.status_code, "It can no longer be undone." in late.text) == (409, True)
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
        assert (await client.submit("/alerts/alert-1/take-back", reason_code="appeal")).status_code == 303
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
        refused = await bilal.post(f"/api/v1/reads/{waiting['read_id']}/claim")
        assert (refused.status_code, refused.json()["initials"]) == (409, "A")
        decision = {"chosen": "mirror/several-traits", "policy": "hate"}
        where = f"/reads/{waiting['read_id']}/decide"
        refused = await bilal.submit(where, **decision)
        assert (refused.status_code, "<bdi>A</bdi>" in refused.text) == (409, True)
        office.clock.pass_(121)  # the claim has expired
        assert (await bilal.submit(where, **decision)).status_code == 303
        refused = await amina.submit(where, **decision)
        assert (refused.status_code, "<bdi>B</bdi>" in refused.text) == (409, True)


@on_each_database
async def test_of_six_who_decide_one_alert_at_once_one_has_decided_and_five_learn_so(office: Office) -> None:
    await office.receive()
    names = ("amina", "bilal", "chloe", "dawud", "esra", "farah")
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(at_the_desk(office, name)) for name in names]
        [waiting] = await the_queue(readers[0])
        where = f"/reads/{waiting['read_id']}/decide"
        answers = await asyncio.gather(
            *(it.submit(where, chosen="mirror/several-traits", policy="hate") for it in readers)
        )
    assert sorted(it.status_code for it in answers) == [303, *[409] * 5]
    async with office.database.read() as connection:
        lines = await audit.about(connection, "alert-1", 100)
        given = (await connection.execute(select(schema.verdicts))).all()
    assert len(given) == 1
    assert [it.action for it in lines].count("decided") == 1


async def test_what_is_read_blind_tells_nothing_of_its_score(database: Database) -> None:
    office = an_office(database, with_shares(blind_share=1.0))
    reasons = (a_reason(ours="Umar", theirs="Omar"), a_reason("device", -0.5), a_reason("rule", -0.1))
    await office.receive(reasons=reasons)
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        assert (waiting["band"], waiting["traits"]) == (None, ())
        shown = await opened(client)
        assert shown["sealed"]
        assert (shown["alert"]["band"], shown["alert"]["log_odds"]) == ("none", 0.0)
        assert [line["signal"] for line in shown["alert"]["evidence"]] == ["device", "handle"]
        assert {line["weight"] for line in shown["alert"]["evidence"]} == {0.0}
        page = (await client.get("/alerts/alert-1")).text
        assert "Umar" in re.sub("</?mark>", "", page)
        assert not re.search(r"likely|93\.0|\+8\.0|handles are the same", page)
        await decided(client, waiting["read_id"])
        # While it can be undone it can be decided again, and whoever knew the score would not be blind then.
        assert (await opened(client))["sealed"]
        await sent(office)
        assert not (await opened(client))["sealed"]


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
        shown = (await opened(client))["alert"]["evidence"]
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
    page = await page_at(office, "/alerts/alert-1")
    assert not re.search("94242a|38 characters|•••", page)
    assert "The same address.</span> <span" in page, "and how many others share it"
    shown, folded = page[: page.index("<details>")], page[page.index("<details>") :]
    assert "self-description" in shown
    assert "one copy would give all of these" in shown
    assert "ur-PK" not in shown
    assert "ur-PK" in folded


async def test_page_says_five_facts_in_words_before_the_buttons_and_no_number(office: Office) -> None:
    differing = [
        a_reason(signal, -0.1 * number, level="different", because="Not alike.")
        for number, signal in enumerate(("device", "network", "email", "phone", "agent"), start=1)
    ]
    agreeing = [
        a_reason(signal, weight, because=f"Alike by {signal}.")
        for signal, weight in (("payment", 9.0), ("handle", 8.0), ("referrer", 7.0), ("locale", 1.0))
    ]
    against = [a_reason("admirer", -3.4, level="says-so", because="An admirer's.")]
    rivals = (a_rival("copier", 9.7, "handle"), a_rival("household", 2.3, "payment"))
    await office.receive(reasons=(*agreeing, *differing, *against), rivals=rivals)
    page = await page_at(office, "/alerts/alert-1")
    shown = page[page.index("<main") : page.index("<details>")]
    facts = re.findall("<li>(.*?)</li>", shown)
    assert [len(facts), "Alike by locale." in shown] == [5, False]
    assert "different: phone, e-mail, network, device" in re.sub("agent|browser or phone, ", "", shown)
    assert not re.search(r"[0-9] ?%|[+-][0-9]+\.[0-9]|9\.7|93", re.sub("<[^>]*>", "", shown))
    assert re.search(
        r"most likely copying, which would explain: handle; but not: [^(]*\(already counted\)", shown
    )
    assert "Has the new one anything that the banned one never showed in public?" in shown
    assert shown.index('id="against"') < shown.index('class="band likely"') < shown.index('id="decide"')
    assert page.count(">likeliest</mark>") == 1
    assert "A fan, a parody or a report about the banned account. <mark>likeliest" in page


async def test_ban_whose_verdict_is_contested_is_said_to_be_under_appeal(database: Database) -> None:
    made = an_office(database)
    office = replace(made, desk=replace(made.desk, appeals_secret=KEY))
    await office.receive("alert-1", account_id="second", matched=Matched(platform="x", account_id="first"))
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        await decided(client, waiting["read_id"])
        await sent(office)
        await office.receive("alert-2", matched=Matched(platform="x", account_id="second", root_id="x:first"))
        assert "under appeal" not in (await client.get("/alerts/alert-2")).text
        assert await post_appeal(client, office, encode(MADE)) == (202, "")
        assert "under appeal" in (await client.get("/alerts/alert-2")).text


async def test_alert_in_other_hands_says_whose_and_offers_no_button(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, "amina") as amina:
        [waiting] = await the_queue(amina)
        await amina.post(f"/api/v1/reads/{waiting['read_id']}/claim")
    for name, role, called in (("bilal", "moderator", "A"), ("chloe", "lead", "amina")):
        page = await page_at(office, "/alerts/alert-1", name, role)
        assert f">In the hands of {called}<" in page
        assert re.search('id="decide"[^>]* hidden>', page)


async def test_a_change_without_the_pages_token_is_refused(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        [waiting] = await the_queue(client)
        token = client.headers.pop("X-CSRF-Token")
        assert (await client.post(f"/api/v1/reads/{waiting['read_id']}/claim")).status_code == 403
        form = {"verdict": "mirror", "reason_code": "several-traits", "policy": "hate"}
        where = f"/reads/{waiting['read_id']}/decide"
        assert (await client.post(where, data=form)).status_code == 403
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
        assert "blind to the score" not in (await client.get("/alerts/alert-1")).text, "it can be undone"
        await sent(office)
        for agreed, verdict in ((30, "mirror"), (29, "unsure")):
            office.clock.pass_(61)
            async with database.begin() as connection:
                of_one = schema.verdicts.c.alert_id == "alert-2"
                await connection.execute(update(schema.verdicts).where(of_one).values(verdict=verdict))
            assert f"agreed with {agreed} of 30 such" in (await client.get("/alerts/alert-1")).text


async def test_figures_are_not_for_everybody(office: Office) -> None:
    async with at_the_desk(office) as client:
        assert (await client.get("/figures")).status_code == 403
        assert "/figures" not in (await client.get("/queue")).text


async def test_queue_is_told_what_arrived_within_its_view(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        assert 'hx-get="/queue/live?since=1&amp;band=likely"' in (await client.get("/queue?band=likely")).text
        told = await client.get("/queue/live?since=0&band=likely")
        assert told.text == '<a href="/queue?band=likely">1 arrived: show it</a>'
        assert (await client.get("/queue/live?since=1")).text == ""


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
    async with browsing(office) as client:
        assert "has ended" not in (await client.get("/queue")).text, "who never signed in"


async def test_histories_are_of_both_accounts_and_tell_nothing_twice(office: Office) -> None:
    banned = Matched(platform="x", account_id="new-before", policy="hate", root_id="x:root")
    await office.receive("before")  # when the banned account was the new one
    await office.receive("alert-1", matched=banned)
    await office.receive("sibling", matched=banned)
    async with at_the_desk(office) as client:
        shown = await opened(client)
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
    page = await page_at(office, "/alerts/alert-1")
    names = re.sub("</?mark>", "", page[page.index('class="pair"') : page.index('class="reasons"')])
    assert "Ümar &lt;b&gt;" in names
    assert "@" in names
    links = re.findall(r'href="(https://x\.example[^"]*)" target="_blank" rel="noopener noreferrer"', page)
    assert links == ["https://x.example/um4r%2F..%2Fadmin", "https://x.example/umar"]


async def test_masked_handle_is_no_link(database: Database) -> None:
    office = an_office(database, SAMEHAND_DESK_PROFILE_URLS='{"x": "https://x.example/{handle}"}')
    await office.receive(reasons=(a_reason("handle", ours="wei•••", theirs="wei"),))
    page = await page_at(office, "/alerts/alert-1")
    assert re.findall(r'href="(https://x\.example[^"]*)"', page) == ["https://x.example/wei"]


async def test_page_without_quotes_calls_accounts_by_key_and_opens_no_profile(database: Database) -> None:
    office = an_office(database, SAMEHAND_DESK_PROFILE_URLS='{"x": "https://x.example/{handle}"}')
    await office.receive()
    page = await page_at(office, "/alerts/alert-1")
    assert "x:new-alert-1" in page[page.index('class="pair"') : page.index('class="reasons"')]
    assert "https://x.example" not in page


# A gate's signed call becomes a reading, whose page shows the holder's words as words.

KEY = Secret(b"s" * 32)
WORDS = "میں وہ نہیں ہوں \u202e</bdi><script>alert(1)</script>\x00{{ 7 * 7 }}"
MADE = AppealMade(appeal_id="c-1", alert_id="alert-1", words=WORDS)


@pytest.fixture
async def appeals_office(database: Database) -> Office:
    made = an_office(database)
    return replace(made, desk=replace(made.desk, appeals_secret=KEY))


async def post_appeal(
    client: Client, appeals_office: Office, body: bytes, *, key: Secret = KEY, seconds_ago: int = 0
) -> tuple[int, str]:
    """Status, and the code of a refusal."""
    headers = key.headers("message", int(appeals_office.clock()) - seconds_ago, body)
    answer = await client.post("/api/v1/appeals", content=body, headers=headers)
    return answer.status_code, answer.json().get("code", "")


async def test_a_gate_is_believed_by_its_signature_and_a_repeat_makes_one_reading(
    appeals_office: Office,
) -> None:
    await appeals_office.receive()
    body = encode(MADE)
    async with at_the_desk(appeals_office) as client:
        assert await post_appeal(client, appeals_office, body) == (409, "not-decided")
        [waiting] = await the_queue(client)
        await decided(client, waiting["read_id"])
        for refused in (
            await post_appeal(client, appeals_office, body, key=Secret(b"o" * 32)),
            await post_appeal(client, appeals_office, body, seconds_ago=400),
        ):
            assert refused == (401, "signature")
        assert (await client.post("/api/v1/appeals", content=body)).status_code == 401
        assert await post_appeal(client, appeals_office, b'{"appeal_id": 7}') == (400, "wrong-type")
        assert (await post_appeal(client, appeals_office, b" " * 70_000))[0] == 413
        longest = AppealMade(appeal_id="c-1", alert_id="alert-1", words="😀" * WORDS_CHARS_MAX)
        assert await post_appeal(client, appeals_office, encode(longest)) == (202, "")
        at_once = await asyncio.gather(
            *(post_appeal(client, appeals_office, encode(longest)) for _ in range(4))
        )
        assert set(at_once) == {(202, "")}
        assert await post_appeal(client, appeals_office, body) == (409, "other-body")
    async with appeals_office.database.read() as connection:
        assert len((await appeals.of_alerts(connection, ["alert-1"]))["alert-1"]) == 1


ACCOUNTS = 40
APPEALS_AT_ONCE = 400


def appeals_of(accounts: int, number: int) -> list[AppealMade]:
    """Appeals of holders in turn: each account has as many as any other."""
    return [
        AppealMade(appeal_id=f"c-{it}", platform="x", account_id=f"new-a-{it % accounts}", words="not I")
        for it in range(number)
    ]


@contextmanager
def watched(database: Database) -> Iterator[Counter[str]]:
    """Counts commits, and the most connections in use at a moment (`most`)."""
    engine, seen, in_use = database.engine.sync_engine, Counter[str](), 0

    def taken(*_: object) -> None:
        nonlocal in_use
        in_use += 1
        seen["most"] = max(seen["most"], in_use)

    def given_back(*_: object) -> None:
        nonlocal in_use
        in_use -= 1

    def committed(*_: object) -> None:
        seen["commits"] += 1

    heard = {"checkout": taken, "checkin": given_back}
    for name, hear in heard.items():
        event.listen(engine.pool, name, hear)
    event.listen(engine, "commit", committed)
    yield seen
    for name, hear in heard.items():
        event.remove(engine.pool, name, hear)
    event.remove(engine, "commit", committed)


@on_each_database
async def test_400_appeals_at_once_are_all_answered_and_leave_the_database_to_readers(
    appeals_office: Office,
) -> None:
    office = appeals_office
    alert_ids = [await office.receive(f"a-{it}") for it in range(ACCOUNTS)]
    async with at_the_desk(office) as client:
        for waiting in await the_queue(client):
            await decided(client, waiting["read_id"])
        office.clock.pass_(60)
        await office.receive("of-somebody-else")
        [other] = await the_queue(client)
        office.clock.pass_(60)
        with watched(office.database) as seen:
            answers = asyncio.gather(
                *(post_appeal(client, office, encode(it)) for it in appeals_of(ACCOUNTS, APPEALS_AT_ONCE))
            )
            await decided(client, other["read_id"])
            assert not answers.done(), "a reader does not wait until all are answered"
            got = Counter(await answers)
    assert got == {(202, ""): ACCOUNTS, (409, "open-appeal"): APPEALS_AT_ONCE - ACCOUNTS}
    assert seen["most"] <= 3
    assert seen["commits"] <= APPEALS_AT_ONCE / TOGETHER_MAX + 5
    async with office.database.read() as connection:
        kept = await appeals.of_alerts(connection, alert_ids)
        chain = Chain()
        chain.follow(await audit.lines(connection, 0, 1_000))
    assert {len(rows) for rows in kept.values()} == {1}
    assert chain.broken is None


@on_each_database
async def test_appeal_that_fails_by_itself_fails_alone(
    appeals_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = appeals_review.take_appeal

    async def failing(connection: Any, policy: Policy, appeal: AppealMade, *, now: float) -> Any:
        if appeal.appeal_id == "c-3":
            raise RuntimeError("a defect")
        return await take(connection, policy, appeal, now=now)

    monkeypatch.setattr(appeals_review, "take_appeal", failing)
    for it in range(6):
        await appeals_office.receive(f"a-{it}")
    async with at_the_desk(appeals_office) as client:
        for waiting in await the_queue(client):
            await decided(client, waiting["read_id"])
        got = await asyncio.gather(
            *(post_appeal(client, appeals_office, encode(it)) for it in appeals_of(6, 6))
        )
    assert [status for status, _ in got] == [202, 202, 202, 500, 202, 202]


async def test_database_that_is_away_is_asked_once_for_all_that_wait(
    appeals_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 0

    async def away(*_: object, **__: object) -> Any:
        nonlocal tried
        tried += 1
        await asyncio.sleep(0.2)  # while all arrive
        raise DatabaseUnavailable("the database does not answer")

    async with browsing(appeals_office) as client:
        monkeypatch.setattr(appeals_review, "take_appeal", away)
        got = await asyncio.gather(
            *(post_appeal(client, appeals_office, encode(it)) for it in appeals_of(40, 40))
        )
    assert Counter(got) == {(503, "unavailable"): 40}
    assert tried <= 3


async def test_caller_who_goes_leaves_the_others_their_answer(
    appeals_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, take, began = appeals_office.desk, appeals_review.take_appeal, asyncio.Event()

    async def slow(*given: Any, **more: Any) -> Any:
        began.set()
        await asyncio.sleep(0.05)
        return await take(*given, **more)

    monkeypatch.setattr(appeals_review, "take_appeal", slow)
    tasks = [asyncio.create_task(desk.take_appeal(it)) for it in appeals_of(6, 6)]
    await began.wait()
    tasks[0].cancel()
    tasks[4].cancel()
    got = await asyncio.gather(*tasks, return_exceptions=True)
    assert [it for it in got if it != "unknown-alert"] == [got[0], got[4]]
    assert isinstance(got[0], asyncio.CancelledError)
    assert await desk.take_appeal(MADE) == "unknown-alert"


async def test_a_desk_without_the_secret_takes_no_appeals(database: Database) -> None:
    appeals_office = an_office(database)
    async with browsing(appeals_office) as client:
        assert await post_appeal(client, appeals_office, encode(MADE)) == (404, "not-found")


@pytest.mark.parametrize("language", ["en", "ur", "ar"])
async def test_the_page_shows_words_as_words_and_asks_for_a_milder_action_by_a_key(
    appeals_office: Office, language: str
) -> None:
    await appeals_office.receive()
    async with at_the_desk(appeals_office) as client:
        [waiting] = await the_queue(client)
        await decided(client, waiting["read_id"])
        appeals_office.clock.pass_(11)
        assert await post_appeal(client, appeals_office, encode(MADE)) == (202, "")
    async with at_the_desk(appeals_office, "bilal") as client:
        client.headers["Accept-Language"] = language
        page = (await client.get("/alerts/alert-1")).text
        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert "{{ 7 * 7 }}" in unescape(page)
        assert "میں وہ نہیں ہوں" in page
        assert 'value="partly/several-traits"' in page
        assert 'value="unsure/' not in page
        [appeal] = await the_queue(client, kind="appeal")
        form = {"chosen": "partly/several-traits", "policy": "hate", "csrf": client.headers["X-CSRF-Token"]}
        done = await client.post(f"/reads/{appeal['read_id']}/decide", data=form, follow_redirects=False)
        assert done.status_code == 303
    async with appeals_office.database.read() as connection:
        [row] = (await appeals.of_alerts(connection, ["alert-1"]))["alert-1"]
    assert (row.outcome, row.reason_code, "\x00" in row.words) == ("partly", "several-traits", False)


# What the rights of a basis leave of an alert that the desk has: page, statement, case file.

LISTED = Matched(
    platform="watchlist",
    account_id="PK:N-7:0123456789",
    policy="watchlist",
    basis=Basis(authority="PK", reference="N-7"),
    basis_kind="state",
)
NAME = "Northern Valley Front"
REASONS = (a_reason("name", level="same-name", ours=NAME, theirs=NAME.upper(), because=f"Like {NAME}."),)
ASKED = {"account": "x:new-alert-1", "event": "e-1"}


def without(**rights: bool) -> Policy:
    return replace(A_POLICY, basis_rights=RightsTable({("pk", ""): BasisRights(**rights)}))


async def case_and_statement(office: Office) -> tuple[str, str]:
    """The text of both, of a decided alert on a listed name."""
    await office.receive(reasons=REASONS, matched=LISTED)
    await decide(office, await office.hire("amina"))
    await act(office, an_action())
    async with at_the_desk(office, "chloe", "lead") as client:
        case = await client.submit("/alerts/alert-1/case", purpose="appeal 311")
        statement = await client.get("/statement", params=ASKED)
    assert (case.status_code, statement.status_code) == (200, 200), case.text
    return case.text, statement.text


@pytest.mark.parametrize(
    ("policy", "in_case", "in_statement"),
    [
        (A_POLICY, True, True),
        (without(may_be_exported=False), False, True),
        (without(may_be_quoted=False), False, False),
    ],
    ids=["all", "unexported", "unquoted"],
)
async def test_basis_and_listed_name_stand_where_their_right_lets_them(
    database: Database, policy: Policy, in_case: bool, in_statement: bool
) -> None:
    case, statement = await case_and_statement(an_office(database, policy))
    for shown in ("N-7", NAME.upper()):
        assert (shown in case) is in_case, shown
    assert (NAME.upper() in statement) is in_statement
    assert "N-7" not in statement


async def test_alert_on_an_authoritys_word_is_marked(office: Office) -> None:
    await office.receive(alert_id="state", matched=LISTED)
    await office.receive(alert_id="former", matched=a_listing("none"))
    await office.receive(alert_id="unquoted", matched=a_listing("state", quoted=False))
    await office.receive(alert_id="own", matched=Matched(platform="x", account_id="b"))
    async with at_the_desk(office, "amina") as client:
        for alert_id, marked in (("state", True), ("former", True), ("unquoted", True), ("own", False)):
            page = (await client.get(f"/alerts/{alert_id}")).text
            assert ("on the word of an authority" in page) is marked, alert_id
            assert ("may not be quoted" in page) is (alert_id == "unquoted")
        queue = (await client.get("/queue?basis=unquoted")).text
        assert ("new-unquoted" in queue, "new-state" in queue) == (True, False)


def a_listing(kind: BasisKind, *, quoted: bool = True) -> Matched:
    return Matched(
        platform="watchlist", account_id="-:0", basis=LISTED.basis if quoted else None, basis_kind=kind
    )


# The page of withheld pairs, from the topic of alerts to the reader.

NAMES = topics.Names()
FIRST = replace_struct(SUMMARY, revision=1, status="open", withheld_likely=3, withheld_possible=40)


async def take(office: Office, *summaries: AlertSummary) -> None:
    """What the topic of alerts says, in that order; each comes twice."""
    consumer = Consumer(office.database, NAMES, A_POLICY, office.clock)
    known = (await consumer.positions()).get((NAMES.alerts, 0), 0)
    several = [summary for one in summaries for summary in (one, one)]
    applied = await consumer.apply(
        [
            Arrival(NAMES.alerts, 0, known + at, summary.key.encode(), encode(summary), (), NOON.timestamp())
            for at, summary in enumerate(several)
        ]
    )
    assert (applied.alerts, applied.refused) == (0, ())


@pytest.mark.parametrize("role", ["moderator", "lead", "auditor"])
async def test_every_reader_sees_which_bans_have_withheld_pairs(office: Office, role: str) -> None:
    other = replace_struct(
        FIRST, alert_id="other", matched=replace_struct(FIRST.matched, account_id="<i>other")
    )
    await take(office, FIRST, replace_struct(other, withheld_likely=0))
    async with at_the_desk(office, role=role) as client:
        assert '"/withheld"' in (await client.get("/queue")).text
        page = (await client.get("/withheld")).text
    assert "&lt;i&gt;other" in page
    assert page.index(FIRST.matched.account_id) < page.index("&lt;i&gt;other"), "likely ones come first"
    assert page.count('<td class="number">40</td>') == 2


@pytest.mark.parametrize(
    "last",
    [
        {"withheld_likely": 0, "withheld_possible": 0},
        {"status": "withdrawn", "withdrawn_reason": "reinstated"},
    ],
)
async def test_the_latest_revision_holds_in_whatever_order_it_comes(
    office: Office, last: dict[str, str | int]
) -> None:
    history = [
        FIRST,
        replace_struct(FIRST, revision=2, published=7),
        replace_struct(FIRST, revision=3, **last),
    ]
    random.Random(7).shuffle(history)
    await take(office, *history)
    office.clock.pass_(timedelta(hours=1).total_seconds())
    async with at_the_desk(office) as client:
        assert FIRST.matched.account_id not in (await client.get("/withheld")).text


# Both accounts as their platform shows them now, beside what was compared, for every kind of reader.

PROFILES = "/alerts/alert-1/profiles"
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
        assert f'hx-get="{PROFILES}" hx-trigger="load"' in page
        assert platform.asked == []
        answer = await client.get(PROFILES, headers={"HX-Request": "true"})
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
        assert "<html" in (await client.get(PROFILES)).text


@pytest.mark.parametrize(
    ("profiles", "reasons", "changes"),
    [
        (
            (OURS, THEIRS),
            (a_reason("handle", ours="@um4r", theirs="umar_media"), a_reason("name", ours="Ümar <b>")),
            1,
        ),
        (
            (THEIRS, OURS),
            (a_reason("bio", level="mostly-same", ours="fast news from…", theirs="12 characters"),),
            0,
        ),
        ((OURS, THEIRS), (a_reason("handle", ours="um•••", theirs="umar"),), 0),
    ],
    ids=["changed", "cut", "masked"],
)
async def test_what_changed_since_it_was_compared_is_marked(
    database: Database, profiles: tuple[Profile, Profile], reasons: tuple[EvidenceLine, ...], changes: int
) -> None:
    office = an_office(database, profiles=Platform(*profiles))
    await office.receive(reasons=reasons)
    page = await page_at(office, PROFILES)
    assert (page.count("when it was compared"), "umar_media" in page) == (changes, bool(changes))


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
        now = (await client.get(PROFILES)).text
    assert "<mark>slow</mark> news from the <mark>front</mark>" in page
    assert "<mark>fast</mark> news from the <mark>city</mark>" in page
    assert ("hx-get" in page) == (platform is not None)
    assert [word for word in told[:1] if word not in now] == []
    assert ("slow news from the front" in now) == ("when it was compared" in told)


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        (Profile("shown", "um4r"), "No picture"),
        (Profile("shown", "um4r", picture_refused="host"), "could not be had"),
        (Profile("away"), "does not answer"),
        (Profile("gone"), "knows no such account"),
    ],
    ids=["no picture", "picture away", "away", "gone"],
)
async def test_each_way_without_a_profile_or_its_picture_is_told(
    database: Database, profile: Profile, told: str
) -> None:
    office = an_office(database, profiles=Platform(profile, Profile("shown", "umar", "Umar", "", b"drawn")))
    await office.receive()
    page = await page_at(office, PROFILES)
    assert told in page
    assert "Umar" in page


async def test_each_picture_that_is_refused_is_counted_by_its_reason(database: Database) -> None:
    sides = Profile("shown", picture_refused="host"), Profile("shown", picture_refused="redirect")
    office = an_office(database, profiles=Platform(*sides))
    await office.receive()
    await page_at(office, PROFILES)
    figures = generate_latest(office.desk.metrics.registry).decode()
    counted = dict(
        re.findall(r'^samehand_desk_refused_pictures_total{reason="(\w+)"} (\S+)$', figures, re.MULTILINE)
    )
    assert {reason: count for reason, count in counted.items() if count != "0.0"} == {
        "host": "1.0",
        "redirect": "1.0",
    }
    assert set(counted) == set(get_args(PictureRefusal))


async def test_desk_without_a_source_asks_nobody(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as client:
        assert "hx-get" not in (await client.get("/alerts/alert-1")).text
        assert (await client.get(PROFILES)).status_code == 404
        assert (await client.get("/alerts/alert-2/profiles")).status_code == 404


# A lead asks who is like an account: with a purpose, noted, and never past what they have yet to read.

RELATED = "/related/accounts/x/new-alert-1"


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
        assert f'action="{RELATED}"' in page
        assert 'value="coordination" selected' not in page
        answer = await client.post(RELATED, data={"purpose": "coordination"})
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
        assert RELATED not in (await client.get("/accounts/x/new-alert-1")).text
        assert (await client.post(RELATED, data={"purpose": "appeal"})).status_code == 403
    assert (gate.asked, await noted(office)) == ([], [])


@pytest.mark.parametrize(
    ("where", "purpose", "status"),
    [(RELATED, "", 400), (RELATED, "curiosity", 400), ("/related/accounts/x/somebody", "appeal", 404)],
)
async def test_question_without_a_purpose_or_about_whom_no_alert_names_is_refused(
    database: Database, where: str, purpose: str, status: int
) -> None:
    office = an_office(database, gate=(gate := Gate()))
    await office.receive()
    async with at_the_desk(office, "chloe", "lead") as client:
        assert (await client.post(where, data={"purpose": purpose})).status_code == status
    assert (gate.asked, await noted(office)) == ([], [])


async def test_desk_without_a_gate_asks_nobody(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office, "chloe", "lead") as client:
        assert RELATED not in (await client.get("/accounts/x/new-alert-1")).text
        assert (await client.post(RELATED, data={"purpose": "appeal"})).status_code == 404


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
        shown = await client.post(RELATED, data={"purpose": "appeal"})
    assert (shown.status_code, told in shown.text) == (status, True)
    assert shown.headers.get("Retry-After") == ("61" if isinstance(answer, GateBusy) else None)
    assert len(await noted(office)) == 1


# Pages on two accounts, and the desk's environment.

# Two values side by side.


def told(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"[{one.text}]" if one.kind == "other" else one.text for one in pieces)


def test_letters_that_differ_are_marked_on_both_sides() -> None:
    found = compare("handle", "x", "omar_khan2", "umar_khan")
    assert (told(found.ours), told(found.theirs)) == ("[o]mar_khan[2]", "[u]mar_khan")
    assert not found.same


def test_values_that_barely_agree_are_shown_plain() -> None:
    found = compare("bio", "x", "Photos of mountain villages.", "Cricket, tea and long walks home")
    assert "[" not in told(found.ours) + told(found.theirs)
    assert not found.same


def test_letters_that_look_alike_are_told_by_what_they_are_read_as() -> None:
    found = compare("name", "x", "Оmar", "Omar")  # the first letter of the first is Cyrillic
    assert told(found.ours) == "[О]mar"
    assert (found.ours_read, found.theirs_read) == ("omar", "")


def test_what_nobody_sees_is_named() -> None:
    [_, unseen, _] = compare("bio", "x", "a\u202eb", "").ours
    assert (unseen.kind, unseen.text, unseen.name) == ("unseen", "U+202E", "right-to-left override")


def test_towers_of_marks_and_endless_alternation_stay_bounded() -> None:
    tall = compare("name", "x", "a" + "\u0301" * 900, "a").ours
    assert sum(len(one.text) for one in tall) <= 4
    rapid = compare("bio", "x", "ab" * 500, "ac" * 500)
    assert max(len(rapid.ours), len(rapid.theirs)) <= PIECES_MAX


def test_a_value_of_half_a_character_is_shown() -> None:
    assert compare("name", "x", "\ud800", "x").ours[0].text == "U+D800"


# Two texts by word.


@for_each(
    ("ours", "theirs", "marked"),
    [
        ("fast news, daily", "slow news, daily", "[fast] news, daily"),
        ("تازہ خبریں روزانہ", "پرانی خبریں روزانہ", "[تازہ] خبریں روزانہ"),
        ("أَخبارُ اليومِ كلها", "أَخبارِ اليومِ كلها", "[أَخبارُ] اليومِ كلها"),
        ("می\u200cخواهم خبر", "می\u200cروم خبر", "[می\u200cخواهم] خبر"),
        ("प्रिया की दुकान", "प्रीति की दुकान", "[प्रिया] की दुकान"),
        ("每天更新国际新闻", "每日更新国内新闻", "每[天]更新国[际]新闻"),
        ("ข่าวเช้าทุกวัน", "ข่าวค่ำทุกวัน", "ข่าว[เช้า]ทุกวัน"),
        ("毎朝ニュース", "毎晩ニュース", "毎[朝]ニュース"),
        ("매일 새 소식", "매일 옛 소식", "매일 [새] 소식"),
        ("tea 👍🏽 🇵🇰 home", "tea 👍🏽 🇵🇸 home", "tea 👍🏽 [🇵🇰] home"),
    ],
)
def test_words_that_differ_are_marked_whole_in_every_script(ours: str, theirs: str, marked: str) -> None:
    assert told(compare_words(ours, theirs).ours) == marked


def test_lines_of_a_text_stay_lines_and_bidi_marks_are_named() -> None:
    [text, unseen, rest] = compare_words("one\r\n\n\n \ntwo\u202e!", "").ours
    assert (text.text, unseen.text, rest.text) == ("one\n\ntwo", "U+202E", "!")


def test_texts_that_share_few_words_are_shown_plain() -> None:
    found = compare_words("Photos of a mountain village", "Cricket, tea and a long walk home")
    assert "[" not in told(found.ours) + told(found.theirs)


def test_text_that_is_cut_says_so() -> None:
    assert compare_words("x" * 9_000, "").ours[-1].text.endswith("x…")
    rapid = compare_words("a b " * 900, "a c " * 900).ours
    assert len(rapid) == PIECES_MAX
    assert rapid[-1].text == "…"


# What templates call.


@for_each(
    ("probability", "told"),
    [(1.0, "> 99.9 %"), (0.99996, "> 99.9 %"), (0.93, "93.0 %"), (0.0004, "< 0.1 %"), (0.0, "< 0.1 %")],
)
def test_a_probability_is_never_told_as_certain(probability: float, told: str) -> None:
    assert percent(probability) == told
