"""What a stranger types costs a field, never the sign-up and never the ban."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.record import Record
from schemas.wire import encode
from streams.outcomes import Published
from tests.agents.conftest import Life, dead
from tests.makers import a_ban, a_reinstatement, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"

TYPED: list[tuple[str, Any, str]] = [
    ("user_agent", "Mozilla/5.0 " + "x" * 1_024, "too-long"),
    ("ip", ", ".join(f"203.0.113.{n}" for n in range(9)), "too-long"),
    ("ip", "203.0.113.24, 10.0.0.1", "unreadable"),
    ("ip", "nope", "unreadable"),
    ("phone", "x", "unreadable"),
    ("payment_token", "tok_1\n", "bad-format"),
    ("bio", "half \ud83d an emoji", "lone-surrogate"),
    ("bio", "x" * 10_001, "too-long"),
    ("links", ["https://a.example/"] * 51, "too-many"),
    ("referrer", 7, "wrong-type"),
    ("avatar", {"pdq": "0f" * 32}, "incomplete"),
    ("email_hmac", "A7" * 10, "bad-format"),
]


def typed(record: Record, **fields: Any) -> bytes:
    """The message of a record whose account holds other values."""
    message = json.loads(encode(record))
    message["account"] |= fields
    return json.dumps(message).encode()


@pytest.mark.parametrize(("field", "value", "reason"), TYPED)
async def test_a_sign_up_is_looked_up_by_what_is_left_of_it(
    life: Life, field: str, value: object, reason: str
) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    event = typed(a_sign_up("99", handle="umar_media_2", device_id=DEVICE), **{field: value})
    (outcome,) = await life.tell(life.screen, event)
    assert isinstance(outcome, Published)
    (alert,) = life.alerts
    assert alert.band == "likely"
    assert {(it.side, it.field) for it in alert.not_read} == {("account", field)}
    assert reason in {it.reason for it in alert.not_read}
    counted = life.context.meters.exposition().decode()
    assert f'fields_unusable_total{{field="{field}",reason="{reason}",topic=' in counted


@pytest.mark.parametrize(("field", "value", "reason"), TYPED)
async def test_a_ban_is_enrolled_with_what_is_left_of_it(
    life: Life, field: str, value: object, reason: str
) -> None:
    await life.ban(typed(a_ban("77", handle="umar_media", device_id=DEVICE), **{field: value}))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media_2", device_id=DEVICE))
    (alert,) = life.alerts
    assert {(it.side, it.field) for it in alert.not_read} == {("matched", field)}
    assert reason in {it.reason for it in alert.not_read}


async def test_a_device_with_a_line_feed_is_left_out_and_named(life: Life) -> None:
    known: dict[str, Any] = {"handle": "umar_media", "email": "umar@valley.example"}
    await life.ban(a_ban("77", device_id=DEVICE, **known))
    await life.tell(life.screen, typed(a_sign_up("99", **known), device_id=f"{DEVICE}\n"))
    (alert,) = life.alerts
    assert "device" not in {line.signal for line in alert.evidence}
    assert [(it.field, it.reason) for it in alert.not_read] == [("device_id", "bad-format")]


async def test_a_ban_without_a_usable_date_queue_or_policy_is_a_ban(life: Life) -> None:
    message = json.loads(encode(a_ban("77", handle="umar_media", device_id=DEVICE)))
    message |= {"banned_at": "yesterday", "queue": "two words", "policy": 7, "basis": {"authority": "?"}}
    await life.ban(json.dumps(message).encode())
    await life.tell(life.screen, a_sign_up("99", handle="umar_media", device_id=DEVICE))
    (alert,) = life.alerts
    assert (alert.queue, alert.matched.policy, alert.matched.basis) == (None, None, None)
    assert "timing" not in {line.signal for line in (*alert.evidence, *alert.counter_evidence)}
    # The queue and the policy are no evidence; the date would have been.
    assert [(it.field, it.reason) for it in alert.not_read] == [("banned_at", "bad-date")]


async def test_a_ban_whose_end_cannot_be_read_is_a_dead_letter(life: Life) -> None:
    message = json.loads(encode(a_ban("77", handle="umar_media")))
    message["expires_at"] = "in a year"
    assert dead(await life.tell(life.enrol, json.dumps(message).encode())) == ["bad-date"]


async def test_a_reinstatement_with_too_long_a_reason_lifts_the_ban(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media"))
    message = json.loads(encode(a_reinstatement("77"))) | {"reason": "x" * 2_000}
    assert dead(await life.tell(life.expunge, json.dumps(message).encode())) == []
    assert await life.context.store.bans(["telegram:77"]) == [None]
