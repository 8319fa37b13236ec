"""Foreign records become ours by a mapping: its expressions, formats and conversions, and their faults."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import examples
from schemas.accounts import AccountBanned, AccountCreated
from schemas.malformed import REASONS, Malformed
from schemas.mapping.compiler import (
    FAULTS_MAX,
    MAPPING_BYTES_MAX,
    RULES_MAX,
    TOPICS_MAX,
    VALUES_MAX,
    MappingError,
    compile_mappings,
)
from schemas.mapping.convert import UNITS, Reading, Unit, WrittenDate
from schemas.mapping.csvrows import COLUMNS_BANNED
from schemas.mapping.expression import (
    EXPRESSION_CHARS_MAX,
    Expression,
    Unfitting,
    UnusableExpression,
    is_true,
)
from schemas.mapping.fields import ALL_FIELDS, TARGETS, Kind
from schemas.mapping.formats import FORMATS, beside
from schemas.mapping.mapper import Mapped, NotMapped
from schemas.mapping.positions import line_of
from schemas.record import Record
from schemas.unusable import FieldFault
from schemas.wire import encode
from tests.schemas.makers import as_json
from tests.schemas.mapping_makers import (
    PLAIN,
    TOPIC,
    WRITTEN_AT,
    fault,
    faults_of,
    foreign,
    left_out,
    mapping,
    plain,
    record_of,
    result,
)
from tests.schemas.strategies import json_values
from tests.tables import for_each

# What is wrong with a mapping is said at its start, all at once, by line and field.


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
        ("fields.handle = { from = 'name', zone = 'UTC' }", "zone: is only for dates, and handle is none"),
        ("fields.created_at = { from = 'at', unit = 's', zone = 'UTC' }", "zone: is for texts, and `unit`"),
        ("fields.created_at = { from = 'at', format = '%d.%m' }", "format: must say day, month and year"),
        ("fields.created_at = { from = 'at', format = '%Q' }", "format: must say day, month and year"),
        ("fields.created_at = { from = 'at', format = '%d %d' }", "format: must say day, month and year"),
        ("fields.created_at = { from = 'at', format = '%d.%m.%y' }", "created_at: needs `zone`, the clock"),
        ("fields.created_at = { from = 'at', zone = 'Karachi' }", "zone: is no zone of the IANA database"),
        ("fields.created_at = { from = 'at', zone = '../x' }", "zone: is no zone of the IANA database"),
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
        *("AccountRemembered", "AccountCreated", "AccountUpdated", "AccountBanned", "AccountBanned")
    ]


def test_a_last_rule_of_an_operators_shuts_out_the_formats() -> None:
    assert result(mapping(DEBEZIUM + '[[topics.users.rules]]\nas = "nothing"\n'), change("c")) == NotMapped(
        "nothing"
    )


def test_what_an_operator_says_of_a_field_counts_before_what_the_format_says() -> None:
    own = DEBEZIUM + 'occurred_at = { from = "row.changed", unit = "s" }\n'
    record = record_of(result(mapping(own), change("u", changed=1772357415)))
    assert record.occurred_at == datetime(2026, 3, 1, 9, 30, 15, tzinfo=UTC)


# A fault is looked for where its line says.


TEXT = """\
# a comment = with a sign
[topics."a.b"]
format = "json"
fields.bio = "text"

[topics."a.b".fields]
"account_id" = "id"
links = { from = "urls",
}

[[topics."a.b".rules]]
as = "created"

