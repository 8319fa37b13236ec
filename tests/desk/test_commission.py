"""Statements to the Commission: composed, checked and sent once, whatever happens."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cli.categories import categories_of
from desk.commission import codes
from desk.commission.client import CommissionClient, Rejected
from desk.commission.composing import Body, Material, Unsendable, composed, puid_of
from desk.commission.outbox import (
    BACKOFF_SECONDS_MAX,
    FAILURES_MAX,
    LEASE_SECONDS,
    LOST_SECONDS,
    PUID_LOCK_SECONDS,
)
from desk.commission.rules import FIELDS, violations
from desk.database import actions, schema
from desk.database.engine import Database
from desk.feed.upkeep import erase_old
from desk.review.actions import forget_account, take_action
from report.dsa import Annex
from samehand.elapsed import DAY_SECONDS
from samehand.watchlist.platforms import PERSONS
from schemas.alerts import Matched, MirrorAlert
from tests.desk.killed import REQUEST, STEPS
from tests.desk.makers import a_reason, an_alert
from tests.desk.owing import KEY, SECURITY, Owing, a_statement, an_action
from tests.desk_databases import on_each_database
from tests.makers import NOON
from tests.servers.transparency_database import Reply, Step, TransparencyDatabase
from tests.tables import for_each

# The ported rules: each with a value that it refuses, and values that the database takes.


DECISIONS = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")
NO_DECISION: dict[str, Any] = dict.fromkeys(DECISIONS)
ILLEGAL = {
    "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
    "illegal_content_legal_ground": "§ 86a",
    "illegal_content_explanation": "why",
}
OTHER_VISIBILITY = {"decision_visibility": ["DECISION_VISIBILITY_OTHER"]}
OTHER_MONETARY = {"decision_monetary": "DECISION_MONETARY_OTHER"}
LATE = "2038-01-02"

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    *((name, "required", NO_DECISION) for name in DECISIONS),
    *((name, "required", {**NO_DECISION, "decision_visibility": [], name: ""}) for name in DECISIONS[1:]),
    ("decision_visibility", "list", {"decision_visibility": "DECISION_VISIBILITY_OTHER"}),
    ("decision_visibility", "codes", {"decision_visibility": ["DECISION_VISIBILITY_HIDDEN"]}),
    ("decision_visibility", "codes", {"decision_visibility": [["DECISION_VISIBILITY_OTHER"]]}),
    ("decision_visibility_other", "required", OTHER_VISIBILITY),
    ("decision_visibility_other", "required", {**OTHER_VISIBILITY, "decision_visibility_other": " \u200b"}),
    (
        "decision_visibility_other",
        "at most 500",
        {**OTHER_VISIBILITY, "decision_visibility_other": "x" * 501},
    ),
    ("decision_visibility_other", "at most 500", {"decision_visibility_other": "x" * 501}),
    ("decision_monetary", "code", {"decision_monetary": "DECISION_MONETARY_FINE"}),
    ("decision_monetary", "code", {"decision_monetary": ["DECISION_MONETARY_OTHER"]}),
    ("decision_monetary_other", "required", OTHER_MONETARY),
    ("decision_monetary_other", "at most 500", {**OTHER_MONETARY, "decision_monetary_other": "x" * 501}),
    ("decision_provision", "code", {"decision_provision": "DECISION_PROVISION_NONE"}),
    ("decision_account", "code", {"decision_account": "DECISION_ACCOUNT_RESTRICTED"}),
    ("decision_account", "code", {"decision_account": True}),
    ("account_type", "code", {"account_type": "ACCOUNT_TYPE_OTHER"}),
    ("category_specification", "list", {"category_specification": "KEYWORD_OTHER"}),
    ("category_specification", "codes", {"category_specification": ["KEYWORD_DANGEROUS_TOYS"]}),
    ("category_specification_other", "at most 500", {"category_specification_other": "x" * 501}),
    ("decision_ground", "required", {"decision_ground": None}),
    ("decision_ground", "code", {"decision_ground": "DECISION_GROUND_OTHER"}),
    ("decision_ground_reference_url", "URL", {"decision_ground_reference_url": "terms"}),
    ("decision_ground_reference_url", "URL", {"decision_ground_reference_url": "https://a b"}),
    (
        "decision_ground_reference_url",
        "at most 500",
        {"decision_ground_reference_url": f"https://a/{'x' * 500}"},
    ),
    ("illegal_content_legal_ground", "required", {**ILLEGAL, "illegal_content_legal_ground": None}),
    ("illegal_content_legal_ground", "at most 500", {**ILLEGAL, "illegal_content_legal_ground": "x" * 501}),
    ("illegal_content_explanation", "required", {**ILLEGAL, "illegal_content_explanation": None}),
    ("illegal_content_explanation", "at most 2000", {**ILLEGAL, "illegal_content_explanation": "x" * 2_001}),
    ("incompatible_content_ground", "required", {"incompatible_content_ground": None}),
    ("incompatible_content_ground", "at most 500", {"incompatible_content_ground": "x" * 501}),
    ("incompatible_content_explanation", "required", {"incompatible_content_explanation": None}),
    ("incompatible_content_explanation", "at most 2000", {"incompatible_content_explanation": "x" * 2_001}),
    ("incompatible_content_illegal", "code", {"incompatible_content_illegal": "maybe"}),
    ("incompatible_content_illegal", "code", {"incompatible_content_illegal": None}),
    ("incompatible_content_illegal", "code", {**ILLEGAL, "incompatible_content_illegal": "maybe"}),
    ("content_type", "required", {"content_type": []}),
    ("content_type", "list", {"content_type": "CONTENT_TYPE_TEXT"}),
    ("content_type", "codes", {"content_type": ["CONTENT_TYPE_TEXT", "null"]}),
    ("content_type_other", "required", {"content_type_other": None}),
    ("content_type_other", "at most 500", {"content_type_other": "x" * 501}),
    (
        "content_type_other",
        "at most 500",
        {"content_type": ["CONTENT_TYPE_TEXT"], "content_type_other": "x" * 501},
    ),
    ("category", "required", {"category": ""}),
    ("category", "code", {"category": "STATEMENT_CATEGORY_PORNOGRAPHY_OR_SEXUALIZED_CONTENT"}),
    ("category_addition", "list", {"category_addition": None}),
    ("category_addition", "codes", {"category_addition": ["KEYWORD_OTHER"]}),
    ("territorial_scope", "list", {"territorial_scope": "DE"}),
    ("territorial_scope", "codes", {"territorial_scope": ["DE", "EU"]}),
    ("content_language", "code", {"content_language": "en"}),
    *(
        case
        for name, early in (("content_date", "1999-12-31"), ("application_date", "2019-12-31"))
        for case in (
            (name, "required", {name: None}),
            (name, "day", {name: "2026-3-1"}),
            (name, "day", {name: "2026-02-29"}),
            (name, "day", {name: "2026-03-01T00:00:00Z"}),
            (name, "day", {name: 20260301}),
            (
                name,
                f"{date.fromisoformat(early).replace(year=int(early[:4]) + 1, month=1, day=1)} or later",
                {name: early},
            ),
            (name, "2038-01-01 or earlier", {name: LATE}),
        )
    ),
    *(
        case
        for name in FIELDS
        if name.startswith("end_date_")
        for case in ((name, "day", {name: "soon"}), (name, "2038-01-01 or earlier", {name: LATE}))
    ),
    ("decision_facts", "required", {"decision_facts": "\n"}),
    ("decision_facts", "at most 5000", {"decision_facts": "ü" * 5_001}),
    ("source_type", "required", {"source_type": None}),
    ("source_type", "code", {"source_type": "SOURCE_ORDER"}),
    ("source_identity", "at most 500", {"source_identity": "x" * 501}),
    ("automated_detection", "required", {"automated_detection": None}),
    ("automated_detection", "code", {"automated_detection": "yes"}),
    ("automated_decision", "required", {"automated_decision": None}),
    ("automated_decision", "code", {"automated_decision": "Yes"}),
    ("puid", "required", {"puid": None}),
    ("puid", "at most 500", {"puid": "a" * 501}),
    ("puid", "letters, digits, - and _", {"puid": "a.b"}),
    ("puid", "letters, digits, - and _", {"puid": "a\nb"}),
    ("puid", "letters, digits, - and _", {"puid": True}),
    ("content_id", "list", {"content_id": "0123456789123"}),
    ("content_id.EAN-13", "text", {"content_id": {"EAN-13": 4006381333931}}),
    ("content_id.EAN-13", "13 digits", {"content_id": {"EAN-13": "012345678912"}}),
]


@for_each(("field", "rule", "given"), REFUSED)
def test_value_breaks_its_rule_and_no_other_field(field: str, rule: str, given: dict[str, Any]) -> None:
    broken = violations(a_statement(**given))
    assert rule in broken.pop(field)
    assert set(broken) <= (set(DECISIONS) if rule == "required" else set())


def test_every_rule_has_a_case_that_it_refuses() -> None:
    rules = {(name, check.name) for name, field in FIELDS.items() for check in field.checks}
    situations: tuple[dict[str, Any], ...] = ({}, ILLEGAL, OTHER_VISIBILITY, OTHER_MONETARY, a_statement())
    needed = {name for name, field in FIELDS.items() if any(map(field.required, situations))}
    rules |= {(name, "required") for name in needed}
    assert rules - {(field, rule) for field, rule, _ in REFUSED} == set()


@for_each(
    "given",
    [
        {},
        ILLEGAL,
        {"incompatible_content_illegal": "No"},
        {"illegal_content_explanation": "x" * 9_000},
        {"decision_account": None, "decision_provision": "DECISION_PROVISION_TOTAL_SUSPENSION"},
        {**OTHER_VISIBILITY, "decision_visibility_other": "x" * 500},
        {"decision_visibility": {"0": "DECISION_VISIBILITY_CONTENT_REMOVED"}},
        {"decision_visibility_other": "x", "decision_monetary_other": "x" * 501},
        {"decision_monetary": "null", "end_date_monetary_restriction": ""},
        {"decision_ground_reference_url": "https://example.org:8443/terms?a=1#b"},
        {"puid": 42, "source_identity": None, "content_id": None, "account_type": None},
        {"content_id": {"EAN-13": " 0123456789123\n"}},
        {"content_date": "2038-01-01", "application_date": "2020-01-01"},
        {"territorial_scope": [], "content_language": "UR", "category_specification": ["KEYWORD_OTHER"]},
        {"unknown": 1, "decision_facts": "ü" * 5_000},
    ],
)
def test_statement_that_the_database_takes_breaks_no_rule(given: dict[str, Any]) -> None:
    assert violations(a_statement(**given)) == {}


@for_each("statement", [None, "text", [], 7])
def test_statement_that_is_no_object_is_refused(statement: object) -> None:
    assert violations(statement) == {"statement": ["object"]}


def test_database_knows_every_category_and_keyword_that_can_be_named() -> None:
    for keys in Annex("", date.min, date.min).categories():
        assert keys[0] in codes.CATEGORIES
        assert set(keys[1:]) <= codes.KEYWORDS
    assert categories_of(("a=STATEMENT_CATEGORY_OTHER_VIOLATION_TC",), codes.CATEGORIES)


# The statement on an action: what it says, what it never says, and why there can be none.

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
END = "end_date_account_restriction"
FAR_WEST = timezone(timedelta(hours=-12))


def compose(
    alert: MirrorAlert | None = ALERT,
    category: tuple[str, ...] = SECURITY,
    verdict: str | None = "mirror",
    **given: Any,
) -> Body | Unsendable:
    return composed(Material(an_action(**given), alert, category, verdict), "p-1")


def body(**given: Any) -> Body:
    made = compose(**given)
    assert not isinstance(made, Unsendable), made
    assert violations(made) == {}
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
        ({"territory": ()}, {"territorial_scope": sorted(codes.EEA)}),
        ({"territory": ("EU", "PK")}, {"territorial_scope": sorted(codes.EU)}),
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
        ({"action": "nothing"}, ("nothing",)),
        ({"source": "order"}, ("order",)),
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
        ({"until": datetime(9999, 12, 31, 23, tzinfo=FAR_WEST)}, (f"{END}: 2038-01-01 or earlier",)),
        ({"registered_at": datetime(1999, 12, 31, tzinfo=UTC)}, ("content_date: 2000-01-01 or later",)),
        ({"ground": None, "source": None}, ("ground", "source")),
    ],
)
def test_what_cannot_be_stated_says_why(given: dict[str, Any], reasons: tuple[str, ...]) -> None:
    assert compose(**given) == Unsendable(reasons)


def test_puid_is_one_for_each_account_and_event_and_needs_the_key() -> None:
    named = {puid_of(KEY, *at) for at in (("x:1", "1e"), ("x:11", "e"), ("y:1", "1e"), ("x:1", "2e"))}
    assert len(named) == 4
    assert puid_of(b"other", "x:1", "1e") not in named
    assert puid_of(KEY, "x:1", "1e") in named


# The outbox against the stand-in: each statement once, whatever the database answers.


@pytest.fixture
def commission() -> Iterator[TransparencyDatabase]:
    with TransparencyDatabase() as server:
        yield server


@pytest.fixture
def owing(database: Database, commission: TransparencyDatabase) -> Owing:
    return Owing(database, commission.url)


def taken(commission: TransparencyDatabase) -> list[str]:
    """The clauses of what was stored: one a statement, whatever its puid."""
    return sorted(one["incompatible_content_ground"] for one in commission.stored[""])


async def test_statements_go_out_once_in_requests_of_a_hundred(
    database: Database, commission: TransparencyDatabase
) -> None:
    owing = Owing(database, commission.url)
    await owing.owe(*range(130))
    await owing.owe(230, source="order")
    await owing.owe(231, action="nothing")
    await owing.owe(232, alert_id=None)
    await owing.owe(233, platform="y")
    first = await owing.send()
    assert (first.tally.prepared, first.tally.sent, commission.requests) == (130, 130, [100, 30])
    again = await owing.send()
    assert (again.tally.sent, len(set(taken(commission)))) == (0, 130)
    rows = await owing.rows()
    assert {row.state for row in rows.values()} == {"sent"}
    assert rows["e-7"].uuid in {one["uuid"] for one in commission.stored[""]}


async def test_unsendable_is_listed_until_it_can_be_sent(
    database: Database, commission: TransparencyDatabase
) -> None:
    owing = Owing(database, commission.url)
    await owing.owe(1, registered_at=None)
    await owing.owe(2, clause=None, ground=None)
    assert (await owing.send()).tally.unsendable == 2
    assert {event: row.reason for event, row in (await owing.rows("unsendable")).items()} == {
        "e-1": "registered",
        "e-2": "ground; clause",
    }
    async with database.begin() as connection:
        corrected = an_action(1, occurred_at=NOON + timedelta(hours=1))
        await take_action(connection, corrected, now=owing.clock())
    await owing.send()
    assert taken(commission) == ["Terms, 4.2, case 1"]
    assert list(await owing.rows("unsendable")) == ["e-2"]


async def test_other_destination_or_later_moment_is_a_matter_of_its_own(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(1)
    assert (await owing.send(since=(NOON + timedelta(hours=1)).timestamp())).tally.sent == 0
    await owing.send()
    sandbox = Owing(owing.database, f"{owing.url}/sandbox")
    assert (await sandbox.send()).tally.sent == 1
    assert {name: len(stored) for name, stored in commission.stored.items()} == {"": 1, "/sandbox": 1}


async def test_known_count_as_sent_and_faulty_leave_with_their_reason(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(*range(5))
    sent = await owing.send()
    async with owing.database.begin() as connection:  # as after a restored backup
        await connection.execute(schema.statements.delete())
    await owing.owe(*range(5, 9))
    fault = {"statement_2": {"category": ["The selected category is invalid.", "Call 0301 2345678."]}}
    commission.planned = [Reply(422, {"errors": fault})]
    after = await owing.send()
    assert (sent.tally.sent, after.tally.sent, after.tally.known, after.tally.refused) == (5, 8, 4, 1)
    [refused] = (await owing.rows("refused")).values()
    assert refused.reason == "category: The selected category is invalid. Call •••."
    assert (
        len(taken(commission))
        == len(set(taken(commission)))
        == 9 - 1 + (refused.event_id in {f"e-{n}" for n in range(5)})
    )
    commission.planned = []
    assert (await owing.send()).tally.sent == 0, "not before it is corrected"
    number = int(refused.event_id.removeprefix("e-"))
    async with owing.database.begin() as connection:
        later = an_action(number, occurred_at=NOON + timedelta(hours=1))
        await take_action(connection, later, now=owing.clock())
    assert (await owing.send()).tally.sent == 1


@for_each(
    "answer",
    [
        Reply(422, {"message": "The statements field is required.", "errors": {"statements": ["?"]}}),
        Reply(422, {"errors": {"existing_puids": ["another"]}}),
        Reply(422, {"errors": []}),
        Reply(413, "Request Entity Too Large"),
    ],
)
async def test_answer_that_names_none_splits_the_request(
    database: Database, commission: TransparencyDatabase, answer: Reply
) -> None:
    owing = Owing(database, commission.url)
    before, requests = len(taken(commission)), len(commission.requests)
    number = 10 * requests
    await owing.owe(number, number + 1, number + 2)
    commission.planned = [answer, answer]
    tally = (await owing.send()).tally
    assert (tally.sent, tally.refused, commission.requests[requests:]) == (2, 1, [1, 1])
    assert len(taken(commission)) == before + 2


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        (Reply(429, "Limit Reached.", {"Retry-After": "42"}), [42.0]),
        (Reply(429, "Limit Reached."), [1.0]),
        (Reply(503, "busy"), [LOST_SECONDS]),
        (Reply(422, "no JSON"), [LOST_SECONDS]),
        (Reply(0), [LOST_SECONDS]),
    ],
)
async def test_no_answer_or_too_many_requests_waits_and_tries_again(
    owing: Owing, commission: TransparencyDatabase, answer: Reply, waits: list[float]
) -> None:
    await owing.owe(1, 2)
    commission.planned = [answer]
    tally = (await owing.send()).tally
    assert (tally.sent, tally.gave_up, owing.waits) == (2, None, waits)
    assert len(taken(commission)) == 2
    assert tally.known == (2 if answer.status == 0 else 0), "an answer that was lost"


async def test_long_retry_after_ends_the_run_and_holds_for_the_next(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(1, 2)
    commission.planned = [Reply(429, "Limit Reached.", {"Retry-After": "3600"})]
    tally = (await owing.send()).tally
    assert (tally.sent, tally.waiting, owing.waits) == (0, 2, [])
    assert tally.gave_up == "answered 429: too many requests"
    assert (await owing.send()).tally.sent == 0, "an hour has not passed"


@on_each_database
async def test_answer_full_of_rubbish_is_kept_as_text_that_any_database_takes(
    database: Database, commission: TransparencyDatabase
) -> None:
    owing = Owing(database, commission.url)
    await owing.owe(1, 2)
    puid = puid_of(KEY, "x:new-1", "e-1")
    commission.planned = [
        Reply(422, {"errors": {"statement_1": {"category": ["no\0\u202e\x1b[2J"]}}}),
        Reply(201, {"statements": [{"puid": puid, "uuid": "\0<script>"}]}),
    ]
    tally = (await owing.send()).tally
    assert (tally.sent, tally.refused) == (1, 1)
    rows = await owing.rows()
    assert rows["e-1"].uuid is None
    assert rows["e-2"].reason == "category: no<U+0000><U+202E><U+001B>[2J"


async def test_file_without_certificates_ends_the_run_at_once(owing: Owing, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    client = CommissionClient("https://127.0.0.1:9", "t", owing.clock, ca_file=tmp_path / "ca.pem")
    assert await client.send([{}]) == Rejected("is not asked: SAMEHAND_DSA_CA_FILE holds no certificates")
    await client.close()


async def test_outage_ends_the_run_and_the_next_one_goes_on(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(1)
    commission.planned = [Reply(500)] * FAILURES_MAX
    tally = (await owing.send()).tally
    assert tally.gave_up == "answered 500"
    assert len(owing.waits) == FAILURES_MAX - 1
    assert LOST_SECONDS <= min(owing.waits) <= max(owing.waits) <= BACKOFF_SECONDS_MAX
    assert (await owing.send()).tally.sent == 0, "not yet"
    owing.clock.pass_(BACKOFF_SECONDS_MAX)
    assert (await owing.send()).tally.sent == 1


async def test_statement_that_the_database_fails_on_holds_up_no_other(
    owing: Owing, commission: TransparencyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = commission.reply

    def reply(path: str, authorization: str, content: bytes) -> Reply:
        return Reply(500) if b'case 1"' in content else answer(path, authorization, content)

    monkeypatch.setattr(commission, "reply", reply)
    await owing.owe(1, 2, 3)
    tally = (await owing.send()).tally
    assert (tally.sent, tally.waiting, tally.gave_up) == (2, 1, "answered 500")


@pytest.mark.parametrize(
    ("given", "path", "said"),
    [({"token": "1|old"}, "", "token"), ({}, "/api/v1/elsewhere", "SAMEHAND_DSA_URL")],
)
async def test_wrong_token_or_address_keeps_everything_waiting(
    owing: Owing, commission: TransparencyDatabase, given: dict[str, Any], path: str, said: str
) -> None:
    owing.url = f"{commission.url}{path}"
    if path:
        commission.planned = [Reply(404)]
    await owing.owe(1)
    sender = await owing.send(**given)
    assert said in (sender.tally.gave_up or "")
    assert list(await owing.rows("waiting")) == ["e-1"]
    assert (await owing.send()).tally.sent == 1


async def test_waiting_statement_before_since_goes_on_waiting(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(1)
    await owing.owe(2, actioned_at=NOON + timedelta(hours=2))
    await owing.sender().prepare()
    later = (NOON + timedelta(hours=1)).timestamp()
    foreseen = owing.sender(since=later)
    assert (await foreseen.foresee()).prepared == 1
    assert (await owing.send(since=later)).tally.sent == 1
    assert list(await owing.rows("waiting")) == ["e-1"]


async def test_clock_that_was_set_back_makes_nothing_wait_for_ever(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(1, 2)
    owing.clock.pass_(DAY_SECONDS)
    hasty = owing.sender()
    await hasty.prepare()
    [claimed] = await hasty._claim(1)
    owing.clock.pass_(-DAY_SECONDS)
    assert (await owing.send()).tally.sent == 2
    assert claimed.event_id in await owing.rows("sent")


async def test_wait_ends_though_the_clock_is_set_back(owing: Owing, commission: TransparencyDatabase) -> None:
    await owing.owe(1)
    commission.planned = [Reply(503)]
    sender = owing.sender()

    async def wait(seconds: float) -> None:
        assert seconds <= BACKOFF_SECONDS_MAX
        owing.clock.pass_(seconds - DAY_SECONDS)

    sender.wait = wait
    assert (await sender.run()).sent == 1
    await sender.client.close()


def test_nothing_is_sent_again_while_the_database_may_hold_its_lock() -> None:
    assert min(LEASE_SECONDS, LOST_SECONDS) > PUID_LOCK_SECONDS


@on_each_database
async def test_two_senders_at_once_send_nothing_twice(
    database: Database, commission: TransparencyDatabase
) -> None:
    owing = Owing(database, commission.url)
    await owing.owe(*range(130))
    tallies = [sender.tally for sender in await asyncio.gather(owing.send(), owing.send())]
    assert sum(tally.sent for tally in tallies) == 130
    assert [tally.known for tally in tallies] == [0, 0], "nor was any offered twice"
    assert len(set(taken(commission))) == len(taken(commission)) == 130


async def test_erased_account_leaves_nothing_to_send(owing: Owing, commission: TransparencyDatabase) -> None:
    await owing.owe(1)
    await owing.owe(2, alert_id="alert-1", account_id="unrelated")
    await owing.sender().prepare()
    async with owing.database.begin() as connection:
        for account in ("x:new-1", "x:unrelated"):
            await forget_account(connection, account, now=owing.clock(), reason="account-deleted")
        assert await actions.with_keys(connection, [("x:unrelated", "e-2")]) == {}
    await owing.send()
    assert commission.stored[""] == []
    assert {event: row.reason for event, row in (await owing.rows()).items()} == {"e-1": "erased"}


async def test_clause_is_not_stated_once_the_quotes_to_check_it_with_are_erased(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(1, clause="4.2: umar_media came back")
    owing.clock.pass_(DAY_SECONDS)
    async with owing.database.begin() as connection:
        await connection.execute(schema.actions.update().values(arrived_at=owing.clock()))
        await erase_old(connection, keep_seconds=DAY_SECONDS / 2, now=owing.clock())
    await owing.send()
    assert commission.stored[""] == []
    assert {event: row.reason for event, row in (await owing.rows()).items()} == {"e-1": "erased"}


async def test_logs_and_audit_of_a_run_hold_counts_alone(
    owing: Owing, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    await owing.owe(*range(3))
    await owing.send()
    async with owing.database.read() as connection:
        lines = (await connection.execute(select(schema.audit.c.subject, schema.audit.c.detail))).all()
    assert [tuple(line) for line in lines] == [(owing.url, '{"platform":"x","sent":3}')]
    printed = capfd.readouterr()
    for word in ("umar", "new-1", "alert-1"):
        assert word not in caplog.text + printed.out + printed.err


# A sender that is killed at any step sends nothing twice, and the next one loses nothing.

STATEMENTS = REQUEST + 2  # two requests


@on_each_database
async def test_kill_at_each_step_sends_nothing_twice_and_loses_nothing(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    def kill(step: Step, name: str) -> None:
        victim = tmp_path / name.removeprefix("/")
        if name == f"/{step}" and victim.exists():
            os.kill(int(victim.read_text("ascii")), signal.SIGKILL)
            victim.unlink()  # once

    with TransparencyDatabase(at=kill) as commission:
        await Owing(database, commission.url).owe(*range(STATEMENTS))
        line = [sys.executable, "-m", "tests.desk.killed", database_url, commission.url]
        ran = await asyncio.to_thread(
            subprocess.run, [*line, str(tmp_path), *STEPS], check=False, timeout=120
        )
        assert ran.returncode == 0, "senders that were not killed"
        left = {step: STATEMENTS - len(commission.stored[f"/{step}"]) for step in STEPS}
        assert set(left.values()) == {STATEMENTS, 2}, "some were killed before a request, some after"
        for step in STEPS:
            owing = Owing(database, f"{commission.url}/{step}")
            owing.clock.pass_(LEASE_SECONDS)
            await owing.send()
            assert {row.state for row in (await owing.rows()).values()} == {"sent"}, step
        stated = {
            step: Counter(one["incompatible_content_ground"] for one in commission.stored[f"/{step}"])
            for step in STEPS
        }
    twice = sum(count - 1 for counts in stated.values() for count in counts.values())
    lost = sum(STATEMENTS - len(counts) for counts in stated.values())
    assert (twice, lost) == (0, 0)
