"""What is wrong with a mapping is said at its start, all at once, by line and field."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.mapping.compiler import (
    FAULTS_MAX,
    MAPPING_BYTES_MAX,
    RULES_MAX,
    TOPICS_MAX,
    VALUES_MAX,
    MappingError,
    compile_mappings,
)
from schemas.mapping.formats import FORMATS
from schemas.mapping.mapper import NotMapped
from tests.schemas.mapping.makers import faults_of, mapping, plain, record_of, result
from tests.tables import for_each

DEBEZIUM = """\
[topics.users]
format = "debezium"
constants = { platform = "shop" }
[topics.users.fields]
account_id = "row.id"
"""


def change(op: str, **row: object) -> dict[str, object]:
    return {"op": op, "before": None, "after": {"id": 7, **row}, "source": {"ts_ms": 1772357415000}}


# What is wrong


@for_each(
    ("line", "why"),
    [
        ("fields.hnadle = 'name'", "fields.hnadle: is not known; did you mean handle?"),
        ("fields.handle = 'name['", "fields.handle.from: is no JMESPath"),
        ("fields.handle = 'lower(name)'", "fields.handle.from: calls lower()"),
        ("fields.handle = 5", "fields.handle: must be an expression, or a table"),
        ("fields.handle = { default = 'x' }", "fields.handle: needs `from`"),
        (
            "fields.handle = { from = 'name', units = 's' }",
            "fields.handle.units: is not known; did you mean unit?",
        ),
        ("fields.handle = { from = 'name', unit = 's' }", "unit: is only for dates, and handle is none"),
        (
            "fields.created_at = { from = 'at', unit = 'msec' }",
            "unit: must be one of s, ms, us, ns, days, utc",
        ),
        ("fields.handle = { from = 'name', separator = ',' }", "separator: is only for lists"),
        (
            "fields.links = { from = 'urls', separator = '' }",
            "separator: must be a text of 1 to 8 characters",
        ),
        ("fields.created_at = { from = 'at', html = true }", "html: is only for texts"),
        ("fields.bio = { from = 'about', html = 1 }", "html: must be true or false"),
        (
            "fields.locale = { from = 'l', values = { a = 1 } }",
            "values.a: is no value for locale: Expected `str",
        ),
        ("fields.locale = { from = 'l', default = 1 }", "default: is no value for locale"),
        ("constants.handle = 1", "constants.handle: is no value for handle"),
        ("constants.created_at = 'yesterday'", "constants.created_at: is no value for created_at"),
        ("fields.platform = 'site'", "fields.platform: stands among the constants as well"),
        ("fields.avatar_pdq = 'hash'", "avatar_pdq needs avatar_quality as well"),
        ("rule = []", "rule: is not known; did you mean rules?"),
    ],
)
def test_a_fault_has_its_line_and_its_field(line: str, why: str) -> None:
    head = '[topics."shop.users"]\nformat = "json"\nconstants.platform = "shop"\n'
    rest = "\nfields.account_id = 'id'\nfields.occurred_at = 'at'\n"
    rest += "[[topics.\"shop.users\".rules]]\nas = 'created'"
    [fault] = faults_of(head + line + rest)
    where = 7 if "avatar" in line else 4
    assert fault.startswith(f'm: line {where}: topics."shop.users"')
    assert why in fault


@for_each(
    ("text", "fault"),
    [
        ("", 'line 1: topics: no topic is mapped; begin with [topics."NAME"]'),
        ("topics = 5", "line 1: topics: must be a table"),
        ("[topic.x]", "line 1: topic: is not known; did you mean topics?"),
        ("[topics.x]\nformat = 'xml'", "line 2: topics.x.format: must be one of json, debezium, cloudevents"),
        ("[topics.x]", "line 1: topics.x.format: must be one of"),
        ("[topics.x]\nformat = ['json']", "line 2: topics.x.format: must be one of"),
        (
            "[topics.'a b']\nformat = 'json'\nrules = [{as = 'nothing'}]",
            'line 1: topics."a b": is no topic name',
        ),
        ("[topics.x]\nformat = 'json'", "line 1: topics.x.rules: must say what the records become"),
        ("[topics.x]\nformat = 'json'\nrules = 5", "line 3: topics.x.rules: must be an array of tables"),
        (
            "[topics.x]\nformat = 'json'\n[[topics.x.rules]]",
            "line 3: topics.x.rules[1].as: must be one of created",
        ),
        (
            "[topics.x]\nformat = 'json'\n[[topics.x.rules]]\nas = 'deleted'\nfields.handle = 'h'",
            "line 5: topics.x.rules[1].fields.handle: is not known",
        ),
        (
            "[topics.x]\nformat = 'json'\n[[topics.x.rules]]\nas = 'deleted'\ntombstone = 1",
            "line 5: topics.x.rules[1].tombstone: must be true or false",
        ),
        ("[topics.x\n", "line 1: is no TOML"),
        ("a = 1\nb = 'x\n", "line 2: is no TOML"),
        ("a = [", "is no TOML"),
        ("a = " + "[" * 10_000, "nested too deep"),
        ("#" * (MAPPING_BYTES_MAX + 1), "line 1: is over 256 KiB"),
        (
            "\n".join(
                f"[topics.t{n}]\nformat='mastodon'\nconstants.platform='m'" for n in range(TOPICS_MAX + 1)
            ),
            "at most 64",
        ),
        (
            "[topics.x]\nformat='json'\n" + "[[topics.x.rules]]\nas='nothing'\n" * (RULES_MAX + 1),
            "at most 64",
        ),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_says_where(text: str, fault: str) -> None:
    assert fault in "\n".join(faults_of(text))


def test_a_field_with_too_many_translations_is_refused() -> None:
    values = ", ".join(f"k{n} = 'x'" for n in range(VALUES_MAX + 1))
    with pytest.raises(MappingError, match="at most 1,000"):
        plain(f"fields.locale = {{ from = 'l', values = {{ {values} }} }}")


def test_bytes_that_are_no_text_are_named_by_their_line() -> None:
    with pytest.raises(MappingError, match="m: line 2: is not UTF-8"):
        compile_mappings(b"# a\n\xff", "m")


def test_all_faults_come_at_once_in_order_and_no_more_than_a_person_reads() -> None:
    lines = "\n".join(f"fields.f{n} = 'x'" for n in range(FAULTS_MAX + 10))
    found = faults_of(f"[topics.x]\nformat = 'mastodon'\nconstants.platform = 'm'\n{lines}")
    assert len(found) == FAULTS_MAX
    assert [int(it.split()[2].rstrip(":")) for it in found] == list(range(4, 4 + FAULTS_MAX))


def test_what_a_rule_of_the_format_lacks_is_said_once() -> None:
    [fault] = faults_of(DEBEZIUM.replace("constants", "#"))
    assert fault == "m: line 1: topics.users: platform must be filled for `remembered` (op == 'r')"


@given(st.text(max_size=300) | st.text('[]"=.topics\nx ', max_size=60))
def test_no_file_raises_anything_else(text: str) -> None:
    try:
        compile_mappings(text.encode(errors="replace"), "m")
        found = []
    except MappingError as wrong:
        found = [fault.line for fault in wrong.faults]
    assert all(line >= 1 for line in found)


# What formats bring


@for_each("name", FORMATS)
def test_what_a_format_brings_compiles(name: str) -> None:
    rules = "rules = [{ as = 'nothing' }]"
    constants = "constants = { platform = 'p', account_id = '1', occurred_at = 2026-01-01T00:00:00Z }"
    made = mapping(f"[topics.x]\nformat = '{name}'\n{constants}\n{rules}")
    assert made.rules[0].target is None


def test_an_operators_rules_come_before_those_of_the_format() -> None:
    ban = '[[topics.users.rules]]\nwhen = "after.banned"\nas = "banned"\n'
    mapped = mapping(DEBEZIUM + ban)
    kinds = [
        type(record_of(result(mapped, it))).__name__
        for it in (change("r"), change("c"), change("u"), change("u", banned=True), change("r", banned=True))
    ]
    assert kinds == [
        *("AccountRemembered", "AccountCreated", "AccountUpdated", "AccountBanned", "AccountBanned"),
    ]


def test_a_last_rule_of_an_operators_shuts_out_the_formats() -> None:
    assert result(mapping(DEBEZIUM + '[[topics.users.rules]]\nas = "nothing"\n'), change("c")) == NotMapped(
        "nothing"
    )


def test_what_an_operator_says_of_a_field_counts_before_what_the_format_says() -> None:
    own = DEBEZIUM + 'occurred_at = { from = "row.changed", unit = "s" }\n'
    record = record_of(result(mapping(own), change("u", changed=1772357415)))
    assert record.occurred_at == datetime(2026, 3, 1, 9, 30, 15, tzinfo=UTC)
