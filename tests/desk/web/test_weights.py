"""Pages of weights and of quarantine: who may press what, and what comes of it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed
from sqlalchemy import update

from desk.database import schema
from desk.database.decisions import weights as rows
from desk.review.weighing.weights import figures_of, tables
from desk.web.languages import catalogue
from samehand.scoring.adjust import with_factor
from samehand.scoring.learn import LABELS_A_KIND_MIN
from streams.settings import load
from tests.desk.people import Office
from tests.desk.review.test_weighing import VALUE, dismissed
from tests.desk.web.client import Client, at_the_desk, counted
from tests.desk.weighing import (
    SHIPPED,
    adopted,
    an_alert_of,
    decided,
    holding,
    judged,
    judged_alerts,
    kept,
    learned,
    published,
    put_in_force,
    tried,
)

# The page of weights: what it says, who may press what, and what happens between page and press.


ENOUGH = 100
BUTTONS = ("try", "adopt", "end", "back", "again")


def with_hours(office: Office, hours: str) -> Office:
    """A desk whose tables are in shadow for so long before they can be put in force."""
    settings = load({"SAMEHAND_DESK_SHADOW_HOURS": hours})
    return Office(replace(office.desk, settings=settings), office.clock)


def form_of(page: str, name: str) -> dict[str, str]:
    """What the form of a button would send."""
    found = re.search(rf'<form method="post" action="/weights/{name}".*?</form>', page, re.DOTALL)
    assert found is not None, f"there is no button {name}"
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[0]))


def offered(page: str) -> set[str]:
    return set(re.findall(r'action="/weights/(\w+)"', page))


async def page_of(client: Client) -> str:
    answer = await client.get("/weights")
    assert answer.status_code == 200, answer.text
    return str(answer.text)


async def pressed(client: Client, name: str, *, page: str | None = None, **more: str) -> Any:
    """A button of the page as it is, or as it was."""
    form = form_of(await page_of(client) if page is None else page, name)
    return await client.post(f"/weights/{name}", data={**form, **more}, follow_redirects=False)


async def test_a_lead_tries_puts_in_force_and_rolls_back(office: Office) -> None:
    office = with_hours(office, "0.25")
    await judged_alerts(office, ENOUGH)
    async with at_the_desk(office, role="lead") as client:
        page = await page_of(client)
        assert offered(page) == {"try"}
        assert "Device" in page
        version = form_of(page, "try")["version"]
        assert (await pressed(client, "try", reason="it tells more")).status_code == 303
        page = await page_of(client)
        assert offered(page) == {"end"}, "it has to be in shadow for a quarter of an hour"
        assert "on its way" in page
        office.clock.pass_(900)
        await judged_alerts(office, 40, first=ENOUGH)
        assert offered(await page_of(client)) == {"end"}, "no worker has counted by it"
        await published(office)
        page = await page_of(client)
        assert offered(page) == {"adopt", "end"}
        held = await holding(office)
        told = figures_of(decided(held.trial))
        assert told is not None
        assert (decided(held.trial).version, told["labels"], told["as_of"]) == (
            version,
            ENOUGH,
            office.clock() - 900,
        )
        assert told["loss_after"] < told["loss_before"]
        assert (await pressed(client, "adopt", reason="it held")).status_code == 303
        held = await holding(office)
        told = figures_of(decided(held.live))
        assert told is not None
        assert told["labels"] == 40, "those alone that it was not made from"
        assert told["loss_after"] < told["loss_before"]
        assert tables(SHIPPED, held).live.version == version
        page = await page_of(client)
        assert offered(page) == {"back"}
        assert f'Roll back to <bdi dir="ltr">{SHIPPED.version}</bdi>' in page
        assert (await pressed(client, "back")).status_code == 303
        assert tables(SHIPPED, await holding(office)).live == SHIPPED
        assert "it tells more" in await page_of(client)


async def test_a_moderator_sees_neither_the_page_nor_a_link_to_it(office: Office) -> None:
    async with at_the_desk(office) as client:
        assert "/weights" not in (await client.get("/queue")).text
        assert (await client.get("/weights")).status_code == 403
        await presses_nothing(client)
    assert (await holding(office)).newest == 0


async def test_an_auditor_looks_and_presses_nothing(office: Office) -> None:
    lead = await office.hire("lena", "lead")
    await judged_alerts(office, ENOUGH)
    await adopted(office, lead, learned("one"))
    async with at_the_desk(office, role="auditor") as client:
        assert '"/weights"' in (await client.get("/figures")).text
        assert offered(await page_of(client)) == set()
        await presses_nothing(client, knowing="3")
    assert (await holding(office)).newest == 3


async def presses_nothing(client: Client, knowing: str = "0") -> None:
    form = {"version": "x", "as_of": "0", "knowing": knowing, "reason": "because"}
    for name in BUTTONS:
        answer = await client.post(f"/weights/{name}", data=form, follow_redirects=False)
        assert answer.status_code == 403, name


async def test_a_change_that_no_page_of_ours_asked_for_is_refused(office: Office) -> None:
    lead = await office.hire("lena", "lead")
    await adopted(office, lead, learned("one"))
    async with at_the_desk(office, role="lead") as client:
        form = form_of(await page_of(client), "back")
        del client.headers["X-CSRF-Token"]
        for token in ("", "x", "\0"):
            data = {**form, "csrf": token}
            assert (await client.post("/weights/back", data=data)).status_code == 403
        wrong = {"Origin": "https://elsewhere.example"}
        assert (await client.post("/weights/back", data=form, headers=wrong)).status_code == 403
        assert (await client.get("/weights/back")).status_code == 405
        assert (await client.post("/weights/back", data=form, follow_redirects=False)).status_code == 303


async def test_two_presses_of_one_button_are_one_decision(office: Office) -> None:
    lead = await office.hire("lena", "lead")
    await adopted(office, lead, learned("one"))
    await adopted(office, lead, learned("two", learned("one")))
    async with at_the_desk(office, role="lead") as client:
        page = await page_of(client)
        said = await asyncio.gather(*(pressed(client, "back", page=page) for _ in range(3)))
        assert sorted(it.status_code for it in said) == [303, 409, 409]
        refused = next(it for it in said if it.status_code == 409)
        assert "look again" in refused.text
        assert "Decided by" in refused.text
    assert tables(SHIPPED, await holding(office)).live.version == "one"


async def test_verdicts_that_were_undone_meanwhile_are_not_learnt_from(office: Office) -> None:
    await judged_alerts(office, ENOUGH)
    async with at_the_desk(office, role="lead") as client:
        page = await page_of(client)
        async with office.database.begin() as connection:
            gone = schema.verdicts.c.verdict_id == "verdict-alert-1"
            await connection.execute(update(schema.verdicts).where(gone).values(undone_at=office.clock()))
        refused = await pressed(client, "try", page=page, reason="it tells more")
        assert refused.status_code == 409
        assert "what verdicts say has changed" in refused.text
        assert (await pressed(client, "try", reason="it tells more")).status_code == 303


async def test_verdicts_that_came_after_the_page_change_nothing_of_what_it_proposed(office: Office) -> None:
    await judged_alerts(office, ENOUGH)
    async with at_the_desk(office, role="lead") as client:
        page = await page_of(client)
        office.clock.pass_(60)
        await judged_alerts(office, 10, first=ENOUGH)
        assert (await pressed(client, "try", page=page, reason="it tells more")).status_code == 303
        assert decided((await holding(office)).trial).version == form_of(page, "try")["version"]


@pytest.mark.parametrize("seconds", [3_601.0, -1.0], ids=["an old page", "a clock that was set back"])
async def test_a_page_is_to_be_of_now(office: Office, seconds: float) -> None:
    await judged_alerts(office, ENOUGH)
    async with at_the_desk(office, role="lead") as client:
        page = await page_of(client)
        for _ in range(3):
            office.clock.pass_(seconds / 3)
            await client.get("/queue")  # or the session would end first
        assert (await pressed(client, "try", page=page, reason="it tells more")).status_code == 409
    assert (await holding(office)).newest == 0


TYPED = (
    {"reason": ""},
    {"reason": " \t"},
    {"reason": "a\0b"},
    {"reason": "x" * 501},
    {"reason": "x" * 9_999},
    {"as_of": "nan"},
    {"as_of": "inf"},
    {"as_of": "-1"},
    {"as_of": "1e400"},
    {"as_of": "x"},
    {"knowing": "-1"},
    {"knowing": "1" * 40},
    {"version": "x" * 65},
    {"version": "'; DROP TABLE weights; --"},
)


async def test_whatever_a_stranger_types_decides_nothing(office: Office) -> None:
    await judged_alerts(office, ENOUGH)
    async with at_the_desk(office, role="lead") as client:
        page = await page_of(client)
        for typed in TYPED:
            answer = await pressed(client, "try", page=page, **{"reason": "because", **typed})
            assert answer.status_code in (400, 409), typed
    assert (await holding(office)).newest == 0


async def test_a_reason_is_shown_as_text_and_reorders_nothing(office: Office) -> None:
    reason = (
        "\N{RIGHT-TO-LEFT OVERRIDE}<script>alert(1)</script>{{ 7 * 7 }}" + "\N{WAVING HAND SIGN}" * 500
    )[:500]
    await judged_alerts(office, ENOUGH)
    async with at_the_desk(office, role="lead") as client:
        assert (await pressed(client, "try", reason=reason)).status_code == 303
        page = await page_of(client)
    assert decided((await holding(office)).trial).reason == reason
    assert "<script>alert(1)" not in page
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page
    assert ">49<" not in page


async def test_too_few_are_told_with_their_number_and_offer_nothing(office: Office) -> None:
    await judged_alerts(office, 20)
    async with at_the_desk(office, role="lead") as client:
        page = await page_of(client)
    assert offered(page) == set()
    told = re.findall(rf'<bdi dir="ltr">(\d+) / {LABELS_A_KIND_MIN}</bdi>', page)
    assert sum(map(int, told)) == 20


async def test_an_empty_desk_has_a_page(office: Office) -> None:
    async with at_the_desk(office, role="lead") as client:
        page = await page_of(client)
    assert offered(page) == set()
    assert "Nothing was decided yet." in page
    assert page.count("nothing was decided here") == 2


async def test_each_state_of_a_decision_is_told(office: Office) -> None:
    lead = await office.hire("lena", "lead")
    await adopted(office, lead, learned("one"))
    await kept(office, [an_alert_of(1, version="one"), an_alert_of(2)])
    async with at_the_desk(office, role="lead") as client:
        assert "on its way" in await page_of(client)
        async with office.database.begin() as connection:
            await rows.see(connection, "live", 2, "one", now=office.clock())
            await rows.see(connection, "shadow", 3, "", now=office.clock())
        page = await page_of(client)
        assert page.count("published: workers") == 2
        assert "1 of 2 name another table" in page
        async with office.database.begin() as connection:
            await rows.see(connection, "live", 9, "<b>later", now=office.clock())
        page = await page_of(client)
        assert "unknown to this desk" in page
        assert "&lt;b&gt;later" in page
        assert offered(page) == {"back", "again"}
        assert (await pressed(client, "again")).status_code == 303
        assert decided((await holding(office)).live).number == 10
        assert offered(await page_of(client)) == {"back"}


async def test_what_another_release_adopted_is_said_not_to_weigh(office: Office) -> None:
    lead = await office.hire("lena", "lead")
    await adopted(office, lead, learned("one"))
    await tried(office, lead, learned("two"))
    await judged_alerts(office, ENOUGH)
    later = Office(replace(office.desk, base=changed(SHIPPED, version="next")), office.clock)
    async with at_the_desk(later, role="lead") as client:
        page = await page_of(client)
        assert "does not weigh" in page
        assert "in force no more" in page
        assert offered(page) == {"back", "end"}
        assert (await pressed(client, "back")).status_code == 303
        assert "does not weigh" not in await page_of(client)


async def test_the_hours_in_shadow_are_the_settings(office: Office) -> None:
    lead = await office.hire("lena", "lead")
    await tried(office, lead, learned("one"))
    async with at_the_desk(with_hours(office, "0"), role="lead") as client:
        assert offered(await page_of(client)) == {"adopt", "end"}
        assert (await pressed(client, "end")).status_code == 303
        assert (await holding(office)).trial is None


async def test_explanations_that_are_taken_to_be_commoner_are_shown_with_their_rates(office: Office) -> None:
    lead = await office.hire("lena", "lead")
    rivals = {**SHIPPED.rivals, "household": with_factor(SHIPPED.rivals["household"], 2.0)}
    await tried(office, lead, changed(learned("one"), rivals=rivals))
    async with at_the_desk(office, role="auditor") as client:
        page = await page_of(client)
    assert "Other explanations that are taken to be more or less common" in page
    row = re.search(r'<th scope="row">a household</th>(.*)</tr>', page)
    assert row is not None
    assert re.findall(r"\d\.\d{4}", row[1]) == ["0.0600", "0.1200"]


async def test_what_would_change_of_alerts_is_counted_by_band(office: Office) -> None:
    lead = await office.hire("lena", "lead")
    await tried(office, lead, learned("one", device=0.25))
    await kept(office, [an_alert_of(number) for number in range(30)])
    await kept(office, [an_alert_of(30, version="other")])
    await kept(office, [an_alert_of(31, band="none", drawn=None)], sampled=0.01)
    async with at_the_desk(office, role="auditor") as client:
        page = await page_of(client)
    assert re.search(r'<th scope="row">Device <span class="soft">[^<]*same[^<]*</span></th>', page)
    assert "Weighed again by their lines: 30, " in page
    assert "Not foretold: 0 that a rule held back, 1 that another table weighed." in page
    assert re.search(r'<tr><th scope="row">(likely|possible)</th><td>no alert</td>', page)
    assert "Of 1 pairs sampled below the bands" in page


async def test_the_page_asks_no_more_where_there_is_more_to_show(office: Office) -> None:
    asked_: list[int] = []
    async with at_the_desk(office, role="lead") as client:
        for first in (0, 60):
            alerts = [an_alert_of(number) for number in range(first, first + 60)]
            await kept(office, alerts)
            await judged(office, alerts)
            with counted(office.database) as asked:
                await page_of(client)
            asked_.append(sum(not it.startswith("BEGIN") for it in asked))
    assert asked_[0] == asked_[1] <= 13


@pytest.mark.parametrize("code", ["ur", "ar"])
async def test_the_page_is_said_in_the_readers_language(office: Office, code: str) -> None:
    await judged_alerts(office, ENOUGH)
    async with at_the_desk(office, role="lead") as client:
        client.headers["Accept-Language"] = code
        page = await page_of(client)
        assert (await pressed(client, "try", page=page, reason="it tells more")).status_code == 303
        trial = await page_of(client)
    words = catalogue(code).words
    assert words["Try in shadow"] in page
    assert words["End the trial"] in trial
    left = re.sub(
        r'<bdi[^>]*>.*?</bdi>|<(code|title|kbd|option|time|script|span lang="en")\b.*?</\w+>', "", trial
    )
    left = re.sub(r"<[^>]*>", "", left.partition("<h1>")[2].partition("</main>")[0])
    assert set(re.findall(r"[A-Za-z]{3,}", left)) <= {"Kafka", "official", "backup"}, "which handles contain"


async def test_put_in_force_by_one_lead_is_known_to_the_next(office: Office) -> None:
    lead = await office.hire("lena", "lead")
    await tried(office, lead, learned("one"))
    async with at_the_desk(with_hours(office, "0"), role="lead") as client:
        page = await page_of(client)
        await put_in_force(office, lead)
        for name in ("adopt", "end"):
            more = {"reason": "it held"} if name == "adopt" else {}
            refused = await pressed(client, name, page=page, **more)
            assert refused.status_code == 409
            assert "<bdi>L</bdi>" in refused.text


async def test_whoever_waits_too_long_for_others_who_look_is_asked_to_wait(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.web.pages.weights.TURN_SECONDS_MAX", 0.01)
    async with at_the_desk(office, role="lead") as client:
        async with office.desk.learning:
            answer = await client.get("/weights")
            assert answer.status_code == 429
            assert "wait a moment" in answer.text
        await page_of(client)


# The page of quarantine: a lead presses what it offers, others press nothing, and nothing becomes markup.


def forms(page: str) -> dict[str, dict[str, str]]:
    """What each form of the page would send, by its button."""
    found = re.findall(r'<form method="post" action="/quarantine/(\w+)"(.*?)</form>', page, re.DOTALL)
    return {
        name: dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        for name, form in found
    }


async def test_lead_puts_a_proposed_value_in_quarantine_and_ends_it(office: Office) -> None:
    await dismissed(office)
    async with at_the_desk(office, role="lead") as client:
        page = (await client.get("/quarantine")).text
        assert "Device" in page
        assert VALUE[:8] in page
        form = forms(page)["put"] | {"days": "30", "reason": "<b>a shop</b>"}
        answer = await client.post("/quarantine/put", data=form, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        page = (await client.get("/quarantine")).text
        assert "&lt;b&gt;a shop" in page
        assert forms(page).keys() == {"end"}
        again = await client.post("/quarantine/put", data=form, follow_redirects=False)
        assert again.status_code == 409
        form = forms(page)["end"] | {"reason": "it was sold"}
        assert (await client.post("/quarantine/end", data=form, follow_redirects=False)).status_code == 303
        for wrong in ({"digest": "x"}, {"knowing": "-1"}, {"days": "9e9"}):
            answer = await client.post("/quarantine/put", data=form | wrong, follow_redirects=False)
            assert answer.status_code == 400, wrong


@pytest.mark.parametrize(("role", "looks"), [("auditor", 200), ("moderator", 403)])
async def test_auditor_looks_a_moderator_does_not_and_neither_decides(
    office: Office, role: str, looks: int
) -> None:
    await dismissed(office)
    form = {"digest": VALUE, "knowing": "0", "reason": "because", "days": "30"}
    async with at_the_desk(office, role=role) as client:
        answer = await client.get("/quarantine")
        assert (answer.status_code, forms(answer.text)) == (looks, {})
        assert (await client.post("/quarantine/put", data=form)).status_code == 403
