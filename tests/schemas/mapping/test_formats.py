"""Envelopes are opened as their makers document them, and what is none says so."""

from __future__ import annotations

import base64
import json
from typing import Any

from schemas.malformed import Malformed
from schemas.mapping.formats import FORMATS, beside
from tests.schemas.mapping.makers import TOPIC, WRITTEN_AT, foreign
from tests.tables import for_each

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