[[topics."a.b".rules]]
as = "banned"
[topics."a.b".rules.fields]
banned_at = "at"
"""


@for_each(
    ("path", "line"),
    [
        (("topics", "a.b"), 2),
        (("topics", "a.b", "format"), 3),
        (("topics", "a.b", "fields", "bio"), 4),
        (("topics", "a.b", "fields", "account_id"), 7),
        (("topics", "a.b", "fields", "links", "unit"), 8),  # not there: the nearest that it would stand in
        (("topics", "a.b", "rules", 0, "as"), 12),
        (("topics", "a.b", "rules", 1), 14),
        (("topics", "a.b", "rules", 1, "as"), 15),
        (("topics", "a.b", "rules", 1, "fields", "banned_at"), 17),
        (("nothing",), 1),
        ((), 1),
    ],
)
def test_a_key_is_on_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT, path) == line


# What is wrong with an expression is said before a record is read; a record can only fail to fit.


@for_each(
    ("text", "why"),
    [
        ("", "is empty"),
        ("a[", "is no JMESPath"),
        ("Full Name", "stands in double quotes: '\"Full Name\"'"),
        ("IP (signup)", "stands in double quotes"),
        ("a.#", "is no JMESPath"),
        ("lower(name)", "calls lower(), a function that JMESPath does not have"),
        ("a || join(',')", "calls join() with 1 arguments; it takes 2"),
        ("items[?nope(@)]", "calls nope()"),
        ("{a: {b: nope(@)}}", "calls nope()"),
        ("x" * (EXPRESSION_CHARS_MAX + 1), "is over 1,000 characters"),
        ("!" * EXPRESSION_CHARS_MAX, "nested too deep"),
    ],
)
def test_what_cannot_be_compiled_says_why(text: str, why: str) -> None:
    with pytest.raises(UnusableExpression) as said:
        Expression(text)
    assert why in str(said.value)
    assert "\n" not in str(said.value)


@for_each("value", ["umar@example.org", [1, "umar@example.org"], {"a": "umar@example.org"}])
def test_a_value_that_a_function_does_not_take_is_not_quoted(value: object) -> None:
    with pytest.raises(Unfitting) as said:
        Expression("avg(values)")({"values": value})
    assert "umar" not in str(said.value)


@for_each("value", [None, False, "", [], {}])
def test_what_is_empty_is_not_true(value: object) -> None:
    assert not is_true(value)


@for_each("value", [0, True, "false", [0], {"a": None}])
def test_anything_else_is_zero_included(value: object) -> None:
    assert is_true(value)


# What can be filled follows the records: no field is forgotten, none is made up.

EXAMPLES: dict[Kind, Record] = {
    "created": examples.CREATED,
    "updated": examples.UPDATED,
    "remembered": examples.REMEMBERED,
    "banned": examples.BANNED,
    "reinstated": examples.REINSTATED,
    "deleted": examples.DELETED,
    "actioned": examples.ACTIONED,
}


def _leaves(value: dict[str, Any], path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = set()
    for name, inner in value.items():
        found |= _leaves(inner, (*path, name)) if isinstance(inner, dict) else {(*path, name)}
    return found


@for_each("kind", TARGETS)
def test_each_value_of_a_record_can_be_filled(kind: Kind) -> None:
    filled = {field.path for field in TARGETS[kind].fields.values()}
    assert _leaves(as_json(EXAMPLES[kind])) - {("version",)} <= filled


def test_a_field_has_the_name_that_it_has_as_a_column() -> None:
    assert set(ALL_FIELDS) >= COLUMNS_BANNED
    of_bans = set(ALL_FIELDS) - TARGETS["actioned"].fields.keys() | TARGETS["banned"].fields.keys()
    assert of_bans - COLUMNS_BANNED == {"avatar_image", "reinstated_at", "reason", "sessions"}


@for_each("kind", TARGETS)
def test_who_where_and_when_must_be_filled(kind: Kind) -> None:
    also = {"action"} if kind == "actioned" else set()
    required = {field.name for field in TARGETS[kind].required}
    assert required == {"platform", "account_id", "occurred_at"} | also


def test_what_lies_deeper_is_counted_as_the_field_of_the_schema() -> None:
    labels = {name: ALL_FIELDS[name].label for name in ("avatar_pdq", "basis_reference", "bio", "banned_at")}
    assert labels == {
        "avatar_pdq": "avatar",
        "basis_reference": "basis",
        "bio": "bio",
        "banned_at": "banned_at",
    }


# Envelopes are opened as their makers document them, and what is none says so.


ROW = {"id": 7, "email": "umar@example.org"}
CHANGE = {"op": "c", "before": None, "after": ROW, "source": {"ts_ms": 1}, "ts_ms": 2}


def opened(name: str, value: Any, **how: Any) -> Any:
    return FORMATS[name](foreign(value, **how))


@for_each("name", FORMATS)
@for_each(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"{", "not-json"),
        (b'{"a": NaN}', "not-json"),
        (b"[1]", "wrong-type"),
        (b'"\xff"', "not-utf8"),
        (b"[" * 100_000, "nested-too-deep"),
        (b'{"a": ' * 100_000, "nested-too-deep"),
        (b" " * (1024 * 1024 + 1), "too-large"),
    ],
)
def test_bytes_that_no_format_reads_say_why(name: str, raw: bytes, reason: str) -> None:
    outcome = opened(name, raw)
    assert isinstance(outcome, Malformed)
    assert (outcome.reason, outcome.path) == (reason, "$")


@for_each("name", FORMATS)
def test_no_value_is_a_tombstone(name: str) -> None:
    assert opened(name, None) is None


# Debezium


@for_each("value", [CHANGE, {"schema": {"type": "struct"}, "payload": CHANGE}])
def test_a_change_is_the_same_with_schemas_and_without(value: Any) -> None:
    assert opened("debezium", value) == {**CHANGE, "row": ROW}


def test_the_row_of_a_deletion_is_the_one_before() -> None:
    assert opened("debezium", {"op": "d", "before": {"id": 7}, "after": None})["row"] == {"id": 7}


def test_a_tombstone_may_come_wrapped_in_a_schema() -> None:
    assert opened("debezium", {"schema": None, "payload": None}) is None


@for_each("encoded", [str, lambda text: base64.b64encode(text.encode()).decode()])
def test_a_value_that_debezium_did_not_get_is_absent(encoded: Any) -> None:
    after = {"id": 7, "bio": encoded("__debezium_unavailable_value")}
    found = opened("debezium", {**CHANGE, "op": "u", "after": after})
    assert found["row"] == found["after"] == {"id": 7}


@for_each("value", [ROW, {"op": 1}, {"schema": {}, "payload": [1]}])
def test_what_is_no_envelope_names_the_format_that_it_may_be(value: Any) -> None:
    outcome = opened("debezium", value)
    assert isinstance(outcome, Malformed)
    assert outcome.path == "$.op"
    assert "`json`" in outcome.detail


# CloudEvents

ATTRIBUTES = {"specversion": "1.0", "id": "e1", "type": "user.created", "source": "/users"}


def headers(**more: str) -> tuple[tuple[str, bytes], ...]:
    named = {f"ce_{name}": text for name, text in ATTRIBUTES.items()} | more
    return tuple(
        (name.replace("content_type", "content-type"), text.encode()) for name, text in named.items()
    )


def test_structured_and_binary_are_the_same_event() -> None:
    structured = opened("cloudevents", {**ATTRIBUTES, "data": ROW})
    binary = opened("cloudevents", ROW, headers=headers(content_type="application/json; charset=utf-8"))
    assert structured == binary == {**ATTRIBUTES, "data": ROW}


def test_data_may_come_as_base64() -> None:
    encoded = base64.b64encode(json.dumps(ROW).encode()).decode()
    assert opened("cloudevents", {**ATTRIBUTES, "data_base64": encoded})["data"] == ROW
    refused = opened("cloudevents", {**ATTRIBUTES, "data_base64": "#"})
    assert isinstance(refused, Malformed)
    assert (refused.reason, refused.path) == ("bad-format", "$.data_base64")


def test_a_binary_event_may_have_no_data_or_a_text() -> None:
    assert opened("cloudevents", None, headers=headers()) == ATTRIBUTES
    told = opened("cloudevents", b"umar", headers=headers(content_type="text/plain"))
    assert told == {**ATTRIBUTES, "data": "umar"}
    refused = opened("cloudevents", b"\xff", headers=headers(content_type="text/plain"))
    assert isinstance(refused, Malformed)


def test_json_that_is_no_event_says_so() -> None:
    outcome = opened("cloudevents", ROW)
    assert isinstance(outcome, Malformed)
    assert (outcome.reason, outcome.path) == ("missing-field", "$.specversion")


# Keycloak


def test_what_an_admin_wrote_is_opened_and_the_user_named() -> None:
    event = {"resourcePath": "users/u-1", "representation": '{"username": "umar"}'}
    assert opened("keycloak", event) == {**event, "userId": "u-1", "representation": {"username": "umar"}}


@for_each("path", ["users/u-1/role-mappings/realm", "clients/c-1", 7, None])
def test_what_is_about_something_else_names_no_user(path: object) -> None:
    assert "userId" not in opened("keycloak", {"resourcePath": path, "representation": "{"})


# Beside the value


@for_each(
    ("key", "read"),
    [
        (None, None),
        (b'{"id": 7}', {"id": 7}),
        (b'{"schema": {}, "payload": {"id": 7}}', {"id": 7}),
        (b"user-7", "user-7"),
        (b"\xff", "\ufffd"),
    ],
)
def test_a_key_is_json_where_it_is_any(key: bytes | None, read: object) -> None:
    found = beside(foreign({}, key=key, headers=(("tenant", b"eu"),)))
    assert found == {
        "@key": read,
        "@headers": {"tenant": "eu"},
        "@topic": TOPIC,
        "@timestamp": WRITTEN_AT * 1_000,
    }


# A value becomes what its field takes, exactly, or a reason: no number is rounded and no date guessed.


WHOLE_TEXT = "2026-03-01T09:30:15Z"
WHOLE = datetime(2026, 3, 1, 9, 30, 15, tzinfo=UTC)
FINE = WHOLE.replace(microsecond=123_456)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(name: str, value: Any, **how: Any) -> tuple[Any, tuple[str, ...]]:
    """What a field holds of a value, and what was wrong with it."""
    found, faults = Reading(ALL_FIELDS[name], Expression("it"), **how)({"it": value})
    return found, tuple(map(str, faults))


KARACHI, BERLIN = ZoneInfo("Asia/Karachi"), ZoneInfo("Europe/Berlin")


@for_each(
    ("dates", "value", "date"),
    [
        ("s", 1772357415, WHOLE),
        ("s", 1772357415.123456, FINE),
        ("ms", 1772357415000, WHOLE),
        ("us", 1772357415123456, FINE),
        ("ns", 1772357415123456789, FINE),
        ("days", 20513, datetime(2026, 3, 1, tzinfo=UTC)),
        ("ms", "1772357415000", WHOLE),
        ("ms", -1, EPOCH - timedelta(milliseconds=1)),
        (WrittenDate(), "2026-03-01 09:30:15.123456", FINE),
        (WrittenDate(), "2026-03-01T09:30:15+00:00", WHOLE),
        (WrittenDate(), "2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        (WrittenDate("%d.%m.%Y, %H:%M:%S", KARACHI), " 01.03.2026, 14:30:15 ", WHOLE),
        (WrittenDate("%m/%d/%Y %I:%M:%S %p %z", KARACHI), "03/01/2026 10:30:15 AM +0100", WHOLE),
        (WrittenDate("%Y%m%d%H%M%S"), 20260301093015, WHOLE),
        (WrittenDate("", KARACHI), "2026-03-01 14:30:15", WHOLE),
        # An hour that comes twice is its first, one that never comes is an hour later.
        (WrittenDate("", BERLIN), "2025-10-26 02:30:00", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
        (WrittenDate("", BERLIN), "2026-03-29 02:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_date_as_its_field_says_is_that_moment(dates: Unit | WrittenDate, value: Any, date: datetime) -> None:
    assert read("occurred_at", value, dates=dates) == (date, ())


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["us", "ns"]))
def test_whole_numbers_lose_nothing(date: datetime, unit: Unit) -> None:
    microseconds = (date - EPOCH) // timedelta(microseconds=1)
    assert read("occurred_at", microseconds * (1_000 if unit == "ns" else 1), dates=unit) == (date, ())


@for_each(
    ("dates", "value", "why"),
    [
        (None, 1772357415, "wrong-type"),  # seconds or milliseconds? nobody said
        ("ms", "soon", "wrong-type"),
        ("ms", True, "wrong-type"),
        ("ms", [1772357415000], "wrong-type"),
        ("s", 1772357415000, "out-of-range"),  # milliseconds, taken for seconds: the year 58133
        ("s", float("inf"), "out-of-range"),
        ("days", 10**30, "out-of-range"),
        ("ns", -(10**40), "out-of-range"),
        ("s", -1e11, "out-of-range"),
        (WrittenDate(), "1st of March", "bad-date"),
        (WrittenDate(), 5.5, "wrong-type"),
        (WrittenDate("%d.%m.%Y"), "03/01/2026", "bad-date"),
        (WrittenDate("%d.%m.%Y", KARACHI), "01.01.0001", "bad-date"),  # the year before, in UTC
    ],
)
def test_what_is_no_date_as_its_field_says_is_none(
    dates: Unit | WrittenDate | None, value: Any, why: str
) -> None:
    assert read("occurred_at", value, dates=dates) == (None, (why,))


@for_each(
    "nothing", ["-", "n/a", "NULL", "None", "0000-00-00 00:00:00", "00000000-0000-0000-0000-000000000000"]
)
def test_word_for_nothing_is_absent_unless_a_name_may_be_one(nothing: str) -> None:
    for name in ("email", "device_id", "ip", "created_at", "avatar_quality"):
        assert read(name, nothing) == (None, ())
    assert read("email", nothing, default="x@example.org") == ("x@example.org", ())
    for name in ("handle", "display_name", "bio", "account_id"):
        assert read(name, nothing) == (nothing, ())


@for_each("broken", [12.0, True, [1], {"id": 1}, None])
def test_a_whole_number_names_an_account_and_nothing_else_but_a_text_does(broken: Any) -> None:
    big = 2**63 + 1
    assert record_of(result(plain(), {"id": big, "at": WHOLE_TEXT})).account.account_id == str(big)
    assert fault(result(plain(), {"id": broken, "at": WHOLE_TEXT}))[1] == "$.account.account_id"


def test_translations_and_what_stands_where_there_is_none() -> None:
    codes = {"1": "spam", "true": "abuse"}
    assert read("policy", 1, values=codes) == ("spam", ())
    assert read("policy", "1", values=codes) == ("spam", ())
    assert read("policy", True, values=codes) == ("abuse", ())
    assert read("policy", 7, values=codes) == (None, ("bad-format",))
    assert read("policy", {"1": 1}, values=codes) == (None, ("bad-format",))
    assert read("policy", 7, values=codes, default="other") == ("other", ())
    assert read("policy", None, default="other") == ("other", ())
    assert read("policy", "", default="other") == ("", ())  # it says nothing, and says so itself


def test_a_list_may_come_as_a_list_a_text_or_one_thing() -> None:
    assert read("links", ["a", None, "b"]) == (["a", "b"], ())
    assert read("links", "a") == (["a"], ())
    assert read("links", "a, b,,", separator=",") == (["a", "b"], ())
    assert read("links", "") == ([], ())
    assert read("links", None) == (None, ())


def test_markup_becomes_the_text_that_people_see() -> None:
    note = (
        '<p>Backup: <a href="https://t.me/x"><span class="invisible">https://</span>t.me/x</a><br>R&amp;D</p>'
    )
    assert read("bio", note, markup=True) == ("Backup: https://t.me/x\nR&D", ())
    assert read("links", [note], markup=True) == (["Backup: https://t.me/x\nR&D"], ())
    assert read("bio", "1 < 2 and <unclosed", markup=True) == ("1 < 2 and <unclosed", ())
    assert read("bio", note)[0] == note


@for_each("digits", ["9" * 5_000, "x" + "f" * 5_000, "1114112", "0", "xD83D"])
def test_a_character_by_a_number_that_none_has_is_none(digits: str) -> None:
    found, faults = read("bio", f"a&#{digits};b&amp;c", markup=True)
    assert (found, faults) == ("a\ufffdb&c", ())


def test_half_of_an_emoji_does_not_get_through() -> None:
    assert read("handle", "umar\ud83d") == ("umar\ufffd", ("lone-surrogate",))
    assert read("links", ["a\ud83d", "b"]) == (["a\ufffd", "b"], ("lone-surrogate",))


def test_a_number_may_come_as_text() -> None:
    assert [read("avatar_quality", it)[0] for it in (92, 92.0, "92", "x")] == [92, 92, 92, "x"]


def test_a_function_that_does_not_take_a_value_costs_the_field_alone() -> None:
    mapped = plain("fields.display_name = \"join(' ', names)\"")
    outcome = result(mapped, {"id": 1, "at": WHOLE_TEXT, "names": ["Umar", 5]})
    assert record_of(outcome).account.display_name is None
    assert left_out(outcome) == (("display_name", "wrong-type"),)


@given(json_values(), st.sampled_from(sorted(ALL_FIELDS)), st.sampled_from([None, *UNITS]), st.booleans())
def test_no_value_raises(value: Any, name: str, unit: Unit | None, odd: bool) -> None:
    how: dict[str, Any] = {"separator": ",", "values": {"1": "x"}} if odd else {"markup": True}
    _, faults = read(name, value, dates=WrittenDate("%d%m%y") if unit == "utc" else unit, **how)
    assert set(faults) <= set(FieldFault)


# A foreign record becomes one of ours, nothing, or a dead letter that says why and quotes nobody.


AT = "2026-03-01T09:30:00Z"
SECRETS = ("umar@example.org", "+12025550143", "203.0.113.24")

RULES = f"""
[topics."{TOPIC}"]
format = "json"
constants = {{ platform = "shop", policy = "spam" }}

