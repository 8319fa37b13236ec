"""The page of withheld pairs, from the topic of alerts to the reader."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from msgspec.structs import replace

from desk.database.engine import Database
from desk.feed.consume import Consumer
from schemas.alerts import AlertSummary
from schemas.examples import SUMMARY
from schemas.wire import encode
from streams.kafka import topics
from streams.outcomes import Arrival
from tests.desk.people import A_POLICY, Office, an_office
from tests.desk.web.test_journeys import at_the_desk
from tests.makers import NOON

NAMES = topics.Names()
FIRST = replace(SUMMARY, revision=1, status="open", withheld_likely=3, withheld_possible=40)


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


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
    other = replace(FIRST, alert_id="other", matched=replace(FIRST.matched, account_id="<i>other"))
    await take(office, FIRST, replace(other, withheld_likely=0))
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
    history = [FIRST, replace(FIRST, revision=2, published=7), replace(FIRST, revision=3, **last)]
    random.Random(7).shuffle(history)
    await take(office, *history)
    office.clock.pass_(timedelta(hours=1).total_seconds())
    async with at_the_desk(office) as client:
        assert FIRST.matched.account_id not in (await client.get("/withheld")).text


async def test_nobody_sees_it_who_has_not_signed_in(office: Office) -> None:
    async with at_the_desk(office) as client:
        client.cookies.clear()
        answer = await client.get("/withheld", follow_redirects=False)
    assert answer.status_code in (303, 401)
