"""What the rights of a basis leave of an alert that the desk has: page, statement, case file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk.database.engine import Database
from desk.review.policy import Policy
from schemas.accounts import Basis
from schemas.alerts import Matched
from schemas.basis_rights import BasisKind, BasisRights, RightsTable
from tests.desk.makers import a_reason
from tests.desk.people import A_POLICY, Office, an_office
from tests.desk.review.quotes import decide
from tests.desk.review.test_actions import act, an_action
from tests.desk.web.test_journeys import at_the_desk

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
        asked = {"purpose": "appeal 311"}
        case = await client.post("/api/v1/alerts/alert-1/case", json=asked)
        statement = await client.get("/api/v1/statement", params=ASKED)
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


async def test_alert_on_an_authoritys_word_is_marked(database: Database) -> None:
    office = an_office(database)
    await office.receive(alert_id="state", matched=LISTED)
    await office.receive(alert_id="former", matched=a_listing("none"))
    await office.receive(alert_id="unquoted", matched=a_listing("state", quoted=False))
    await office.receive(alert_id="own", matched=Matched(platform="x", account_id="b"))
    async with at_the_desk(office, "amina") as client:
        for alert_id, marked in (("state", True), ("former", True), ("unquoted", True), ("own", False)):
            page = (await client.get(f"/alerts/{alert_id}")).text
            assert ("on the word of an authority" in page) is marked, alert_id
            assert ("may not be quoted" in page) is (alert_id == "unquoted")
        queue = (await client.get("/api/v1/queue", params={"basis": "unquoted"})).text
        assert ("new-unquoted" in queue, "new-state" in queue) == (True, False)


def a_listing(kind: BasisKind, *, quoted: bool = True) -> Matched:
    return Matched(
        platform="watchlist", account_id="-:0", basis=LISTED.basis if quoted else None, basis_kind=kind
    )
