"""The report of operations counts what the desk shows, alert by alert."""

from __future__ import annotations

from typing import Any

import pytest

from desk.database.engine import Database
from desk.database.filters import Filters
from desk.review.deciding.decide import ReadDecision
from desk.review.reports import operations
from desk.review.reports.operations import AuthorityRequests, OperationsReport, operations_report
from desk.review.waves import WaveDecision
from samehand.elapsed import DAY_SECONDS
from schemas.accounts import Basis
from schemas.alerts import Matched
from tests.desk.makers import a_wave
from tests.desk.people import Office, an_office, with_shares
from tests.desk.review.test_requests import enter, file_of, step
from tests.desk.web.test_journeys import sent
from tests.desk.web.test_waves import Feed
from tests.desk_databases import on_each_database
from tests.makers import NOON

BLIND_SHARE = 1.0
UN = Basis(authority="UN")


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database, with_shares(blind_share=BLIND_SHARE))


async def report(office: Office, *, days: float = 7, **given: Any) -> OperationsReport:
    async with office.database.read() as connection:
        now = office.clock()
        return await operations_report(
            connection, since=now - days * DAY_SECONDS, until=now, now=now, blind_share=BLIND_SHARE, **given
        )


@on_each_database
async def test_report_has_the_figures_of_the_leads_page_and_the_verdicts_that_hold(office: Office) -> None:
    reader = await office.hire("amina")
    for number in range(40):
        policy = "violent-extremism" if number < 10 else "spam"
        await office.receive(
            f"alert-{number}",
            matched=Matched(
                platform="x", account_id=f"banned-{number % 4}", policy=policy, basis=Basis(authority="UN")
            ),
            seconds_since_ban=3_600.0,
        )
    await office.receive("banned-since", matched=Matched(platform="x", account_id="banned-9"))
    await office.receive(
        "banned-since",
        revision=2,
        status="withdrawn",
        withdrawn_reason="account-banned",
        matched=Matched(platform="x", account_id="banned-9"),
    )
    for waiting in await office.desk.queue(reader, Filters(), limit=200):
        wrong = waiting.alert_id.endswith("7")
        decision = ReadDecision("not_mirror", "common-name") if wrong else ReadDecision("mirror", "handle")
        await office.desk.decide(reader, waiting.read_id, decision)
    office.clock.pass_(60)
    lead = await office.hire("chloe", "lead")
    view, made = await office.desk.figures(lead), await report(office)
    assert made.alerts == 41
    assert made.decisions == {"mirror": 36, "not_mirror": 4, "undecided": 1}
    assert made.mirrors == {"by_people": 36, "by_platform": 1}
    assert (made.distinct.accounts, made.distinct.mirrors, made.distinct.banned) == (41, 37, 5)
    assert made.withdrawn == {"account-banned": 1}
    assert made.accuracy.all == view.figures.all
    assert made.accuracy.all.precision is not None
    assert made.accuracy.all.precision.value == pytest.approx(0.9)
    assert (made.to_detect, made.to_decide) == (view.figures.to_detect, view.figures.to_decide)
    spam, extremism, none = made.tables["policy"]
    assert (spam.value, spam.alerts, spam.not_mirror) == ("spam", 30, 3)
    assert (extremism.value, extremism.alerts, extremism.not_mirror) == ("violent-extremism", 10, 1)
    assert (none.value, none.alerts) == ("without a policy", 1)
    assert sum(count for _, count in made.steps) == 41
    content = made.terrorist_content
    assert (content.alerts, content.mirrors_by_people, content.not_mirrors) == (10, 9, 1)
    assert (await report(office, terrorism=["spam"])).terrorist_content.alerts == 30


async def test_decisions_on_waves_that_were_taken_back_are_no_overturned_alerts(office: Office) -> None:
    lead = await office.hire("chloe", "lead")
    await Feed(office).wave(a_wave())
    await office.desk.decide_wave(lead, "wave-1", WaveDecision(1, "mirror", "one-hand"))
    await sent(office)
    await office.desk.take_wave_back(lead, "wave-1", "error")
    await office.receive("alert-1")
    [waiting] = await office.desk.queue(lead, Filters())
    await office.desk.decide(lead, waiting.read_id, ReadDecision("mirror", "several-traits"))
    await sent(office)
    await office.desk.take_back(lead, "alert-1", "error")
    office.clock.pass_(60)
    assert (await report(office)).overturned.taken_back == 1


async def test_policy_called_none_has_a_row_of_its_own(office: Office) -> None:
    for number, policy in enumerate((None, "none", "none")):
        matched = Matched(platform="x", account_id=f"banned-{number}", policy=policy)
        await office.receive(f"alert-{number}", matched=matched)
    office.clock.pass_(1)
    rows = (await report(office)).tables["policy"]
    assert [(row.value, row.alerts) for row in rows] == [("none", 2), ("without a policy", 1)]


async def test_report_of_a_period_without_alerts_counts_none_and_estimates_nothing(office: Office) -> None:
    await office.receive()
    office.clock.pass_(10 * DAY_SECONDS)
    made = await report(office)
    assert (made.alerts, made.decisions, made.tables["script"]) == (0, {}, [])
    assert made.accuracy.all.precision is None
    assert made.backlog["over 7 days"] == 1


@on_each_database
async def test_lawful_requests_are_counted_by_authority_as_they_stand(office: Office) -> None:
    await office.receive()
    rana, sana = await office.hire("rana", "counsel"), await office.hire("sana", "counsel")

    async def entered(authority: str, number: int, *accounts: str) -> int:
        return await enter(office, rana, *accounts, authority=authority, reference=f"R-{number}")

    for number, name in enumerate(("approve", "refuse", "withdraw")):
        await step(office, sana, await entered("A court", number, "x:a", "x:b"), name)
    answered = await entered("A ministry", 9, "x:new-alert-1")
    await step(office, sana, answered, "approve")
    for _ in range(2):
        office.clock.pass_(1.0)
        await file_of(office, rana, answered)
    await step(office, sana, answered, "disclose")
    await entered("A ministry", 10)
    office.clock.pass_(11 * DAY_SECONDS)  # after the deadline of those that wait
    court, ministry = (await report(office, days=30)).lawful_requests
    assert court == AuthorityRequests("A court", 3, 1, 0, 1, {"too-broad": 1}, 1, 6, 0)
    assert ministry == AuthorityRequests("A ministry", 2, 1, 1, 0, {}, 1, 2, 2)
    assert (await report(office, days=1)).lawful_requests == []


async def test_authorities_beyond_the_rows_share_the_last(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "ROWS_MAX", 1)
    rana = await office.hire("rana", "counsel")
    for number, authority in enumerate(("One", "One", "Two", "Three")):
        await enter(office, rana, authority=authority, reference=str(number))
    rows = (await report(office)).lawful_requests
    assert [(row.authority, row.requests, row.accounts) for row in rows] == [
        ("One", 2, 2),
        ("all others", 2, 2),
    ]


@pytest.mark.parametrize(("days", "parts"), [(1 / 24, 1), (1, 24), (7, 7), (30, 30), (365, 53), (3_650, 60)])
async def test_parts_of_a_period_of_any_length_hold_every_alert_once(
    office: Office, days: float, parts: int
) -> None:
    await office.receive("first", detected_at=NOON)
    office.clock.pass_(days * DAY_SECONDS)
    async with office.database.read() as connection:
        made = await operations_report(
            connection,
            since=NOON.timestamp(),
            until=office.clock(),
            now=office.clock(),
            blind_share=BLIND_SHARE,
        )
    assert (len(made.steps), sum(count for _, count in made.steps)) == (parts, 1)
