"""The transparency report counts measures and complaints, each in the regulation's own cell."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import insert, update

from desk.database import schema
from desk.database.engine import Database
from desk.review.actions import take_action
from desk.review.reports.transparency import Transparency, transparency_report
from report.dsa import PARTS
from samehand.elapsed import DAY_SECONDS
from schemas.accounts import Basis
from schemas.alerts import Matched
from schemas.examples import ACTIONED
from tests.desk.people import Office, an_office
from tests.desk_databases import on_each_database
from tests.makers import NOON

SECURITY = "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY"
CATEGORIES = {"violent-extremism": (SECURITY, "KEYWORD_TERRORIST_CONTENT")}
DAY = NOON.date()


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def act(office: Office, name: str, **given: Any) -> None:
    """The platform acts on an account."""
    record = replace(
        ACTIONED, event_id=name, account_id=name, occurred_at=NOON, actioned_at=NOON, until=None, **given
    )
    async with office.database.begin() as connection:
        assert await take_action(connection, record, now=office.clock())


async def report(office: Office, first: date = DAY) -> Transparency:
    begin = NOON.timestamp() // DAY_SECONDS * DAY_SECONDS
    async with office.database.read() as connection:
        return await transparency_report(
            connection,
            provider="Example",
            service="example.org",
            first=first,
            last=DAY,
            since=begin,
            until=begin + DAY_SECONDS,
            published=DAY,
            blind_share=0.15,
            categories=CATEGORIES,
            now=office.clock(),
        )


def cells(made: Transparency, part: int) -> dict[tuple[str, ...], dict[str, str]]:
    """The filled cells of a part by the row's keys."""
    header, *rows = csv.reader(io.StringIO(made.annex.files()[f"{PARTS[part]}.csv"].decode(), newline=""))
    known = header.index("Value") if "Value" in header else 5
    return {
        tuple(row[3:known]): filled
        for row in rows
        if (
            filled := {
                name: row[at] for at, name in enumerate(header) if at >= known and row[at] and name != "Scope"
            }
        )
    }


@on_each_database
async def test_measures_stand_in_their_cells_and_the_rest_is_left_out_with_a_reason(office: Office) -> None:
    await office.receive(
        "alert-1",
        account_id="named",
        matched=Matched(
            platform="x", account_id="banned", policy="violent-extremism", basis=Basis(authority="UN")
        ),
    )
    own = {"source": "own-initiative", "ground": "terms", "alert_id": None}
    await act(office, "named", **{**own, "alert_id": "alert-1"}, action="suspended")
    await act(office, "ended", **own, action="terminated", automated_decision="fully")
    await act(office, "against-the-law", **{**own, "ground": "illegal"}, automated_detection="no")
    await act(office, "noticed", **{**own, "source": "trusted-flagger"})
    await act(office, "restricted", **own, action="restricted")
    await act(office, "ordered", **{**own, "source": "order"})
    await act(office, "unsourced", **{**own, "source": None})
    await act(office, "groundless", **{**own, "ground": None})
    await act(office, "left-alone", **own, action="nothing")
    office.clock.pass_(-DAY_SECONDS)  # the report's machine may be behind the desk's
    made = await report(office)
    assert made.actions == 8
    assert made.left_out == {
        "without-category": 4,
        "restricted": 1,
        "order": 1,
        "without-source": 1,
        "without-ground": 1,
    }
    measures = "Number of measures taken at the provider's own initiative "
    detected = "Number of measures taken after detection with solely automated means "
    one = {measures: "1", detected: "1", "Account restriction Suspension": "1"}
    assert cells(made, 6) == {
        ("TOTAL", ""): {
            measures: "3",
            detected: "3",
            "Account restriction Suspension": "1",
            "Account restriction Termination": "1",
        },
        (SECURITY, ""): one,
        ("KEYWORD_TERRORIST_CONTENT", ""): one,
    }
    assert cells(made, 5) == {("TOTAL", ""): {measures: "1", "Account restriction Suspension": "1"}}
    terms = "Number of actions taken on the basis of the terms and conditions of the service"
    assert cells(made, 4) == {("TOTAL", ""): {terms: "1", f"{terms} (Trusted Flagger notices)": "1"}}
    automated = {key[1:]: filled.get("Value") for key, filled in cells(made, 8).items()}
    assert automated["Number of measures solely taken by automated means ", "Own-initiative "] == "1"
    assert automated["Number of measures not taken by automated means", "Total number"] == "5"
    assert automated["Accuracy of the automated means - Precision", "Total number"] is None


async def test_action_that_this_version_cannot_read_is_counted_as_left_out(office: Office) -> None:
    await act(office, "newer")
    async with office.database.begin() as connection:
        await connection.execute(update(schema.actions).values(payload=b'{"version": 9}'))
    assert (await report(office)).left_out == {"unreadable": 1}


@on_each_database
async def test_complaints_are_counted_by_outcome_and_median_in_hours(office: Office) -> None:
    await office.receive("alert-1", account_id="ended")
    await act(office, "ended", action="terminated", alert_id=None)
    outcomes = ("upheld", "upheld", "partly", "reversed", "lapsed", None)
    async with office.database.begin() as connection:
        for number, outcome in enumerate(outcomes):
            await connection.execute(
                insert(schema.appeals).values(
                    appeal_id=f"appeal-{number}",
                    alert_id="alert-1",
                    read_id=1,
                    against="verdict",
                    digest="",
                    received_at=NOON.timestamp(),
                    words="",
                    outcome=outcome,
                    decided_at=None if outcome is None else NOON.timestamp() + 3_600 * (number + 1),
                )
            )
    filled = cells(await report(office), 7)
    every = "Number of complaints submitted to the internal-complaints mechanism"
    on_accounts = "Complaint regarding a decision to suspend or terminate an account "
    for indicator in (every, on_accounts):
        values = {key[2]: row["Value"] for key, row in filled.items() if key[1] == indicator}
        assert values["Total number"] == "6"
        assert values["Decisions upheld"] == "2"
        assert values["Decisions partially reversed"] == values["Decisions reversed"] == "1"
        assert values["Median time"] == "2.5"
    assert filled["Internal complaints mechanism", every, "Decision omitted"]["Value"] == "1"