[topics."{TOPIC}".fields]
account_id = "user.id"
occurred_at = "at"
handle = "user.name"
email = "user.email"
avatar_pdq = "user.pdq"
avatar_quality = {{ from = "user.quality", default = 100 }}

[[topics."{TOPIC}".rules]]
when = "starts_with(type, 'internal')"
as = "nothing"

[[topics."{TOPIC}".rules]]
when = "type == 'ban'"
as = "banned"
constants = {{ policy = "abuse" }}
fields = {{ banned_at = "at", email = false }}

[[topics."{TOPIC}".rules]]
when = "type == 'unban'"
as = "reinstated"

[[topics."{TOPIC}".rules]]
when = "type == 'signup'"
as = "created"

[[topics."{TOPIC}".rules]]
tombstone = true
as = "deleted"
fields.account_id = '"@key".id'
fields.occurred_at = {{ from = '"@timestamp"', unit = "ms" }}
"""
MAPPED = mapping(RULES)


def told(type_: Any, **user: Any) -> dict[str, Any]:
    """What the shop says."""
    return {"type": type_, "at": AT, "user": {"id": 7, "name": "umar", "email": SECRETS[0], **user}}


def test_the_first_rule_that_takes_a_record_decides() -> None:
    ban = record_of(result(MAPPED, told("ban")))
    assert isinstance(ban, AccountBanned)
    assert (ban.policy, ban.banned_at) == ("abuse", datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
    signup = record_of(result(MAPPED, told("signup")))
    assert isinstance(signup, AccountCreated)
    assert (signup.key, signup.account.handle) == ("shop:7", "umar")


def test_a_rule_may_leave_out_what_its_topic_fills() -> None:
    assert record_of(result(MAPPED, told("ban"))).account.email is None
    assert record_of(result(MAPPED, told("signup"))).account.email == SECRETS[0]


def test_what_lies_deeper_is_put_together() -> None:
    pdq = "f8" * 32
    avatar = record_of(result(MAPPED, told("signup", pdq=pdq))).account.avatar
    assert (avatar.pdq, avatar.quality) == (pdq, 100)


def test_a_reinstatement_is_of_the_moment_that_it_occurred() -> None:
    lifted = record_of(result(MAPPED, told("unban")))
    assert lifted.reinstated_at == lifted.occurred_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def test_an_event_without_an_id_has_its_address_which_stays() -> None:
    first, again = (record_of(result(MAPPED, told("signup"))) for _ in range(2))
    assert first.event_id == again.event_id == f"{TOPIC}:3:17"
    long = record_of(result(MAPPED, told("signup"), topic="t" * 249, partition=2**31 - 1, offset=2**63 - 1))
    assert len(long.event_id) <= 128


@for_each(
    ("value", "why"), [(told("internal.sync"), "nothing"), (told("login"), "no-rule"), (None, "tombstone")]
)
def test_there_may_be_nothing_to_say(value: Any, why: str) -> None:
    mapped = mapping(RULES[: RULES.rindex("[[")]) if value is None else MAPPED
    assert result(mapped, value) == NotMapped(why)  # type: ignore[arg-type]  # the three that there are


def test_a_tombstone_is_seen_by_its_own_rules_alone() -> None:
    deleted = record_of(result(MAPPED, None, key=b'{"id": 7}'))
    assert (deleted.key, deleted.occurred_at) == ("shop:7", datetime(2026, 1, 1, tzinfo=UTC))


# What does not map


@for_each(
    ("change", "reason", "path", "source"),
    [
        ({"user": {"name": SECRETS[0]}}, "missing-field", "$.account.account_id", "`user.id`"),
        ({"user": {"id": [SECRETS[1]]}}, "wrong-type", "$.account.account_id", "`user.id`"),
        ({"user": {"id": "\n" + SECRETS[1]}}, "bad-format", "$.account.account_id", "`user.id`"),
        ({"user": {"id": "umar\ud83d"}}, "lone-surrogate", "$.account.account_id", "`user.id`"),
        ({"at": SECRETS[0]}, "bad-date", "$.occurred_at", "`at`"),
        ({"at": 1772357415}, "wrong-type", "$.occurred_at", "`at`"),
        ({"at": "1970-01-01T00:00:00Z"}, "past-date", "$.occurred_at", "`at`"),
        ({"type": [SECRETS[2]]}, "wrong-type", "$", "starts_with(type, 'internal')"),
    ],
)
def test_a_dead_letter_says_what_should_have_filled_the_field(
    change: dict[str, Any], reason: str, path: str, source: str
) -> None:
    outcome = result(MAPPED, {**told("signup"), **change})
    assert fault(outcome) == (reason, path)
    assert isinstance(outcome, Malformed)
    assert source in outcome.detail
    assert not any(secret in outcome.detail for secret in SECRETS)


def test_dead_letter_of_a_local_date_says_its_shape_and_what_to_write() -> None:
    for line in ("", "fields.occurred_at = { from = 'at', format = '%d.%m.%Y', zone = 'Asia/Karachi' }"):
        text = PLAIN if not line else PLAIN.replace('fields.occurred_at = "at"', line)
        outcome = result(mapping(text), {"id": 1, "at": "3/21/2026 4:05 pm"})
        assert isinstance(outcome, Malformed)
        assert outcome.detail.endswith("from `at`; for a date like 9/99/9999 9:99 aa give format and zone")


def test_a_date_ahead_of_the_clock_is_no_date() -> None:
    outcome = MAPPED.map(foreign(told("signup")), now=datetime(2026, 2, 1, tzinfo=UTC).timestamp())
    assert fault(outcome) == ("future-date", "$.occurred_at")


def test_a_field_that_does_not_fit_costs_itself() -> None:
    outcome = result(MAPPED, told("signup", email={"umar": 1}, name="x" * 300, pdq=[5]))
    record = record_of(outcome)
    assert (record.account.email, len(record.account.handle)) == (None, 256)
    assert left_out(outcome) == (("handle", "too-long"), ("email", "wrong-type"), ("avatar", "wrong-type"))


def test_what_a_function_cannot_walk_is_nested_too_deep() -> None:
    mapped = plain('fields.bio = "to_string(deep)"')
    deep = b'{"id": 1, "at": "2026-03-01T09:30:00Z", "deep": ' + b"[" * 900 + b"]" * 900 + b"}"
    outcome = result(mapped, deep)
    assert isinstance(outcome, Mapped) or fault(outcome) == ("nested-too-deep", "$")


@given(
    json_values(),
    st.dictionaries(st.sampled_from(["id", "name", "email", "pdq", "quality"]), json_values()),
    st.sampled_from(["ban", "unban", "signup"]),
)
def test_whatever_comes_there_is_an_outcome_that_can_be_written(
    at: Any, user: dict[str, Any], type_: str
) -> None:
    for value in (
        {"type": type_, "at": at, "user": user},
        {"type": type_, "at": AT, "user": {"id": 1, **user}},
        at,
    ):
        outcome = result(MAPPED, json.dumps(value).encode())
        if isinstance(outcome, Mapped):
            encode(outcome.found.record).decode()
            assert {str(it.reason) for it in outcome.found.unusable} <= set(FieldFault)
        elif isinstance(outcome, Malformed):
            assert outcome.reason in REASONS
            assert outcome.path.startswith("$")


@given(st.binary(max_size=64), st.binary(max_size=64) | st.none())
def test_no_bytes_raise(value: bytes, key: bytes | None) -> None:
    outcome = result(MAPPED, value, key=key)
    assert isinstance(outcome, Mapped | NotMapped | Malformed)
