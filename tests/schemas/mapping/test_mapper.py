"""A foreign record becomes one of ours, nothing, or a dead letter that says why and quotes nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.accounts import AccountBanned, AccountCreated
from schemas.malformed import REASONS, Malformed
from schemas.mapping.mapper import Mapped, NotMapped
from schemas.unusable import FIELD_FAULTS
from schemas.wire import encode
from tests.schemas.mapping.makers import TOPIC, fault, foreign, left_out, mapping, plain, record_of, result
from tests.schemas.strategies import json_values
from tests.tables import for_each

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


def test_a_date_ahead_of_the_clock_is_no_date() -> None:
    outcome = MAPPED.map(foreign(told("signup")), now=datetime(2026, 2, 1, tzinfo=UTC).timestamp())
    assert fault(outcome) == ("future-date", "$.occurred_at")


def test_a_field_that_does_not_fit_costs_itself() -> None:
    outcome = result(MAPPED, told("signup", email=["umar"], name="x" * 300, pdq=[5]))
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
            assert {str(it.reason) for it in outcome.found.unusable} <= set(FIELD_FAULTS)
        elif isinstance(outcome, Malformed):
            assert outcome.reason in REASONS
            assert outcome.path.startswith("$")


@given(st.binary(max_size=64), st.binary(max_size=64) | st.none())
def test_no_bytes_raise(value: bytes, key: bytes | None) -> None:
    outcome = result(MAPPED, value, key=key)
    assert isinstance(outcome, Mapped | NotMapped | Malformed)
