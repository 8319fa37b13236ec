"""The ported rules: each with a value that it refuses, and values that the database takes."""

from __future__ import annotations

from datetime import date
from typing import Any

from cli.categories import categories_of
from desk.commission import codes
from desk.commission.rules import FIELDS, violations
from report.dsa import Annex
from tests.desk.commission.makers import a_statement
from tests.tables import for_each

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
