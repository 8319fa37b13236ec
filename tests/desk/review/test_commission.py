"""Statements for the Commission's database: what they say, what they never say, and why there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from desk.database import actions, alerts, schema
from desk.feed.upkeep import erase_old
from desk.review.actions import forget_account, row_of
from desk.review.facts import facts_of
from desk.review.reports.commission import Body, Lacking, Material, Stated, composed, puid_of, statements
from report.dsa import EEA, EU
from samehand.elapsed import DAY_SECONDS
from samehand.watchlist.platforms import PERSONS
from schemas.actions import AccountActioned
from schemas.alerts import Matched, MirrorAlert
from schemas.examples import ACTIONED
from schemas.wire import encode
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import Office
from tests.makers import NOON
from tests.tables import for_each

KEY: Final = b"p" * 32
SECURITY: Final = ("STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY", "KEYWORD_TERRORIST_CONTENT")


def an_action(number: int = 1, **given: Any) -> AccountActioned:
    """A suspension of the account of alert ``number``, whose clause has that number."""
    fields: dict[str, Any] = {
        "event_id": f"e-{number}",
        "platform": "x",
        "account_id": f"new-{number}",
        "alert_id": f"alert-{number}",
        "occurred_at": NOON + timedelta(minutes=5),
        "until": NOON + timedelta(days=90),
        "clause": f"Terms, 4.2, case {number}",
        **given,
    }
    return replace(ACTIONED, **fields)


async def act(office: Office, *numbers: int, **given: Any) -> None:
    """Alerts, and actions that name them; what is given is of the actions."""
    async with office.database.begin() as connection:
        for number in numbers:
            alert = an_alert(
                a_reason(ours="umar_media", theirs="umar.media"),
                a_reason("device", ours="a1", theirs="a1"),
                alert_id=f"alert-{number}",
                account_id=f"new-{number}",
                matched=Matched(platform="x", account_id="banned", policy="violent-extremism"),
            )
            action = an_action(number, **given)
            await alerts.put(connection, facts_of(alert, now=office.clock()), encode(alert))
            await actions.put(connection, row_of(action, encode(action), now=office.clock()), over=True)


async def stated(office: Office, **given: Any) -> dict[str, Stated]:
    """The statements of a year, by event id."""
    asked: dict[str, Any] = {
        "platform": "x",
        "since": NOON.timestamp() - 360 * DAY_SECONDS,
        "until": NOON.timestamp() + DAY_SECONDS,
        "categories": {"violent-extremism": SECURITY},
        "key": KEY,
        **given,
    }
    async with office.database.read() as connection:
        return {one.event_id: one async for one in statements(connection, **asked)}


ALERT = an_alert(
    a_reason("handle", ours="umar_media", theirs="umar.media"),
    a_reason("contact", ours="t.me/umar_backup", theirs="t.me/umar_backup"),
    a_reason("device", ours="5150-a", theirs="5150-a"),
    account_id="new-1",
)

CROSSING = an_alert(
    a_reason("crossing", ours="Jos\u00e9 Farooq", theirs="jose.farooq"),
    a_reason("name", ours="\u738b\u5c0f\u660e", theirs="\u738b\u5c0f\u660e"),
    account_id="new-1",
)
FAR_WEST = timezone(timedelta(hours=-12))


def compose(
    alert: MirrorAlert | None = ALERT,
    category: tuple[str, ...] = SECURITY,
    verdict: str | None = "mirror",
    **given: Any,
) -> Body | Lacking:
    return composed(Material(an_action(**given), alert, category, verdict), "p-1")


def body(**given: Any) -> Body:
    made = compose(**given)
    assert not isinstance(made, Lacking), made
    return made


def test_statement_says_ground_dates_and_traits_without_a_value_of_either_account() -> None:
    made = body(registered_at=datetime(2026, 2, 1, 23, 59, tzinfo=UTC), territory=("DE", "PK"))
    facts = made.pop("decision_facts")
    explanation = made.pop("incompatible_content_explanation")
    assert made == {
        "decision_account": "DECISION_ACCOUNT_SUSPENDED",
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": "Terms, 4.2, case 1",
        "content_type": ["CONTENT_TYPE_OTHER"],
        "content_type_other": "Account",
        "category": SECURITY[0],
        "category_specification": [SECURITY[1]],
        "territorial_scope": ["DE"],
        "content_date": "2026-02-01",
        "application_date": NOON.date().isoformat(),
        "end_date_account_restriction": "2027-02-22",
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
        "puid": "p-1",
    }
    assert "the handle; contact points shown in the profile" in facts
    assert "Further traits agree" in facts
    assert "A person compared" in facts
    for word in ("umar", "5150", "device", "new-1", "banned-", "t.me"):
        assert word not in facts + explanation
    assert "A person compared" not in body(verdict=None)["decision_facts"]


@for_each(
    ("given", "expected"),
    [
        ({"action": "terminated"}, {"decision_account": "DECISION_ACCOUNT_TERMINATED"}),
        (
            {"action": "restricted"},
            {
                "decision_visibility": ["DECISION_VISIBILITY_OTHER"],
                "decision_visibility_other": "Restriction of the account",
                "end_date_visibility_restriction": "2027-02-22",
            },
        ),
        ({"ground": "illegal"}, {"illegal_content_legal_ground": "Terms, 4.2, case 1"}),
        ({"source": "notice"}, {"source_type": "SOURCE_ARTICLE_16"}),
        ({"source": "trusted-flagger"}, {"source_type": "SOURCE_TRUSTED_FLAGGER"}),
        ({"source": "other-notice"}, {"source_type": "SOURCE_TYPE_OTHER_NOTIFICATION"}),
        ({"automated_detection": "no"}, {"automated_detection": "No"}),
        ({"automated_decision": "fully"}, {"automated_decision": "AUTOMATED_DECISION_FULLY"}),
        ({"automated_decision": "partially"}, {"automated_decision": "AUTOMATED_DECISION_PARTIALLY"}),
        ({"territory": ()}, {"territorial_scope": sorted(EEA)}),
        ({"territory": ("EU", "PK")}, {"territorial_scope": sorted(EU)}),
        ({"territory": ("EL",)}, {"territorial_scope": ["GR"]}),
        (
            {"actioned_at": NOON - timedelta(days=9)},
            {"application_date": (NOON - timedelta(days=9)).date().isoformat()},
        ),
    ],
)
def test_statement_follows_the_action(given: dict[str, Any], expected: dict[str, Any]) -> None:
    made = body(**given)
    assert {name: made.get(name) for name in expected} == expected


def test_clause_goes_out_as_it_is_seen() -> None:
    made = body(clause="Terms\u202e,\x1b 4.2\x9b\r\nof\t2026\0 \u0627\u200c\u0628")
    assert made["incompatible_content_ground"] == "Terms, 4.2 of 2026 \u0627\u200c\u0628"


@for_each(
    ("platform", "facts", "explanation"),
    [
        ("x", "an account which the provider had banned before", "that the provider had banned"),
        ("y", "an account which another platform had banned before", "that another platform had banned"),
        (PERSONS, "on an official list", "on an official list"),
    ],
)
def test_statement_says_truly_who_had_banned_what_the_account_resembles(
    platform: str, facts: str, explanation: str
) -> None:
    made = body(alert=an_alert(account_id="new-1", matched=Matched(platform=platform, account_id="banned")))
    assert facts in made["decision_facts"]
    assert explanation in made["incompatible_content_explanation"]
    assert ("provider had banned" in str(made)) == (platform == "x")


def test_day_of_registration_is_that_of_the_sign_up_which_the_alert_came_of() -> None:
    alert = an_alert(direction="forward", seconds_since_event=3 * 86_400.0, account_id="new-1")
    day = (NOON - timedelta(days=3)).date().isoformat()
    assert body(alert=alert, registered_at=None)["content_date"] == day


@for_each(
    ("given", "reasons"),
    [
        ({"alert": None}, ("alert",)),
        ({"verdict": "not_mirror"}, ("verdict",)),
        ({"registered_at": None}, ("registered",)),
        (
            {
                "registered_at": None,
                "alert": an_alert(direction="update", seconds_since_event=1.0, account_id="new-1"),
            },
            ("registered",),
        ),
        ({"registered_at": None, "alert": an_alert(seconds_since_event=1e300)}, ("registered",)),
        ({"category": ()}, ("category",)),
        ({"territory": ("PK", "US")}, ("territory",)),
        ({"ground": None}, ("ground",)),
        ({"clause": "  "}, ("clause",)),
        ({"source": None}, ("source",)),
        ({"automated_detection": None}, ("automated_detection",)),
        ({"automated_decision": None}, ("automated_decision",)),
        ({"clause": "4.2, see umar@example.org"}, ("personal",)),
        ({"clause": "4.2, call 0301 2345678"}, ("personal",)),
        ({"clause": "4.2: UMAR_MEDIA came back"}, ("personal",)),
        ({"clause": "4.2: new-1 came back"}, ("personal",)),
        ({"clause": "4.2: u\u200bmar\u200c media came back"}, ("personal",)),
        ({"clause": "4.2: \uff55mar_media came back"}, ("personal",)),
        ({"clause": "4.2, see t.me/umar_backup"}, ("personal",)),
        ({"alert": CROSSING, "clause": "4.2: Jose\u0301 Farooq came back"}, ("personal",)),
        ({"alert": CROSSING, "clause": "4.2: \u738b\u5c0f\u660e came back"}, ("personal",)),
        ({"until": datetime(9999, 12, 31, 23, tzinfo=FAR_WEST)}, ("date",)),
        ({"registered_at": datetime(1999, 12, 31, tzinfo=UTC)}, ("date",)),
        ({"clause": "Terms and conditions. " * 30}, ("long",)),
        ({"ground": None, "source": None}, ("ground", "source")),
    ],
)
def test_what_cannot_be_stated_says_why(given: dict[str, Any], reasons: tuple[str, ...]) -> None:
    assert compose(**given) == Lacking(reasons)


def test_puid_is_one_for_each_account_and_event_and_needs_the_key() -> None:
    named = {puid_of(KEY, *at) for at in (("x:1", "1e"), ("x:11", "e"), ("y:1", "1e"), ("x:1", "2e"))}
    assert len(named) == 4
    assert puid_of(b"other", "x:1", "1e") not in named
    assert puid_of(KEY, "x:1", "1e") in named


@pytest.mark.parametrize("at_once", [500, 1])
async def test_each_restriction_that_names_an_alert_is_stated_or_says_what_it_lacks(
    office: Office, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("desk.review.reports.commission.ACTIONS_AT_ONCE", at_once)
    await act(office, 1)
    await act(office, 2, registered_at=None)
    await act(office, 3, alert_id="alert-1")  # of another account
    await act(office, 4, action="nothing")
    await act(office, 5, source="order")
    await act(office, 6, alert_id=None)
    found = await stated(office)
    assert {name: one.statement for name, one in found.items() if isinstance(one.statement, Lacking)} == {
        "e-2": Lacking(("registered",)),
        "e-3": Lacking(("alert", "category")),
    }
    assert found.keys() == {"e-1", "e-2", "e-3"}
    made = found["e-1"].statement
    assert not isinstance(made, Lacking)
    assert (made["puid"], made["category"]) == (puid_of(KEY, "x:new-1", "e-1"), SECURITY[0])
    assert await stated(office, platform="y") == {}
    assert await stated(office, until=NOON.timestamp() - 10 * DAY_SECONDS) == {}


async def test_action_that_a_later_version_stored_is_named(office: Office) -> None:
    await act(office, 1)
    async with office.database.begin() as connection:
        await connection.execute(update(schema.actions).values(payload=b'{"version": 9}'))
    assert (await stated(office))["e-1"].statement == Lacking(("action",))


async def test_erased_account_is_not_stated(office: Office) -> None:
    await act(office, 1)
    await act(office, 2, alert_id="alert-1", account_id="unrelated")
    async with office.database.begin() as connection:
        for account in ("x:new-1", "x:unrelated"):
            await forget_account(connection, account, now=office.clock(), reason="account-deleted")
    found = await stated(office)
    assert {name: one.statement for name, one in found.items()} == {"e-1": Lacking(("erased",))}


async def test_clause_is_not_stated_once_the_quotes_to_check_it_with_are_erased(office: Office) -> None:
    await act(office, 1, clause="4.2: umar_media came back")
    office.clock.pass_(DAY_SECONDS)
    async with office.database.begin() as connection:
        await connection.execute(schema.actions.update().values(arrived_at=office.clock()))
        await erase_old(connection, keep_seconds=DAY_SECONDS / 2, now=office.clock())
    assert (await stated(office))["e-1"].statement == Lacking(("erased",))
